"""Measures of a few runs beside a few others, with their intervals: CRPS, spread, difference of means."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Runs × points, unless another shape is named."""

RESAMPLES, BATCH = 1000, 100
LARGEST = 1e100
"""A number beyond this is treated as no number: its square has no place in a float."""


class Bounds(NamedTuple):
    """An interval of 95 %."""

    low: float
    high: float


def fair_crps(real: Matrix, imagined: Matrix) -> float | None:
    """Mean over points and imagined runs of the fair CRPS of Ferro (2014), in units of the values.

    The real runs are the ensemble x, an imagined value is the observation y: mean |x − y| less the sum of
    |xᵢ − xⱼ| over 2 n (n − 1), which makes it independent of the size n of the ensemble. Points with a value that is
    no finite number are left out. None with fewer than two real runs, or no point.
    """
    fit = is_tame(real).all(axis=0) & is_tame(imagined).all(axis=0)
    n = len(real)
    if n < 2 or not len(imagined) or not fit.any():
        return None
    x, y = np.sort(real[:, fit], axis=0), imagined[:, fit]
    error = np.mean([np.abs(x - row).mean(axis=0) for row in y], axis=0)
    among = (2 * np.arange(n) - n + 1) @ x / (n * (n - 1))
    return float((error - among).mean())


def spread_ratio(real: Matrix, imagined: Matrix) -> tuple[float | None, Bounds | None]:
    """Standard deviation of the imagined runs over that of the real ones, pooled over points, with its interval.

    The interval is a percentile bootstrap over runs. Three runs, drawn again with replacement, are one and the same
    in a ninth of all draws: the interval reaches down to 0 and is too low rather than too narrow.
    """
    fit = is_tame(real).all(axis=0) & is_tame(imagined).all(axis=0)
    if min(len(real), len(imagined)) < 2 or not fit.any():
        return None, None

    def ratio(ours: Matrix, theirs: Matrix) -> Matrix:
        real_spread, imagined_spread = (runs.var(axis=-2, ddof=1).mean(axis=-1) for runs in (ours, theirs))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(imagined_spread / real_spread))

    return _with_interval(ratio, real[:, fit], imagined[:, fit])


def mean_difference(real: Matrix, imagined: Matrix) -> tuple[float | None, Bounds | None]:
    """Mean of the imagined values less that of the real ones (each runs × 1), with its interval.

    The interval is that of Welch (1947), with Satterthwaite's degrees of freedom. A percentile bootstrap cannot reach
    beyond the values seen: of 4,000 draws of 7 runs against 3 it covered 84 % (normal values) and 82 % (exponential
    ones), and this one 95 % of both (`pytest tests/test_stats.py -k covers` draws 1,000 anew). None where a value is
    no finite number; no interval with one run on a side.
    """
    if not real.size or not imagined.size or not (is_tame(real).all() and is_tame(imagined).all()):
        return None, None
    value = float(imagined.mean() - real.mean())
    if min(len(real), len(imagined)) < 2:
        return value, None
    half = _half_width(real, imagined)
    return value, Bounds(value - half, value + half)


def _half_width(real: Matrix, imagined: Matrix) -> float:
    """Of Welch's interval."""
    from scipy.stats import t

    ours, theirs = (float(runs.var(ddof=1)) / len(runs) for runs in (real, imagined))
    if ours + theirs == 0:
        return 0.0
    part = ours / (ours + theirs)  # of the variance; fourth powers of the values would leave a double's range
    freedom = 1 / (part**2 / (len(real) - 1) + (1 - part) ** 2 / (len(imagined) - 1))
    return float(t.ppf(0.975, freedom)) * math.sqrt(ours + theirs)


def _with_interval(
    statistic: Callable[[Matrix, Matrix], Matrix], real: Matrix, imagined: Matrix
) -> tuple[float | None, Bounds | None]:
    """A statistic of (… × runs × points) twice, and the interval that it has when runs are drawn again."""
    value = float(statistic(real, imagined))
    if not math.isfinite(value):
        return None, None
    if min(len(real), len(imagined)) < 2:
        return value, None
    rng = np.random.default_rng(0)
    drawn = [
        statistic(*(runs[rng.integers(len(runs), size=(BATCH, len(runs)))] for runs in (real, imagined)))
        for _ in range(RESAMPLES // BATCH)
    ]
    values = np.concatenate(drawn)
    low, high = np.quantile(values[np.isfinite(values)], [0.025, 0.975])
    return value, Bounds(float(low), float(high))


def is_tame(values: Matrix) -> NDArray[np.bool_]:
    """Which values can be reckoned with."""
    return np.asarray(np.abs(values) < LARGEST)
