"""Reads how long a server asks to wait, in every form that servers use."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|h|m|s)(?![a-z])", re.IGNORECASE)
MAX_WAIT = 366 * 86400.0
"""Longest waiting time in seconds that is believed. A longer one is taken for a mistake of the server, and
shortened to this.
"""
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_WAIT_IN_TEXT = re.compile(
    r"(?:retry|try again|wait)[^\d()]{0,40}?"
    r"(?P<span>(?:\d+(?:\.\d+)?\s*(?:ms|h|m|s|seconds?|minutes?)(?![a-z])\s*)+)",
    re.IGNORECASE,
)
_RESET_HEADER = re.compile(r"x-ratelimit-reset-(?P<openai>[\w-]+)|anthropic-ratelimit-(?P<anthropic>[\w-]+)-reset")
_GOOGLE_RETRY_DELAY = re.compile(r"retryDelay\W+(?P<seconds>\d+(?:\.\d+)?)s")


def requested_wait(headers: Mapping[str, str], text: str) -> float | None:
    """Return how many seconds a refusal asks the client to wait; None if it does not say.

    It may say so in its headers or in its text.
    """
    wait = _find_wait(headers, text)
    return wait if wait is None else min(wait, MAX_WAIT)


def _find_wait(headers: Mapping[str, str], text: str) -> float | None:
    lowercase_headers = {name.lower(): value for name, value in headers.items()}
    if (header := lowercase_headers.get("retry-after-ms")) and (milliseconds := _parse_number(header)) is not None:
        return milliseconds / 1000
    if header := lowercase_headers.get("retry-after"):
        return _parse_wait(header)
    if match := _GOOGLE_RETRY_DELAY.search(text):
        return float(match["seconds"])
    if match := _WAIT_IN_TEXT.search(text):
        return _parse_duration(match["span"])
    waits = [
        _parse_wait(value) for name, value in lowercase_headers.items() if _is_quota_used_up(name, lowercase_headers)
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _parse_number_or_date(text: str) -> float | None:
    if (seconds := _parse_number(text)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return _parse_duration(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _parse_wait(text: str) -> float | None:
    """Parse a number, a duration (`6m0s`), an ISO time or an HTTP date into seconds to wait; None for other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _parse_number_or_date(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _parse_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text) else None


def _parse_duration(text: str) -> float | None:
    """Parse a duration such as `6m0s`, `1.5 seconds` or `20 ms` into seconds."""
    abbreviated = re.sub(r"(?i)(seconds?|minutes?)", lambda word: word[0][0], text)
    parts = [float(match["number"]) * _SECONDS[match["unit"].lower()] for match in _DURATION.finditer(abbreviated)]
    return sum(parts) if parts else None


def _is_quota_used_up(name: str, headers: Mapping[str, str]) -> bool:
    """Return whether the header `name` gives the time at which a used-up quota will be reset."""
    if match := _RESET_HEADER.fullmatch(name):
        remaining_header = match["openai"] and f"x-ratelimit-remaining-{match['openai']}"
        # A quota counts as used up, too, if no other header says how much of it is left.
        return headers.get(remaining_header or f"anthropic-ratelimit-{match['anthropic']}-remaining") in (None, "0")
    return False
