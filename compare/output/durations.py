"""Finds the durations that an output states, as in `took 1m 2.5s`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript, form_of_line

_DURATION = re.compile(
    r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>ms|milliseconds?|secs?|seconds?|s|mins?|minutes?|m|hours?|h)(?![^\W\d])",
    re.IGNORECASE | re.ASCII,
)
_SEPARATOR = re.compile(r"(?:\s|,|and\b){0,6}", re.IGNORECASE)
"""Matches the text that may be between two parts of one duration, as in `0m 0.6s` or `1 hour and 5 minutes`."""
_BRACKETED_DURATION = re.compile(rf"[(\[]\s?(?={_DURATION.pattern}\s?[)\]])", re.IGNORECASE | re.ASCII)
CLOCK = re.compile(r"(?<!\d)(?:\d{1,2}:)?\d{2}:\d{2}(?:[.,]\d{1,9})?(?!\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
"""Matches a time of day or a date."""
_TIME_WORD = re.compile(
    # The fixed first letters make a search that mostly fails twice as fast.
    r"[tTeEdDfFcC](?<=\b.)(?i:(?<=t)(?:ime|ook|raining in)|(?<=e)lapsed|(?<=d)uration|(?<=f)inished in"
    r"|(?<=c)ompleted? in)\b"
)
_TIME_HINTS = ("time", "took", "elapsed", "duration", "finished", "complete", "training", "(", "[")
"""Every line that states a duration contains one of these."""
_MIN_COLUMN_LINES = 8
"""Minimum number of lines that are read together, as arrays. Such lines have the same end, apart from digits."""
_SECONDS = {"ms": 0.001, "mil": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hou": 3600.0}


class ClaimedDuration(NamedTuple):
    """The durations that an output states."""

    seconds: float | None
    """The last total time that the output states. Without a total, the sum of all durations; None if there is no
    duration.
    """
    last_line: int
    """Index of the line with the last total time or, without a total, with the last duration; -1 if the output
    states no duration.
    """
    line_count: int
    """Number of lines that state a duration."""


def parse_claimed_duration(output: Transcript) -> ClaimedDuration:
    """Return how long a run took according to its output, and how many lines state durations."""
    timed_shapes, shapes = _shapes_with_times(output), output.shapes
    totals = output.lines_with([index for index in timed_shapes if "total" in shapes[index].lower()])
    lines = output.lines_with(list(timed_shapes))
    if len(totals):
        # A total that is shown again and again is the time so far.
        return ClaimedDuration(_parse_seconds(output.lines[totals[-1]]), int(totals[-1]), len(lines))
    if not len(lines):
        return ClaimedDuration(None, -1, 0)
    return ClaimedDuration(_sum_grouped(output, lines, timed_shapes), int(lines[-1]), len(lines))


def _shapes_with_times(output: Transcript) -> dict[int, str]:
    """For each shape that states a duration, map its index to the end of the shape from the duration on, such as
    `took 0.0s`.
    """
    has_time, shapes = cache(names_time), output.shapes
    tails = ((index, _tail_from_time_word(shapes[index])) for index in output.shapes_with(_TIME_HINTS))
    return {index: _with_whole_values(tail, shapes[index]) for index, tail in tails if has_time(tail)}


def _with_whole_values(tail: str, shape: str) -> str:
    """Return `tail`, the end of a shape. If it may begin in the middle of a value such as `tensor(0.5)`, return
    the whole shape.
    """
    # Half a value cannot be read.
    return shape if ")" in tail.partition("(")[0] else tail


def _sum_grouped(output: Transcript, lines: NDArray[np.int64], tail_of_shape: dict[int, str]) -> float:
    """Sum the durations in these lines, in seconds. Lines whose shapes have the same end are read together."""
    tail_index = {tail: index for index, tail in enumerate(dict.fromkeys(tail_of_shape.values()))}
    tail_of = np.zeros(len(output.shapes), np.int64)
    tail_of[list(tail_of_shape)] = [tail_index[tail] for tail in tail_of_shape.values()]
    tail_of_line = tail_of[output.shape_of[lines]]
    groups = np.split(lines[np.argsort(tail_of_line, kind="stable")], np.cumsum(np.bincount(tail_of_line))[:-1])
    large_groups = [
        (group, tail) for group, tail in zip(groups, tail_index, strict=True) if len(group) >= _MIN_COLUMN_LINES
    ]
    small_groups = [group for group in groups if len(group) < _MIN_COLUMN_LINES]
    return sum(_sum_column(output, *group) for group in large_groups) + (
        _sum_by_line(output, np.concatenate(small_groups)) if small_groups else 0.0
    )


def _sum_by_line(output: Transcript, lines: NDArray[np.int64]) -> float:
    # Many lines have the same end.
    seconds = cache(_parse_seconds)
    return sum(seconds(_tail_from_time_word(line)) or 0.0 for line in output.lines.lines_at(lines))


def _sum_column(output: Transcript, lines: NDArray[np.int64], tail: str) -> float:
    """Sum the durations in these lines, in seconds. The shape of each line must end with `tail`."""
    column = output.column_of(lines, tail)
    columns = [(column(*part.span("value")), seconds_of(part["unit"])) for part in _iter_duration_parts(tail)]
    sums = [float(values.sum()) * seconds for values, seconds in columns if values is not None]
    return sum(sums) if len(sums) == len(columns) else _sum_by_line(output, lines)


def names_time(line: str) -> bool:
    """Return whether a line, or the shape of a line, states a duration."""
    return _match_duration(line) is not None


def _tail_from_time_word(line: str) -> str:
    """Return the end of a line, beginning with a word such as `took` or with a duration in brackets; empty if
    there is neither.
    """
    match = _match_time_word(line)
    return line[match.start() :] if match else ""


def _match_time_word(line: str) -> re.Match[str] | None:
    return _TIME_WORD.search(line) or _BRACKETED_DURATION.search(line)


def _match_duration(line: str) -> re.Match[str] | None:
    """Match the first part of the duration in a line: `1m` in `took 1m 2.5s`."""
    match = _match_time_word(line)
    return _DURATION.search(line, match.end()) if match else None


def _parse_seconds(line: str) -> float | None:
    seconds = [float(part["value"]) * seconds_of(part["unit"]) for part in _iter_duration_parts(line)]
    return sum(seconds) if seconds else None


def _iter_duration_parts(line: str) -> Iterator[re.Match[str]]:
    match = _match_duration(line)
    while match:
        yield match
        if match.end() == len(line):
            return
        separator = _SEPARATOR.match(line, match.end())
        match = _DURATION.match(line, separator.end()) if separator else None


def seconds_of(unit: str) -> float:
    """Return the number of seconds in a unit of time, however the unit is written: `ms`, `hrs`, `Minutes`."""
    unit = unit.lower()
    return _SECONDS.get(unit) or _SECONDS.get(unit[:3]) or _SECONDS[unit[0]]


def mask_durations(line: str) -> str:
    """Return a line with `#` in place of its durations, times and dates.

    Each value after a word such as `took` is replaced as well. Such values differ even between runs with the same
    seed.
    """
    word = _TIME_WORD.search(line)
    if word:
        line = line[: word.end()] + form_of_line(line[word.end() :])
    return _DURATION.sub("#", CLOCK.sub("#", line)).strip()
