"""Tests whether imagined runs scatter as much as the real ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.series.judgement import TestedSeries, values_by_run
from gedanken.compare.series.roughness import roughness, roughness_about_decay
from gedanken.compare.stats.measures import Matrix


def scatter_tests(metrics: Sequence[TestedSeries], primary: TestedSeries) -> list[TestedSeries]:
    """Return the tests of scatter: two for the curve of the primary metric, and one for all metrics together."""
    metric_scatters = [
        (metric, scatter)
        for metric in metrics
        if metric.tested is not None and (scatter := roughness(metric.tested)) is not None
    ]
    of_primary = [
        (metric, scatter) for metric, scatter in metric_scatters if metric.series.column == primary.series.column
    ]
    scatters = [
        _scatter_series(metric, scatter, f"scatter of {metric.judged.name} from point to point")
        for metric, scatter in of_primary
    ]
    scatters += [
        _scatter_series(metric, scatter, f"scatter of {metric.judged.name} about a smooth decay")
        for metric, _rough in of_primary
        if metric.tested is not None and (scatter := roughness_about_decay(metric.tested)) is not None
    ]
    # Testing each curve separately would double the number of series that can be extreme by chance.
    comparable = [scatter for metric, scatter in metric_scatters if metric.runs == metric_scatters[0][0].runs]
    if len(comparable) > len(of_primary):
        scatters.append(
            _scatter_series(
                metric_scatters[0][0], np.hstack(comparable), "scatter of all metrics from point to point"
            )
        )
    return scatters


def _scatter_series(curve: TestedSeries, log_scatter: Matrix, name: str) -> TestedSeries:
    """Build a series whose values say how much each run scatters. `log_scatter` contains the logarithms of these
    values.
    """
    scatter, n_real = np.exp(log_scatter), curve.series.n_real
    result = replace(
        curve.judged,
        name=name,
        axis="whole run",
        points=tuple(float(position) for position in range(1, log_scatter.shape[1] + 1)),
        real=values_by_run(scatter[:n_real], np.isfinite(scatter[:n_real])),
        imagined=values_by_run(scatter[n_real:], np.isfinite(scatter[n_real:])),
        crps=None,
        spread_ratio=None,
        spread_interval=None,
        difference=None,
        difference_interval=None,
        ranks=(),
    )
    return replace(curve, judged=result, tested=log_scatter)
