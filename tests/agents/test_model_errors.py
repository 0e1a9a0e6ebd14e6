"""Errors that keep a model from replying: whether they are temporary, and the message that a person sees."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import openai
import pytest

from gedanken.agents.model_errors import ModelBusy, as_no_model
from gedanken.agents.requested_wait import requested_wait
from gedanken.agents.time_limits import TimeLimits, TooSlow, enforce_limits
from gedanken.experiment.execution import Cause

URL = "https://user:secret@model.example:8000/v1/chat?api-key=secret"


def openai_error(
    status_code: int, message: str = "no", headers: dict[str, str] | None = None, **more_fields: str
) -> Exception:
    """The error that the OpenAI client raises for an HTTP status."""
    body = {"message": message, **more_fields}
    response = openai._base_client.httpx2.Response(  # type: ignore[attr-defined]
        status_code,
        headers=headers,
        text=json.dumps({"error": body}),
        request=openai._base_client.httpx2.Request("POST", URL),  # type: ignore[attr-defined]
    )
    return openai.APIStatusError(message, response=response, body=body)


class ClientError(Exception):
    """An error as botocore raises it: the HTTP status is in a dictionary."""

    def __init__(self, code: str, number: int) -> None:
        super().__init__(f"An error occurred ({code}) when calling the ConverseStream operation: {code}")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": number, "HTTPHeaders": {"retry-after": "3"}}}


class ResponseError(Exception):
    """An error as Ollama's client raises it within a reply."""

    status_code = -1


PASSING_ERRORS: list[Exception] = [
    *(openai_error(number) for number in (408, 409, 425, 429, 500, 502, 503, 504, 529)),
    ClientError("ThrottlingException", 429),
    ClientError("ServiceUnavailableException", 503),
    ResponseError("an error was encountered while running the model"),
    httpx.ConnectError("refused"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    ConnectionError("reset"),
    TimeoutError("slow"),
    json.JSONDecodeError("Expecting value", "{", 1),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ValueError("No generation chunks were returned"),
    ValueError("server_error: The server had an error processing your request"),
]
FINAL_ERRORS: list[Exception] = [
    *(openai_error(number) for number in (400, 401, 402, 403, 404, 413, 422)),
    openai_error(429, "You exceeded your current quota", code="insufficient_quota"),
    openai_error(400, "Your credit balance is too low to access the Anthropic API."),
    ClientError("AccessDeniedException", 403),
    TypeError("a mistake of ours"),
]


@pytest.mark.parametrize("error", PASSING_ERRORS, ids=repr)
def test_what_may_pass_is_asked_again(error: Exception) -> None:
    assert isinstance(as_no_model("openai:m", error), ModelBusy)


@pytest.mark.parametrize("error", FINAL_ERRORS, ids=repr)
def test_what_will_not_pass_is_not_asked_again(error: Exception) -> None:
    assert not isinstance(as_no_model("openai:m", error), ModelBusy)


def test_a_full_minute_at_google_is_no_empty_account() -> None:
    text = "You exceeded your current quota, please check your plan and billing details. retryDelay: '17s'"
    message = as_no_model("google_genai:m", openai_error(429, text))
    assert isinstance(message, ModelBusy)
    assert message.retry_after == 17


def test_a_reply_that_had_begun_was_broken_off() -> None:
    message = as_no_model("openai:m", RuntimeError("the pipe is gone"), begun=True)
    assert isinstance(message, ModelBusy)
    assert message.cause is Cause.BROKEN_OFF


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (openai_error(401, "bad key"), ("key was refused (401)", "bad key", "OPENAI_API_KEY")),
        (openai_error(404, "no m"), ("no such model or address (404)", "--model", "--base-url")),
        (openai_error(413, "large"), ("too long (413)", "reply_tokens")),
        (openai_error(400, "maximum context length is 10 tokens"), ("too long", "reply_tokens")),
        (openai_error(422, "odd field"), ("refused (422)", "odd field")),
        (
            openai_error(502, "<html><title>Bad Gateway</title><body>x</body></html>"),
            ("failed (502)", "a web page: Bad Gateway"),
        ),
        (openai_error(429, "slow down"), ("too many requests (429)", "slow down")),
        (openai_error(429, "none", code="insufficient_quota"), ("no quota is left", "billing")),
    ],
    ids=lambda error: str(error)[:40],
)
def test_a_message_says_what_happened_where_and_what_helps(error: Exception, words: tuple[str, ...]) -> None:
    message = str(as_no_model("openai:m", error))
    for word in ("openai:m", "model.example:8000", *words):
        assert word in message
    assert "secret" not in message
    assert "<body>" not in message
    assert "\n" not in message


