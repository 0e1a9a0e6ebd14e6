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


class Shown(NamedTuple):
    """One value of one metric, as it stands in a marked text."""

    start: int
    end: int
    text: str
    """The text of the value, including padding."""

    @property
    def value(self) -> float:
        """The value as a number."""
        return float(self.text)


def marked(name: str, value: float, spec: str) -> str:
    """Return a value as it is printed, with marks around it and its padding."""
    return f"{_OPEN}{name}{_NAMED}{format(value, spec)}{_CLOSE}"


def plain(text: str) -> str:
    """Return a text without its marks, as a reader sees it."""
    return _MARKS.sub("", text)


def shown(text: str, name: str) -> list[Shown]:
    """Return every value of a metric, in order; a repetition in the same line does not count."""
    found = [one for one in VALUE.finditer(text) if one[1] == name]
    return [
        Shown(*one.span(2), one[2])
        for last, one in zip([None, *found], found, strict=False)
        if last is None or not _repeats(last, one)
    ]


def with_values(text: str, name: str, new: Callable[[int, float], float]) -> str:
    """Return a text with each finite value of a metric replaced by `new(index, value)`; widths are kept."""
    number, last = -1, None

    def renewed(found: re.Match[str]) -> str:
        nonlocal number, last
        if found[1] != name:
            return found[0]
        number += last is None or not _repeats(last, found)
        last = found
        old = float(found[2])
        return found[0] if math.isnan(old) else f"{_OPEN}{name}{_NAMED}{_as(new(number, old), found[2])}{_CLOSE}"

    return VALUE.sub(renewed, text)


def epochs_of(text: str) -> list[str]:
    """Split a text into the part before the first epoch, each epoch, and the part after the last."""
    body, _, after = text.partition(_AFTER)
    return [*body.split(_EPOCH), after]


def _repeats(last: re.Match[str], this: re.Match[str]) -> bool:
    between = this.string[last.end() : this.start()]
    return last[2] == this[2] and "\n" not in between


def _as(value: float, like: str) -> str:
    """Return a number with the decimals, the notation and the width of another."""
    digits = like.strip()
    decimals = len(digits.lower().partition("e")[0].partition(".")[2])
    notation = "E" if "E" in digits else "e" if "e" in digits else "f"
    text = f"{value:.{decimals}{notation}}"
    return text.rjust(len(like)) if like.startswith(" ") else text.ljust(len(like))
