"""The interface of a model provider, which opens the model that a `ModelSpec` names."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from gedanken.agents.model import Model
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec


@runtime_checkable
class ModelProvider(Protocol):
    """An object that opens models, registered by an entry point of the group `gedanken.models`.

    Users type its name: `--model NAME` or `--model NAME:MODEL`.
    """

    def check(self, spec: ModelSpec) -> None:
        """Check, before anything is opened, that `spec` can be opened. Raises BadInput."""

    def open(self, spec: ModelSpec, progress: Progress) -> AbstractAsyncContextManager[Model]:
        """Open the model during the `with` block. Raises BadInput or NoModel, with a message that says what to do."""
