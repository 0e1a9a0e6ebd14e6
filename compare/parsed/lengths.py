"""Judges the length of runs that train until a target is reached, and therefore differ in length."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.stopping import mentions_stopping
from gedanken.compare.parsed.gaps import Counter, counters, sites_between, values_of
from gedanken.compare.parsed.run_set import ParsedRun, RunSet

FARTHEST = 2
"""How far the length of an imagined run may lie outside the range of the real lengths, in multiples of this range.

For example, if real runs have 10 to 14 epochs, an imagined run may have 2 to 22.
"""

Indices = NDArray[np.int64]


class Length(NamedTuple):
    """The lines that an imagined run may lack or add because of its length."""

    fewer: Indices
    """For each print site, the number of lines that are allowed to be missing."""
    more: Indices
    """For each print site, the number of lines that may be surplus after the end of the longest real run."""


def lengths(run_set: RunSet) -> Mapping[int, Length]:
    """Return the allowed differences of each imagined run that is shorter than all real runs, or at least as long as
    the longest. They are keyed by `id(run)`.

    Runs of implausible length (see FARTHEST) are left out. The result is empty if the source is known.
    """
    if run_set.source is not None:
        return {}
    length_by_run: dict[int, Length] = {}
    for counter in run_set.compute_once(counters):
        ends = [_highest_count(run, counter) for run in run_set.real]
        low, high = min(ends), max(ends)
        for run in run_set.imagined if low < high else ():
            end = _highest_count(run, counter)
            if id(run) in length_by_run:
                continue
            if low - FARTHEST * (high - low) <= end < low:
                length_by_run[id(run)] = Length(
                    _lines_after(run_set, run_set.real[ends.index(low)], counter, end), _zeros(run_set)
                )
            elif high <= end <= high + FARTHEST * (high - low):
                length_by_run[id(run)] = Length(_stop_lines(run_set), _lines_after(run_set, run, counter, high))
    return length_by_run


def _zeros(run_set: RunSet) -> Indices:
    return np.zeros(len(run_set.sites), np.int64)


def _stop_lines(run_set: RunSet) -> Indices:
    """Return, for each print site, 1 if its line says why a run stopped, and 0 if not."""
    # A run longer than all real ones may not have stopped by itself: this line may be missing.
    return np.array([mentions_stopping(site.words) for site in run_set.sites], np.int64)


def _highest_count(run: ParsedRun, counter: Counter) -> float:
    """Return the highest count of a run; NaN if no line of the run contains the counter."""
    counts = values_of(run, run.ledger.lines_of(counter.site), counter.column)
    return float(counts.max()) if len(counts) else float("nan")


def _lines_after(run_set: RunSet, run: ParsedRun, counter: Counter, end: float) -> Indices:
    """Return, for each print site, how many of its lines a run shows after the counter has passed `end`."""
    lines = run.ledger.lines_of(counter.site)
    counts = values_of(run, lines, counter.column)
    at_end, beyond = np.flatnonzero(counts <= end), np.flatnonzero(counts > end)
    if not len(at_end) or not len(beyond):
        return _zeros(run_set)
    sites, last = len(run_set.sites), int(lines[beyond[-1]])
    lines_before = sites_between(run, -1, last + 1, sites)
    lines_after = sites_between(run, last, len(run.lines), sites)
    # After the last count, only sites that also occur before it are included.
    return sites_between(run, int(lines[at_end[-1]]), last + 1, sites) + np.where(lines_before > 0, lines_after, 0)
