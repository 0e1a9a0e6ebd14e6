"""Times that an output names."""

import re

from gedanken.compare.output.transcript import Transcript, skeleton

_DURATION = re.compile(
    r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>ms|milliseconds?|secs?|seconds?|s|mins?|minutes?|m|hours?|h)(?![^\W\d])",
    re.IGNORECASE | re.ASCII,
)
_BETWEEN = re.compile(r"(?:\s|,|and\b){0,6}", re.IGNORECASE)
"""Stands between the parts of one time: `0m 0.6s`."""
_IN_BRACKETS = re.compile(rf"[(\[]\s?(?={_DURATION.pattern}\s?[)\]])", re.IGNORECASE | re.ASCII)
CLOCK = re.compile(r"(?<!\d)(?:\d{1,2}:)?\d{2}:\d{2}(?:[.,]\d{1,9})?(?!\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
"""A time of day, or a date."""
_TIME_WORD = re.compile(r"\b(?:time|took|elapsed|duration|finished in|completed? in|training in)\b", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "mil": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hou": 3600.0}


def claimed_seconds(output: Transcript) -> tuple[float | None, int]:
    """The sum of the times that an output names, in seconds, with the index of the last line that names one.

    A line that speaks of a total stands for all others.
    """
    total, last = 0.0, -1
    naming = [at for at, shape in enumerate(output.shapes) if names_time(shape)]
    for at in map(int, output.lines_with(naming)):
        line = output.lines[at]
        seconds = _seconds_in(line)
        if seconds is None:
            continue
        if "total" in line.lower():
            return seconds, at
        total, last = total + seconds, at
    return (total, last) if last >= 0 else (None, -1)


def names_time(line: str) -> bool:
    """Whether a line, or the shape of one, names a time."""
    return _time_in(line) is not None


def _time_in(line: str) -> re.Match[str] | None:
    """The first part of the time that a line names, behind a word for it or alone in brackets."""
    named = _TIME_WORD.search(line) or _IN_BRACKETS.search(line)
    return _DURATION.search(line, named.end()) if named else None


def _seconds_in(line: str) -> float | None:
    """The time that a line names, all its parts together: 62.5 for `took 1m 2.5s`."""
    found = _time_in(line)
    if found is None:
        return None
    seconds = 0.0
    while found:
        seconds += float(found["value"]) * seconds_of(found["unit"])
        between = _BETWEEN.match(line, found.end())
        found = _DURATION.match(line, between.end()) if between else None
    return seconds


def seconds_of(unit: str) -> float:
    """How many seconds a unit has, however it is written: `ms`, `hrs`, `Minutes`."""
    unit = unit.lower()
    return _SECONDS.get(unit) or _SECONDS.get(unit[:3]) or _SECONDS[unit[0]]


def untimed(line: str) -> str:
    """A line without its times, which no seed fixes."""
    word = _TIME_WORD.search(line)
    if word:
        line = line[: word.end()] + skeleton(line[word.end() :])
    return _DURATION.sub("#", CLOCK.sub("#", line)).strip()
