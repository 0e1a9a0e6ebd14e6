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
_POINTS, _REACH = 640, 64.0
_SHOWN = 40
_ROUNDING = 1e-9
_WITHIN = 1.92
"""Difference between the maximum of the log likelihood and its value at the limits of a 95 % interval (Wilks, 1938).
"""


@dataclass(frozen=True, slots=True)
class Exactness:
    """The exactness of one kind of operation at each size."""

    sizes: tuple[int, ...]
    right: Values
    """Number of right items, possibly fractional, as replicates × sizes. The first row is observed; the others are
    bootstrap replicates.
    """
    items: Values
    """Number of all items, as replicates × sizes."""


def curves(exactness: Exactness) -> tuple[Curve, ...]:
    """Return the two fitted curves, in the order of SHAPES; empty without items, or if exactness rises with the
    size."""
    if not exactness.sizes or _rises(exactness):
        return ()
    return tuple(_curve(shape, exactness) for shape in SHAPES)


def _rises(seen: Exactness) -> bool:
    """Return whether exactness is clearly below one half at small sizes and above it at large ones."""
    right, items = seen.right[0], seen.items[0]
    # Compared are a single step up across one half, a single step down, and a constant.
    apart = [_apart(right, items, at) for at in range(1, len(seen.sizes))]
    none = _log_share(right.sum(), items.sum())
    up = max((value for value, below, above in apart if below < 0.5 < above), default=none)
    down = max((value for value, below, above in apart if below > above), default=none)
    return up > max(down, none) + _WITHIN


def _apart(right: Values, items: Values, at: int) -> tuple[float, float, float]:
    """Fit one exactness to sizes before index `at` and one to the others; return (log likelihood, both values)."""
    parts = [(right[:at].sum(), items[:at].sum()), (right[at:].sum(), items[at:].sum())]
    below, above = (hits / count for hits, count in parts)
    return sum(_log_share(*part) for part in parts), float(below), float(above)


def _log_share(hits: float, count: float) -> float:
    share = min(1.0, hits / count)
    return float(xlogy(hits, share) + xlogy(max(0.0, count - hits), 1 - share))


def _curve(shape: Shape, seen: Exactness) -> Curve:
    sizes = np.maximum(np.array(seen.sizes, float), 1)
    at = np.unique([*np.geomspace(sizes[0] / _REACH, sizes[-1] * _REACH, _POINTS), *sizes])
    expected = np.clip(_share(shape, sizes, at[:, None, None], STEEPNESS[None, :, None]), 1e-4, 1 - 1e-4)
    # A weak prior: a few sizes alone cannot determine the steepness.
    prior = -0.5 * (np.log(STEEPNESS / 2) / 1.0) ** 2
    flat = expected.reshape(-1, len(sizes))
    likelihood = seen.right @ np.log(flat).T + (seen.items - seen.right) @ np.log1p(-flat).T
    likelihood = likelihood.reshape(-1, len(at), len(STEEPNESS)) + prior
    profile = likelihood.max(axis=2)
    # The likelihood may be flat, as between the last right and the first wrong size: the middle is taken.
    best = np.array([_middle(row >= row.max() - 1e-3, at) for row in profile])
    steepness = float(STEEPNESS[likelihood[0, int(np.abs(at - best[0]).argmin())].argmax()])
    inside = at[profile[0] >= profile[0].max() - _WITHIN]
    low, high = np.quantile(best, (0.025, 0.975)) if len(best) > 1 else (inside[0], inside[-1])
    low, high = min(low, inside[0]), max(high, inside[-1])
    is_inside = sizes[0] <= best[0] * (1 + _ROUNDING) and best[0] <= sizes[-1] * (1 + _ROUNDING)
    drawn = np.geomspace(sizes[0], sizes[-1], _SHOWN) if len(sizes) > 1 else sizes
    return Curve(
        shape,
        told(float(best[0]), seen.sizes),
        float(best[0]),
        float(best[0]) if is_inside else None,
        (told(float(low), seen.sizes), told(float(high), seen.sizes)),
        steepness,
        tuple((float(n), float(_share(shape, n, best[0], np.array(steepness)))) for n in drawn),
    )


def _middle(best: NDArray[np.bool_], at: Values) -> float:
    return float(np.exp(np.log(at[best]).mean()))


def _share(shape: Shape, sizes: Values, horizon: Values, steepness: Values) -> Values:
    # Logistic function of the logarithm of the size: 1 / (1 + (n/h)^β). Weibull (1951): exp(−ln 2 · (n/h)^k). Both
    # are one half at the size h.
    ratio = (sizes / horizon) ** steepness
    return np.asarray(1 / (1 + ratio) if shape == "logistic" else np.exp(-np.log(2) * ratio))


def told(size: float, sizes: Sequence[int]) -> str:
    """Format a horizon: `23`, or `> 256` or `< 4` if it lies outside the sizes that were asked."""
    if size > sizes[-1] * (1 + _ROUNDING):
        return f"> {sizes[-1]:,}"
    if size * (1 + _ROUNDING) < sizes[0]:
        return f"< {sizes[0]:,}"
    return f"{size:,.0f}" if size >= 10 else f"{size:.1f}".removesuffix(".0")
