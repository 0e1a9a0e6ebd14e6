"""Assigns the values of a series to points, such as epochs, at which runs are compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TIMES_PRINTED = "times printed"
"""Name of the axis if no printed counter tells to which point a value belongs.

The values are then numbered in the order in which they were printed.
"""

_MAX_SPREAD = 4
"""Whole numbers count as close together if their range is at most this many times their number."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


def assign_points(
    keys: Sequence[Numbers], names: Sequence[str], skipped: Sequence[Indices] = ()
) -> tuple[list[Indices], Numbers, str]:
    """Return for each run the index of each value's point; then the points; and then the name of the axis, such as
    `epoch`.

    `keys` has the counters of each run (values × counters), and `names` their names. If several values of a run have
    equal counters, they get different points, in order. `skipped` has the `SkippedValues.before` of each run.
    """
    counters = np.nan_to_num(np.concatenate(keys), copy=False, nan=-1.0, posinf=-1.0, neginf=-1.0)
    run_ends = np.cumsum([len(key) for key in keys])[:-1]
    group = np.zeros(len(counters), np.int64)
    for column in counters.T:
        group = _rank(group, _rank(column))
    times_before = np.concatenate([_times_before(run_groups) for run_groups in np.split(group, run_ends)])
    if skipped and times_before.any():
        times_before += np.concatenate(skipped)
    point_indices = _rank(group, times_before)
    first_values = np.empty(int(point_indices.max(initial=-1)) + 1, np.int64)
    # Of equal indices, the one that is set last counts.
    first_values[point_indices[::-1]] = np.arange(len(point_indices))[::-1]
    if not times_before.any():
        # A counter that is different at every point can number the points: with epoch and step, either may do.
        for name, column in zip(names, counters.T, strict=False):
            if _rank(column).max(initial=-1) + 1 == len(first_values) > 1:
                return np.split(point_indices, run_ends), column[first_values], name
    return np.split(point_indices, run_ends), np.arange(1.0, len(first_values) + 1), TIMES_PRINTED


def _rank(first: NDArray[Any], second: NDArray[Any] | None = None) -> Indices:
    """Return the rank, counted from 0, of each value of `first`, or of each pair of values of `first` and
    `second`.

    Equal values have the same rank.
    """
    ranks = _rank_by_counting(first)
    if ranks is None:
        ranks = np.unique(first, return_inverse=True)[1].astype(np.int64)
    if second is None or not len(ranks):
        return ranks
    return _rank(ranks * (int(second.max()) + 1) + second.astype(np.int64))


def _rank_by_counting(values: NDArray[Any]) -> Indices | None:
    """Rank whole numbers without sorting. None if they are not close together, as those of a counter are."""
    if not len(values) or values.max() - values.min() > _MAX_SPREAD * len(values):
        return None
    offsets = (values - values.min()).astype(np.int64)
    if not np.array_equal(offsets + values.min(), values):
        return None
    is_used = np.zeros(int(offsets.max()) + 1, np.int64)
    is_used[offsets] = 1
    ranks: Indices = (np.cumsum(is_used) - 1)[offsets]
    return ranks


def _times_before(values: Indices) -> Indices:
    """For each value, return how often the same value occurs before it."""
    order = np.argsort(values, kind="stable")
    is_first = np.concatenate([[True], np.diff(values[order]) > 0])[: len(values)]
    indices = np.arange(len(values))
    times = np.empty(len(values), np.int64)
    times[order] = indices - np.maximum.accumulate(np.where(is_first, indices, 0))
    return times
