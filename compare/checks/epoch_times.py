"""Oracle: the times of all epochs must agree with the total time."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from gedanken.compare.checks.oracle import Contradiction, LineFilter, lines_with, oracle
from gedanken.compare.output.durations import seconds_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

FACTOR, SETUP = 2.0, 60.0
"""A total time is far too high if it is more than `FACTOR` times the sum of the epoch times, plus `SETUP` seconds."""
_FORM = LineFilter(
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
_EPOCH_OR_TOTAL = re.compile(f"{_EPOCH.pattern}|{_TOTAL.pattern}", re.IGNORECASE)
_EPOCH_OR_TOTAL_WORDS = ("epoch", "total", "training")
"""Each line that `_EPOCH_OR_TOTAL` matches contains one of these words."""
_NOT_A_TOTAL = re.compile(r"\b(?:epoch|average|avg|mean|per|each|step|batch|test|evaluation)\b", re.IGNORECASE)
_NOT_AN_EPOCH_TIME = re.compile(
    r"\b(?:elapsed|total|eta|remaining|so far|since|per|step|batch|avg|average)\b", re.IGNORECASE
)


class _Duration(NamedTuple):
    line: int
    seconds: float
    unit: float
    """The value, in seconds, of one unit of the duration's last digit: 0.1 for `4.2s`."""


def epoch_times(run_set: RunSet) -> Iterable[Finding]:
    """Find total times that are below the sum of the epoch times, or far above it."""
    yield from oracle(run_set, "oracle: time", lambda run: _contradictions(run, run_set))


def _contradictions(run: ParsedRun, run_set: RunSet) -> Iterator[Contradiction]:
    epochs, totals = _read_times(run)
    if len(epochs) < 2 or len(totals) != 1:
        return
    (total,) = totals
    durations = list(epochs.values())
    epochs_sum, slack = (
        sum(duration.seconds for duration in durations),
        total.unit + sum(duration.unit for duration in durations),
    )
    lines = (total.line, *(duration.line for duration in durations))
    # Times that rise may be counted from the start of the run.
    if total.seconds < epochs_sum - slack and not (
        _never_decrease(durations) and durations[-1].seconds <= total.seconds + slack
    ):
        claim = (
            f"states a total of {total.seconds:g} s, but its {len(durations)} epochs take {epochs_sum:g} s together"
        )
        yield Contradiction("less than its parts", claim, lines)
    expected_epochs = run_set.source.epochs() if run_set.source else None
    if expected_epochs == len(durations) and total.seconds > FACTOR * epochs_sum + SETUP + slack:
        claim = (
            f"states a total of {total.seconds:g} s, but its {len(durations)} epochs take only {epochs_sum:g} s "
            "together"
        )
        yield Contradiction("far more than its parts", claim, lines)


def _never_decrease(durations: list[_Duration]) -> bool:
    return all(duration.seconds <= following.seconds for duration, following in pairwise(durations))


def _read_times(run: ParsedRun) -> tuple[dict[int, _Duration], list[_Duration]]:
    """Return the time of each epoch, keyed by epoch number, and all total times.

    If an epoch states two times, no epoch times are returned.
    """
    epochs: dict[int, _Duration] = {}
    totals: list[_Duration] = []
    has_duplicates = False
    if not run.transcript.forms_with(_EPOCH_OR_TOTAL_WORDS):
        return epochs, totals
    for index, line in lines_with(run, _FORM, shape=_EPOCH_OR_TOTAL):
        duration = _parse_duration(index, line)
        if duration is None:
            continue
        epoch_match = _EPOCH.search(line)
        if epoch_match and not _NOT_AN_EPOCH_TIME.search(line):
            has_duplicates = has_duplicates or int(epoch_match["epoch"]) in epochs
            epochs[int(epoch_match["epoch"])] = duration
        elif not epoch_match and _TOTAL.search(line) and not _NOT_A_TOTAL.search(line):
            totals.append(duration)
    # If an epoch states two times, it is not known what they measure.
    return ({} if has_duplicates else epochs), totals


def _parse_duration(index: int, line: str) -> _Duration | None:
    """Return the only duration in a line, such as `4.2s` or `1m 23s`.

    None if there is no duration, or more than one.
    """
    matches = list(_TIME.finditer(line))
    if not matches:
        return None
    seconds, smallest_unit = 0.0, float("inf")
    end = matches[0].start()
    for match in matches:
        unit_seconds = seconds_of(match["unit"])
        if line[end : match.start()].strip(" ,") not in ("", "and") or unit_seconds >= smallest_unit:
            return None
        seconds, smallest_unit, end = seconds + float(match["value"]) * unit_seconds, unit_seconds, match.end()
    return _Duration(index, seconds, smallest_unit * 10.0 ** -len(matches[-1]["value"].partition(".")[2]))
