"""Computes how well each family tells two ways of answering apart, by design and in a model's answers."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log

import numpy as np

from gedanken.compare.verdict.bayes import DEFAULT_PRIORS, OperationClusters, average_over_fits
from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import PAIRS, beta_binomial
from gedanken.compare.verdict.parameters import Expected, Parameters
from gedanken.compare.verdict.results import WAYS, Separation, Way

MIN_LOG_FACTOR = 1.0
"""A family counts as telling two ways of answering apart if its log10 Bayes factor is at least this (a factor of
ten).
"""
MIN_FAMILIES = 2
"""Minimum number of families that must tell a pair of ways apart before one of the two is named."""
_DESIGN_NOISE = 0.05
_MAX_ITEMS = 12
"""Maximum number of items of a cluster that count. More items add little, because they are similar."""


def separations(operations: Sequence[OperationClusters], parameters: Parameters) -> tuple[Separation, ...]:
    """Return how well each family tells each pair of ways apart, by its design and in the model's answers."""
    families = list(dict.fromkeys(operation.clusters[0].family for operation in operations))
    results = []
    for family in families:
        family_operations = [operation for operation in operations if operation.clusters[0].family == family]
        observed = _way_likelihoods(family_operations)
        clusters = [cluster for operation in family_operations for cluster in operation.clusters]
        for first, second in PAIRS:
            expected_factors = (
                _expected_factor(clusters, parameters, first, second),
                _expected_factor(clusters, parameters, second, first),
            )
            factor = observed[first] - observed[second]
            results.append(Separation(family, (first, second), min(expected_factors) / log(10), factor / log(10)))
    return tuple(results)


def undistinguished_pair(results: Sequence[Separation], best: Way) -> tuple[Way, Way] | None:
    """Return a pair of ways that too few families tell apart by their design; None if there is no such pair.

    If the pair includes `best`, the model's answers must tell the two ways apart too.
    """
    for pair in PAIRS:
        pair_results = [result for result in results if result.pair == pair]
        by_design = sum(result.by_design >= MIN_LOG_FACTOR for result in pair_results)
        sign = 1 if pair[0] == best else -1
        observed = sum(sign * result.observed >= MIN_LOG_FACTOR for result in pair_results)
        if by_design < MIN_FAMILIES or (best in pair and observed < MIN_FAMILIES):
            return pair
    return None


def _way_likelihoods(operations: Sequence[OperationClusters]) -> dict[Way, float]:
    noise, likelihoods = DEFAULT_PRIORS.log_noise_prior, [operation.by_noise().pure for operation in operations]
    return {
        way: float(
            np.logaddexp.reduce(noise + average_over_fits(np.sum([by_way[way] for by_way in likelihoods], axis=0)))
        )
        for way in WAYS
    }


def _expected_factor(clusters: Sequence[Cluster], parameters: Parameters, true: Way, false: Way) -> float:
    """Return the log Bayes factor of `true` against `false` that is expected if the model answers in the way
    `true`.
    """
    # The expected weight of evidence (Good, 1950), with a little noise and no horizon.
    cluster_counts = Counter((cluster.place, min(max(1, round(cluster.items)), _MAX_ITEMS)) for cluster in clusters)
    return sum(
        count
        * _expected_weight(
            place, item_count, parameters.ways[true].together[place], parameters.ways[false].together[place]
        )
        for (place, item_count), count in cluster_counts.items()
    )


@lru_cache(maxsize=1024)
def _expected_weight(place: Place, item_count: int, true: Expected, false: Expected) -> float:
    from scipy.special import gammaln

    counts = np.array(
        [(k, r, item_count - k - r) for k in range(item_count + 1) for r in range(item_count + 1 - k)], float
    )
    if place not in WITH_RIVAL:
        counts = counts[counts[:, 1] == 0]
    with_rival = np.full(len(counts), place in WITH_RIVAL)

    def likelihood(expected: Expected) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        right, rival, concentration = (
            np.full((1, 1, 1), value)
            for value in (
                (1 - _DESIGN_NOISE) * expected.right,
                (1 - _DESIGN_NOISE) * expected.rival,
                expected.concentration,
            )
        )
        return beta_binomial(counts, with_rival, right, rival, concentration)[:, 0, 0]

    true_likelihood = likelihood(true)
    log_orders = gammaln(item_count + 1) - gammaln(counts + 1).sum(axis=1)
    return float((np.exp(true_likelihood + log_orders) * (true_likelihood - likelihood(false))).sum())
