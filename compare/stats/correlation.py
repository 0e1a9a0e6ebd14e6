"""Kendall's tau between two rankings, and what is left of it when a third is given."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES, BATCH = 4999, 250
FEWEST = 5
"""Of things that are ranked; with four every order has a p above .08."""

Signs = NDArray[np.float64]
"""… × n × n: which of each two things a ranking puts higher, -1, 0 or 1."""
Taus = NDArray[np.float64]
"""NaN where there is none."""


class Tau(NamedTuple):
    """A rank correlation, -1 to 1."""

    value: float | None
    """None where there is none: fewer than five things are ranked, one side ranks all alike, or what is given tells
    all of a side."""
    low: float | None
    high: float | None
    """Bootstrap over the things that are ranked, percentiles, 95 %."""
    p: float | None
    """Two-sided, by permutation."""
    n: int
    """Things that are ranked."""


def kendall(ours: Sequence[float], theirs: Sequence[float]) -> Tau:
    """Tau-b (Kendall 1945), which counts ties. Infinite values are the largest; NaN must not be among them."""
    return _tau([ours, theirs], lambda signs: _tau_b(signs[0], signs[1]))


def partial_kendall(ours: Sequence[float], theirs: Sequence[float], given: Sequence[float]) -> Tau:
    """Tau between two rankings, given a third: (τ₁₂ − τ₁₃τ₂₃) / √((1 − τ₁₃²)(1 − τ₂₃²)), Kendall (1942).

    For p, only what the third leaves open of the ranks of `theirs`, its residuals, is permuted (Freedman and Lane,
    1983); so a third that ranks no two things alike leaves nothing open, and p is 1.
    """
    return _tau([ours, theirs, given], _partial)


def _tau(rankings: Sequence[Sequence[float]], measure: Callable[[list[Signs]], Taus]) -> Tau:
    from scipy.stats import rankdata

    n = len(rankings[0])
    ranks = [np.asarray(rankdata(ranking)) for ranking in rankings]  # infinity less infinity is no number
    signs = [_signs(rank) for rank in ranks]
    value = float(measure(signs)) if n >= FEWEST else np.nan
    if np.isnan(value):
        return Tau(None, None, None, None, n)
    random = np.random.default_rng(0)
    fitted = _fitted(ranks[1], ranks[2]) if len(ranks) > 2 else np.zeros(n)
    drawn, extreme = [], 1
    for start in range(0, RESAMPLES, BATCH):
        ways = min(BATCH, RESAMPLES - start)
        again = random.integers(0, n, (ways, n))
        drawn.append(measure([sign[again[:, :, None], again[:, None, :]] for sign in signs]))
        residuals = random.permuted(np.tile(ranks[1] - fitted, (ways, 1)), axis=1)
        shuffled = measure([signs[0], _signs(fitted + residuals), *signs[2:]])
        extreme += int((np.abs(shuffled) >= abs(value) - 1e-9).sum())
    known = np.concatenate(drawn)
    known = known[~np.isnan(known)]
    low, high = map(float, np.quantile(known, (0.025, 0.975))) if len(known) > RESAMPLES / 2 else (None, None)
    return Tau(value, low, high, extreme / (RESAMPLES + 1), n)


def _signs(ranks: NDArray[np.float64]) -> Signs:
    apart = ranks[..., :, None] - ranks[..., None, :]
    return np.where(np.abs(apart) < 1e-9, 0.0, np.sign(apart))


def _fitted(ranks: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean rank of all things that are given alike.

    A straight line would call what it bends past a relation of its own.
    """
    return np.array([ranks[given == value].mean() for value in given])


def _tau_b(ours: Signs, theirs: Signs) -> Taus:
    agree, first, second = ((one * other).sum(axis=(-2, -1)) for one, other in _pairs(ours, theirs))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(agree / np.sqrt(first * second))


def _pairs(ours: Signs, theirs: Signs) -> tuple[tuple[Signs, Signs], ...]:
    return (ours, theirs), (ours, ours), (theirs, theirs)


def _partial(signs: list[Signs]) -> Taus:
    both, first, second = (_tau_b(signs[a], signs[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    scale: Any = (1 - first**2) * (1 - second**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(scale > 1e-9, (both - first * second) / np.sqrt(scale), np.nan))
