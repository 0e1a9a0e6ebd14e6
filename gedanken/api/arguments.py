"""Converts arguments of the Python API, which may be names, paths, or the objects themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.agents.passed_in_models import register_model, wrap_chat_model
from gedanken.experiment.persona import Persona
from gedanken.experiment.run_spec import ModelSpec, SandboxSpec
from gedanken.experiment.script import Experiment
from gedanken.loading.experiments_and_personas import load_experiment, load_persona

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ExperimentArgument = Experiment | str | Path
PersonaArgument = Persona | str | Path


def experiment_of(given: ExperimentArgument) -> Experiment:
    """Return the experiment for an argument that is an `Experiment`, a name, or the path of a YAML file. Raises
    BadInput.
    """
    return given if isinstance(given, Experiment) else load_experiment(str(given))


def persona_of(given: PersonaArgument) -> Persona:
    """Return the persona for an argument that is a `Persona`, a name, or the path of a YAML file. Raises BadInput."""
    return given if isinstance(given, Persona) else load_persona(str(given))


def sandbox_of(given: SandboxSpec | str) -> SandboxSpec:
    """Return the sandbox for an argument that is a `SandboxSpec` or a name."""
    return given if isinstance(given, SandboxSpec) else SandboxSpec(name=given)


@contextmanager
def opened_model_spec(given: "BaseChatModel | ModelSpec | str") -> Iterator[ModelSpec]:
    """Yield a ModelSpec for the model, because a run stores its model as one. A chat model object stays registered
    until the `with` block ends.
    """
    if isinstance(given, ModelSpec):
        yield given
    elif isinstance(given, str):
        yield ModelSpec(name=given)
    else:
        with register_model(wrap_chat_model(given)) as spec:
            yield spec
