"""Estimates the horizon: the size at which exactness, the share of right answers, falls to one half."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from gedanken.compare.verdict.results import Curve

Values = NDArray[np.float64]
Shape = Literal["logistic", "Weibull"]
SHAPES: tuple[Shape, ...] = ("logistic", "Weibull")
STEEPNESS = np.geomspace(0.1, 12, 21)
_GRID_POINTS, _GRID_REACH = 640, 64.0
_PLOTTED_POINTS = 40
_TOLERANCE = 1e-9
_INTERVAL_DROP = 1.92
"""By how much the log likelihood is below its maximum at both ends of a 95 % likelihood interval (Wilks, 1938)."""


@dataclass(frozen=True, slots=True)
class Exactness:
    """The exactness of one kind of operation at each size."""

    sizes: tuple[int, ...]
    right: Values
    """Number of right items (replicates × sizes), which may be fractional. The first row is what was observed; the
    other rows are bootstrap replicates.
    """
    items: Values
    """Number of all items (replicates × sizes)."""


def fit_curves(exactness: Exactness) -> tuple[Curve, ...]:
    """Return the two fitted curves, in the order of SHAPES.

    The result is empty if there are no items, or if exactness rises with the size.
    """
    if not exactness.sizes or _rises(exactness):
        return ()
    return tuple(_fit_curve(shape, exactness) for shape in SHAPES)


def _rises(exactness: Exactness) -> bool:
    """Return whether exactness is clearly below one half at small sizes and above one half at large sizes."""
    right, items = exactness.right[0], exactness.items[0]
    # Three fits are compared: a single step up across one half, a single step down, and a constant.
    step_fits = [_fit_step(right, items, index) for index in range(1, len(exactness.sizes))]
    constant_fit = _log_likelihood(right.sum(), items.sum())
    rising_fit = max((value for value, below, above in step_fits if below < 0.5 < above), default=constant_fit)
    falling_fit = max((value for value, below, above in step_fits if below > above), default=constant_fit)
    return rising_fit > max(falling_fit, constant_fit) + _INTERVAL_DROP


def _fit_step(right: Values, items: Values, index: int) -> tuple[float, float, float]:
    """Fit one constant exactness to the sizes before `index`, and another one to the sizes from `index` on.

    Return the log likelihood and the two constants.
    """
    parts = [(right[:index].sum(), items[:index].sum()), (right[index:].sum(), items[index:].sum())]
    below, above = (hits / count for hits, count in parts)
    return sum(_log_likelihood(*part) for part in parts), float(below), float(above)


def _log_likelihood(hits: float, count: float) -> float:
    share = min(1.0, hits / count)
    return float(xlogy(hits, share) + xlogy(max(0.0, count - hits), 1 - share))


def _fit_curve(shape: Shape, exactness: Exactness) -> Curve:
    sizes = np.maximum(np.array(exactness.sizes, float), 1)
    horizons = np.unique([*np.geomspace(sizes[0] / _GRID_REACH, sizes[-1] * _GRID_REACH, _GRID_POINTS), *sizes])
    expected = np.clip(
        _expected_share(shape, sizes, horizons[:, None, None], STEEPNESS[None, :, None]), 1e-4, 1 - 1e-4
    )
    # A weak prior: a few sizes alone cannot determine the steepness.
    prior = -0.5 * (np.log(STEEPNESS / 2) / 1.0) ** 2
    flat = expected.reshape(-1, len(sizes))
    likelihood = exactness.right @ np.log(flat).T + (exactness.items - exactness.right) @ np.log1p(-flat).T
    likelihood = likelihood.reshape(-1, len(horizons), len(STEEPNESS)) + prior
    profile = likelihood.max(axis=2)
    # The likelihood may be flat, as between the last right and the first wrong size: the middle is taken.
    best_horizons = np.array([_middle(row >= row.max() - 1e-3, horizons) for row in profile])
    steepness = float(STEEPNESS[likelihood[0, int(np.abs(horizons - best_horizons[0]).argmin())].argmax()])
    likely_horizons = horizons[profile[0] >= profile[0].max() - _INTERVAL_DROP]
    low, high = (
        np.quantile(best_horizons, (0.025, 0.975))
        if len(best_horizons) > 1
        else (likely_horizons[0], likely_horizons[-1])
    )
    low, high = min(low, likely_horizons[0]), max(high, likely_horizons[-1])
    is_inside = sizes[0] <= best_horizons[0] * (1 + _TOLERANCE) and best_horizons[0] <= sizes[-1] * (1 + _TOLERANCE)
    plotted_sizes = np.geomspace(sizes[0], sizes[-1], _PLOTTED_POINTS) if len(sizes) > 1 else sizes
    return Curve(
        shape,
        format_horizon(float(best_horizons[0]), exactness.sizes),
        float(best_horizons[0]),
        float(best_horizons[0]) if is_inside else None,
        (format_horizon(float(low), exactness.sizes), format_horizon(float(high), exactness.sizes)),
        steepness,
        tuple(
            (float(size), float(_expected_share(shape, size, best_horizons[0], np.array(steepness))))
            for size in plotted_sizes
        ),
    )


def _middle(is_best: NDArray[np.bool_], horizons: Values) -> float:
    return float(np.exp(np.log(horizons[is_best]).mean()))


def _expected_share(shape: Shape, sizes: Values, horizon: Values, steepness: Values) -> Values:
    # Logistic function of the logarithm of the size: 1 / (1 + (n/h)^β). Weibull (1951): exp(−ln 2 · (n/h)^k). Both
    # are one half at the size h.
    ratio = (sizes / horizon) ** steepness
    return np.asarray(1 / (1 + ratio) if shape == "logistic" else np.exp(-np.log(2) * ratio))


def format_horizon(size: float, sizes: Sequence[int]) -> str:
    """Format a horizon: `23`, or `> 256` or `< 4` if it lies outside the sizes that were asked."""
    if size > sizes[-1] * (1 + _TOLERANCE):
        return f"> {sizes[-1]:,}"
    if size * (1 + _TOLERANCE) < sizes[0]:
        return f"< {sizes[0]:,}"
    return f"{size:,.0f}" if size >= 10 else f"{size:.1f}".removesuffix(".0")
