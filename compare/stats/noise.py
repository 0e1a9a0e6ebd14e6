"""Statistics of a few runs against a few others: distance, permutation test, CRPS, spread, intervals."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Runs × points, unless another shape is named."""

MOST_LABELLINGS = 10_000
"""Up to so many the permutation test takes them all; above, a random sample of one less."""
RESAMPLES, BATCH = 1000, 100
LARGEST = 1e100
"""A number beyond this is treated as no number: its square has no place in a float."""


class Bounds(NamedTuple):
    """An interval of 95 %."""

    low: float
    high: float


def distances(curves: Matrix) -> Matrix:
    """Euclidean distances between runs (runs × runs), each point divided by the standard deviation of all runs.

    Points at which all runs agree are left out; all zero where none is left. Where a value is no finite number,
    ranks at each point stand for the values, NaN above all: a run that diverged lies at the end, wherever that is.
    Scale and ranks are those of all runs together and know nothing of who is real, so a permutation test stays exact.
    """
    from scipy.spatial.distance import pdist, squareform
    from scipy.stats import rankdata

    if not _tame(curves).all():
        curves = rankdata(np.nan_to_num(curves, nan=np.inf, posinf=np.inf, neginf=-np.inf), axis=0)
    curves = curves[:, np.ptp(curves, axis=0) > 0]
    curves = curves - curves.mean(axis=0)
    scale = curves.std(axis=0)
    curves = curves[:, scale > 0] / scale[scale > 0]
    return np.asarray(squareform(pdist(curves))) if curves.shape[1] else np.zeros((len(curves),) * 2)


def energy_p(apart: Matrix, n_real: int) -> float:
    """p of the energy distance (Székely and Rizzo, 2013) between the first `n_real` runs and the others.

    `apart` holds the distances, runs × runs. The labels are permuted over all runs: in every way where these are no
    more than MOST_LABELLINGS, so that p is exact; else in a random sample of ways, and p is (b + 1) / (B + 1).
    """
    n, m = n_real, len(apart) - n_real
    imagined = _labellings(len(apart), m)
    within = ((imagined @ apart) * imagined).sum(axis=1)
    across = imagined @ apart.sum(axis=1) - within
    rest = apart.sum() - 2 * across - within
    energy = 2 * across / (n * m) - rest / n**2 - within / m**2
    # Sums of the same numbers in another order differ in their last digits.
    as_far = int((energy >= energy[0] - 1e-9 * apart.max(initial=0.0)).sum())
    return as_far / len(energy)


def _labellings(runs: int, imagined: int) -> Matrix:
    """Labellings × runs, 1 where a run counts as imagined; the first is the true one."""
    if math.comb(runs, imagined) <= MOST_LABELLINGS:
        # Combinations come in order; turned round, the last runs are the first choice.
        chosen = np.array(list(combinations(range(runs - 1, -1, -1), imagined)), np.int64)
    else:
        drawn = np.random.default_rng(0).random((MOST_LABELLINGS, runs))
        chosen = np.argsort(drawn, axis=1)[:, :imagined]
        chosen[0] = np.arange(runs - imagined, runs)
    labels = np.zeros((len(chosen), runs))
    np.put_along_axis(labels, chosen, 1.0, axis=1)
    return labels


def smallest_p(n_real: int, n_imagined: int) -> float:
    """The smallest p that a test of so many runs can have: with equal numbers, labels swapped are as far apart."""
    if not n_real or not n_imagined:
        return 1.0
    return (1 + (n_real == n_imagined)) / min(math.comb(n_real + n_imagined, n_imagined), MOST_LABELLINGS)


def runs_needed(others: int, alpha: float) -> int:
    """How many runs of one world are needed beside so many of the other for a p of `alpha` to be possible."""
    return next(count for count in range(1, math.ceil(2 / alpha) + 1) if smallest_p(count, max(others, 1)) <= alpha)


def adjusted(ps: Sequence[float]) -> list[float]:
    """The p of a family, adjusted after Benjamini and Hochberg (1995)."""
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(ps)] if ps else []


def fair_crps(real: Matrix, imagined: Matrix) -> float | None:
    """Mean over points and imagined runs of the fair CRPS of Ferro (2014), in units of the values.

    The real runs are the ensemble x, an imagined value is the observation y: mean |x − y| less the sum of
    |xᵢ − xⱼ| over 2 n (n − 1), which makes it independent of the size n of the ensemble. Points with a value that is
    no finite number are left out. None with fewer than two real runs, or no point.
    """
    fit = _tame(real).all(axis=0) & _tame(imagined).all(axis=0)
    n = len(real)
    if n < 2 or not len(imagined) or not fit.any():
        return None
    x, y = np.sort(real[:, fit], axis=0), imagined[:, fit]
    error = np.mean([np.abs(x - one).mean(axis=0) for one in y], axis=0)
    among = (2 * np.arange(n) - n + 1) @ x / (n * (n - 1))
    return float((error - among).mean())


def spread_ratio(real: Matrix, imagined: Matrix) -> tuple[float | None, Bounds | None]:
    """Standard deviation of the imagined runs over that of the real ones, pooled over points, with its interval.

    The interval is a percentile bootstrap over runs. Three runs, drawn again with replacement, are one and the same
    in a ninth of all draws: the interval reaches down to 0 and is too low rather than too narrow.
    """
    fit = _tame(real).all(axis=0) & _tame(imagined).all(axis=0)
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
    ones), and this one 95 % of both (`pytest tests/test_noise.py -k covers` draws 1,000 anew). None where a value is
    no finite number; no interval with one run on a side.
    """
    if not real.size or not imagined.size or not (_tame(real).all() and _tame(imagined).all()):
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


def _tame(values: Matrix) -> NDArray[np.bool_]:
    """Which values can be reckoned with."""
    return np.asarray(np.abs(values) < LARGEST)
