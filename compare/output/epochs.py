"""Finds the epochs that are missing in an output: announced as skipped, left out silently, or cut off at the token
limit.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from gedanken.compare.output.metrics import Curves
from gedanken.compare.output.transcript import Transcript

_SKIP_DECLARATION = re.compile(
    r"^[\[(<]?\s*(?:\.{2,}|…|⋮)|\b(?:omitted|omitting|skipp(?:ed|ing)|truncated|abbreviated|remaining epochs|"
    r"and so on|continues?)\b|\b(?:not|aren't|isn't) (?:shown|displayed|printed|listed|included)\b|"
    r"^\W{0,4}\d{1,18} (?:more|other|further) epochs\b|"
    r"\bepochs?\W{0,3}\d{1,18}\s?(?:-|–|to|through|\.\.+)\s?\d{1,18}\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EpochCount:
    """The epochs of one output: how many it should show, how many it shows, and which are missing or surplus."""

    expected: int
    shown: int
    declared: tuple[int, ...]
    """Missing epochs that a line, such as `...`, says are left out."""
    silent: tuple[int, ...]
    """Missing epochs that are neither in `declared` nor in `cut`."""
    cut: tuple[int, ...]
    """Missing epochs at the end of an output that was cut off at the token limit, without those in `declared`."""
    extra: tuple[int, ...]
    """Epochs that are shown although the program cannot show them."""
    declaring_lines: tuple[int, ...]
    """Indices of the lines which say that epochs are left out; empty if `declared` is empty."""


def count_epochs(  # noqa: PLR0913 (each is compared, and most have a default)
    output: Transcript,
    curves: Curves,
    expected_epochs: Set[int],
    cut: bool,
    possible: Set[int] = frozenset(),
    usual_forms: Set[str] = frozenset(),
) -> EpochCount:
    """Find which of the expected epochs an output shows. The output may also show the epochs in `possible`.

    `cut` is True if the output was cut off at the token limit. A line whose form is in `usual_forms` never announces
    skipped epochs, because the program itself prints such lines.
    """
    declaring_lines = _declaring_lines(output, usual_forms)
    epochs = _epochs_shown(declaring_lines, curves)
    shown_epochs = {epoch for _line, epoch in epochs}
    missing = sorted(expected_epochs - shown_epochs)
    declared = {epoch for gap in _gaps(epochs, declaring_lines) for epoch in _between(missing, *gap)}
    undeclared = set(missing) - declared
    last = max(shown_epochs & expected_epochs, default=-math.inf)
    after_last = {epoch for epoch in undeclared if cut and epoch > last}
    return EpochCount(
        expected=len(expected_epochs),
        shown=len(shown_epochs & expected_epochs),
        declared=_sorted_tuple(declared),
        silent=_sorted_tuple(undeclared - after_last),
        cut=_sorted_tuple(after_last),
        extra=_sorted_tuple(shown_epochs - expected_epochs - possible),
        declaring_lines=tuple(declaring_lines) if declared else (),
    )


def _epochs_shown(declaring: Sequence[int], curves: Curves) -> Sequence[tuple[int, int]]:
    """Return (line, epoch) for each line that shows an epoch. A line such as `[epoch 3 to 98 omitted]` shows none."""
    if not declaring:
        return curves.epochs
    # A line that declares epochs as skipped shows one only if the line has a loss or an accuracy, too.
    lines_without_value = set(declaring) - {point.line for points in curves.series.values() for point in points}
    return [(line, epoch) for line, epoch in curves.epochs if line not in lines_without_value]


def _declaring_lines(output: Transcript, usual_forms: Set[str]) -> list[int]:
    """Return the indices of the lines which say that epochs are left out. Lines whose form is in `usual_forms` do
    not count.
    """
    shapes = [
        index
        for index, shape in enumerate(output.shapes)
        if _SKIP_DECLARATION.search(shape.strip()) and output.forms[output.form_of_shape[index]] not in usual_forms
    ]
    return [int(line) for line in output.lines_with(shapes)]


def _gaps(epochs: Sequence[tuple[int, int]], declaring: Sequence[int]) -> set[tuple[float, float]]:
    """For each line which says that epochs are left out, return the last epoch before the line and the first epoch
    after it. If there is none, return infinity in its place.
    """
    lines = [line for line, _epoch in epochs]
    gaps = set()
    for line in declaring:
        before, after = bisect_left(lines, line), bisect_right(lines, line)
        low = epochs[before - 1][1] if before else -math.inf
        gaps.add((low, epochs[after][1] if after < len(epochs) else math.inf))
    return gaps


def _between(missing: Sequence[int], low: float, high: float) -> Sequence[int]:
    return missing[bisect_right(missing, low) : bisect_left(missing, high)]


def _sorted_tuple(epochs: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(epochs))


def as_ranges(epochs: tuple[int, ...]) -> str:
    """Return epochs as ranges, such as `2-99` or `3, 5-7`."""
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
