"""Did the language model run your program, or imagine the run?

Functions: `run`, `compare`, `audit`, `probe`, `load_run`, `resume`. See `help(gedanken.run)` and docs/python.md.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gedanken.experiment.version import __version__

if TYPE_CHECKING:
    from gedanken.analysis.analysis import Analysis
    from gedanken.api.auditing import audit
    from gedanken.api.comparing import compare, load_run
    from gedanken.api.imagined import ImaginedMachine
    from gedanken.api.probing import ProbeResult, aprobe, probe
    from gedanken.api.running import arun, resume, run
    from gedanken.experiment.errors import BadInput, GedankenError, NoModel, NoSandbox
    from gedanken.experiment.execution import Execution, Limits, Machine
    from gedanken.experiment.finding import Finding
    from gedanken.experiment.persona import Persona
    from gedanken.experiment.run_log import RunLog
    from gedanken.experiment.run_spec import ModelSpec, RunSpec, SandboxSpec
    from gedanken.experiment.script import Experiment
    from gedanken.loading.experiments_and_personas import load_experiment, load_persona
    from gedanken.sandbox.docker_machine import DockerMachine


__all__ = [
    "Analysis",
    "BadInput",
    "DockerMachine",
    "Execution",
    "Experiment",
    "Finding",
    "GedankenError",
    "ImaginedMachine",
    "Limits",
    "Machine",
    "ModelSpec",
    "NoModel",
    "NoSandbox",
    "Persona",
    "ProbeResult",
    "RunLog",
    "RunSpec",
    "SandboxSpec",
    "__version__",
    "aprobe",
    "arun",
    "audit",
    "compare",
    "load_experiment",
    "load_persona",
    "load_run",
    "probe",
    "resume",
    "run",
]

_MODULES = {
    "analysis.analysis": ("Analysis",),
    "api.auditing": ("audit",),
    "api.comparing": ("load_run",),
    "api.imagined": ("ImaginedMachine",),
    "api.probing": ("ProbeResult", "aprobe", "probe"),
    "api.running": ("arun", "resume", "run"),
    "experiment.errors": ("BadInput", "GedankenError", "NoModel", "NoSandbox"),
    "experiment.execution": ("Execution", "Limits", "Machine"),
    "experiment.finding": ("Finding",),
    "experiment.persona": ("Persona",),
    "experiment.run_log": ("RunLog",),
    "experiment.run_spec": ("ModelSpec", "RunSpec", "SandboxSpec"),
    "experiment.script": ("Experiment",),
    "loading.experiments_and_personas": ("load_experiment", "load_persona"),
    "sandbox.docker_machine": ("DockerMachine",),
}


class _CallablePackage(ModuleType):
    """Makes the package `compare/` callable, so that `gedanken.compare` is both the package and the function."""

    def __call__(self, *arguments: Any, **keywords: Any) -> "Analysis":
        """Compare runs; see `gedanken.api.comparing.compare`."""
        result: Analysis = import_module("gedanken.api.comparing").compare(*arguments, **keywords)
        return result


import_module("gedanken.compare").__class__ = _CallablePackage


# The command line imports this package too, and `--help` must be fast.
def __getattr__(name: str) -> object:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return __all__
