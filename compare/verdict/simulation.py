"""Draws simulated answers from the statistical model, to test whether its posteriors and Bayes factors are
calibrated."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.compare.verdict.bayes import DEFAULT_PRIORS, EXCEPTION_PRIOR
from gedanken.compare.verdict.clusters import WITH_RIVAL, Cluster, Place
from gedanken.compare.verdict.likelihood import MIXTURE_SHARES, NOISE, PAIRS, WRONG, Horizons, Values, shares
from gedanken.compare.verdict.parameters import ExpectedByPlace, Parameters
from gedanken.compare.verdict.results import WAYS, Hypothesis, Way

Random = np.random.Generator
Weights = dict[Way, float]


def draw_answers(
    hypothesis: Hypothesis, design: Sequence[Cluster], parameters: Parameters, random: Random
) -> list[Cluster]:
    """Draw the answers of a model for which `hypothesis` is true.

    `design` contains the clusters of items to answer. Unknown parameters come from their usual priors.
    """
    operations: dict[tuple[str, str], list[Cluster]] = defaultdict(list)
    for cluster in design:
        operations[cluster.family, cluster.operation].append(cluster)
    noise = float(random.choice(NOISE, p=np.exp(DEFAULT_PRIORS.log_noise_prior)))
    weights = _weights(hypothesis, len(operations), random)
    exception_prior = EXCEPTION_PRIOR if len(operations) > 1 and hypothesis != "other" else 0.0
    fits = _fits(parameters, hypothesis == "mixture", random)
    is_wrong = hypothesis == "other" and random.random() < 0.5
    answers: list[Cluster] = []
    for clusters, way_weights in zip(operations.values(), weights, strict=True):
        if is_wrong:
            answers += [
                _draw_cluster(cluster, WRONG.right, WRONG.rival * (1 - WRONG.right), WRONG.concentration, random)
                for cluster in clusters
            ]
        elif way_weights is None or random.random() < exception_prior:
            answers += _draw_any_shares(clusters, random)
        else:
            answers += _draw_by_ways(clusters, way_weights, noise, fits, random)
    return answers


def _weights(hypothesis: Hypothesis, operation_count: int, random: Random) -> list[Weights | None]:
    """For each operation, draw how much each way of answering is used; None for an operation that is answered in no
    known way.
    """
    if hypothesis == "other":
        return [None] * operation_count
    if hypothesis != "mixture":
        return [{hypothesis: 1.0}] * operation_count
    if operation_count > 1 and random.random() < 0.5:
        while True:
            chosen = [(*WAYS, None)[index] for index in random.integers(len(WAYS) + 1, size=operation_count)]
            if len(set(chosen)) > 1:
                return [None if way is None else {way: 1.0} for way in chosen]
    first, second = PAIRS[random.integers(len(PAIRS))]
    share = float(random.choice(MIXTURE_SHARES))
    return [{first: share, second: 1 - share}] * operation_count


def _fits(parameters: Parameters, is_mixed: bool, random: Random) -> dict[Way, ExpectedByPlace]:
    """For each way of answering, choose one of its fits: the fit to all kinds of players together, or the fit to one
    random kind.
    """
    chosen = {}
    for way in WAYS:
        kind_fits = parameters.ways[way].each
        together = is_mixed or not kind_fits or random.random() < 0.5
        chosen[way] = parameters.ways[way].together if together else kind_fits[random.integers(len(kind_fits))]
    return chosen


def _draw_by_ways(
    clusters: Sequence[Cluster], weights: Weights, noise: float, fits: Mapping[Way, ExpectedByPlace], random: Random
) -> list[Cluster]:
    horizons = Horizons.of([cluster.size for cluster in clusters])
    horizon_index = random.choice(len(horizons.sizes), p=horizons.prior(DEFAULT_PRIORS.beyond_all))
    surviving = horizons.share_within(np.array([float(cluster.size) for cluster in clusters]))
    right, rival = np.zeros(len(clusters)), np.zeros(len(clusters))
    for way, weight in weights.items():
        way_shares = shares([fits[way][cluster.place] for cluster in clusters], surviving)
        right += weight * (1 - noise) * way_shares[0][:, horizon_index]
        rival += weight * (1 - noise) * way_shares[1][:, horizon_index]
    concentrations = np.array(
        [min(fits[way][cluster.place].concentration for way in weights) for cluster in clusters]
    )
    return [
        _draw_cluster(*arguments, random) for arguments in zip(clusters, right, rival, concentrations, strict=True)
    ]


def _draw_cluster(cluster: Cluster, right: float, rival: float, concentration: float, random: Random) -> Cluster:
    right = float(np.clip(right, 1e-3, 1 - 1e-3))
    rival_of_rest = float(np.clip(rival / (1 - right), 1e-3, 1 - 1e-3)) if cluster.place in WITH_RIVAL else 0.5
    hits = random.binomial(round(cluster.items), _draw_share(right, concentration, random))
    not_right = round(cluster.items) - hits
    rivals = random.binomial(not_right, _draw_share(rival_of_rest, concentration, random))
    return replace(cluster, right=float(hits), rival=float(rivals), wrong=float(not_right - rivals))


def _draw_share(mean: float, concentration: float, random: Random) -> float:
    return float(random.beta(mean * concentration, (1 - mean) * concentration))


def _draw_any_shares(clusters: Sequence[Cluster], random: Random) -> list[Cluster]:
    """Draw answers with arbitrary shares of right and rival answers: the same shares at all sizes, or other shares at
    each size.
    """
    by_size = random.random() < 0.5
    drawn_shares: dict[tuple[Place, int], Values] = defaultdict(lambda: random.random(2))
    results = []
    for cluster in clusters:
        right, rival_of_rest = drawn_shares[cluster.place, cluster.size if by_size else 0]
        hits = random.binomial(round(cluster.items), right)
        not_right = round(cluster.items) - hits
        rivals = random.binomial(not_right, rival_of_rest)
        results.append(replace(cluster, right=float(hits), rival=float(rivals), wrong=float(not_right - rivals)))
    return results
