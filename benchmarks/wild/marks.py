"""Invisible marks in generated logs, which show where the values of metrics are and where epochs begin."""

import math
import re
from collections.abc import Callable
from typing import NamedTuple

_OPEN, _NAMED, _CLOSE, _EPOCH, _AFTER = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
VALUE = re.compile(f"{_OPEN}([^{_NAMED}]*){_NAMED}([^{_CLOSE}]*){_CLOSE}")
_MARKS = re.compile(f"{_OPEN}[^{_NAMED}]*{_NAMED}|[{_CLOSE}{_EPOCH}{_AFTER}]")
EPOCH, AFTER = _EPOCH, _AFTER
"""Marks of the beginning of an epoch, and of the end of the last one."""


class MarkedValue(NamedTuple):
    """One value of one metric, as it stands in a marked text."""

    start: int
    end: int
    text: str
    """The text of the value, including padding."""

    @property
    def value(self) -> float:
        return float(self.text)


def mark_value(name: str, value: float, spec: str) -> str:
    """Return a value as it is printed, with marks around it and its padding."""
    return f"{_OPEN}{name}{_NAMED}{format(value, spec)}{_CLOSE}"


def strip_marks(text: str) -> str:
    """Return a text without its marks."""
    return _MARKS.sub("", text)


def marked_values(text: str, name: str) -> list[MarkedValue]:
    """Return every value of a metric, in order; the same value repeated in one line counts once."""
    matches = [match for match in VALUE.finditer(text) if match[1] == name]
    return [
        MarkedValue(*match.span(2), match[2])
        for previous, match in zip([None, *matches], matches, strict=False)
        if previous is None or not _repeats(previous, match)
    ]


def with_values(text: str, name: str, new: Callable[[int, float], float]) -> str:
    """Replace each value of a metric, except NaN, by `new(index, value)`; widths are kept.

    `index` counts as in `marked_values`.
    """
    number, previous = -1, None

    def replace_value(match: re.Match[str]) -> str:
        nonlocal number, previous
        if match[1] != name:
            return match[0]
        number += previous is None or not _repeats(previous, match)
        previous = match
        old = float(match[2])
        return (
            match[0]
            if math.isnan(old)
            else f"{_OPEN}{name}{_NAMED}{_format_like(new(number, old), match[2])}{_CLOSE}"
        )

    return VALUE.sub(replace_value, text)


def epochs_of(text: str) -> list[str]:
    """Split a text into the part before the first epoch, each epoch, and the part after the last."""
    body, _, after = text.partition(_AFTER)
    return [*body.split(_EPOCH), after]


def _repeats(previous: re.Match[str], current: re.Match[str]) -> bool:
    between = current.string[previous.end() : current.start()]
    return previous[2] == current[2] and "\n" not in between


def _format_like(value: float, like: str) -> str:
    """Return a number with the decimals, the notation and the width of another."""
    digits = like.strip()
    decimals = len(digits.lower().partition("e")[0].partition(".")[2])
    notation = "E" if "E" in digits else "e" if "e" in digits else "f"
    text = f"{value:.{decimals}{notation}}"
    return text.rjust(len(like)) if like.startswith(" ") else text.ljust(len(like))
