"""Assigns the values of a series to points, such as epochs, at which runs can be compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TIMES_PRINTED = "times printed"
"""Name of the axis if no printed counter identifies the points: values are then numbered in order."""

_CLOSE = 4
"""Whole numbers lie close together if their range is at most this many times their count."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


def placed(
    keys: Sequence[Numbers], names: Sequence[str], skipped: Sequence[Indices] = ()
) -> tuple[list[Indices], Numbers, str]:
    """Return, for each run, the index of each value's point; the points; and the name of the axis, such as `epoch`.

    `keys` holds each run's counters (values × counters), and `names` the counters' names. Values of a run with equal
    counters get different points, in order. `skipped` holds `Skipped.before` of each run.
    """
    every = np.nan_to_num(np.concatenate(keys), copy=False, nan=-1.0, posinf=-1.0, neginf=-1.0)
    ends = np.cumsum([len(key) for key in keys])[:-1]
    group = np.zeros(len(every), np.int64)
    for part in every.T:
        group = _ranked(group, _ranked(part))
    times = np.concatenate([_times_before(one) for one in np.split(group, ends)])
    if skipped and times.any():
        times += np.concatenate(skipped)
    place = _ranked(group, times)
    first = np.empty(int(place.max(initial=-1)) + 1, np.int64)
    first[place[::-1]] = np.arange(len(place))[::-1]  # of equal places, the one that is set last counts
    if not times.any():
        # A counter that is different at every point can number the points: with epoch and step, either may do.
        for name, part in zip(names, every.T, strict=False):
            if _ranked(part).max(initial=-1) + 1 == len(first) > 1:
                return np.split(place, ends), part[first], name
    return np.split(place, ends), np.arange(1.0, len(first) + 1), TIMES_PRINTED


def _ranked(first: NDArray[Any], second: NDArray[Any] | None = None) -> Indices:
    """Return the rank of each value of `first`, or of each pair with `second`, from 0. Equal values share a rank."""
    ranks = _ranked_by_counting(first)
    if ranks is None:
        ranks = np.unique(first, return_inverse=True)[1].astype(np.int64)
    if second is None or not len(ranks):
        return ranks
    return _ranked(ranks * (int(second.max()) + 1) + second.astype(np.int64))


def _ranked_by_counting(values: NDArray[Any]) -> Indices | None:
    """Rank whole numbers that lie close together, such as those of a counter, without sorting. Return None for
    others."""
    if not len(values) or values.max() - values.min() > _CLOSE * len(values):
        return None
    at = (values - values.min()).astype(np.int64)
    if not np.array_equal(at + values.min(), values):
        return None
    is_there = np.zeros(int(at.max()) + 1, np.int64)
    is_there[at] = 1
    rank: Indices = (np.cumsum(is_there) - 1)[at]
    return rank


def _times_before(values: Indices) -> Indices:
    """Return, for each value, how often the same value occurs before it."""
    order = np.argsort(values, kind="stable")
    begins = np.concatenate([[True], np.diff(values[order]) > 0])[: len(values)]
    at = np.arange(len(values))
    times = np.empty(len(values), np.int64)
    times[order] = at - np.maximum.accumulate(np.where(begins, at, 0))
    return times
