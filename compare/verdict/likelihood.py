"""Computes the beta-binomial likelihood of answers for each way of answering, noise level and horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.parameters import Expected, Parameters
from gedanken.compare.verdict.results import WAYS, Way

Values = NDArray[np.float64]
NOISE = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25])
"""Noise levels: shares of answers that are wrong at random."""
STEEPNESS = (2.0, 6.0)
MIXTURE_SHARES = (0.25, 0.375, 0.5, 0.625, 0.75)
"""Shares of answers given in the first way that are considered for a mixture of two ways."""
PAIRS: tuple[tuple[Way, Way], ...] = (("computes", "imitates"), ("computes", "shortcut"), ("imitates", "shortcut"))
WRONG = Expected(right=0.03, rival=0.03, right_beyond=0.03, rival_beyond=0.03, concentration=10.0)
"""Expected shares of right and of rival answers for a model that is wrong at all sizes: a few are right by chance."""
_MIN_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Horizons:
    """The horizons that are considered: one beyond all sizes, one between each two neighboring sizes, and one at the
    largest size.

    Each horizon except the first is considered twice: with a gradual and with a steep fall of exactness.
    """

    sizes: tuple[float, ...]
    """The size at which each horizon lies; the first is infinite."""
    steepness: tuple[float, ...]

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "Horizons":
        """Return the horizons for these sizes; for a single size, only the horizon beyond all sizes."""
        unique_sizes = sorted({max(size, 1) for size in sizes})
        inner = [float(np.sqrt(low * high)) for low, high in pairwise(unique_sizes)]
        inner += [float(unique_sizes[-1])] if len(unique_sizes) > 1 else []
        grid = [(size, steepness) for size in inner for steepness in STEEPNESS]
        return cls((np.inf, *(size for size, _ in grid)), (1.0, *(steepness for _, steepness in grid)))

    def share_within(self, sizes: Values) -> Values:
        """For each size, return the share of items that are answered as if they were within the horizon (sizes ×
        horizons).
        """
        with np.errstate(divide="ignore"):
            ratio = np.maximum(sizes, 1)[:, None] / np.array(self.sizes)
        return np.asarray(1 / (1 + ratio ** np.array(self.steepness)))

    def prior(self, beyond_all: float) -> Values:
        """Return the prior probability of each horizon.

        The first horizon has the probability `beyond_all`. The others share the rest equally.
        """
        inner = len(self.sizes) - 1
        return np.array([beyond_all, *([(1 - beyond_all) / inner] * inner)]) if inner else np.ones(1)


def shares(expected: Sequence[Expected], surviving: Values) -> tuple[Values, Values]:
    """Return the expected shares of right and of rival answers without noise, as two arrays of `expected` × horizons.

    `surviving` is one row of the result of `Horizons.share_within`.
    """
    right, rival, right_beyond, rival_beyond = (
        np.array([getattr(fit, name) for fit in expected])[:, None]
        for name in ("right", "rival", "right_beyond", "rival_beyond")
    )
    return (
        surviving * right + (1 - surviving) * right_beyond,
        surviving * rival + (1 - surviving) * rival_beyond,
    )


def likelihoods(
    clusters: Sequence[Cluster], horizons: Horizons, parameters: Parameters, dispersion: float = 1.0
) -> Values:
    """Return log likelihoods as an array of clusters × hypotheses × noise levels × horizons.

    The hypotheses are first the fits of all ways (`WayFits.fits`), then the mixtures: each pair of ways with each of
    `MIXTURE_SHARES`. `dispersion` multiplies the concentrations.
    """
    keys = [
        (cluster.place, cluster.size, round(cluster.right, 6), round(cluster.rival, 6), round(cluster.wrong, 6))
        for cluster in clusters
    ]
    return np.stack([_cluster_likelihoods(key, horizons, parameters, dispersion) for key in keys])


# Most clusters of a bootstrap occur several times.
@lru_cache(maxsize=4096)
def _cluster_likelihoods(
    key: tuple[Place, int, float, float, float], horizons: Horizons, parameters: Parameters, dispersion: float
) -> Values:
    place, size, *cluster_counts = key
    surviving = horizons.share_within(np.array([float(size)]))
    fits = {way: [fit[place] for fit in parameters.ways[way].fits] for way in WAYS}
    right, rival, concentrations = [], [], []
    for way in WAYS:
        way_shares = shares(fits[way], surviving)
        right.append(way_shares[0])
        rival.append(way_shares[1])
        concentrations += [fit_at_place.concentration for fit_at_place in fits[way]]
    for first, second in PAIRS:
        first_shares, second_shares = (shares(fits[way][:1], surviving) for way in (first, second))
        for share in MIXTURE_SHARES:
            right.append(share * first_shares[0] + (1 - share) * second_shares[0])
            rival.append(share * first_shares[1] + (1 - share) * second_shares[1])
            concentrations.append(min(fits[first][0].concentration, fits[second][0].concentration))
    concentration = (np.array(concentrations) * dispersion)[:, None, None]
    counts = np.repeat([cluster_counts], len(concentrations), axis=0)
    with_rival = np.full(len(concentrations), place in WITH_RIVAL)
    right_shares, rival_shares = (_add_noise(np.concatenate(values)) for values in (right, rival))
    return beta_binomial(counts, with_rival, right_shares, rival_shares, concentration)


def _add_noise(values: Values) -> Values:
    """Reduce shares (hypotheses × horizons) by each noise level; the result is hypotheses × noise levels ×
    horizons.
    """
    return np.asarray((1 - NOISE)[None, :, None] * values[:, None, :])


def beta_binomial(
    counts: Values, has_rival: NDArray[np.bool_], right: Values, rival: Values, concentration: Values
) -> Values:
    """Return the log likelihood of the counts (right, rival, wrong), without the multinomial coefficient.

    `right` and `rival` are the expected shares. Rival answers count only where `has_rival` is True. Source: the
    generalized Dirichlet distribution (Connor and Mosimann, 1969).
    """
    right_counts, rival_counts, wrong_counts = (counts[:, column][:, None, None] for column in range(3))
    right = np.clip(right, _MIN_SHARE, 1 - _MIN_SHARE)
    right_term = _log_beta_binomial(right_counts, rival_counts + wrong_counts, right, concentration)
    rival_of_rest = np.clip(rival / (1 - right), _MIN_SHARE, 1 - _MIN_SHARE)
    rival_term = _log_beta_binomial(rival_counts, wrong_counts, rival_of_rest, concentration)
    return np.asarray(right_term + np.where(has_rival[:, None, None], rival_term, 0.0))


def _log_beta_binomial(hits: Values, misses: Values, mean: Values, concentration: Values) -> Values:
    from scipy.special import betaln

    a, b = mean * concentration, (1 - mean) * concentration
    return np.asarray(betaln(hits + a, misses + b) - betaln(a, b))


def any_shares_likelihood(clusters: Sequence[Cluster], prior: float = 1.0) -> float:
    """Return the log likelihood of one operation's counts if right and rival answers can have any shares.

    Each share has a beta distribution whose two parameters are `prior`. With probability one half, the shares are the
    same at all sizes; otherwise, each size has its own.
    """
    same_shares = _pooled_likelihood(clusters, [cluster.place for cluster in clusters], prior)
    by_size = _pooled_likelihood(clusters, [(cluster.place, cluster.size) for cluster in clusters], prior)
    return float(np.logaddexp(same_shares, by_size) - np.log(2))


def _pooled_likelihood(clusters: Sequence[Cluster], keys: Sequence[object], prior: float) -> float:
    sums: dict[object, tuple[float, float, float]] = {}
    with_rival: dict[object, bool] = {}
    for cluster, key in zip(clusters, keys, strict=True):
        right, rival, wrong = sums.get(key, (0.0, 0.0, 0.0))
        sums[key] = (right + cluster.right, rival + cluster.rival, wrong + cluster.wrong)
        with_rival[key] = cluster.place in WITH_RIVAL
    total = 0.0
    for key, (right, rival, wrong) in sums.items():
        total += _log_beta(right + prior, rival + wrong + prior) - _log_beta(prior, prior)
        if with_rival[key]:
            total += _log_beta(rival + prior, wrong + prior) - _log_beta(prior, prior)
    return total


def always_wrong_likelihood(clusters: Sequence[Cluster]) -> float:
    """Return the log likelihood of one operation's counts if nearly all answers are neither right nor rival."""
    a, b = WRONG.right * WRONG.concentration, (1 - WRONG.right) * WRONG.concentration
    total = 0.0
    for cluster in clusters:
        total += _log_beta(cluster.right + a, cluster.rival + cluster.wrong + b) - _log_beta(a, b)
        if cluster.place in WITH_RIVAL:
            total += _log_beta(cluster.rival + a, cluster.wrong + b) - _log_beta(a, b)
    return total


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
