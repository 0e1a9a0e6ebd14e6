"""Tests many series at once, by step-down permutation of the maximum statistic (Westfall and Young, 1993).

For two groups of runs and a single set of distances, see `permutation_test.py`.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame
from gedanken.compare.stats.permutation_test import labellings

SCALE_QUANTILE = 0.9
LEAST_VARIANCE = 1e-12
"""Lower bound of the variance within the two groups (the variance over all runs is 1). Without this bound, two groups
with no variance would be infinitely far apart.
"""


class Tested(NamedTuple):
    """The p-values of series that are tested together, in the order of the series."""

    p: list[float]
    """p-value of each series, without adjustment."""
    adjusted: list[float]
    """p-value of each series, adjusted for testing all of them: the chance, under the null hypothesis, that any of
    the series is as extreme as this one."""


def step_down(series: Sequence[Matrix], n_real: int, lower: Collection[int] = ()) -> Tested:
    """Test whether the first `n_real` runs differ from the others, in each of several series (runs × points).

    A run that does not take part in the test of a series is NaN throughout. A labelling divides the runs into two
    groups. For each labelling, the distance of the two mean curves is computed, in standard deviations within the
    groups. The statistic is this distance, divided by a high quantile of the distances of all labellings. Without the
    division, a series of one point, whose distance has long tails, would hide a series of many points. The divisor
    does not depend on which runs are real, so the test is exact if the runs are exchangeable.

    `lower` holds indices of series. In these series, only points at which the other runs lie below the real ones
    count.
    """
    if not series:
        return Tested([], [])
    labels = labellings(len(series[0]), len(series[0]) - n_real)
    statistics = np.stack([_statistics(values, labels, at in lower) for at, values in enumerate(series)], axis=1)
    p = [_share(column) for column in statistics.T]
    order = np.argsort(-statistics[0], kind="stable")
    largest = np.maximum.accumulate(statistics[:, order[::-1]], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate([_share(largest[:, at]) for at in range(len(order))])
    adjusted = np.empty(len(order))
    adjusted[order] = stepped
    return Tested(p, adjusted.tolist())


def _share(statistic: Matrix) -> float:
    """Return the share of labellings whose statistic is at least that of the true labelling, which comes first."""
    # Floating-point sums of the same numbers in another order differ in their last digits.
    return float((statistic >= statistic[0] * (1 - 1e-9) - 1e-12).mean())


def _statistics(values: Matrix, labels: Matrix, is_lower: bool) -> Matrix:
    """Compute, for each labelling, the distance of the two groups, divided by the SCALE_QUANTILE of the distances of
    all labellings. If `is_lower`, only points at which the imagined group lies below the other enter the distance
    that is divided; all points enter the quantile."""
    there = ~np.isnan(values).all(axis=1)
    if not there.all():
        values, labels = values[there], labels[:, there]
    values = _finite(values)
    values = values[:, np.ptp(values, axis=0) > 0] if len(values) else values
    if not values.size:
        return np.zeros(len(labels))
    values = values - values.mean(axis=0)
    values = values / values.std(axis=0)
    n = labels.sum(axis=1, keepdims=True)
    theirs, ours = labels @ values, (1 - labels) @ values
    m = len(values) - n
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = theirs / n - ours / m
        # Each point has variance 1 over all runs: the part not between the groups is within them.
        within = len(values) - theirs**2 / n - ours**2 / m
        variance = np.maximum(within / max(1, len(values) - 2), LEAST_VARIANCE)
        far = np.sqrt((difference**2 / variance).mean(axis=1))
        below = np.sqrt((np.minimum(difference, 0.0) ** 2 / variance).mean(axis=1)) if is_lower else far
    are_both = (n[:, 0] > 0) & (m[:, 0] > 0)
    far, below = np.where(are_both, far, 0.0), np.where(are_both, below, 0.0)
    usual = float(np.quantile(far, SCALE_QUANTILE))
    return np.asarray(below / usual if usual > 0 else below)


def _finite(values: Matrix) -> Matrix:
    """Return the values. At a point where any run has no finite number, each finite value is replaced by 1, and each
    other value by 0."""
    tame = is_tame(values) & ~np.isnan(values)
    return np.where(tame.all(axis=0), np.where(tame, values, 0.0), tame.astype(float))
