"""Errors of providers: whether and when a retry may help, and the line that the user is shown."""

import json
from typing import Any

from gedanken.experiment.execution import Cause
from providers.anthropic import Anthropic
from providers.bedrock import Bedrock
from providers.behaviour import HTML, Behaviour, Serve, fails, gives, replies
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import Groq, LlamaCpp, LMStudio, Mistral, OpenAIChat
from providers.openai_responses import OpenAIResponses
from providers.server import Answer, Request, StandIn
from providers.wire import JSON, SSE, Wire, event

CHAT, RESPONSES, ANTHROPIC, GEMINI, OLLAMA, BEDROCK = (
    OpenAIChat(),
    OpenAIResponses(),
    Anthropic(),
    Gemini(),
    Ollama(),
    Bedrock(),
)
_PAGE = b"<html><head><title>%b</title></head><body><center><h1>%b</h1></center></body></html>"
_BAD_JSON = b'data: {"choices": [{"ind\n\n'
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_RETRY_INFO = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]
_RATE_LIMIT = "Rate limit reached for gpt-4.1 in organization org-1 on requests per min (RPM)."


def _busy(
    provider: str, wire: Wire, does: str, serve: Serve, *says: str, retry_after: float | None = None
) -> Behaviour:
    return Behaviour(_slug(provider, does), provider, does, wire, serve, "busy", says, retry_after=retry_after)


def _final(provider: str, wire: Wire, does: str, serve: Serve, *says: str) -> Behaviour:
    return Behaviour(_slug(provider, does), provider, does, wire, serve, "final", says)


def _slug(provider: str, does: str) -> str:
    return f"{provider}-{does}".lower().translate(str.maketrans(" ", "-", "`:,/()"))


def _page(status: int, words: str) -> Serve:
    return gives(status, HTML, _PAGE % (words.encode(), words.encode()))


def _rate_limited(headers: dict[str, str], kind: str = "rate_limit_error") -> Serve:
    return fails(429, _RATE_LIMIT, kind, headers)


def _aws(status: int, kind: str, message: str) -> Serve:
    return fails(status, message, headers={"x-amzn-ErrorType": kind, "x-amzn-requestid": "r1"})


def _quota_exceeded(code: str) -> Serve:
    error = {"message": _QUOTA, "type": code, "param": None, "code": code}
    return gives(429, JSON, json.dumps({"error": error}).encode())


def _gemini_retry_info() -> Serve:
    content = GEMINI.error(429, "Resource has been exhausted.", "RESOURCE_EXHAUSTED", _RETRY_INFO)
    return gives(429, JSON, content)


async def _ignore_streams(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
    await answer.whole(200, JSON, wire.whole("Hello world", wire.done))


async def _retry_after_date(wire: Wire, request: Request, answer: Answer, server: StandIn) -> None:
    from datetime import UTC, datetime, timedelta
    from email.utils import format_datetime

    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    await _rate_limited({"retry-after": date})(wire, request, answer, server)


def _lmstudio_event() -> bytes:
    return event({"error": {"message": "Model unloaded.", "type": "internal_error"}}, "error")


_FILTER_ERROR: dict[str, Any] = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
}

