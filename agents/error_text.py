"""Finds the message of the server in an error that a provider's client raised."""

import json
from collections.abc import Iterator
from typing import Any

from gedanken.experiment.secrets import redacted

_ECHO_KEYS = frozenset(("input", "request", "request_body", "body"))


def error_texts(error: BaseException) -> Iterator[str]:
    body = getattr(error, "body", None)
    if isinstance(body, dict | list):
        yield _message_in(body)
        yield one_line(json.dumps(_without_echo(body), default=str, ensure_ascii=False))[:4000]
        return
    response = getattr(error, "response", None)
    try:
        response_text = getattr(response, "text", "")
    except Exception:  # a stream that was not read completely
        response_text = ""
    yield one_line(_text_without_echo(response_text))[:4000] if isinstance(response_text, str) else ""
    yield one_line(str(error))[:4000]
    details = getattr(error, "details", None)
    if isinstance(details, dict | list):
        yield one_line(json.dumps(details, default=str, ensure_ascii=False))[:4000]


def _without_echo(body: Any) -> Any:
    """Return a server's error without the copy of the request that it may contain."""
    if isinstance(body, list):
        return [_without_echo(part) for part in body]
    # A setting that is named only in the copy was not refused.
    if isinstance(body, dict):
        return {key: _without_echo(value) for key, value in body.items() if key not in _ECHO_KEYS}
    return body


def _text_without_echo(text: str) -> str:
    try:
        return json.dumps(_without_echo(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return text


def server_message(error: BaseException) -> str:
    """Return the error message in a server's JSON; empty if there is none."""
    for body in (getattr(error, "body", None), getattr(error, "details", None), *error.args[:1]):
        if isinstance(body, dict | list):
            return _message_in(body)
        if isinstance(body, str) and (start := body.find("{")) >= 0:
            try:
                return _message_in(json.loads(body[start:]))
            except ValueError:
                continue
    return ""


def _message_in(body: Any) -> str:
    if isinstance(body, list):
        return "; ".join(filter(None, (_message_in(part) for part in body[:3])))
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, str):
        return one_line(inner)
    if not isinstance(inner, dict):
        return ""
    message = inner.get("message") or inner.get("msg") or inner.get("detail") or ""
    location = ".".join(str(part) for part in inner.get("loc", ())) if isinstance(inner.get("loc"), list) else ""
    text = _message_in(message) if isinstance(message, dict | list) else one_line(str(message))
    return f"{location}: {text}" if location and text else text


def one_line(text: str) -> str:
    return redacted(" ".join(text.split()))
