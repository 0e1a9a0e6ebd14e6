"""Single values far from a few others: prediction intervals by Student's t."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Scale = Literal["as it is", "logarithm", "logit"]

FEWEST = 4
"""Values that say how much they differ."""
HEAVY_TAILS = 2 / 3
"""Of the degrees of freedom that normal values would have. Last values of real training runs have longer tails:
see `python -m benchmarks.series_levels`."""
MOST_DECIMALS = 8


class FarOut(NamedTuple):
    """One value beside others."""

    p: float
    """How likely a value so far out is, two-sided."""
    deviations: float
    """How many standard deviations of the others it lies from their mean."""


def scale_of(values: Sequence[float], is_share: bool) -> Scale:
    """The scale on which values of this kind are symmetric: a logit for shares, else a logarithm where it exists."""
    if is_share and all(0 < value < 1 for value in values):
        return "logit"
    return "logarithm" if all(value > 0 for value in values) else "as it is"


def far_out(value: float, others: Sequence[float], is_share: bool = False) -> FarOut | None:
    """How far out a value is; None where the others are too few, or no finite numbers.

    The larger p of two counts: that of the values as they are, and that on their scale. A value that is no finite
    number lies beyond all that are.
    """
    known = [other for other in others if math.isfinite(other)]
    if len(known) < max(FEWEST, len(others)):
        return None
    if not math.isfinite(value):
        return FarOut(0.0, math.inf)
    plain = _far_out(value, known)
    scale = scale_of(known, is_share)
    if plain is None or scale == "as it is" or not _fits(value, scale):
        return plain
    scaled = _far_out(_on(scale, value), [_on(scale, other) for other in known], floor=0.0)
    return plain if scaled is None or scaled.p <= plain.p else FarOut(scaled.p, plain.deviations)


def holm(ps: Sequence[float]) -> list[float]:
    """Each p adjusted after Holm (1979)."""
    order = np.argsort(ps, kind="stable")
    stepped = np.maximum.accumulate([min(1.0, ps[at] * (len(ps) - rank)) for rank, at in enumerate(order)])
    adjusted = np.empty(len(ps))
    adjusted[order] = stepped
    return [float(p) for p in adjusted]


def _far_out(value: float, others: Sequence[float], floor: float | None = None) -> FarOut | None:
    from scipy.stats import t

    rounding = _resolution([value, *others]) if floor is None else floor
    spread = math.sqrt(float(np.var(others, ddof=1)) + rounding**2 / 12)
    if spread <= 0:
        return None
    deviations = abs(value - float(np.mean(others))) / spread
    freedom = HEAVY_TAILS * (len(others) - 1)
    return FarOut(float(2 * t.sf(deviations / math.sqrt(1 + 1 / len(others)), freedom)), deviations)


def _fits(value: float, scale: Scale) -> bool:
    return value > 0 if scale == "logarithm" else 0 < value < 1


def _on(scale: Scale, value: float) -> float:
    return math.log(value) if scale == "logarithm" else math.log(value / (1 - value))


def _resolution(values: Sequence[float]) -> float:
    """The last digit in which these values are printed."""
    for decimals in range(MOST_DECIMALS):
        if all(math.isclose(value, round(value, decimals), rel_tol=1e-12, abs_tol=1e-12) for value in values):
            return float(10.0**-decimals)
    return 0.0
