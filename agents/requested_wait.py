"""Reads how long a server asks to wait, in every form that servers use."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|h|m|s)(?![a-z])", re.IGNORECASE)
LONGEST = 366 * 86400.0
"""Longest waiting time in seconds that is believed. A longer one is a mistake of the server, and is shortened."""
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_IN_TEXT = re.compile(
    r"(?:retry|try again|wait)[^\d()]{0,40}?"
    r"(?P<span>(?:\d+(?:\.\d+)?\s*(?:ms|h|m|s|seconds?|minutes?)(?![a-z])\s*)+)",
    re.IGNORECASE,
)
_RESET = re.compile(r"x-ratelimit-reset-(?P<openai>[\w-]+)|anthropic-ratelimit-(?P<anthropic>[\w-]+)-reset")
_GOOGLE = re.compile(r"retryDelay\W+(?P<seconds>\d+(?:\.\d+)?)s")


def requested_wait(headers: Mapping[str, str], text: str) -> float | None:
    """Return how many seconds a refusal asks to wait, in its headers or its text; None if it names no time."""
    wait = _asked_for(headers, text)
    return wait if wait is None else min(wait, LONGEST)


def _asked_for(headers: Mapping[str, str], text: str) -> float | None:
    known = {name.lower(): value for name, value in headers.items()}
    if (given := known.get("retry-after-ms")) and (milliseconds := _number(given)) is not None:
        return milliseconds / 1000
    if given := known.get("retry-after"):
        return _until(given)
    if found := _GOOGLE.search(text):
        return float(found["seconds"])
    if found := _IN_TEXT.search(text):
        return _span(found["span"])
    waits = [_until(value) for name, value in known.items() if _is_used_up(name, known)]
    return max((wait for wait in waits if wait is not None), default=None)


def _as_seconds(given: str) -> float | None:
    if (seconds := _number(given)) is not None:
        return seconds
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return _span(given)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _until(given: str) -> float | None:
    """Return the seconds to wait, given as number, duration (`6m0s`), ISO time or HTTP date; None for other text."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return _as_seconds(given)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text) else None


def _span(text: str) -> float | None:
    """Parse a duration such as `6m0s`, `1.5 seconds` or `20 ms` into seconds."""
    short = re.sub(r"(?i)(seconds?|minutes?)", lambda word: word[0][0], text)
    parts = [float(found["number"]) * _SECONDS[found["unit"].lower()] for found in _DURATION.finditer(short)]
    return sum(parts) if parts else None


def _is_used_up(name: str, headers: Mapping[str, str]) -> bool:
    """Return whether the header `name` gives the time at which a used-up quota will be reset."""
    if found := _RESET.fullmatch(name):
        left = found["openai"] and f"x-ratelimit-remaining-{found['openai']}"
        # A quota counts as used up, too, if no other header says how much of it is left.
        return headers.get(left or f"anthropic-ratelimit-{found['anthropic']}-remaining") in (None, "0")
    return False
