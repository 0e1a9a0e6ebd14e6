"""Each behavior of a provider's server, over HTTP on loopback, leads to the right result or to one clear line."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest
from providers.behaviour import Behaviour, fails, value_at
from providers.openai_responses import OpenAIResponses
from providers.server import Answer, Request, StandIn, serving
from providers.table import BEHAVIOURS, PAGE, fill_table

from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Reply, Sampling
from gedanken.agents.model_errors import ModelBusy
from gedanken.agents.registry import open_model
from gedanken.agents.time_limits import TimeLimits
from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import Cause
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

SAMPLING = Sampling(seed=3, max_tokens=64, temperature=0.2, top_p=0.9)
ENOUGH_SECONDS = 60.0
"""Seconds within which each request must end."""
SHORT_SECONDS = 0.2
LONG_LIMITS = TimeLimits(
    connect=ENOUGH_SECONDS,
    first=ENOUGH_SECONDS,
    between=ENOUGH_SECONDS,
    unstreamed=ENOUGH_SECONDS,
    total=ENOUGH_SECONDS,
)
LIMIT_WORDS = {"first": "first piece", "between": "next piece", "total": "whole reply"}
"""The words for a time limit in the message that names it."""


ONLY_RESPONSES = "This model is only supported in v1/responses and not in v1/chat/completions."


def behaviour_id(behaviour: Behaviour) -> str:
    return behaviour.name


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "GOOGLE", "GEMINI", "GROQ", "MISTRAL"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)


async def ask(model: Model, behaviour: Behaviour) -> Reply:
    """Ask one question, without retries."""
    messages = [Message(role, text) for role, text in behaviour.turns]
    if behaviour.limit:
        model = replace(model, limits=replace(LONG_LIMITS, **{behaviour.limit: SHORT_SECONDS}))
    return await asyncio.wait_for(model._once(messages, SAMPLING, "test", None), ENOUGH_SECONDS)


async def outcome_of(behaviour: Behaviour) -> tuple[Reply | NoModel, StandIn]:
    """The reply or error from a server with this behaviour, and the server with its requests."""

    async def handle(request: Request, answer: Answer) -> None:
        if isinstance(behaviour.wire, OpenAIResponses) and request.path.endswith("/chat/completions"):
            server.requests.remove(request)  # only requests to the endpoint that the error names count
            await fails(404, ONLY_RESPONSES)(behaviour.wire, request, answer, server)
        else:
            await behaviour.serve(behaviour.wire, request, answer, server)

    async with serving(handle) as server, open_behaviour(behaviour, server) as model:
        try:
            return await ask(model, behaviour), server
        except NoModel as error:
            return error, server


def open_behaviour(behaviour: Behaviour, server: StandIn) -> AbstractAsyncContextManager[Model]:
    """Open the model of this server, as `--model` and `--base-url` would."""
    return open_model(ModelSpec(name=behaviour.wire.model, base_url=server.address + behaviour.wire.path), Silent())


def last_body(server: StandIn) -> dict[str, Any]:
    return server.requests[-1].body


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=behaviour_id)
def test_each_gives_the_right_result_or_one_clear_line(behaviour: Behaviour) -> None:
    outcome, server = asyncio.run(outcome_of(behaviour))
    if isinstance(behaviour.gives, Cause):
        assert isinstance(outcome, Reply), outcome
        check_reply(behaviour, outcome)
    else:
        assert isinstance(outcome, NoModel), outcome
        check_error(behaviour, outcome)
    if behaviour.requests is not None:
        assert len(server.requests) == behaviour.requests
    assert {path: value_at(last_body(server), path) for path in behaviour.sent} == dict(behaviour.sent)


def check_reply(behaviour: Behaviour, reply: Reply) -> None:
    assert reply.end.cause is behaviour.gives, reply
    assert [word for word in behaviour.says if word not in reply.end.reason] == [], reply.end
    if behaviour.text is not None:
        assert reply.text == behaviour.text
    assert bool(reply.reasoning) == (behaviour.reasons or behaviour.gives is Cause.ONLY_REASONED)
    not_taken = reply.seal.settings.get("not_taken", [])
    assert isinstance(not_taken, list) and set(behaviour.default) <= set(not_taken)
    reply.text.encode()  # fails for half a surrogate pair


def check_error(behaviour: Behaviour, error: NoModel) -> None:
    message = str(error)
    assert isinstance(error, ModelBusy) == (behaviour.gives == "busy"), message
    assert message.startswith(f"{behaviour.wire.model}: ") and "\n" not in message and len(message) < 500
    words = behaviour.says + ((LIMIT_WORDS[behaviour.limit], f"{SHORT_SECONDS:g} s") if behaviour.limit else ())
    assert [word for word in words if word not in message] == [], message
    if isinstance(error, ModelBusy):
        assert error.retry_after == (behaviour.retry_after and pytest.approx(behaviour.retry_after, abs=2))


def test_names_are_used_once_and_there_are_enough() -> None:
    names = [behaviour.name for behaviour in BEHAVIOURS]
    assert len(set(names)) == len(names) >= 70


def test_the_page_shows_the_kit_as_it_is() -> None:
    assert PAGE.read_text() == fill_table(PAGE.read_text()), "cd tests && python -m providers.table"
