"""Programs that train until a target is reached. If their real runs differ in length, an imagined run may be shorter
or longer than all of them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.stopping import tells_of_a_stop
from gedanken.compare.parsed.gaps import Counter, counters, sites_between, values_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet

FARTHEST = 2
"""Maximum difference of a run from the real runs in length, in multiples of the largest difference between real runs;
lengths have a long tail."""

Indices = NDArray[np.int64]


class Length(NamedTuple):
    """The differences that an imagined run's length alone explains, if that length is plausible."""

    fewer: Indices
    """For each site, the number of lines that may be missing."""
    more: Indices
    """For each print site, the number of lines after the end of the longest real run."""


def lengths(run_set: RunSet) -> Mapping[int, Length]:
    """Return the Length of each imagined run that is plausibly shorter than all real runs, or at least as long as the
    longest.

    The keys are the `id`s of the runs.
    """
    if run_set.source is not None:
        return {}
    found: dict[int, Length] = {}
    for counter in run_set.once(counters):
        ends = [_end(run, counter) for run in run_set.real]
        low, high = min(ends), max(ends)
        for run in run_set.imagined if low < high else ():
            end = _end(run, counter)
            if id(run) in found:
                continue
            if low - FARTHEST * (high - low) <= end < low:
                found[id(run)] = Length(_behind(run_set, run_set.real[ends.index(low)], counter, end), _none(run_set))
            elif high <= end <= high + FARTHEST * (high - low):
                found[id(run)] = Length(_ends(run_set), _behind(run_set, run, counter, high))
    return found


def _none(run_set: RunSet) -> Indices:
    return np.zeros(len(run_set.sites), np.int64)


def _ends(run_set: RunSet) -> Indices:
    """Return, for each print site, one line if it says that a run stopped: the longest run may not have stopped
    by itself.
    """
    return np.array([tells_of_a_stop(site.words) for site in run_set.sites], np.int64)


def _end(run: ParsedRun, counter: Counter) -> float:
    """Return the last count of a run; NaN if it does not count."""
    counts = values_of(run, run.ledger.lines_of(counter.site), counter.column)
    return float(counts.max()) if len(counts) else float("nan")


def _behind(run_set: RunSet, run: ParsedRun, counter: Counter, end: float) -> Indices:
    """Return, for each print site, the lines that a run shows after its count has reached `end`.

    If the count does not continue, these are the last lines, without prints that occurred before.
    """
    lines = run.ledger.lines_of(counter.site)
    counts = values_of(run, lines, counter.column)
    at_end, beyond = np.flatnonzero(counts <= end), np.flatnonzero(counts > end)
    if not len(at_end) or not len(beyond):
        return _none(run_set)
    sites, last = len(run_set.sites), int(lines[beyond[-1]])
    before = sites_between(run, -1, last + 1, sites)
    after = sites_between(run, last, len(run.lines), sites)
    return sites_between(run, int(lines[at_end[-1]]), last + 1, sites) + np.where(before > 0, after, 0)
