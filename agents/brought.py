"""Chat models that somebody opened in Python, called by a name for as long as a run asks them.

A run folder keeps only the name: the object is brought once more where the run is gone on with.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from gedanken.agents.model import Model
from gedanken.agents.rate_limits import Pace
from gedanken.agents.settings import known_of
from gedanken.experiment import secrets
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PROVIDER = "python"
_NAMES = ("model_name", "model", "model_id", "deployment_name")
_HERE: ContextVar[Mapping[str, Model]] = ContextVar("brought", default=MappingProxyType({}))


def model_of(chat: "BaseChatModel") -> Model:
    """A chat model of LangChain's as the rest of the project sees it; its client's own retries and limits stay.

    Raises BadInput for what is no chat model.
    """
    from langchain_core.language_models import BaseChatModel
    from pydantic import SecretStr

    if not isinstance(chat, BaseChatModel):
        raise BadInput(
            f"{type(chat).__name__} is no chat model of LangChain's; give one, or a name as in openai:gpt-4.1"
        )
    keys = [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]
    secrets.known().learn(*keys)
    said = next((value for name in _NAMES if isinstance(value := getattr(chat, name, None), str) and value), "")
    name = f"{PROVIDER}:{type(chat).__name__}{f'/{said}' if said else ''}"
    return Model(name=name, chat=chat, empty_turns=False, learned=known_of(said))


@contextmanager
def brought(model: Model) -> Iterator[ModelSpec]:
    """Have the name of a model stand for it, in this task and those that it begins."""
    reset = _HERE.set({**_HERE.get(), model.name: model})
    try:
        yield ModelSpec(name=model.name)
    finally:
        _HERE.reset(reset)


class _Brought:
    """`python:NAME`: an object that whoever called had."""

    def check(self, spec: ModelSpec) -> None:
        if spec.base_url is not None:
            raise BadInput("a base URL is set where the chat model is made")
        self._found(spec)

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        yield replace(self._found(spec), pace=Pace(spec.parallel, progress))

    def _found(self, spec: ModelSpec) -> Model:
        model = _HERE.get().get(spec.name)
        if model is None:
            raise BadInput(
                f"{spec.name}: the model was a chat model of a Python program; "
                "go on from Python, with gedanken.resume(folder, model=…)"
            )
        return model


BROUGHT = _Brought()
