"""Wraps LangChain chat models from a Python program, and finds them by name while a run lasts."""

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
    """Wrap the LangChain chat model `chat` as a Model; the retries and time limits set in `chat` stay in force.

    The API keys in `chat` are treated as secrets from then on. Raises BadInput if `chat` is no LangChain chat model.
    """
    from langchain_core.language_models import BaseChatModel
    from pydantic import SecretStr

    if not isinstance(chat, BaseChatModel):
        raise BadInput(
            f"{type(chat).__name__} is not a LangChain chat model; pass such a model, or a name like openai:gpt-4.1"
        )
    keys = [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]
    secrets.known().learn(*keys)
    said = next((value for name in _NAMES if isinstance(value := getattr(chat, name, None), str) and value), "")
    name = f"{PROVIDER}:{type(chat).__name__}{f'/{said}' if said else ''}"
    return Model(name=name, chat=chat, empty_turns=False, learned=known_of(said))


@contextmanager
def brought(model: Model) -> Iterator[ModelSpec]:
    """Register a model by name while the context lasts, and yield its ModelSpec.

    Only the current asyncio task and its child tasks find the model.
    """
    reset = _HERE.set({**_HERE.get(), model.name: model})
    try:
        yield ModelSpec(name=model.name)
    finally:
        _HERE.reset(reset)


class _Brought:
    """The provider of `python:NAME`, which finds the chat model object that a Python program passed in."""

    def check(self, spec: ModelSpec) -> None:
        if spec.base_url is not None:
            raise BadInput("set the base URL on the chat model itself, where your program creates it")
        self._found(spec)

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        yield replace(self._found(spec), pace=Pace(spec.parallel, progress))

    def _found(self, spec: ModelSpec) -> Model:
        model = _HERE.get().get(spec.name)
        if model is None:
            raise BadInput(
                f"{spec.name}: the model was a chat model object of a Python program; "
                "resume from Python, with gedanken.resume(folder, model=…)"
            )
        return model


BROUGHT = _Brought()
