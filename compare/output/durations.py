"""Finds the durations that an output states, as in `took 1m 2.5s`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript, skeleton

_DURATION = re.compile(
    r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>ms|milliseconds?|secs?|seconds?|s|mins?|minutes?|m|hours?|h)(?![^\W\d])",
    re.IGNORECASE | re.ASCII,
)
_BETWEEN = re.compile(r"(?:\s|,|and\b){0,6}", re.IGNORECASE)
"""Matches what may stand between two parts of one duration: `0m 0.6s`, `1 hour and 5 minutes`."""
_IN_BRACKETS = re.compile(rf"[(\[]\s?(?={_DURATION.pattern}\s?[)\]])", re.IGNORECASE | re.ASCII)
CLOCK = re.compile(r"(?<!\d)(?:\d{1,2}:)?\d{2}:\d{2}(?:[.,]\d{1,9})?(?!\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
"""Matches a time of day or a date."""
_TIME_WORD = re.compile(
    # The fixed first letters make a search that mostly fails twice as fast.
    r"[tTeEdDfFcC](?<=\b.)(?i:(?<=t)(?:ime|ook|raining in)|(?<=e)lapsed|(?<=d)uration|(?<=f)inished in"
    r"|(?<=c)ompleted? in)\b"
)
_WORDS = ("time", "took", "elapsed", "duration", "finished", "complete", "training", "(", "[")
"""A line that states a duration contains one of these."""
_FEW = 8
"""Minimum number of lines that are read together, as columns. The lines must have the same end, except for digits."""
_SECONDS = {"ms": 0.001, "mil": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hou": 3600.0}


class Claimed(NamedTuple):
    """The durations that an output states."""

    seconds: float | None
    """The total that the output states last, or else the sum of all durations; None if there is no duration."""
    last: int
    """Index of the line with the last total, or else with the last duration; -1 if the output states no duration."""
    lines: int
    """Number of lines that state a duration."""


def claimed_seconds(output: Transcript) -> Claimed:
    """Return how long a run took according to its output, and how many lines state durations."""
    naming, shapes = _shapes_with_times(output), output.shapes
    totals = output.lines_with([at for at in naming if "total" in shapes[at].lower()])
    lines = output.lines_with(list(naming))
    if len(totals):
        # A total that is shown again and again is the time so far.
        return Claimed(_seconds_in(output.lines[totals[-1]]), int(totals[-1]), len(lines))
    if not len(lines):
        return Claimed(None, -1, 0)
    return Claimed(_sum_together(output, lines, naming), int(lines[-1]), len(lines))


def _shapes_with_times(output: Transcript) -> dict[int, str]:
    """Map the index of each shape that states a duration to the end of the shape, such as `took 0.0s`."""
    named, shapes = cache(names_time), output.shapes
    ends = ((at, _from_time_word(shapes[at])) for at in output.shapes_with(_WORDS))
    return {at: _whole_values(end, shapes[at]) for at, end in ends if named(end)}


def _whole_values(end: str, shape: str) -> str:
    """Return `end`, or the whole shape if `end` may begin inside the brackets of a value such as `tensor(0.5)`."""
    # Half a value cannot be read.
    return shape if ")" in end.partition("(")[0] else end


def _sum_together(output: Transcript, lines: NDArray[np.int64], end_of_shape: dict[int, str]) -> float:
    """Sum the durations in these lines, in seconds. Many lines whose shapes have the same end are read together."""
    ends = {end: at for at, end in enumerate(dict.fromkeys(end_of_shape.values()))}
    index = np.zeros(len(output.shapes), np.int64)
    index[list(end_of_shape)] = [ends[end] for end in end_of_shape.values()]
    end_of = index[output.shape_of[lines]]
    groups = np.split(lines[np.argsort(end_of, kind="stable")], np.cumsum(np.bincount(end_of))[:-1])
    often = [(group, end) for group, end in zip(groups, ends, strict=True) if len(group) >= _FEW]
    few = [group for group in groups if len(group) < _FEW]
    return sum(_column(output, *group) for group in often) + (_sum(output, np.concatenate(few)) if few else 0.0)


def _sum(output: Transcript, lines: NDArray[np.int64]) -> float:
    """Sum the durations in these lines, in seconds, line by line."""
    # Many lines have the same end.
    seconds = cache(_seconds_in)
    return sum(seconds(_from_time_word(line)) or 0.0 for line in output.lines.at(lines))


def _column(output: Transcript, lines: NDArray[np.int64], end: str) -> float:
    """Sum the durations in these lines, in seconds. The shape of each line must end with `end`."""
    column = output.column_of(lines, end)
    columns = [(column(*part.span("value")), seconds_of(part["unit"])) for part in _parts_in(end)]
    known = [float(values.sum()) * worth for values, worth in columns if values is not None]
    return sum(known) if len(known) == len(columns) else _sum(output, lines)


def names_time(line: str) -> bool:
    """Return whether a line, or the shape of a line, states a duration."""
    return _time_in(line) is not None


def _from_time_word(line: str) -> str:
    """Return the end of a line, from a word such as `took` or a duration in brackets; empty without either."""
    named = _announced(line)
    return line[named.start() :] if named else ""


def _announced(line: str) -> re.Match[str] | None:
    return _TIME_WORD.search(line) or _IN_BRACKETS.search(line)


def _time_in(line: str) -> re.Match[str] | None:
    """Match the first part of the duration in a line: `1m` in `took 1m 2.5s`."""
    named = _announced(line)
    return _DURATION.search(line, named.end()) if named else None


def _seconds_in(line: str) -> float | None:
    """Return the duration that a line states, in seconds: 62.5 for `took 1m 2.5s`."""
    parts = [float(part["value"]) * seconds_of(part["unit"]) for part in _parts_in(line)]
    return sum(parts) if parts else None


def _parts_in(line: str) -> Iterator[re.Match[str]]:
    found = _time_in(line)
    while found:
        yield found
        if found.end() == len(line):
            return
        between = _BETWEEN.match(line, found.end())
        found = _DURATION.match(line, between.end()) if between else None


def seconds_of(unit: str) -> float:
    """Return the number of seconds in a unit of time, however the unit is written: `ms`, `hrs`, `Minutes`."""
    unit = unit.lower()
    return _SECONDS.get(unit) or _SECONDS.get(unit[:3]) or _SECONDS[unit[0]]


def untimed(line: str) -> str:
    """Return a line with `#` in place of each duration, time and date, and of each value after a word such as `took`.
    Such values differ between runs with the same seed, too."""
    word = _TIME_WORD.search(line)
    if word:
        line = line[: word.end()] + skeleton(line[word.end() :])
    return _DURATION.sub("#", CLOCK.sub("#", line)).strip()
