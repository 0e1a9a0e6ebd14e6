"""Computes how well each family tells two ways of answering apart, by design and in a model's answers."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log

import numpy as np

from gedanken.compare.verdict.bayes import USUAL, Operation, over_forms
from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import PAIRS, beta_binomial
from gedanken.compare.verdict.parameters import Expected, Parameters
from gedanken.compare.verdict.results import WAYS, Separation, Way

SEPARATES = 1.0
"""Minimum log10 Bayes factor (a factor of ten) at which a family counts as telling two ways of answering apart."""
FAMILIES = 2
"""Minimum number of families that must tell a pair of ways apart before one of the two is named."""
_NOISE = 0.05
_MOST = 12
"""At most this many items of a cluster count, because more of them add little: they are similar."""


def separations(operations: Sequence[Operation], parameters: Parameters) -> tuple[Separation, ...]:
    """Return how well each family tells each pair of ways apart, by its design and in the model's answers."""
    families = list(dict.fromkeys(one.clusters[0].family for one in operations))
    found = []
    for family in families:
        of_family = [one for one in operations if one.clusters[0].family == family]
        observed = _alone(of_family)
        clusters = [cluster for one in of_family for cluster in one.clusters]
        for first, second in PAIRS:
            design = (
                _expected_of(clusters, parameters, first, second),
                _expected_of(clusters, parameters, second, first),
            )
            factor = observed[first] - observed[second]
            found.append(Separation(family, (first, second), min(design) / log(10), factor / log(10)))
    return tuple(found)


def lacking(found: Sequence[Separation], best: Way) -> tuple[Way, Way] | None:
    """Return a pair of ways that too few families tell apart by their design; None if there is no such pair.

    If the pair includes `best`, the model's answers must tell the two apart too.
    """
    for pair in PAIRS:
        of_pair = [one for one in found if one.pair == pair]
        by_design = sum(one.by_design >= SEPARATES for one in of_pair)
        sign = 1 if pair[0] == best else -1
        observed = sum(sign * one.observed >= SEPARATES for one in of_pair)
        if by_design < FAMILIES or (best in pair and observed < FAMILIES):
            return pair
    return None


def _alone(operations: Sequence[Operation]) -> dict[Way, float]:
    noise, each = USUAL.of_noise, [one.by_noise().pure for one in operations]
    return {
        way: float(np.logaddexp.reduce(noise + over_forms(np.sum([one[way] for one in each], axis=0))))
        for way in WAYS
    }


def _expected_of(clusters: Sequence[Cluster], parameters: Parameters, true: Way, false: Way) -> float:
    """Return the expected log Bayes factor of `true` against `false` if the model answers in the way `true`."""
    # The expected weight of evidence (Good, 1950), with a little noise and no horizon.
    times = Counter((one.place, min(max(1, round(one.items)), _MOST)) for one in clusters)
    return sum(
        count * _weight(place, n, parameters.ways[true].together[place], parameters.ways[false].together[place])
        for (place, n), count in times.items()
    )


@lru_cache(maxsize=1024)
def _weight(place: Place, n: int, true: Expected, false: Expected) -> float:
    from scipy.special import gammaln

    counts = np.array([(k, r, n - k - r) for k in range(n + 1) for r in range(n + 1 - k)], float)
    if place not in WITH_RIVAL:
        counts = counts[counts[:, 1] == 0]
    with_rival = np.full(len(counts), place in WITH_RIVAL)

    def likelihood(one: Expected) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        right, rival, kept = (
            np.full((1, 1, 1), value)
            for value in ((1 - _NOISE) * one.right, (1 - _NOISE) * one.rival, one.concentration)
        )
        return beta_binomial(counts, with_rival, right, rival, kept)[:, 0, 0]

    of_true = likelihood(true)
    orders = gammaln(n + 1) - gammaln(counts + 1).sum(axis=1)
    return float((np.exp(of_true + orders) * (of_true - likelihood(false))).sum())