ERRORS: list[Behaviour] = [
    # Keys, names, quotas: a retry does not help
    _final("OpenAI chat", CHAT, "401: wrong key", fails(401, "Incorrect API key provided."), "401", "API key"),
    _final("OpenAI chat", CHAT, "403: no access", fails(403, "Country not supported."), "403", "not supported"),
    _final(
        "OpenAI chat",
        CHAT,
        "404: no such model",
        fails(404, "The model `gpt-4.1` does not exist or you do not have access to it."),
        "404",
        "does not exist",
    ),
    _final("OpenAI chat", CHAT, "429: `insufficient_quota`", _quota_exceeded("insufficient_quota"), "current quota"),
    _final(
        "OpenAI chat",
        CHAT,
        "400: more than its context holds",
        fails(400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."),
        "maximum context length",
    ),
    Behaviour(
        "azure-filter",
        "Azure OpenAI",
        "400 with `content_filter`: the prompt was filtered",
        CHAT,
        gives(400, JSON, json.dumps({"error": _FILTER_ERROR}).encode()),
        Cause.FILTERED,
        ("content management policy",),
    ),
    _final("OpenRouter", CHAT, "402: no credits", fails(402, "Insufficient credits."), "402", "Insufficient credits"),
    _final(
        "OpenAI-compatible", CHAT, "404 as a page: the address is wrong", _page(404, "Not Found"), "404", "127.0.0.1"
    ),
    _final("OpenAI-compatible", CHAT, "413 as a page", _page(413, "Request Entity Too Large"), "413", "Too Large"),
    _final(
        "OpenAI-compatible",
        Mistral("openai:small", path="/v1"),
        "422 for the messages themselves",
        fails(422, "messages Input should be a valid list"),
        "422",
        "valid list",
    ),
    _final(
        "Responses", RESPONSES, "404: no such API", gives(404, JSON, b'{"detail":"Not Found"}'), "404", "127.0.0.1"
    ),
    _final(
        "Anthropic", ANTHROPIC, "401: wrong key", fails(401, "invalid x-api-key", "authentication_error"), "x-api"
    ),
    _final(
        "Anthropic",
        ANTHROPIC,
        "400: no credit",
        fails(400, "Your credit balance is too low to access the Anthropic API."),
        "credit balance",
    ),
    _final(
        "Anthropic",
        ANTHROPIC,
        "404: no such model",
        fails(404, "model: claude-x", "not_found_error"),
        "404",
        "model:",
    ),
    _final(
        "Gemini",
        GEMINI,
        "400: wrong key",
        fails(400, "API key not valid. Please pass a valid API key."),
        "API key not valid",
    ),
    _final("Gemini", GEMINI, "404: no such model", fails(404, "models/x is not found", "NOT_FOUND"), "not found"),
    _final("Ollama", OLLAMA, "404: model not pulled", fails(404, "model 'x' not found"), "not found", "ollama pull"),
    _final("Mistral", Mistral(), "401: wrong key", gives(401, JSON, b'{"detail":"Unauthorized"}'), "401"),
    _final("Groq", Groq(), "413: too large for the tier", fails(413, "Request too large for model"), "too large"),
    _final(
        "Bedrock", BEDROCK, "403: no access", _aws(403, "AccessDeniedException", "You don't have access."), "access"
    ),
    _final("LM Studio", LMStudio(), "404: no model loaded", fails(404, "No models loaded."), "No models loaded"),
    _final(
        "llama.cpp",
        LlamaCpp(),
        "400: more than its context holds",
        fails(400, "the request exceeds the available context size", "exceed_context_size_error"),
        "context size",
    ),
    # A retry may help
    _busy(
        "OpenAI chat", CHAT, "429, Retry-After in seconds", _rate_limited({"retry-after": "7"}), "429", retry_after=7
    ),
    _busy("OpenAI chat", CHAT, "429, Retry-After as a date", _retry_after_date, "429", retry_after=30),
    _busy(
        "OpenAI chat", CHAT, "429, retry-after-ms", _rate_limited({"retry-after-ms": "1500"}), "429", retry_after=1.5
    ),
    _busy(
        "OpenAI chat",
        CHAT,
        "429, Retry-After of an hour",
        _rate_limited({"retry-after": "3600"}),
        "429",
        retry_after=3600,
    ),
    _busy("OpenAI chat", CHAT, "429 without a time", _rate_limited({}), "Rate limit reached"),
    _busy("OpenAI chat", CHAT, "500", fails(500, "The server had an error.", "server_error"), "500"),
    _busy("OpenAI-compatible", CHAT, "502 as a page", _page(502, "Bad Gateway"), "502", "Bad Gateway"),
    _busy("OpenAI-compatible", CHAT, "504 as a page", _page(504, "Gateway Time-out"), "504"),
    _busy("OpenAI-compatible", CHAT, "408", fails(408, "Request timed out."), "408"),
    _busy(
        "Responses",
        RESPONSES,
        "429, Retry-After in seconds",
        _rate_limited({"retry-after": "7"}),
        "429",
        retry_after=7,
    ),
    _busy(
        "Anthropic",
        ANTHROPIC,
        "529: overloaded",
        fails(529, "Overloaded", "overloaded_error"),
        "529",
        "Overloaded",
    ),
    _busy(
        "Anthropic",
        ANTHROPIC,
        "429, Retry-After in seconds",
        _rate_limited({"retry-after": "7"}),
        "429",
        retry_after=7,
    ),
    _busy(
        "Anthropic",
        ANTHROPIC,
        "overloaded inside the stream",
        replies(ANTHROPIC.error_event("Overloaded", "overloaded_error")),
        "Overloaded",
    ),
    _busy("Gemini", GEMINI, "429 with RetryInfo", _gemini_retry_info(), "429", "exhausted", retry_after=17),
    _busy("Gemini", GEMINI, "503: overloaded", fails(503, "The model is overloaded.", "UNAVAILABLE"), "overloaded"),
    _busy("Ollama", OLLAMA, "503: too many requests", fails(503, "server busy, please try again."), "503", "busy"),
    _busy(
        "Mistral",
        Mistral(),
        "429, Retry-After in seconds",
        fails(429, "Requests rate limit exceeded", "rate_limited", {"retry-after": "7"}),
        "429",
        retry_after=7,
    ),
    _busy("Mistral", Mistral(), "502 as a page", _page(502, "Bad Gateway"), "502"),
    _busy("Groq", Groq(), "429, Retry-After in seconds", _rate_limited({"retry-after": "7"}), "429", retry_after=7),
    _busy("Groq", Groq(), "498: no capacity for flex", fails(498, "Flex tier capacity exceeded."), "498", "capacity"),
    _busy("Groq", Groq(), "503", fails(503, "Service Unavailable"), "503"),
    _busy("Bedrock", BEDROCK, "429: throttled", _aws(429, "ThrottlingException", "Too many requests."), "Too many"),
    _busy("Bedrock", BEDROCK, "503", _aws(503, "ServiceUnavailableException", "Bedrock is busy."), "Bedrock is busy"),
    _busy(
        "llama.cpp",
        LlamaCpp(),
        "503: loading",
        fails(503, "Loading model", "unavailable_error"),
        "503",
        "Loading model",
    ),
    # Status 200, but no reply
    _busy(
        "OpenAI-compatible",
        CHAT,
        "an error inside the stream",
        replies(CHAT.piece("Hello"), event({"error": {"message": "CUDA out of memory", "type": "server_error"}})),
        "CUDA out of memory",
    ),
    _busy(
        "LM Studio", LMStudio(), "an `error` event inside the stream", replies(_lmstudio_event()), "Model unloaded"
    ),
    _busy("OpenAI-compatible", CHAT, "a line of bad JSON", replies(_BAD_JSON), "cannot be read"),
    _busy(
        "OpenAI-compatible",
        CHAT,
        "bytes that are no UTF-8",
        replies(CHAT.piece("a").replace(b'"a"', b'"\xff"')),
        "cannot be read",
    ),
    _busy("OpenAI-compatible", CHAT, "200 with nothing in it", gives(200, SSE, b""), "empty"),
    _busy("Ollama", OLLAMA, "200 with nothing in it", gives(200, OLLAMA.kind, b""), "empty"),
    _busy("Ollama", OLLAMA, "a line of bad JSON", replies(b'{"model": "x", "mess\n'), "cannot be read"),
    _busy("Anthropic", ANTHROPIC, "200 with nothing in it", gives(200, SSE, b""), "empty"),
    _busy("Gemini", GEMINI, "200 with nothing in it", gives(200, SSE, b""), "empty"),
    _busy("Mistral", Mistral(), "200 with nothing in it", gives(200, SSE, b""), "empty"),
    _busy("Mistral", Mistral(), "a line of bad JSON", replies(_BAD_JSON), "cannot be read"),
    _final(
        "OpenAI-compatible",
        CHAT,
        "200 with a page",
        _page(200, "Welcome to nginx!"),
        "page",
        "--base-url",
        "127.0.0.1",
    ),
    Behaviour(
        "no-streams",
        "OpenAI-compatible",
        "answers whole though a stream was asked for",
        CHAT,
        _ignore_streams,
        text="Hello world",
        requests=None,
    ),
]
