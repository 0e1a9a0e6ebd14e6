"""The face of gedanken: command line, Python API, experiments and personas, progress, results."""

from importlib import import_module
from typing import TYPE_CHECKING

from gedanken.experiment.version import __version__

if TYPE_CHECKING:
    from gedanken.agents.imagined import ImaginedMachine
    from gedanken.loading.experiments import load_experiment, load_persona
    from gedanken.sandbox.docker_machine import DockerMachine


__all__ = ["DockerMachine", "ImaginedMachine", "__version__", "load_experiment", "load_persona"]

_HOMES = {
    "DockerMachine": "gedanken.sandbox.docker_machine",
    "ImaginedMachine": "gedanken.agents.imagined",
    "load_experiment": "gedanken.loading.experiments",
    "load_persona": "gedanken.loading.experiments",
}


# The command line imports this package too, and `--help` must be there at once.
def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
