"""Finds the lines of an imagined run that are not in the same order as in the real runs."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.structures import of_each_structure
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause

Indices = NDArray[np.int64]


def misplaced(run_set: RunSet, run: ParsedRun) -> Indices:
    """Return the fewest lines of an imagined run that must move to restore the order.

    Only prints that all runs show equally often are considered; if their order varies, only prints shown once.
    """
    if not run_set.finished:
        return np.empty(0, np.int64)
    really = run_set.once(of_each_structure)
    runs = [*(one for one in really if one.execution.cause is Cause.FINISHED), run]
    times = np.array([times_of_sites(run, len(run_set.sites)) for run in runs])
    steady = (times == times[0]).all(axis=0) & (times[0] > 0)
    steady &= np.array([_has_its_place(run_set, site) for site in run_set.sites], bool)
    for looked_at in (steady, steady & (times[0] == 1)):
        sequences = [_lines_of(run, looked_at) for run in runs]
        first, *others = (run.ledger.site_of[lines] for run, lines in zip(runs, sequences, strict=True))
        if all(np.array_equal(first, other) for other in others[:-1]):
            lines = sequences[-1]
            at = _places(others[-1], first)
            return np.delete(lines, longest_rise(at)) if len(at) else lines
    return np.empty(0, np.int64)


def _has_its_place(run_set: RunSet, site: PrintSite) -> bool:
    """Return whether the place of a print in the order can be judged."""
    if run_set.source is None:
        return len(run_set.finished) > 1
    return (
        not site.is_open
        and site.by != "bar"
        and (site.depends_on == "nothing" or (site.depends_on == "flags" and len(run_set.finished) > 1))
    )


def times_of_sites(run: ParsedRun, sites: int) -> Indices:
    """Return how often a run shows each of the first `sites` print sites."""
    site_of = run.ledger.site_of
    return np.bincount(site_of[(site_of >= 0) & (site_of < sites)], minlength=sites)


def _lines_of(run: ParsedRun, sites: NDArray[np.bool_]) -> Indices:
    site_of = run.ledger.site_of
    wanted = np.append(sites, np.zeros(len(run.ledger.sites) - len(sites) + 1, bool))
    return np.flatnonzero(wanted[site_of])


def _places(theirs: NDArray[np.int32], ours: NDArray[np.int32]) -> Indices:
    """Return, for each print in `theirs`, its position in `ours`, with equal prints matched in order."""
    places = np.empty(len(theirs), np.int64)
    places[np.argsort(theirs, kind="stable")] = np.argsort(ours, kind="stable")
    return places


def longest_rise(numbers: Sequence[int] | Indices) -> list[int]:
    """Return the indices of a longest increasing subsequence, in order; O(n log n)."""
    if len(numbers) and bool((np.diff(numbers) > 0).all()):
        return list(range(len(numbers)))
    ends: list[int] = []
    """For each length, the lowest number that an increasing subsequence of this length can end with."""
    end_at: list[int] = []
    before: list[int] = []
    for at, number in enumerate(map(int, numbers)):
        length = bisect_left(ends, number)
        before.append(end_at[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        end_at[length : length + 1] = [at]
    rise = []
    at = end_at[-1] if end_at else -1
    while at >= 0:
        rise.append(at)
        at = before[at]
    return rise[::-1]
