"""Measures how rough a curve is: how much it scatters from point to point, and about a smooth decay. Imagined curves
are often too smooth."""

from collections.abc import Callable

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

ORDER = 2
"""Order of the differences between neighbouring points. Second differences grow with noise, and are small where a
curve only bends slightly."""
FEWEST_POINTS = 5
RATES = (0.2, 60.0)
"""Lowest and highest decay rate of the fitted exponentials. At rate r, the curve falls by a factor of eʳ from the
first point to the last."""
POWERS = (0.1, 3.0)
"""Lowest and highest exponent p of the fitted powers n⁻ᵖ, where n is the number of the point, counted from 1."""
STEPS = 16
ZOOMS = 5
"""Number of times that the grid around the best value is refined."""
_CHUNK = 256
"""Number of curves that are fitted together."""
SMALLEST = 1e-12
"""The scatter of a curve counts as at least this, because its logarithm is taken."""


def roughness(values: Matrix) -> Matrix | None:
    """Compute the logarithm of each curve's scatter from point to point. `values` is runs × points, the result runs ×
    1. Return None if the curves are too short or not finite, or if no curve scatters.

    The mean curve of all runs is subtracted first, because a common shape is not scatter; this mean does not depend
    on which runs are real. Then second differences are taken, each relative to its mean over all runs, because curves
    usually scatter more where they are steep. The row of a run that is not tested is NaN, and stays NaN.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    leaps = np.abs(np.diff(values - values[there].mean(axis=0), n=ORDER, axis=1))
    usual = leaps[there].mean(axis=0)
    if not (usual > 0).any():
        return None
    scatter = (leaps[:, usual > 0] / usual[usual > 0]).mean(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(scatter, SMALLEST)))


def about_decay(values: Matrix) -> Matrix | None:
    """Compute the logarithm of each curve's scatter about its best-fitting decay. `values` is runs × points, the
    result runs × 1. Return None if the curves are too short or not finite.

    The fitted shapes are an exponential, a power of the point's number, and a straight line. Invented curves often
    follow one of them. Each shape has at most three parameters, so for a short curve the residuals say more than the
    differences between neighbouring points. The row of a run that is not tested is NaN, and stays NaN.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    curves = values[there] - values[there].mean(axis=1, keepdims=True)
    curves = curves / max(float(np.abs(curves).max()), SMALLEST)
    left = np.concatenate([_left_by_decay(some) for some in np.array_split(curves, len(curves) // _CHUNK + 1)])
    scatter = np.full((len(values), 1), np.nan)
    scatter[there, 0] = np.log(np.maximum(np.sqrt(left / values.shape[1]), SMALLEST))
    return scatter


def _left_by_decay(curves: Matrix) -> Matrix:
    """Compute, for each curve, the residual sum of squares of its best-fitting decay. The mean of each curve must be
    zero."""
    at = np.arange(float(curves.shape[1]))
    part = at / at[-1]
    line = _left(curves, part[None, None])[:, 0]
    exponential = _left_by(curves, lambda rates: np.exp(-rates[..., None] * part), *RATES)
    power = _left_by(curves, lambda powers: (1 + at) ** -powers[..., None], *POWERS)
    return np.asarray(np.minimum(line, np.minimum(exponential, power)))


def _left_by(curves: Matrix, shape: Callable[[Matrix], Matrix], low: float, high: float) -> Matrix:
    """Compute, for each curve, the residual sum of squares of `shape` with its best parameter between `low` and
    `high`. The parameter is searched on a grid, which is refined around the best value."""
    ratio = (high / low) ** (1 / STEPS)
    tried = np.geomspace(low, high, STEPS + 1)[None]
    for _zoom in range(ZOOMS):
        left = _left(curves, shape(tried))
        best = np.take_along_axis(np.broadcast_to(tried, left.shape), left.argmin(axis=1)[:, None], axis=1)
        tried = best * np.geomspace(1 / ratio, ratio, STEPS + 1)
        ratio **= 2 / STEPS
    return np.asarray(_left(curves, shape(tried)).min(axis=1))


def _left(curves: Matrix, shapes: Matrix) -> Matrix:
    """Compute, for each curve, the residual sum of squares of the best multiple of each shape. `shapes` is curves ×
    shapes × points, or 1 × shapes × points if all curves are fitted with the same shapes."""
    shapes = shapes - shapes.mean(axis=-1, keepdims=True)
    length = np.maximum((shapes**2).sum(axis=-1), SMALLEST)
    told = np.einsum("rp,rsp->rs", curves, np.broadcast_to(shapes, (len(curves), *shapes.shape[1:]))) ** 2 / length
    return np.asarray(np.maximum((curves**2).sum(axis=1, keepdims=True) - told, 0.0))
