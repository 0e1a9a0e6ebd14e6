"""Tests whether single imagined runs are outliers, at the primary endpoint or in other metrics."""

import math
from collections.abc import Iterator, Mapping, Sequence

from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import RunSet
from gedanken.compare.series.judgement import Outlier, TestedSeries
from gedanken.compare.series.levels import OTHER_OUTLIERS_LEVEL, OUTLIER_LEVEL, is_significant
from gedanken.compare.stats.prediction_interval import holm, outlier_test

FEWEST_ENDS = 4
"""Minimum number of different last values in the real runs.

If there are fewer, a value that rarely occurs need not be an outlier.
"""


def find_outliers(primary: TestedSeries) -> tuple[Outlier, ...]:
    """Find imagined runs whose last value at the primary endpoint is an outlier, at the level `OUTLIER_LEVEL`."""
    series = primary.series
    lasts = {index: float(series.values[index, 0]) for index in primary.runs}
    return tuple(outlier for _tested, outlier in _test_last_values([(primary, lasts)], OUTLIER_LEVEL))


def find_other_outliers(
    run_set: RunSet, secondary: Sequence[TestedSeries], primary: TestedSeries
) -> tuple[tuple[TestedSeries, Outlier], ...]:
    """Find imagined runs whose last values are outliers in metrics other than the primary endpoint."""
    early = run_set.compute_once(early_ends)
    is_whole = [id(run) not in early for run in run_set.leaves + run_set.samples]
    lasts = []
    for tested in secondary:
        n_real = tested.series.n_real
        ends = {
            index: end[1]
            for index in tested.runs
            if is_whole[index] and (end := tested.series.ends[index]) is not None
        }
        # One run may end with NaN or infinity by chance, and no distance says how likely that is.
        ends = {index: value for index, value in ends.items() if index < n_real or math.isfinite(value)}
        real_values = {value for index, value in ends.items() if index < n_real}
        is_metric = tested.series.column.metric is not None and tested.distances is not None
        # If real runs end in few different values, a rare value need not be an outlier.
        if is_metric and tested.series.column != primary.series.column and len(real_values) >= FEWEST_ENDS:
            lasts.append((tested, ends))
    return tuple(_test_last_values(lasts, OTHER_OUTLIERS_LEVEL))


def _test_last_values(
    lasts: Sequence[tuple[TestedSeries, Mapping[int, float]]], level: float
) -> Iterator[tuple[TestedSeries, Outlier]]:
    """Find imagined runs whose last values are outliers, at the significance level `level`.

    For each series, `lasts` maps the index of a run to its last value.
    """
    results = []
    for tested, ends in lasts:
        n_real, metric = tested.series.n_real, tested.series.column.metric
        real_values = [value for index, value in ends.items() if index < n_real]
        for index, value in ends.items():
            result = (
                outlier_test(value, real_values, metric is not None and metric.is_accuracy)
                if index >= n_real
                else None
            )
            results += [(tested, index - n_real, value, result)] if result is not None else []
    adjusted = holm([result.p for *_rest, result in results])
    for (tested, index, value, result), p in zip(results, adjusted, strict=True):
        if is_significant(p, level):
            yield tested, Outlier(index, value, result.deviations, p)