def test_a_port_that_never_accepts_names_the_limit_for_connecting() -> None:
    message = as_no_model("ollama:m", httpx.ConnectTimeout("deadline exceeded"), "127.0.0.1:9")
    assert isinstance(message, ModelBusy)
    assert "127.0.0.1:9 within 30 s, the limit for connecting" in str(message)


def test_a_connection_that_fails_says_why() -> None:
    try:
        try:
            raise OSError(111, "Connection refused")
        except OSError as inner:
            raise httpx.ConnectError("All connection attempts failed") from inner
    except httpx.ConnectError as error:
        message = str(as_no_model("openai:m", error, "127.0.0.1:9"))
    assert "no connection at 127.0.0.1:9" in message
    assert "Connection refused" in message


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "7"}, "", 7),
        ({"Retry-After": "3600"}, "", 3600),
        ({"retry-after-ms": "250", "retry-after": "1"}, "", 0.25),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, "", 360),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "5"}, "", None),
        ({}, "Rate limit reached for m. Please try again in 1.5s. Visit", 1.5),
        ({}, "Please retry after 20 seconds.", 20),
        ({}, "Please try again in 6m0s.", 360),
        ({}, "try again in 20ms", 0.02),
        ({}, "{'@type': 'google.rpc.RetryInfo', 'retryDelay': '17s'}", 17),
        ({"retry-after": "soon"}, "", None),
        ({}, "overloaded", None),
    ],
)
def test_how_long_to_wait_is_read_in_all_its_forms(headers: dict[str, str], text: str, seconds: float | None) -> None:
    assert requested_wait(headers, text) == pytest.approx(seconds)


def test_a_date_to_wait_for_is_seconds_from_now() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert requested_wait({"retry-after": date}, "") == pytest.approx(90, abs=2)


async def send_pieces(*waits: float) -> Any:
    for wait in waits:
        await asyncio.sleep(wait)
        yield "x"


@pytest.mark.parametrize(
    ("waits", "limits", "streamed", "names"),
    [
        ((60,), TimeLimits(first=0.05), True, "no first piece within 0.05 s"),
        ((60,), TimeLimits(unstreamed=0.05), False, "no reply within 0.05 s"),
        ((0, 60), TimeLimits(between=0.05), True, "no next piece within 0.05 s"),
        ((0.01,) * 6000, TimeLimits(total=0.1), True, "within 0.1 s, the limit for a whole reply"),
    ],
)
def test_whatever_takes_too_long_ends_and_names_its_limit(
    waits: tuple[float, ...], limits: TimeLimits, streamed: bool, names: str
) -> None:
    async def main() -> None:
        async for _ in enforce_limits(send_pieces(*waits), limits, streamed=streamed, answers=lambda: True):
            pass

    with pytest.raises(TooSlow, match=names):
        asyncio.run(main())


def test_a_model_that_thinks_in_silence_before_it_answers_is_waited_for() -> None:
    async def main() -> list[str]:
        return [
            piece
            async for piece in enforce_limits(send_pieces(0, 0.1), TimeLimits(between=0.05), answers=lambda: False)
        ]

    assert asyncio.run(main()) == ["x", "x"]
