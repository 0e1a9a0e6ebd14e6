"""Turns the errors that keep a model from replying into one-line messages, and decides whether a retry may help."""

import html
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gedanken.agents.error_text import error_texts, one_line, server_message
from gedanken.agents.requested_wait import requested_wait
from gedanken.agents.time_limits import USUAL_LIMITS
from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import Cause

_MAX_CHARACTERS = 300
_TEMPORARY_STATUS = frozenset(
    (408, 409, 425, 429, 498, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 598, 599)
)
_TEMPORARY_KINDS = frozenset(
    (
        *("TransportError", "StreamError", "APIConnectionError", "ConnectionError", "TimeoutError", "ClientError"),
        *("JSONDecodeError", "UnicodeDecodeError", "IncompleteRead", "HTTPClientError", "ServerError"),
        *(
            "ErrorInReply",
            "ResponseError",
            "EventStreamError",
            "ProtocolError",
            "ResponseStreamingError",
            "APIResponseValidationError",
            "RemoteDisconnected",
        ),
    )
)
_FINAL_KINDS = frozenset(("SSLCertVerificationError", "UnsupportedProtocol", "InvalidURL", "NoCredentialsError"))
_TEMPORARY_WORDS = re.compile(
    r"overloaded|rate.?limit|too many (?:requests|tokens)|throttl|temporarily|unavailable|server.?error|"
    r"internal error|timed? ?out|try again|retry your request|resource.?exhausted|capacity|"
    r"no generation chunks|no data received|incomplete .*stream|not ready",
    re.IGNORECASE,
)
_FINAL_WORDS = re.compile(r"\bvalidation_?exception|access_?denied_?exception", re.IGNORECASE)
_RATE_LIMITED = re.compile(
    r"overloaded|rate.?limit|too many (?:requests|tokens)|throttl|resource.?exhausted", re.IGNORECASE
)
_NO_QUOTA = re.compile(
    r"insufficient.?(?:quota|balance|credits?|funds)|billing.?(?:hard.?limit|not.?active)|credit balance is too low|"
    r"payment required|out of credits|exceeded your current quota|spend(?:ing)? limit|balance (?:is )?insufficient",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|prompt is too long|too many (?:input )?tokens|input is too long|"
    r"maximum (?:number of )?(?:input )?tokens|exceeds? the (?:available )?context",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"api.?key.{0,20}(?:not valid|invalid|incorrect|missing)|(?:invalid|incorrect).{0,12}api.?key", re.IGNORECASE
)
_FILTERED = re.compile(
    r"content.?(?:filter|management policy|policy.?violation)|invalid_prompt|flagged as potentially|"
    r"violat\w+ (?:our|the) usage polic|responsible.?ai|blocked by (?:our )?(?:content|safety)|"
    r"data_inspection_failed",
    re.IGNORECASE,
)
_KEY_VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "xai": "XAI_API_KEY",
    "bedrock_converse": "AWS_ACCESS_KEY_ID",
}


_NOT_CONNECTED = frozenset(("ConnectTimeout", "ConnectTimeoutError"))
_NEVER_SENT = _FINAL_KINDS | _NOT_CONNECTED | {"ConnectError", "ConnectionRefusedError"}
_CONNECTION_HINT = "is the server running, and is the address (--base-url) right?"


class NoReply(NoModel):
    """This request gets no reply, but others may. A plain NoModel means that the model cannot be used any more."""

    def __init__(self, message: str, *, cause: Cause = Cause.NO_REPLY, may_pass: bool = False) -> None:
        super().__init__(message)
        self.cause = cause
        """NO_REPLY, or BROKEN_OFF if a part of the reply had arrived. An execution that fails with this error is
        recorded with this cause.
        """
        self.may_pass = may_pass
        """True if the same request may get a reply later. False if the server refused it, for example as too long."""


