"""Measures how much a curve scatters, because imagined curves are often too smooth."""

from collections.abc import Callable

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_computable

ORDER = 2
"""Order of the differences between neighboring points.

Second differences grow with noise, but are small where a curve just bends a little.
"""
FEWEST_POINTS = 5
RATES = (0.2, 60.0)
"""Lowest and highest decay rate r of the fitted exponentials. Their first value is eʳ times the last one."""
POWERS = (0.1, 3.0)
"""Lowest and highest exponent p of the fitted powers n⁻ᵖ, where n is the number of the point, counted from 1."""
STEPS = 16
ZOOMS = 5
"""How many times the grid around the best value is refined."""
_CHUNK_SIZE = 256
"""Number of curves that are fitted together."""
SMALLEST = 1e-12
"""Lower bound of the scatter of a curve. It is needed because the logarithm of the scatter is taken."""


def roughness(values: Matrix) -> Matrix | None:
    """Compute the logarithm of how much each curve scatters from point to point.

    `values` is runs × points, and the result is runs × 1. A row of NaN gives NaN. None if the curves are too short,
    are not finite, or do not scatter.
    """
    is_known = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not is_known.any() or not is_computable(values[is_known]).all():
        return None
    # A common shape is not scatter. The mean curve of all runs does not depend on which runs are real.
    differences = np.abs(np.diff(values - values[is_known].mean(axis=0), n=ORDER, axis=1))
    # Curves usually scatter more where they are steep.
    mean_differences = differences[is_known].mean(axis=0)
    if not (mean_differences > 0).any():
        return None
    scatter = (differences[:, mean_differences > 0] / mean_differences[mean_differences > 0]).mean(
        axis=1, keepdims=True
    )
    return np.asarray(np.log(np.maximum(scatter, SMALLEST)))


def roughness_about_decay(values: Matrix) -> Matrix | None:
    """Compute the logarithm of how much each curve scatters around its best-fitting exponential, power or straight
    line.

    `values` is runs × points, and the result is runs × 1. A row of NaN gives NaN. None if the curves are too short or
    not finite.
    """
    is_known = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not is_known.any() or not is_computable(values[is_known]).all():
        return None
    curves = values[is_known] - values[is_known].mean(axis=1, keepdims=True)
    curves = curves / max(float(np.abs(curves).max()), SMALLEST)
    # Invented curves often follow one of these shapes, which have at most three parameters. So for a short curve, the
    # residuals say more than the differences between neighbouring points.
    residuals = np.concatenate(
        [_residuals_about_decay(chunk) for chunk in np.array_split(curves, len(curves) // _CHUNK_SIZE + 1)]
    )
    scatter = np.full((len(values), 1), np.nan)
    scatter[is_known, 0] = np.log(np.maximum(np.sqrt(residuals / values.shape[1]), SMALLEST))
    return scatter


def _residuals_about_decay(curves: Matrix) -> Matrix:
    """Compute each curve's residual sum of squares around its best-fitting decay.

    Each curve must have mean 0.
    """
    position = np.arange(float(curves.shape[1]))
    share = position / position[-1]
    line = _residuals(curves, share[None, None])[:, 0]
    exponential = _residuals_of_best_fit(curves, lambda rates: np.exp(-rates[..., None] * share), *RATES)
    power = _residuals_of_best_fit(curves, lambda powers: (1 + position) ** -powers[..., None], *POWERS)
    return np.asarray(np.minimum(line, np.minimum(exponential, power)))


def _residuals_of_best_fit(curves: Matrix, shape: Callable[[Matrix], Matrix], low: float, high: float) -> Matrix:
    """Compute each curve's residual sum of squares for the parameter of `shape` that fits best, found on a grid
    that is refined.
    """
    ratio = (high / low) ** (1 / STEPS)
    parameters = np.geomspace(low, high, STEPS + 1)[None]
    for _zoom in range(ZOOMS):
        residuals = _residuals(curves, shape(parameters))
        best = np.take_along_axis(
            np.broadcast_to(parameters, residuals.shape), residuals.argmin(axis=1)[:, None], axis=1
        )
        parameters = best * np.geomspace(1 / ratio, ratio, STEPS + 1)
        ratio **= 2 / STEPS
    return np.asarray(_residuals(curves, shape(parameters)).min(axis=1))


def _residuals(curves: Matrix, shapes: Matrix) -> Matrix:
    """Compute each curve's residual sum of squares for the best multiple of each shape.

    `shapes` is (curves or 1) × shapes × points.
    """
    shapes = shapes - shapes.mean(axis=-1, keepdims=True)
    squared_length = np.maximum((shapes**2).sum(axis=-1), SMALLEST)
    explained = (
        np.einsum("rp,rsp->rs", curves, np.broadcast_to(shapes, (len(curves), *shapes.shape[1:]))) ** 2
        / squared_length
    )
    return np.asarray(np.maximum((curves**2).sum(axis=1, keepdims=True) - explained, 0.0))
