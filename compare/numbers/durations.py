"""Times that an output names."""

import re

from compare.lines.transcript import Transcript, skeleton

_DURATION = re.compile(
    r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    re.IGNORECASE | re.ASCII,
)
_TIME_WORD = re.compile(r"\b(?:time|took|elapsed|duration|finished in|completed in|training in)\b", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "mil": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hou": 3600.0}


def claimed_seconds(output: Transcript) -> tuple[float | None, int]:
    """The sum of the times that an output names, in seconds, with the index of the last line that names one.

    A line that speaks of a total stands for all others.
    """
    total, last = 0.0, -1
    naming = [at for at, shape in enumerate(output.shapes) if names_time(shape)]
    for at in map(int, output.lines_with(naming)):
        line = output.lines[at]
        word = _TIME_WORD.search(line)
        found = _DURATION.search(line, word.end()) if word else None
        if not found:
            continue
        unit = found["unit"].lower()
        seconds = float(found["value"]) * (_SECONDS.get(unit) or _SECONDS.get(unit[:3]) or _SECONDS[unit[0]])
        if "total" in line.lower():
            return seconds, at
        total, last = total + seconds, at
    return (total, last) if last >= 0 else (None, -1)


def names_time(line: str) -> bool:
    """Whether a line, or the shape of one, names a time."""
    word = _TIME_WORD.search(line)
    return word is not None and _DURATION.search(line, word.end()) is not None


def untimed(line: str) -> str:
    """A line without its times, which no seed fixes."""
    word = _TIME_WORD.search(line)
    if word:
        line = line[: word.end()] + skeleton(line[word.end() :])
    return _DURATION.sub("#", line).strip()
