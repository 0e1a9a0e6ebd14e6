"""Measures how much a curve scatters, because imagined curves are often too smooth."""

from collections.abc import Callable

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

ORDER = 2
"""Order of the differences between neighbouring points. Second differences grow with noise, and are small where a
curve only bends slightly."""
FEWEST_POINTS = 5
RATES = (0.2, 60.0)
"""Lowest and highest decay rate r of the fitted exponentials: the first value is eʳ times the last."""
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
    """Compute the logarithm of each curve's scatter from point to point.

    `values` is runs × points, the result runs × 1; rows of NaN stay NaN. None if the curves are too short, not
    finite, or do not scatter.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    # A common shape is not scatter. The mean curve of all runs does not depend on which runs are real.
    leaps = np.abs(np.diff(values - values[there].mean(axis=0), n=ORDER, axis=1))
    # Curves usually scatter more where they are steep.
    usual = leaps[there].mean(axis=0)
    if not (usual > 0).any():
        return None
    scatter = (leaps[:, usual > 0] / usual[usual > 0]).mean(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(scatter, SMALLEST)))


def about_decay(values: Matrix) -> Matrix | None:
    """Compute the logarithm of each curve's scatter about its best-fitting exponential, power or straight line.

    `values` is runs × points, the result runs × 1; rows of NaN stay NaN. None if the curves are too short or not
    finite.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    curves = values[there] - values[there].mean(axis=1, keepdims=True)
    curves = curves / max(float(np.abs(curves).max()), SMALLEST)
    # Invented curves often follow one of these shapes, which have at most three parameters. So for a short curve, the
    # residuals say more than the differences between neighbouring points.
    left = np.concatenate([_left_by_decay(some) for some in np.array_split(curves, len(curves) // _CHUNK + 1)])
    scatter = np.full((len(values), 1), np.nan)
    scatter[there, 0] = np.log(np.maximum(np.sqrt(left / values.shape[1]), SMALLEST))
    return scatter


def _left_by_decay(curves: Matrix) -> Matrix:
    """Compute each curve's residual sum of squares about its best-fitting decay; each curve must have mean 0."""
    at = np.arange(float(curves.shape[1]))
    part = at / at[-1]
    line = _left(curves, part[None, None])[:, 0]
    exponential = _left_by(curves, lambda rates: np.exp(-rates[..., None] * part), *RATES)
    power = _left_by(curves, lambda powers: (1 + at) ** -powers[..., None], *POWERS)
    return np.asarray(np.minimum(line, np.minimum(exponential, power)))


def _left_by(curves: Matrix, shape: Callable[[Matrix], Matrix], low: float, high: float) -> Matrix:
    """Compute each curve's residual sum of squares for the best parameter of `shape`, on a refined grid."""
    ratio = (high / low) ** (1 / STEPS)
    tried = np.geomspace(low, high, STEPS + 1)[None]
    for _zoom in range(ZOOMS):
        left = _left(curves, shape(tried))
        best = np.take_along_axis(np.broadcast_to(tried, left.shape), left.argmin(axis=1)[:, None], axis=1)
        tried = best * np.geomspace(1 / ratio, ratio, STEPS + 1)
        ratio **= 2 / STEPS
    return np.asarray(_left(curves, shape(tried)).min(axis=1))


def _left(curves: Matrix, shapes: Matrix) -> Matrix:
    """Compute each curve's residual sum of squares for the best multiple of each shape. `shapes` is (curves or 1) ×
    shapes × points."""
    shapes = shapes - shapes.mean(axis=-1, keepdims=True)
    length = np.maximum((shapes**2).sum(axis=-1), SMALLEST)
    told = np.einsum("rp,rsp->rs", curves, np.broadcast_to(shapes, (len(curves), *shapes.shape[1:]))) ** 2 / length
    return np.asarray(np.maximum((curves**2).sum(axis=1, keepdims=True) - told, 0.0))
