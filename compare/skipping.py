"""Epochs that an output does not show: declared as skipped, silently missing, or cut by the token limit."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compare.curves import Curves

_DECLARED = re.compile(
    r"^\s*[\[(<]?\s*(?:\.{2,}|…|⋮)|\b(?:omitted|omitting|skipp(?:ed|ing)|truncated|abbreviated|remaining epochs|"
    r"and so on|continues?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EpochCount:
    """How the epochs that a program runs are accounted for in one output."""

    expected: int
    shown: int
    declared: tuple[int, ...]
    """Epochs that a line says are left out."""
    silent: tuple[int, ...]
    """Epochs missing without a word."""
    cut: tuple[int, ...]
    """Epochs missing after the end of a reply that the token limit cut."""
    extra: tuple[int, ...]
    """Epochs shown that the program does not run."""
    declaring: tuple[int, ...]
    """Indices of the lines that declare."""


def count_epochs(text: str, curves: Curves, expected: int, cut: bool) -> EpochCount:
    """Account for epochs 1 to `expected`, or 0 to `expected` - 1 where the output counts from 0."""
    shown = {epoch for _line, epoch in curves.epochs}
    start = 0 if 0 in shown else 1
    wanted = set(range(start, start + expected))
    declaring = tuple(at for at, line in enumerate(text.splitlines()) if _DECLARED.search(line))
    declared: set[int] = set()
    for at in declaring:
        declared |= _between(curves, at, wanted)
    missing = wanted - shown
    declared &= missing
    rest = missing - declared
    last = max(shown & wanted, default=start - 1)
    behind = {epoch for epoch in rest if cut and epoch > last}
    return EpochCount(
        expected=expected,
        shown=len(shown & wanted),
        declared=_sorted(declared),
        silent=_sorted(rest - behind),
        cut=_sorted(behind),
        extra=_sorted(shown - wanted),
        declaring=declaring if declared else (),
    )


def _between(curves: Curves, at: int, wanted: set[int]) -> set[int]:
    """Epochs between the last one shown before line `at` and the first one shown after it."""
    before = [epoch for line, epoch in curves.epochs if line < at]
    after = [epoch for line, epoch in curves.epochs if line > at]
    low = before[-1] if before else min(wanted, default=0) - 1
    high = after[0] if after else max(wanted, default=0) + 1
    return {epoch for epoch in wanted if low < epoch < high}


def _sorted(epochs: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(epochs))


def as_ranges(epochs: tuple[int, ...]) -> str:
    """Such as `2-99` or `3, 5-7`."""
    parts: list[str] = []
    start = previous = None
    for epoch in (*epochs, None):
        if start is not None and previous is not None and (epoch is None or epoch != previous + 1):
            parts.append(str(start) if start == previous else f"{start}-{previous}")
            start = None
        if start is None:
            start = epoch
        previous = epoch
    return ", ".join(parts)
