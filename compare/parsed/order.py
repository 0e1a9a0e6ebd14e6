"""Finds the lines of an imagined run that are not in the same order as in the real runs."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.parsed.run_structures import one_run_per_structure
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause

Indices = NDArray[np.int64]


def misplaced_lines(run_set: RunSet, run: ParsedRun) -> Indices:
    """Return the indices of the fewest lines of an imagined run that must move to restore the order of the real runs.

    Only prints that all runs show equally often are considered. If the real runs show them in different orders, only
    prints that each run shows once are considered.
    """
    if not run_set.finished:
        return np.empty(0, np.int64)
    real_runs = run_set.compute_once(one_run_per_structure)
    runs = [*(real_run for real_run in real_runs if real_run.execution.cause is Cause.FINISHED), run]
    times = np.array([count_lines_by_site(run, len(run_set.sites)) for run in runs])
    is_steady = (times == times[0]).all(axis=0) & (times[0] > 0)
    is_steady &= np.array([_is_order_known(run_set, site) for site in run_set.sites], bool)
    for is_compared in (is_steady, is_steady & (times[0] == 1)):
        sequences = [_lines_of_sites(run, is_compared) for run in runs]
        first_sites, *other_sites = (run.ledger.site_of[lines] for run, lines in zip(runs, sequences, strict=True))
        if all(np.array_equal(first_sites, sites) for sites in other_sites[:-1]):
            lines = sequences[-1]
            positions = _match_positions(other_sites[-1], first_sites)
            return np.delete(lines, longest_increasing_subsequence(positions)) if len(positions) else lines
    return np.empty(0, np.int64)


def _is_order_known(run_set: RunSet, site: PrintSite) -> bool:
    """Return whether the source or several real runs show where a print belongs in the order of lines."""
    if run_set.source is None:
        return len(run_set.finished) > 1
    return (
        not site.is_ambiguous
        and site.kind != "bar"
        and (site.depends_on == "nothing" or (site.depends_on == "flags" and len(run_set.finished) > 1))
    )


def count_lines_by_site(run: ParsedRun, sites: int) -> Indices:
    """Return how often a run shows each of the first `sites` print sites."""
    site_of = run.ledger.site_of
    return np.bincount(site_of[(site_of >= 0) & (site_of < sites)], minlength=sites)


def _lines_of_sites(run: ParsedRun, sites: NDArray[np.bool_]) -> Indices:
    site_of = run.ledger.site_of
    is_wanted = np.append(sites, np.zeros(len(run.ledger.sites) - len(sites) + 1, bool))
    return np.flatnonzero(is_wanted[site_of])


def _match_positions(sites: NDArray[np.int32], reference: NDArray[np.int32]) -> Indices:
    """Return, for each print in `sites`, its position in `reference`.

    If a print occurs several times, its n-th occurrences are matched.
    """
    positions = np.empty(len(sites), np.int64)
    positions[np.argsort(sites, kind="stable")] = np.argsort(reference, kind="stable")
    return positions


def longest_increasing_subsequence(numbers: Sequence[int] | Indices) -> list[int]:
    """Return the indices of a longest increasing subsequence, in order; O(n log n)."""
    if len(numbers) and bool((np.diff(numbers) > 0).all()):
        return list(range(len(numbers)))
    ends: list[int] = []
    """For each length, the lowest number that an increasing subsequence of this length can end with."""
    end_indices: list[int] = []
    predecessors: list[int] = []
    for index, number in enumerate(map(int, numbers)):
        length = bisect_left(ends, number)
        predecessors.append(end_indices[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        end_indices[length : length + 1] = [index]
    rise = []
    index = end_indices[-1] if end_indices else -1
    while index >= 0:
        rise.append(index)
        index = predecessors[index]
    return rise[::-1]
