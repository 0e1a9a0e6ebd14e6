"""Wraps LangChain chat models that a Python program passes in, and finds them by name during a run."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from gedanken.agents.model import Model
from gedanken.agents.rate_limits import RequestQueue
from gedanken.agents.settings import learned_from_name
from gedanken.experiment import secrets
from gedanken.experiment.errors import BadInput
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PROVIDER = "python"
_NAME_ATTRIBUTES = ("model_name", "model", "model_id", "deployment_name")
_MODELS_BY_NAME: ContextVar[Mapping[str, Model]] = ContextVar("brought", default=MappingProxyType({}))


def wrap_chat_model(chat: "BaseChatModel") -> Model:
    """Wrap the LangChain chat model `chat` as a `Model`.

    The retries and time limits of `chat` remain in effect. The API keys in `chat` are treated as secrets from now on.
    Raises BadInput if `chat` is not a LangChain chat model.
    """
    from langchain_core.language_models import BaseChatModel
    from pydantic import SecretStr

    if not isinstance(chat, BaseChatModel):
        raise BadInput(
            f"{type(chat).__name__} is not a LangChain chat model; pass such a model, or a name like openai:gpt-4.1"
        )
    keys = [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]
    secrets.process_secrets().learn(*keys)
    model_name = next(
        (value for name in _NAME_ATTRIBUTES if isinstance(value := getattr(chat, name, None), str) and value), ""
    )
    name = f"{PROVIDER}:{type(chat).__name__}{f'/{model_name}' if model_name else ''}"
    return Model(name=name, chat=chat, empty_turns=False, learned=learned_from_name(model_name))


@contextmanager
def register_model(model: Model) -> Iterator[ModelSpec]:
    """Register a model under a name during the `with` block, and yield its `ModelSpec`.

    Only the current asyncio task and its child tasks can find the model.
    """
    reset = _MODELS_BY_NAME.set({**_MODELS_BY_NAME.get(), model.name: model})
    try:
        yield ModelSpec(name=model.name)
    finally:
        _MODELS_BY_NAME.reset(reset)


class _PassedInProvider:
    """Opens `python:NAME`: a chat model object that a Python program passed in."""

    def check(self, spec: ModelSpec) -> None:
        if spec.base_url is not None:
            raise BadInput("set the base URL on the chat model itself, where your program creates it")
        self._lookup(spec)

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        yield replace(self._lookup(spec), pace=RequestQueue(spec.parallel, progress))

    def _lookup(self, spec: ModelSpec) -> Model:
        model = _MODELS_BY_NAME.get().get(spec.name)
        if model is None:
            raise BadInput(
                f"{spec.name}: the model was a chat model object of a Python program; "
                "resume from Python, with gedanken.resume(folder, model=…)"
            )
        return model


BROUGHT = _PassedInProvider()
