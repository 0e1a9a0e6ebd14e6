"""Tests whether single imagined runs are outliers, at the primary endpoint or in other metrics."""

import math
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import RunSet
from gedanken.compare.series.judged import Outlier, TestedSeries
from gedanken.compare.series.levels import OTHER_OUTLIERS_LEVEL, OUTLIER_LEVEL, is_told
from gedanken.compare.stats.prediction_interval import holm, outlier_test

FEWEST_ENDS = 4
"""Minimum number of different last values in the real runs; with fewer, a rare value need not be an outlier."""


def find_outliers(primary: TestedSeries) -> tuple[Outlier, ...]:
    """Find imagined runs whose last value at the primary endpoint is an outlier, at the level `OUTLIER_LEVEL`."""
    series = primary.series
    lasts = {at: float(series.values[at, 0]) for at in primary.runs}
    return tuple(run for _one, run in _outliers_of([(primary, lasts)], OUTLIER_LEVEL))


def find_other_outliers(
    run_set: RunSet, secondary: Sequence[TestedSeries], primary: TestedSeries
) -> tuple[tuple[TestedSeries, Outlier], ...]:
    """Find imagined runs whose last values are outliers in metrics other than the primary endpoint."""
    early = run_set.once(early_ends)
    ended = [id(run) not in early for run in run_set.leaves + run_set.samples]
    lasts = []
    for one in secondary:
        n = one.series.n_real
        ends = {at: end[1] for at in one.runs if ended[at] and (end := one.series.ends[at]) is not None}
        # One run may end with NaN or infinity by chance, and no distance says how likely that is.
        ends = {at: value for at, value in ends.items() if at < n or math.isfinite(value)}
        real = {value for at, value in ends.items() if at < n}
        is_metric = one.series.column.metric is not None and one.apart is not None
        # If real runs end in few different values, a rare value need not be an outlier.
        if is_metric and one.series.column != primary.series.column and len(real) >= FEWEST_ENDS:
            lasts.append((one, ends))
    return tuple(_outliers_of(lasts, OTHER_OUTLIERS_LEVEL))


def _outliers_of(
    lasts: Sequence[tuple[TestedSeries, Mapping[int, float]]], level: float
) -> Iterator[tuple[TestedSeries, Outlier]]:
    """Find imagined runs whose last values are outliers; `lasts` maps each run's index to its last value."""
    known = []
    for one, ends in lasts:
        n, metric = one.series.n_real, one.series.column.metric
        real = [value for at, value in ends.items() if at < n]
        for at, value in ends.items():
            found = outlier_test(value, real, metric is not None and metric.is_accuracy) if at >= n else None
            known += [(one, at - n, value, found)] if found is not None else []
    adjusted = holm([found.p for *_of, found in known])
    for (one, at, value, found), p in zip(known, adjusted, strict=True):
        if is_told(p, level):
            yield one, Outlier(at, value, found.deviations, p)