class ModelBusy(NoReply):
    """A failure that a retry may fix, such as a broken connection, a rate limit or an error of the server."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, cause: Cause = Cause.NO_REPLY, limited: bool = False
    ) -> None:
        super().__init__(message, cause=cause, may_pass=True)
        self.retry_after = retry_after
        """Number of seconds that the server asks to wait; None if it does not say."""
        self.limited = limited
        """True if a rate limit refused the request. A rate limit applies to all requests, not only to this one."""


class ErrorInReply(Exception):
    """An error message that a server sent with a success status, in place of a reply."""

    def __init__(self, body: object) -> None:
        self.body = body if isinstance(body, dict) else {"message": str(body)}
        super().__init__(str(self.body.get("message", "")))


@dataclass(frozen=True, slots=True)
class Problem:
    """The error that a provider's client raised, in a form that is the same for all clients."""

    status: int | None
    message: str
    """The server's message, as a single line; the client's message if the server sent none."""
    text: str
    """The text of the error and of its causes."""
    kinds: frozenset[str]
    """Class names of the error and of its causes."""
    headers: Mapping[str, str]
    host: str
    innermost: str
    """Message of the innermost cause, for example why a connection failed."""

    @property
    def is_filtered(self) -> bool:
        """True if a content filter rejected the request. This counts as a reply, not as a failure."""
        return self.status in (None, 400, 403, 422) and bool(_FILTERED.search(self.text))

    @property
    def has_no_quota(self) -> bool:
        """True if the account's quota is used up, so that waiting does not help."""
        # Google reports its rate limit per minute in the same words.
        google_waits = "retryDelay" in self.text and "PerDay" not in self.text
        return self.status == 402 or (bool(_NO_QUOTA.search(self.text)) and not google_waits)

    @property
    def has_bad_key(self) -> bool:
        """True if the API key was rejected or is missing. Google reports a rejected key with status 400."""
        return self.status == 401 or bool(_BAD_KEY.search(self.text)) or "NoCredentialsError" in self.kinds

    @property
    def is_final(self) -> bool:
        """True if a retry cannot help."""
        return self.has_no_quota or bool(self.kinds & _FINAL_KINDS) or bool(_FINAL_WORDS.search(self.text))

    @property
    def is_no_answer(self) -> bool:
        """True if the error has no HTTP status and is not final, as when a connection breaks."""
        return self.status is None and not self.is_final

    @property
    def got_no_reply(self) -> bool:
        """True if the server answered with an error, or never received the request.

        No reply was then generated, unless a part of one had already arrived.
        """
        return self.status is not None or bool(self.kinds & _NEVER_SENT)

    @property
    def may_pass(self) -> bool:
        """True if a retry may help."""
        if self.is_final:
            return False
        if self.status is not None and self.status >= 400:
            return self.status in _TEMPORARY_STATUS or "overloaded_error" in self.text
        return (
            bool(self.kinds & _TEMPORARY_KINDS)
            or bool(_TEMPORARY_WORDS.search(self.text))
            or "APIError" in self.kinds
        )

    @property
    def is_limited(self) -> bool:
        """True if a rate limit refused the request, or too many requests were running."""
        return self.status in (429, 529) or (
            self.status in (None, 400, 503) and bool(_RATE_LIMITED.search(self.text))
        )


def read_problem(error: BaseException) -> Problem:
    """Extract a Problem from the error of any client."""
    chain = list(_cause_chain(error))
    status = next((code for cause in chain if (code := _status(cause)) is not None), None)
    texts = list(dict.fromkeys(text for cause in chain for text in error_texts(cause) if text))
    kinds = frozenset(kind.__name__ for cause in chain for kind in type(cause).__mro__)
    headers = next(filter(None, map(_headers, chain)), {})
    host = next(filter(None, map(_host, chain)), "")
    deepest = next((text for cause in reversed(chain) if (text := one_line(str(cause)))), "")
    message = next((text for cause in chain if (text := server_message(cause))), "")
    return Problem(status, message or (texts[0] if texts else ""), " ".join(texts), kinds, headers, host, deepest)


def as_no_model(
    name: str,
    error: BaseException,
    default_host: str = "",
    *,
    begun: bool = False,
    connect: float = USUAL_LIMITS.connect,
) -> NoModel:
    """Turn an error of a client into an error for the user.

    Its message says what happened, where, and what helps. It is a ModelBusy if a retry may help, a NoReply if only
    this request was refused, and otherwise a plain NoModel. `name` is the model's name. `default_host` is named if
    the error itself names no host. `begun` is True if a part of the reply had arrived. `connect` is the time limit
    for connecting, in seconds.
    """
    inner = next((cause for cause in _cause_chain(error) if isinstance(cause, NoModel)), None)
    if inner is not None:
        return inner if str(inner).startswith(name) else NoModel(f"{name}: {inner}")
    problem = read_problem(error)
    host = problem.host or default_host
    location = f" at {host}" if host else ""
    if problem.kinds & _NOT_CONNECTED:
        message = (
            f"{name}: no connection{location} within {connect:g} s, the limit for connecting; {_CONNECTION_HINT}"
        )
    else:
        message = f"{name}: {_describe(problem, location, name, begun)}"
    if not (problem.may_pass or (begun and problem.is_no_answer)):
        concerns_request = problem.status in (400, 413, 422) and not (problem.has_no_quota or problem.has_bad_key)
        return NoReply(message) if concerns_request else NoModel(message)
    wait = requested_wait(problem.headers, problem.text)
    cause = Cause.BROKEN_OFF if begun else Cause.NO_REPLY
    return ModelBusy(message, retry_after=wait, cause=cause, limited=problem.is_limited)


