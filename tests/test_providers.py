"""Every model that people have: real HTTP on loopback, and of each behaviour the right result or one clear line."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from providers.behaviour import Behaviour, fails, held
from providers.endings import ENDINGS
from providers.errors import ERRORS
from providers.openai_responses import OpenAIResponses
from providers.pauses import PAUSES
from providers.server import Answer, Request, StandIn, serving
from providers.settings import SETTINGS
from providers.texts import TEXTS

from agents.model import Message, Model, Reply, Sampling
from agents.model_errors import ModelBusy
from agents.registry import open_model
from experiment.errors import NoModel
from experiment.execution import Cause
from experiment.progress import Silent

BEHAVIOURS = [*ENDINGS, *SETTINGS, *ERRORS, *TEXTS, *PAUSES]
SAMPLING = Sampling(seed=3, max_tokens=64, temperature=0.2, top_p=0.9)
ENOUGH = 20.0
"""Seconds in which any of them has to be over."""


ONLY_RESPONSES = "This model is only supported in v1/responses and not in v1/chat/completions."


def ids(behaviour: Behaviour) -> str:
    return behaviour.name


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI", "GROQ", "MISTRAL"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)


async def ask(model: Model, behaviour: Behaviour) -> Reply:
    """One question, once."""
    messages = [Message(role, text) for role, text in behaviour.turns]
    return await asyncio.wait_for(model.reply(messages, SAMPLING, role="test"), ENOUGH)


async def meet(behaviour: Behaviour) -> tuple[Reply | NoModel, StandIn]:
    """What comes of asking a server that behaves so."""

    async def handle(request: Request, answer: Answer) -> None:
        if isinstance(behaviour.wire, OpenAIResponses) and request.path.endswith("/chat/completions"):
            server.requests.remove(request)  # told where to ask; what counts is asked there
            await fails(404, ONLY_RESPONSES)(behaviour.wire, request, answer, server)
        else:
            await behaviour.serve(behaviour.wire, request, answer, server)

    async with serving(handle) as server, opened(behaviour, server) as model:
        try:
            return await ask(model, behaviour), server
        except NoModel as error:
            return error, server


def opened(behaviour: Behaviour, server: StandIn) -> AbstractAsyncContextManager[Model]:
    """The model of this server, as `--model` and `--base-url` open it."""
    return open_model(behaviour.wire.model, server.address + behaviour.wire.path, Silent())


def sent(server: StandIn) -> dict[str, Any]:
    return server.requests[-1].body


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=ids)
def test_each_gives_the_right_result_or_one_clear_line(behaviour: Behaviour) -> None:
    outcome, server = asyncio.run(meet(behaviour))
    if isinstance(behaviour.gives, Cause):
        assert isinstance(outcome, Reply), outcome
        assert outcome.end.cause is behaviour.gives, outcome
        told = outcome.end.reason
        if behaviour.text is not None:
            assert outcome.text == behaviour.text
        outcome.text.encode()
        assert bool(outcome.reasoning) == behaviour.reasons or behaviour.gives is Cause.ONLY_REASONED
    else:
        assert isinstance(outcome, NoModel), outcome
        told = str(outcome)
        assert isinstance(outcome, ModelBusy) == (behaviour.gives == "busy"), told
        assert "\n" not in told and len(told) < 500
        assert told.startswith(behaviour.wire.model)
    assert [word for word in behaviour.says if word not in told] == [], told
    if behaviour.requests is not None:
        assert len(server.requests) == behaviour.requests
    assert {path: held(sent(server), path) for path in behaviour.sent} == dict(behaviour.sent)


def test_names_are_used_once_and_there_are_enough() -> None:
    names = [behaviour.name for behaviour in BEHAVIOURS]
    assert len(set(names)) == len(names) >= 70
