"""Measures that compare a few runs with a few others, with intervals: CRPS, spread, difference of means."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Runs × points, unless another shape is stated."""

RESAMPLES, BATCH = 1000, 100
LARGEST = 1e100
"""A number beyond this is treated as missing: its square would overflow a float."""


class Bounds(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


def fair_crps(real: Matrix, imagined: Matrix) -> float | None:
    """Compute the fair CRPS of Ferro (2014), averaged over points and imagined runs, in units of the values.

    The real runs are the ensemble x, an imagined value is the observation y: mean |x − y| minus the sum of |xᵢ − xⱼ|
    over 2 n (n − 1), which makes it independent of the ensemble size n. Points with a value that is not a finite
    number are left out. None with fewer than two real runs, or without any point.
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
    """Compute the standard deviation of the imagined runs over that of the real ones, pooled over points, with its
    interval.

    The interval is a percentile bootstrap over runs. A bootstrap sample of three runs consists of one run three times
    in a ninth of all cases; so the interval reaches down to 0, and is too low rather than too narrow.
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
    """Compute the mean of the imagined values minus that of the real ones (each runs × 1), with its interval.

    The interval is that of Welch (1947), with Satterthwaite's degrees of freedom. A percentile bootstrap cannot reach
    beyond the observed values: in 4,000 draws of 7 runs against 3 it covered 84 % (normal values) and 82 %
    (exponential ones), and this one 95 % of both (`pytest tests/test_stats.py -k covers` repeats this with 1,000
    draws). None if a value is not a finite number; no interval if one side has only one run.
    """
    if not real.size or not imagined.size or not (is_tame(real).all() and is_tame(imagined).all()):
        return None, None
    value = float(imagined.mean() - real.mean())
    if min(len(real), len(imagined)) < 2:
        return value, None
    half = _half_width(real, imagined)
    return value, Bounds(value - half, value + half)


def _half_width(real: Matrix, imagined: Matrix) -> float:
    """Return the half-width of Welch's interval."""
    from scipy.special import stdtrit  # scipy.stats takes .3 s to import

    ours, theirs = (float(runs.var(ddof=1)) / len(runs) for runs in (real, imagined))
    if ours + theirs == 0:
        return 0.0
    part = ours / (ours + theirs)  # of the variance; fourth powers of the values would overflow a double
    freedom = 1 / (part**2 / (len(real) - 1) + (1 - part) ** 2 / (len(imagined) - 1))
    return float(stdtrit(freedom, 0.975)) * math.sqrt(ours + theirs)


def _with_interval(
    statistic: Callable[[Matrix, Matrix], Matrix], real: Matrix, imagined: Matrix
) -> tuple[float | None, Bounds | None]:
    """Compute a statistic of two arrays (… × runs × points), and its bootstrap interval over runs."""
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
    """Return which values are finite and small enough to compute with."""
    return np.asarray(np.abs(values) < LARGEST)
