"""What a provider of models is: it opens the model that a `ModelSpec` names."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from gedanken.agents.model import Model
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec


@runtime_checkable
class ModelProvider(Protocol):
    """What an entry point in `gedanken.models` names, for `--model NAME` and `--model NAME:MODEL`."""

    def check(self, spec: ModelSpec) -> None:
        """See, before anything else is opened, that such a model can be asked for. Raises BadInput."""

    def open(self, spec: ModelSpec, progress: Progress) -> AbstractAsyncContextManager[Model]:
        """The model, for as long as the context lasts. Raises BadInput or NoModel, saying what to do."""