def host_of(url: str | None) -> str:
    """Return host and port of an address, without any part that may be secret."""
    try:
        parts = urlsplit(url or "")
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return ""


def _describe(problem: Problem, location: str, name: str, begun: bool) -> str:
    status, message = problem.status, _shorten(problem.message)
    number = f" ({status})" if status else ""
    if problem.kinds & {"JSONDecodeError", "UnicodeDecodeError", "APIResponseValidationError"}:
        return f"the reply cannot be read{location}: {message}"
    if re.search("no generation chunks|no data received", problem.text, re.IGNORECASE):
        return f"the reply was completely empty{location}"
    if begun and not status:
        reason = message if message and "APIConnectionError" not in problem.kinds else _shorten(problem.innermost)
        return f"the reply broke off{location}: {reason}"
    if problem.has_no_quota:
        return f"no quota is left{number}{location}: {message}; see the account's billing, or choose another --model"
    if problem.has_bad_key or status == 403:
        variable = _KEY_VARIABLES.get(name.partition(":")[0])
        variable_is_set = bool(variable and os.environ.get(variable))
        hint = f"; check {variable}{'' if variable_is_set else ', which is not set'}" if variable else ""
        refusal = "the key was refused" if problem.has_bad_key else "access was refused"
        return f"{refusal}{number}{location}: {message}{hint}"
    if status in (404, 405, 410):
        return f"no such model or address{number}{location}: {message}; {_model_hint(name)}"
    if status == 413 or (status in (None, 400, 422, 500) and _TOO_LONG.search(problem.text)):
        hint = "a shorter script, or a smaller limit with --limit reply_tokens=512"
        return f"the request is too long{number}{location}: {message}; what helps: {hint}"
    if status == 429:
        return f"too many requests{number}{location}: {message}"
    if status and status >= 500:
        return f"the server failed{number}{location}: {message}"
    if status:
        return f"the request was refused{number}{location}: {message}"
    if problem.kinds & {"TransportError", "APIConnectionError", "ConnectionError", "EndpointConnectionError"}:
        return f"no connection{location}: {_shorten(problem.innermost)}; {_CONNECTION_HINT}"
    return f"{message or problem.innermost or 'it failed without giving a reason'}{location}"


def _model_hint(name: str) -> str:
    provider, _, model = name.partition(":")
    if provider == "ollama":
        return f"`ollama pull {model}` downloads the model"
    return "check --model and --base-url (which often ends in /v1)"


def _shorten(text: str) -> str:
    """Return the beginning of a server's message, with HTML removed."""
    if re.search(r"<(?:!doctype|html|head|title)\b", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return f"a web page: {one_line(html.unescape(title[1]))[:_MAX_CHARACTERS]}" if title else "a web page"
    return text[:_MAX_CHARACTERS]


def _cause_chain(error: BaseException) -> Iterator[BaseException]:
    seen_ids: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen_ids:
        seen_ids.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _status(error: BaseException) -> int | None:
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):  # of botocore
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return response if isinstance(response, int) else None
    candidates: list[object] = [getattr(error, "status_code", None), getattr(response, "status_code", None)]
    candidates.append(getattr(error, "code", None))
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        candidates += [body.get("code"), body.get("status_code")]
    numbers = (int(number) for number in candidates if isinstance(number, int | str) and str(number).isdecimal())
    return next((number for number in numbers if 400 <= number < 600), None)


def _headers(error: BaseException) -> dict[str, str]:
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):
        response = response.get("ResponseMetadata", {}).get("HTTPHeaders")
        return dict(response) if isinstance(response, dict) else {}
    headers = getattr(response, "headers", None)
    return {str(name): str(value) for name, value in headers.items()} if headers else {}


def _host(error: BaseException) -> str:
    try:
        url = getattr(getattr(error, "request", None), "url", None)
    except RuntimeError:  # httpx has one only if it was set
        return ""
    return host_of(str(url)) if url else ""
