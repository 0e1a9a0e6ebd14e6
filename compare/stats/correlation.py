"""Computes Kendall's tau between two rankings, and the partial tau given a third ranking."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES, BATCH = 4999, 250
MIN_ITEMS = 5
"""Minimum number of ranked items. With four items, every order has p > .08."""

Signs = NDArray[np.float64]
"""An array … × n × n with a number for each pair of items: 1 if a ranking puts the first item higher, -1 if the
second, 0 for ties.
"""
Taus = NDArray[np.float64]
"""Array of values of tau; NaN where tau is undefined."""


class Tau(NamedTuple):
    """A rank correlation, from -1 to 1."""

    value: float | None
    """The correlation; None if fewer than five items are ranked, a ranking consists of ties, or the third ranking
    completely explains one of the others.
    """
    low: float | None
    high: float | None
    """`low` and `high` bound the 95 % bootstrap interval (percentiles, over items). Both are None if half of the
    resamples have no tau."""
    p: float | None
    """Two-sided p-value of a permutation test."""
    n: int
    """Number of ranked items."""


def kendall(first: Sequence[float], second: Sequence[float]) -> Tau:
    """Compute Kendall's tau-b of two rankings (1945), which corrects for ties. Infinity ranks highest; NaN is not
    allowed.
    """
    return _tau([first, second], lambda signs: _tau_b(signs[0], signs[1]))


def partial_kendall(first: Sequence[float], second: Sequence[float], third: Sequence[float]) -> Tau:
    """Compute Kendall's partial tau (1942) of two rankings, given a third: (τ₁₂ − τ₁₃τ₂₃) / √((1 − τ₁₃²)(1 − τ₂₃²)).

    For the p-value, residuals of `second` are permuted (Freedman and Lane, 1983). If the third ranking has no ties, p
    is 1.
    """
    return _tau([first, second, third], _partial_tau)


def _tau(rankings: Sequence[Sequence[float]], measure: Callable[[list[Signs]], Taus]) -> Tau:
    from scipy.stats import rankdata

    n = len(rankings[0])
    ranks = [np.asarray(rankdata(ranking)) for ranking in rankings]  # infinity minus infinity is NaN
    signs = [_signs(rank) for rank in ranks]
    value = float(measure(signs)) if n >= MIN_ITEMS else np.nan
    if np.isnan(value):
        return Tau(None, None, None, None, n)
    random = np.random.default_rng(0)
    fitted_values = _group_means(ranks[1], ranks[2]) if len(ranks) > 2 else np.zeros(n)
    resampled, extreme = [], 1
    for start in range(0, RESAMPLES, BATCH):
        batch_size = min(BATCH, RESAMPLES - start)
        resample = random.integers(0, n, (batch_size, n))
        resampled.append(measure([sign[resample[:, :, None], resample[:, None, :]] for sign in signs]))
        residuals = random.permuted(np.tile(ranks[1] - fitted_values, (batch_size, 1)), axis=1)
        shuffled = measure([signs[0], _signs(fitted_values + residuals), *signs[2:]])
        extreme += int((np.abs(shuffled) >= abs(value) - 1e-9).sum())
    values = np.concatenate(resampled)
    values = values[~np.isnan(values)]
    low, high = map(float, np.quantile(values, (0.025, 0.975))) if len(values) > RESAMPLES / 2 else (None, None)
    return Tau(value, low, high, extreme / (RESAMPLES + 1), n)


def _signs(ranks: NDArray[np.float64]) -> Signs:
    differences = ranks[..., :, None] - ranks[..., None, :]
    return np.where(np.abs(differences) < 1e-9, 0.0, np.sign(differences))


def _group_means(ranks: NDArray[np.float64], groups: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each item, the mean of `ranks` over all items with the same value in `groups`."""
    # A straight line in place of these means would mistake a curved dependence on `groups` for a separate relation.
    return np.array([ranks[groups == value].mean() for value in groups])


def _tau_b(first_signs: Signs, second_signs: Signs) -> Taus:
    agree, first, second = (
        (left * right).sum(axis=(-2, -1)) for left, right in _product_pairs(first_signs, second_signs)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(agree / np.sqrt(first * second))


def _product_pairs(first: Signs, second: Signs) -> tuple[tuple[Signs, Signs], ...]:
    return (first, second), (first, first), (second, second)


def _partial_tau(signs: list[Signs]) -> Taus:
    tau_12, tau_13, tau_23 = (_tau_b(signs[a], signs[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    scale: Any = (1 - tau_13**2) * (1 - tau_23**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(scale > 1e-9, (tau_12 - tau_13 * tau_23) / np.sqrt(scale), np.nan))
