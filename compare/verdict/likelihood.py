"""How likely the counts of each cluster are under each way of answering: beta-binomial, on a grid of the unknown.

Of each cluster the share of right answers, and of the others the share of the rival's, are beta distributed around
what the way is expected to do; noise and horizon are the grid. Counts may be fractions: an item that was asked
several times counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.parameters import Expected, Parameters
from gedanken.compare.verdict.results import WAYS, Way

Values = NDArray[np.float64]
NOISE = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25])
"""Shares of answers that are wrong for no reason."""
STEEPNESS = (2.0, 6.0)
SHARES = (0.25, 0.375, 0.5, 0.625, 0.75)
"""Of the first way in a mixture of two."""
PAIRS: tuple[tuple[Way, Way], ...] = (("computes", "imitates"), ("computes", "shortcut"), ("imitates", "shortcut"))
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Horizons:
    """The horizons that are thought possible: beyond all sizes, or between two of them, in two steepnesses."""

    sizes: tuple[float, ...]
    """Infinite first."""
    steepness: tuple[float, ...]

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "Horizons":
        """Beyond all sizes; and between each two of them, or at the largest."""
        known = sorted({max(size, 1) for size in sizes})
        inner = [float(np.sqrt(low * high)) for low, high in pairwise(known)]
        inner += [float(known[-1])] if len(known) > 1 else []
        grid = [(size, steep) for size in inner for steep in STEEPNESS]
        return cls((np.inf, *(size for size, _ in grid)), (1.0, *(steep for _, steep in grid)))

    def surviving(self, sizes: Values) -> Values:
        """The share of items within the horizon: sizes × horizons."""
        with np.errstate(divide="ignore"):
            ratio = np.maximum(sizes, 1)[:, None] / np.array(self.sizes)
        return np.asarray(1 / (1 + ratio ** np.array(self.steepness)))

    def prior(self, beyond_all: float) -> Values:
        """The prior of each, where so much of it is on `beyond all`."""
        inner = len(self.sizes) - 1
        return np.array([beyond_all, *([(1 - beyond_all) / inner] * inner)]) if inner else np.ones(1)


def shares(expected: Sequence[Expected], surviving: Values) -> tuple[Values, Values]:
    """The shares of right and of rival answers, without noise: clusters × horizons."""
    right, rival, right_beyond, rival_beyond = (
        np.array([getattr(one, name) for one in expected])[:, None]
        for name in ("right", "rival", "right_beyond", "rival_beyond")
    )
    return (
        surviving * right + (1 - surviving) * right_beyond,
        surviving * rival + (1 - surviving) * rival_beyond,
    )


class Likelihoods:
    """Logarithms, clusters × noise × horizons, of the clusters of one kind of operation.

    `dispersion` multiplies the concentrations.
    """

    def __init__(
        self, clusters: Sequence[Cluster], horizons: Horizons, parameters: Parameters, dispersion: float = 1.0
    ) -> None:
        distinct, self._back = _distinct(clusters)
        surviving = horizons.surviving(np.array([float(one.size) for one in distinct]))
        self._counts = np.array([(one.right, one.rival, one.wrong) for one in distinct])
        self._has_rival = np.array([one.place in WITH_RIVAL for one in distinct])
        self._forms: dict[Way, list[tuple[tuple[Values, Values], Values]]] = {way: [] for way in WAYS}
        for way in WAYS:
            for form in parameters.ways[way].forms:
                expected = [form[one.place] for one in distinct]
                kept = np.array([one.concentration for one in expected]) * dispersion
                self._forms[way].append((shares(expected, surviving), kept))

    @cached_property
    def pure(self) -> dict[Way, list[Values]]:
        """Under each form of each way."""
        return {way: [self._of(*of_form, kept) for of_form, kept in self._forms[way]] for way in WAYS}

    @cached_property
    def mixed(self) -> list[Values]:
        """Under each mixture of two ways: of each pair, for each share of the first."""
        mixed = []
        for first, second in PAIRS:
            (ours, our_kept), (theirs, their_kept) = self._forms[first][0], self._forms[second][0]
            for share in SHARES:
                mixed.append(self._of(*_mixed(ours, theirs, share), np.minimum(our_kept, their_kept)))
        return mixed

    def _of(self, right: Values, rival: Values, kept: Values) -> Values:
        concentration = kept[:, None, None]
        return beta_binomial(self._counts, self._has_rival, _noisy(right), _noisy(rival), concentration)[self._back]


def _mixed(ours: tuple[Values, Values], theirs: tuple[Values, Values], share: float) -> tuple[Values, Values]:
    right, rival = (share * one + (1 - share) * other for one, other in zip(ours, theirs, strict=True))
    return right, rival


def _noisy(values: Values) -> Values:
    """Clusters × noise × horizons."""
    return np.asarray((1 - NOISE)[None, :, None] * values[:, None, :])


def _distinct(clusters: Sequence[Cluster]) -> tuple[list[Cluster], NDArray[np.intp]]:
    """Clusters that are alike to the likelihood, once; and where each stands among them."""
    keys: dict[tuple[Place, int, float, float, float], int] = {}
    distinct: list[Cluster] = []
    back = []
    for one in clusters:
        key = (one.place, one.size, round(one.right, 9), round(one.rival, 9), round(one.wrong, 9))
        if key not in keys:
            keys[key] = len(distinct)
            distinct.append(one)
        back.append(keys[key])
    return distinct, np.array(back, dtype=np.intp)


def beta_binomial(
    counts: Values, has_rival: NDArray[np.bool_], right: Values, rival: Values, concentration: Values
) -> Values:
    """The logarithm of the likelihood of (right, rival, wrong), but for the number of their orders.

    Right or not is beta-binomial; of what is not right, the rival's or not is so again (Connor and Mosimann's
    generalised Dirichlet distribution, 1969).
    """
    ks, rs, ws = (counts[:, at][:, None, None] for at in range(3))
    right = np.clip(right, _LEAST, 1 - _LEAST)
    first = _log_beta_binomial(ks, rs + ws, right, concentration)
    of_rest = np.clip(rival / (1 - right), _LEAST, 1 - _LEAST)
    second = _log_beta_binomial(rs, ws, of_rest, concentration)
    return np.asarray(first + np.where(has_rival[:, None, None], second, 0.0))


def _log_beta_binomial(hits: Values, misses: Values, mean: Values, concentration: Values) -> Values:
    from scipy.special import betaln

    a, b = mean * concentration, (1 - mean) * concentration
    return np.asarray(betaln(hits + a, misses + b) - betaln(a, b))


def other(clusters: Sequence[Cluster], prior: float = 1.0) -> float:
    """The logarithm of the likelihood of one operation's counts where nothing is expected.

    Each place has a share of right and of rival answers of its own, with a beta(prior, prior) distribution before;
    half of the prior is on shares that are the same at all sizes, half on one for each size.
    """
    alike = _pooled(clusters, [one.place for one in clusters], prior)
    by_size = _pooled(clusters, [(one.place, one.size) for one in clusters], prior)
    return float(np.logaddexp(alike, by_size) - np.log(2))


def _pooled(clusters: Sequence[Cluster], keys: Sequence[object], prior: float) -> float:
    from scipy.special import betaln

    sums: dict[object, Values] = {}
    with_rival: dict[object, bool] = {}
    for one, key in zip(clusters, keys, strict=True):
        sums[key] = sums.get(key, np.zeros(3)) + np.array([one.right, one.rival, one.wrong])
        with_rival[key] = one.place in WITH_RIVAL
    total = 0.0
    for key, (right, rival, wrong) in sums.items():
        total += betaln(right + prior, rival + wrong + prior) - betaln(prior, prior)
        if with_rival[key]:
            total += betaln(rival + prior, wrong + prior) - betaln(prior, prior)
    return float(total)
