"""Draws simulated answers from the statistical model, to test whether its posteriors and Bayes factors are
calibrated."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.verdict.bayes import ODD, USUAL
from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import NOISE, PAIRS, SHARES, WRONG, Horizons, Values, shares
from gedanken.compare.verdict.parameters import OfPlaces, Parameters
from gedanken.compare.verdict.results import WAYS, Hypothesis, Way

Random = np.random.Generator
Weights = dict[Way, float]


def draw_answers(
    hypothesis: Hypothesis, design: Sequence[Cluster], parameters: Parameters, random: Random
) -> list[Cluster]:
    """Draw the answers of a model for which `hypothesis` is true. `design` contains the clusters of items to answer;
    unknown parameters come from their usual priors."""
    operations: dict[tuple[str, str], list[Cluster]] = defaultdict(list)
    for one in design:
        operations[one.family, one.operation].append(one)
    noise = float(random.choice(NOISE, p=np.exp(USUAL.of_noise)))
    weights = _weights(hypothesis, len(operations), random)
    odd = ODD if len(operations) > 1 and hypothesis != "other" else 0.0
    fits = _fits(parameters, hypothesis == "mixture", random)
    is_wrong = hypothesis == "other" and random.random() < 0.5
    drawn: list[Cluster] = []
    for of_one, weighted in zip(operations.values(), weights, strict=True):
        if is_wrong:
            drawn += [
                _one(one, WRONG.right, WRONG.rival * (1 - WRONG.right), WRONG.concentration, random) for one in of_one
            ]
        elif weighted is None or random.random() < odd:
            drawn += _anything(of_one, random)
        else:
            drawn += _answered(of_one, weighted, noise, fits, random)
    return drawn


def _weights(hypothesis: Hypothesis, n: int, random: Random) -> list[Weights | None]:
    """Draw each operation's weights of the ways; None for an operation answered in no known way."""
    if hypothesis == "other":
        return [None] * n
    if hypothesis != "mixture":
        return [{hypothesis: 1.0}] * n
    if n > 1 and random.random() < 0.5:
        while True:
            chosen = [(*WAYS, None)[at] for at in random.integers(len(WAYS) + 1, size=n)]
            if len(set(chosen)) > 1:
                return [None if way is None else {way: 1.0} for way in chosen]
    first, second = PAIRS[random.integers(len(PAIRS))]
    share = float(random.choice(SHARES))
    return [{first: share, second: 1 - share}] * n


def _fits(parameters: Parameters, is_mixed: bool, random: Random) -> dict[Way, OfPlaces]:
    """Choose a fit for each way of answering: to all kinds of players, or to one random kind."""
    chosen = {}
    for way in WAYS:
        each = parameters.ways[way].each
        together = is_mixed or not each or random.random() < 0.5
        chosen[way] = parameters.ways[way].together if together else each[random.integers(len(each))]
    return chosen


def _answered(
    clusters: Sequence[Cluster], weights: Weights, noise: float, fits: Mapping[Way, OfPlaces], random: Random
) -> list[Cluster]:
    horizons = Horizons.of([one.size for one in clusters])
    at = random.choice(len(horizons.sizes), p=horizons.prior(USUAL.beyond_all))
    surviving = horizons.surviving(np.array([float(one.size) for one in clusters]))
    right, rival = np.zeros(len(clusters)), np.zeros(len(clusters))
    for way, weight in weights.items():
        of_way = shares([fits[way][one.place] for one in clusters], surviving)
        right += weight * (1 - noise) * of_way[0][:, at]
        rival += weight * (1 - noise) * of_way[1][:, at]
    kept = np.array([min(fits[way][one.place].concentration for way in weights) for one in clusters])
    return [_one(*given, random) for given in zip(clusters, right, rival, kept, strict=True)]


def _one(cluster: Cluster, right: float, rival: float, concentration: float, random: Random) -> Cluster:
    right = float(np.clip(right, 1e-3, 1 - 1e-3))
    of_rest = float(np.clip(rival / (1 - right), 1e-3, 1 - 1e-3)) if cluster.place in WITH_RIVAL else 0.5
    hits = random.binomial(round(cluster.items), _beta(right, concentration, random))
    rest = round(cluster.items) - hits
    rivals = random.binomial(rest, _beta(of_rest, concentration, random))
    return replace(cluster, right=float(hits), rival=float(rivals), wrong=float(rest - rivals))


def _beta(mean: float, concentration: float, random: Random) -> float:
    return float(random.beta(mean * concentration, (1 - mean) * concentration))


def _anything(clusters: Sequence[Cluster], random: Random) -> list[Cluster]:
    """Draw answers with any shares, drawn once for each place, or for each place and size."""
    by_size = random.random() < 0.5
    drawn: dict[tuple[Place, int], Values] = defaultdict(lambda: random.random(2))
    answered = []
    for one in clusters:
        right, of_rest = drawn[one.place, one.size if by_size else 0]
        hits = random.binomial(round(one.items), right)
        rest = round(one.items) - hits
        rivals = random.binomial(rest, of_rest)
        answered.append(replace(one, right=float(hits), rival=float(rivals), wrong=float(rest - rivals)))
    return answered
