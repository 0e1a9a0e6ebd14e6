"""Tests whether a single value is an outlier, by the prediction interval of Student's t."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Scale = Literal["as it is", "logarithm", "logit"]

MIN_VALUES = 4
"""Minimum number of values from which a spread can be estimated."""
HEAVY_TAILS = 2 / 3
"""Factor by which the degrees of freedom are multiplied, because the last values of real runs have longer tails than
a normal distribution. It was measured with `python -m benchmarks.series_levels`.
"""
MOST_DECIMALS = 8


class OutlierTest(NamedTuple):
    """The result of comparing one value with a group of other values."""

    p: float
    """Two-sided p-value: the probability of a value at least this extreme if it came from the same distribution as
    the others.
    """
    deviations: float
    """Distance of the value from the mean of the others, in standard deviations of the others."""


def scale_of(values: NDArray[np.float64], is_share: bool) -> Scale:
    """Return the scale on which values of this kind are usually distributed symmetrically.

    It is `logit` for shares within (0, 1), `logarithm` for positive values, and otherwise `as it is`.
    """
    if is_share and ((values > 0) & (values < 1)).all():
        return "logit"
    return "logarithm" if (values > 0).all() else "as it is"


def outlier_test(value: float, others: Sequence[float], is_share: bool = False) -> OutlierTest | None:
    """Test how extreme `value` is among `others`; None with fewer than `MIN_VALUES` others, or if one of them is not
    finite.

    The test is made with the values themselves and again on the scale of `scale_of`; p is the larger p-value. If all
    others are equal, the unit of their last decimal is used as the spread; with MOST_DECIMALS or more decimals, the
    result is None. A `value` that is not finite is treated as the most extreme one.
    """
    other_values = np.asarray(others, float)
    if len(other_values) < MIN_VALUES or not np.isfinite(other_values).all():
        return None
    if not math.isfinite(value):
        return OutlierTest(0.0, math.inf)
    plain = _prediction_test(value, other_values)
    scale = scale_of(other_values, is_share)
    if plain is None or scale == "as it is" or not _is_in_domain(value, scale):
        return plain
    scaled = _prediction_test(float(_to_scale(scale, np.array(value))), _to_scale(scale, other_values), floor=0.0)
    return plain if scaled is None or scaled.p <= plain.p else OutlierTest(scaled.p, plain.deviations)


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust p-values for the number of tests, by Holm's method (1979)."""
    order = np.argsort(ps, kind="stable")
    step_down = np.maximum.accumulate([min(1.0, ps[index] * (len(ps) - rank)) for rank, index in enumerate(order)])
    adjusted = np.empty(len(ps))
    adjusted[order] = step_down
    return [float(p) for p in adjusted]


def _prediction_test(value: float, others: NDArray[np.float64], floor: float | None = None) -> OutlierTest | None:
    from scipy.special import stdtr  # scipy.stats takes .3 s to import

    rounding = _resolution(np.append(others, value)) if floor is None else floor
    spread = math.sqrt(float(np.var(others, ddof=1)) + rounding**2 / 12)
    if spread <= 0:
        return None
    deviations = abs(value - float(np.mean(others))) / spread
    degrees_of_freedom = HEAVY_TAILS * (len(others) - 1)
    return OutlierTest(float(2 * stdtr(degrees_of_freedom, -deviations / math.sqrt(1 + 1 / len(others)))), deviations)


def _is_in_domain(value: float, scale: Scale) -> bool:
    return value > 0 if scale == "logarithm" else 0 < value < 1


def _to_scale(scale: Scale, values: NDArray[np.float64]) -> NDArray[np.float64]:
    transformed: NDArray[np.float64] = np.log(values) if scale == "logarithm" else np.log(values / (1 - values))
    return transformed


def _resolution(values: NDArray[np.float64]) -> float:
    """Return the unit of the last decimal in which these values are written, such as 0.01; 0 with MOST_DECIMALS
    decimals or more.
    """
    for decimals in range(MOST_DECIMALS):
        if np.isclose(values, np.round(values, decimals), rtol=1e-12, atol=1e-12).all():
            return float(10.0**-decimals)
    return 0.0
