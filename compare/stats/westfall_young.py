"""Tests many series at once, by step-down permutation of the maximum statistic (Westfall and Young, 1993)."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_computable
from gedanken.compare.stats.permutation_test import labellings

SCALE_QUANTILE = 0.9
LEAST_VARIANCE = 1e-12
"""Lower bound of the variance within the two groups. Without it, two groups without any variance would be infinitely
far apart.
"""


class AdjustedTest(NamedTuple):
    """The p-values of several series that were tested together. Both lists are in the order of the series."""

    p: list[float]
    """p-value of each series, without adjustment."""
    adjusted: list[float]
    """Adjusted p-value of each series: the probability, if no series differs, that at least one of them looks this
    extreme.
    """


def step_down(series: Sequence[Matrix], n_real: int, lower: Collection[int] = ()) -> AdjustedTest:
    """Test whether the first `n_real` runs differ from the other runs, in each of several series (runs × points).

    The statistic is the distance between the mean curves of the two groups, in standard deviations within the groups,
    divided by a high quantile of this distance over all labellings. A run in which a series is missing has NaN at all
    its points. For a series whose index is in `lower`, only points at which the other runs are lower than the first
    ones count.
    """
    if not series:
        return AdjustedTest([], [])
    labels = labellings(len(series[0]), len(series[0]) - n_real)
    statistics = np.stack(
        [_statistics(values, labels, index in lower) for index, values in enumerate(series)], axis=1
    )
    p = [_share_at_least(column) for column in statistics.T]
    order = np.argsort(-statistics[0], kind="stable")
    largest = np.maximum.accumulate(statistics[:, order[::-1]], axis=1)[:, ::-1]
    step_down_p = np.maximum.accumulate([_share_at_least(largest[:, index]) for index in range(len(order))])
    adjusted = np.empty(len(order))
    adjusted[order] = step_down_p
    return AdjustedTest(p, adjusted.tolist())


def _share_at_least(statistic: Matrix) -> float:
    """Return the share of labellings whose statistic is at least that of the true labelling, which comes first."""
    # Floating-point sums of the same numbers in another order differ in their last digits.
    return float((statistic >= statistic[0] * (1 - 1e-9) - 1e-12).mean())


def _statistics(values: Matrix, labels: Matrix, is_lower: bool) -> Matrix:
    """Compute the distance between the two groups for each labelling, divided by a high quantile over all
    labellings.
    """
    is_tested = ~np.isnan(values).all(axis=1)
    if not is_tested.all():
        values, labels = values[is_tested], labels[:, is_tested]
    values = _replace_non_finite(values)
    values = values[:, np.ptp(values, axis=0) > 0] if len(values) else values
    if not values.size:
        return np.zeros(len(labels))
    values = values - values.mean(axis=0)
    values = values / values.std(axis=0)
    n = labels.sum(axis=1, keepdims=True)
    imagined_sums, real_sums = labels @ values, (1 - labels) @ values
    m = len(values) - n
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = imagined_sums / n - real_sums / m
        # Each point has variance 1 over all runs: the part not between the groups is within them.
        within_groups = len(values) - imagined_sums**2 / n - real_sums**2 / m
        variance = np.maximum(within_groups / max(1, len(values) - 2), LEAST_VARIANCE)
        distance = np.sqrt((difference**2 / variance).mean(axis=1))
        distance_below = np.sqrt((np.minimum(difference, 0.0) ** 2 / variance).mean(axis=1)) if is_lower else distance
    has_both = (n[:, 0] > 0) & (m[:, 0] > 0)
    distance, distance_below = np.where(has_both, distance, 0.0), np.where(has_both, distance_below, 0.0)
    # Without this division, a series of one point, whose distance has long tails, would hide a series of many points.
    # The divisor does not depend on which runs are real, so the test is exact if the runs are exchangeable.
    scale = float(np.quantile(distance, SCALE_QUANTILE))
    return np.asarray(distance_below / scale if scale > 0 else distance_below)


def _replace_non_finite(values: Matrix) -> Matrix:
    """At each point where any run is not finite, replace finite values by 1 and values that are not finite by 0."""
    is_finite = is_computable(values) & ~np.isnan(values)
    return np.where(is_finite.all(axis=0), np.where(is_finite, values, 0.0), is_finite.astype(float))
