"""Which family tells which two ways apart: by design, and by the answers that were given."""

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from gedanken.compare.verdict.bayes import USUAL, ByNoise, Operation
from gedanken.compare.verdict.clusters import Cluster
from gedanken.compare.verdict.likelihood import PAIRS
from gedanken.compare.verdict.parameters import Parameters
from gedanken.compare.verdict.results import WAYS, Separation, Way

SEPARATES = 1.0
"""A Bayes factor of ten."""
FAMILIES = 2
"""So many must separate a pair."""
_NOISE = 0.05


def separations(
    operations: Sequence[Operation], seen: Sequence[ByNoise], parameters: Parameters
) -> tuple[Separation, ...]:
    """Of each family and each pair of ways. `seen` are the operations as they were answered."""
    families = list(dict.fromkeys(one.clusters[0].family for one in operations))
    found = []
    for family in families:
        at = [n for n, one in enumerate(operations) if one.clusters[0].family == family]
        observed = _alone([seen[n] for n in at])
        design = {
            way: _alone([_as_expected(operations[n].clusters, way, parameters).by_noise() for n in at])
            for way in WAYS
        }
        for first, second in PAIRS:
            right = (
                design[first][first] - design[first][second],
                design[second][second] - design[second][first],
            )
            factor = observed[first] - observed[second]
            found.append(Separation(family, (first, second), min(right) / log(10), factor / log(10)))
    return tuple(found)


def lacking(found: Sequence[Separation], best: Way) -> tuple[Way, Way] | None:
    """A pair that too few families separate, by design or, where it is about `best`, by what was answered."""
    for pair in PAIRS:
        of_pair = [one for one in found if one.pair == pair]
        by_design = sum(one.by_design >= SEPARATES for one in of_pair)
        sign = 1 if pair[0] == best else -1
        observed = sum(sign * one.observed >= SEPARATES for one in of_pair)
        if by_design < FAMILIES or (best in pair and observed < FAMILIES):
            return pair
    return None


def _alone(operations: Sequence[ByNoise]) -> dict[Way, float]:
    noise = USUAL.of_noise
    return {way: float(np.logaddexp.reduce(noise + sum(one.pure[way] for one in operations))) for way in WAYS}


def _as_expected(clusters: Sequence[Cluster], way: Way, parameters: Parameters) -> Operation:
    """The same items, answered as is expected of one way with a little noise."""
    answered = []
    for one in clusters:
        expected = parameters.ways[way][one.place]
        right, rival = ((1 - _NOISE) * share for share in (expected.right, expected.rival))
        n = one.items
        answered.append(replace(one, right=n * right, rival=n * rival, wrong=n * (1 - right - rival)))
    return Operation(answered, parameters)
