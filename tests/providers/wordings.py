"""Refusals that name a setting in unusual words, and errors that arrive in place of a reply."""

import json
from collections.abc import Callable
from typing import Any

from gedanken.experiment.execution import Cause
from providers.anthropic import Anthropic
from providers.behaviour import HTML, Behaviour, Serve, ends, gives, replies, reply, value_at
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import Groq, Mistral, OpenAIChat
from providers.openai_responses import OpenAIResponses
from providers.server import Answer, Request, StandIn
from providers.wire import JSON, Wire, event

CHAT, ANTHROPIC, GEMINI = OpenAIChat("openai:some-new-model"), Anthropic(), Gemini()
_FULL_REQUEST = {"model": "m", "temperature": 0, "top_p": 0.9, "seed": 3, "max_tokens": 64, "stream": True}
_EXTRA_FORBIDDEN = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}
_PAGE = b"<HTML><head><title>Welcome</title></head></HTML>"
_QUOTA = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerDay-Free"}]}
_RETRY_SOON = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}


def _answers(status: int, body: Any, path: str = "", headers: dict[str, str] | None = None) -> Serve:
    """Answers with this body if the request contains `path`; an empty path matches every request."""

    async def serve(wire: Wire, request: Request, answer: Answer, _server: StandIn) -> None:
        if path and value_at(request.body, path) is None:
            await reply(wire, request, answer, wire.done, "Hello ", "world")
        else:
            await answer.whole(status, JSON, json.dumps(body).encode(), headers)

    return serve


def _learned_setting(name: str, does: str, path: str, setting: str, body: Any) -> Behaviour:
    serve = _answers(400, body, path)
    return Behaviour(name, "Other words", does, CHAT, serve, text="Hello world", requests=2, default=(setting,))


def _ending(name: str, does: str, wire: Wire, serve: Serve, cause: Cause, *says: str) -> Behaviour:
    return Behaviour(name, "Other words", does, wire, serve, cause, says, requests=None)


def _error_behaviour(outcome: Any) -> Callable[..., Behaviour]:
    def make(name: str, does: str, wire: Wire, serve: Serve, *says: str, after: float | None = None) -> Behaviour:
        return Behaviour(name, "Other words", does, wire, serve, outcome, says, retry_after=after)

    return make


_busy, _final = _error_behaviour("busy"), _error_behaviour("final")

WORDINGS: list[Behaviour] = [
    _learned_setting(
        "names-it-in-param",
        "names what it refuses in `param` alone",
        "temperature",
        "temperature",
        {"error": {"message": "Unsupported value.", "param": "temperature", "code": "unsupported_value"}},
    ),
    _learned_setting(
        "router-wraps-the-refusal",
        "is a router: the refusal lies inside, as text",
        "temperature",
        "temperature",
        {"error": {"message": "Provider returned error", "metadata": {"raw": '{"message": "no temperature here"}'}}},
    ),
    _learned_setting(
        "only-user-and-assistant",
        "has a template that knows users and assistants only",
        "messages.system",
        "system role",
        {"object": "error", "message": "Only user and assistant roles are supported!", "code": 400},
    ),
    Behaviour(
        "echoes-the-request",
        "Other words",
        "repeats the request beside the refusal: what is only repeated is not refused",
        CHAT,
        _answers(422, {"detail": [{**_EXTRA_FORBIDDEN, "input": _FULL_REQUEST}]}, "seed"),
        text="Hello world",
        requests=2,
        sent={"seed": None, "top_p": 0.9, "temperature": 0.2},
        default=("seed",),
    ),
    Behaviour(
        "responses-without-temperature",
        "Other words",
        "is asked without a temperature by its client (GPT-5 on Responses)",
        OpenAIResponses("openai:gpt-5.6-pro"),
        ends("completed", "Hello"),
        requests=None,
        sent={"temperature": None},
        default=("seed", "temperature"),
    ),
    _ending(
        "filter-error-midway",
        "breaks off with an error `content_filter` (Azure)",
        CHAT,
        replies(CHAT.piece("Hel"), event({"error": {"message": "It was filtered", "code": "content_filter"}})),
        Cause.FILTERED,
        "It was filtered",
    ),
    _ending(
        "filter-named-closely",
        "ends with `content_filter: PROHIBITED_CONTENT`",
        CHAT,
        ends("content_filter: PROHIBITED_CONTENT", "Hel"),
        Cause.FILTERED,
    ),
    _ending(
        "filter-then-stop",
        "ends with `content_filter`, and once more with `stop`",
        CHAT,
        replies(CHAT.piece("Hel"), CHAT.chunk({}, "content_filter"), CHAT.closing("stop")),
        Cause.FILTERED,
    ),
    _ending("token-limit", "ends with `token_limit`", CHAT, ends("token_limit", "Hel"), Cause.CUT),
    Behaviour(
        "whole-from-anthropic",
        "Other words",
        "answers whole though a stream was asked for (Anthropic)",
        ANTHROPIC,
        gives(200, JSON, ANTHROPIC.whole("Hello", "end_turn")),
        text="Hello",
        requests=2,
        default=("streaming",),
    ),
    _busy(
        "error-with-200",
        "answers 200, and its JSON is an error (a router)",
        CHAT,
        _answers(200, {"error": {"message": "Provider returned error", "code": 502}}),
        "502",
    ),
    _busy("error-with-200-plain", "the same in a plain string", CHAT, _answers(200, {"error": "busy"}), "busy"),
    _busy(
        "retry-after-for-ever",
        "429, Retry-After beyond any calendar",
        CHAT,
        _answers(429, {"error": {"message": "wait"}}, headers={"retry-after": "9" * 26}),
        after=366 * 86400,
    ),
    _final(
        "google-key-400",
        "400 for a wrong key, in a list",
        CHAT,
        _answers(400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}]),
        "key was refused",
    ),
    _final(
        "region", "403: region", CHAT, _answers(403, {"error": {"message": "Region not supported"}}), "access was"
    ),
    _final(
        "balance",
        "403: no balance",
        CHAT,
        _answers(403, {"error": {"message": "Your account balance is insufficient"}}),
        "no quota",
    ),
    _final(
        "google-day",
        "429: the quota of a day, though it says to retry in seconds",
        GEMINI,
        _answers(
            429,
            {"error": {"code": 429, "message": "You exceeded your current quota", "details": [_QUOTA, _RETRY_SOON]}},
        ),
        "no quota",
    ),
    *(
        _final(
            f"page-{wire.model.partition(':')[0]}",
            f"200 with a page ({wire.model.partition(':')[0]})",
            wire,
            gives(200, HTML, _PAGE),
            "web page",
            "--base-url",
        )
        for wire in (ANTHROPIC, GEMINI, Groq(), Mistral(), Ollama())
    ),
]
