"""Oracle: the times of all epochs must agree with the total time."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from gedanken.compare.checks.oracle import Contradiction, Wanted, lines_with, oracle
from gedanken.compare.output.durations import seconds_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

FACTOR, SETUP = 2.0, 60.0
"""A total time is far too high if it is more than `FACTOR` times the sum of the epoch times, plus `SETUP` seconds."""
_FORM = Wanted(
    re.compile(r"\b(?:time|took|elapsed|duration|complete|completed|finished)\b.*#|# ?s\b", re.IGNORECASE),
    ("time", "took", "elapsed", "duration", "complete", "finished", "#s", "# s"),
)
_TIME = re.compile(
    r"(?<![\d.:])(?P<value>\d{1,9}(?:\.\d{1,9})?)\s?"
    r"(?P<unit>ms|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![A-Za-z/])",
    re.IGNORECASE | re.ASCII,
)
_EPOCH = re.compile(r"\bepoch\b[^\w\n]{0,4}(?P<epoch>\d{1,9})(?!\d)", re.IGNORECASE)
_TOTAL = re.compile(r"\btotal\b|\btraining\b", re.IGNORECASE)
_TELLS = re.compile(f"{_EPOCH.pattern}|{_TOTAL.pattern}", re.IGNORECASE)
_TOLD = ("epoch", "total", "training")
"""Each line that `_TELLS` matches contains one of these words."""
_NO_TOTAL = re.compile(r"\b(?:epoch|average|avg|mean|per|each|step|batch|test|evaluation)\b", re.IGNORECASE)
_NO_PART = re.compile(r"\b(?:elapsed|total|eta|remaining|so far|since|per|step|batch|avg|average)\b", re.IGNORECASE)


class _Time(NamedTuple):
    """A duration that a line states."""

    line: int
    seconds: float
    unit: float
    """Value of one unit in the duration's last digit, in seconds: 0.1 for `4.2s`."""


def epoch_times(run_set: RunSet) -> Iterable[Finding]:
    """Find total times that are below the sum of the epoch times, or far above it."""
    yield from oracle(run_set, "oracle: time", lambda run: _contradictions(run, run_set))


def _contradictions(run: ParsedRun, run_set: RunSet) -> Iterator[Contradiction]:
    epochs, totals = _read(run)
    if len(epochs) < 2 or len(totals) != 1:
        return
    (total,) = totals
    parts = list(epochs.values())
    whole, slack = sum(part.seconds for part in parts), total.unit + sum(part.unit for part in parts)
    lines = (total.line, *(part.line for part in parts))
    # Times that rise may be counted from the start of the run.
    if total.seconds < whole - slack and not (_rise(parts) and parts[-1].seconds <= total.seconds + slack):
        claim = f"states a total of {total.seconds:g} s, but its {len(parts)} epochs take {whole:g} s together"
        yield Contradiction("less than its parts", claim, lines)
    every = run_set.source.epochs() if run_set.source else None
    if every == len(parts) and total.seconds > FACTOR * whole + SETUP + slack:
        claim = f"states a total of {total.seconds:g} s, but its {len(parts)} epochs take only {whole:g} s together"
        yield Contradiction("far more than its parts", claim, lines)


def _rise(parts: list[_Time]) -> bool:
    """Return whether no epoch time is shorter than the one before it."""
    return all(one.seconds <= other.seconds for one, other in pairwise(parts))


def _read(run: ParsedRun) -> tuple[dict[int, _Time], list[_Time]]:
    """Return the epoch times, by the number of the epoch, and all total times."""
    epochs: dict[int, _Time] = {}
    totals: list[_Time] = []
    twice = False
    if not run.transcript.forms_with(_TOLD):
        return epochs, totals
    for at, line in lines_with(run, _FORM, shape=_TELLS):
        time = _time(at, line)
        if time is None:
            continue
        epoch = _EPOCH.search(line)
        if epoch and not _NO_PART.search(line):
            twice = twice or int(epoch["epoch"]) in epochs
            epochs[int(epoch["epoch"])] = time
        elif not epoch and _TOTAL.search(line) and not _NO_TOTAL.search(line):
            totals.append(time)
    # If an epoch states two times, it is not known what they measure.
    return ({} if twice else epochs), totals


def _time(at: int, line: str) -> _Time | None:
    """Return the only duration in a line, such as `4.2s` or `1m 23s`; None if there is not exactly one."""
    found = list(_TIME.finditer(line))
    if not found:
        return None
    seconds, smallest = 0.0, float("inf")
    end = found[0].start()
    for part in found:
        worth = seconds_of(part["unit"])
        if line[end : part.start()].strip(" ,") not in ("", "and") or worth >= smallest:
            return None
        seconds, smallest, end = seconds + float(part["value"]) * worth, worth, part.end()
    return _Time(at, seconds, smallest * 10.0 ** -len(found[-1]["value"].partition(".")[2]))
