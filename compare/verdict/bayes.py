"""Computes Bayes factors from likelihoods: integrates out the unknown parameters, then compares the hypotheses."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from gedanken.compare.verdict.clusters import Cluster
from gedanken.compare.verdict.likelihood import (
    NOISE,
    Horizons,
    Values,
    always_wrong_likelihood,
    any_shares_likelihood,
    likelihoods,
)
from gedanken.compare.verdict.parameters import Parameters
from gedanken.compare.verdict.results import HYPOTHESES, WAYS, Hypothesis, Way

EXCEPTION_PRIOR = 0.01
"""Prior probability that one kind of operation is an exception: the model answers it in none of the known ways,
whatever it does elsewhere. A single kind is never an exception.
"""
Evidence = dict[Hypothesis, float]
"""For each hypothesis, the natural logarithm of its marginal likelihood."""


@dataclass(frozen=True, slots=True)
class Priors:
    """Prior assumptions about noise, the horizon, the dispersion of answers between clusters, and the hypothesis
    `other`."""

    noise: float = 0.0
    """The prior probability of a noise level is proportional to exp(−`noise` × level). With 0, all levels are equally
    likely."""
    beyond_all: float = 0.5
    """Prior probability that the horizon lies beyond all sizes that were asked."""
    dispersion: float = 1.0
    """Factor by which the fitted concentrations (`Expected.concentration`) are multiplied. The larger it is, the less
    the share of right answers may vary between clusters.
    """
    other: float = 1.0
    """Both parameters of the beta distribution that each share of answers has under the hypothesis `other`."""

    @property
    def log_noise_prior(self) -> Values:
        """Return the natural logarithm of the prior probability of each noise level in NOISE."""
        weights = np.exp(-self.noise * NOISE)
        return np.asarray(np.log(weights / weights.sum()))


DEFAULT_PRIORS = Priors()
ALTERNATIVE_PRIORS = (
    Priors(noise=15.0),
    Priors(noise=-15.0),
    Priors(beyond_all=0.9),
    Priors(beyond_all=0.15),
    Priors(dispersion=0.5),
    Priors(dispersion=2.0),
    Priors(other=0.5),
)
"""Alternative priors. A way of answering is named only if its Bayes factors remain strong under each of them."""


@dataclass(frozen=True, slots=True)
class LikelihoodsByNoise:
    """Log likelihoods of the answers to one kind of operation, with the horizon integrated out."""

    pure: dict[Way, Values]
    """For each way of answering, an array of log likelihoods: fits (`WayFits.fits`) × noise levels."""
    mixed: Values
    """Array of log likelihoods: mixtures × noise levels. A mixture is a pair of ways of answering, with the share of
    answers given in the first way.
    """
    other: float
    """Log likelihood under the assumption that right and rival answers can have any shares."""
    wrong: float
    """Log likelihood under the assumption that nearly all answers are wrong at all sizes."""


class OperationClusters:
    """The clusters of answers to one kind of operation.

    Their likelihoods are cached for each value of `Priors.dispersion`.
    """

    def __init__(self, clusters: Sequence[Cluster], parameters: Parameters) -> None:
        self.clusters = tuple(clusters)
        self.horizons = Horizons.of([cluster.size for cluster in clusters])
        self._parameters = parameters
        self._cache: dict[float, Values] = {}

    def by_noise(self, priors: Priors = DEFAULT_PRIORS, without: str | None = None) -> LikelihoodsByNoise:
        """Return the log likelihoods of the answers. Answers to programs made from the template `without` are left
        out.
        """
        if priors.dispersion not in self._cache:
            arguments = (self.clusters, self.horizons, self._parameters, priors.dispersion)
            self._cache[priors.dispersion] = likelihoods(*arguments)
        cluster_indexes = [index for index, cluster in enumerate(self.clusters) if cluster.template != without]
        prior = np.log(self.horizons.prior(priors.beyond_all))
        totals = _log_sum(self._cache[priors.dispersion][cluster_indexes].sum(axis=0) + prior, axis=-1)
        pure, offset = {}, 0
        for way in WAYS:
            fits = len(self._parameters.ways[way].fits)
            pure[way] = totals[offset : offset + fits]
            offset += fits
        clusters = [self.clusters[index] for index in cluster_indexes]
        return LikelihoodsByNoise(
            pure, totals[offset:], any_shares_likelihood(clusters, priors.other), always_wrong_likelihood(clusters)
        )


def combine(operations: Sequence[LikelihoodsByNoise], priors: Priors = DEFAULT_PRIORS) -> Evidence:
    """Combine the likelihoods for several kinds of operation into the evidence for each hypothesis.

    All kinds have the same noise, but each has its own horizon. The hypothesis `mixture` covers two cases: each kind
    is answered in two ways, or different kinds are answered in different ways. The hypothesis `other` also covers
    two: the shares of answers can have any value, or nearly all answers are wrong.
    """
    noise = priors.log_noise_prior
    exception_prior = EXCEPTION_PRIOR if len(operations) > 1 else 0.0
    evidence: Evidence = {}
    for way in WAYS:
        totals = np.sum(
            [_with_exception(operation.pure[way], operation.other, exception_prior) for operation in operations],
            axis=0,
        )
        evidence[way] = float(_log_sum(average_over_fits(totals) + noise))
    mixture_totals = sum(
        _with_exception(operation.mixed, operation.other, exception_prior) for operation in operations
    )
    within = float(_log_sum((mixture_totals + noise).ravel())) - log(len(operations[0].mixed))
    between = _different_ways_likelihood(operations, noise)
    evidence["mixture"] = within if between is None else float(np.logaddexp(within, between)) - log(2)
    unexplained = sum(operation.other for operation in operations), sum(operation.wrong for operation in operations)
    evidence["other"] = float(np.logaddexp(*unexplained)) - log(2)
    return evidence


def average_over_fits(values: Values) -> Values:
    """Average likelihoods, given as logarithms, over the fits of one way of answering: fits × noise levels become
    noise levels.

    The first fit, to all kinds of players together, has half of the prior probability. The other fits share the rest
    equally.
    """
    fit_count = len(values)
    prior = np.array([0.5, *[0.5 / (fit_count - 1)] * (fit_count - 1)]) if fit_count > 1 else np.ones(1)
    return _log_sum(values + np.log(prior)[:, None], axis=0)


def _with_exception(values: Values, other: float, exception_prior: float) -> Values:
    return (
        np.logaddexp(values + np.log1p(-exception_prior), other + log(exception_prior)) if exception_prior else values
    )


def _different_ways_likelihood(operations: Sequence[LikelihoodsByNoise], noise: Values) -> float | None:
    """Return the log likelihood under the assumption that different kinds of operation are answered in different
    ways.

    None if there is a single kind.
    """
    operation_count = len(operations)
    if operation_count < 2:
        return None
    by_way = np.array(
        [
            [*(operation.pure[way][0] for way in WAYS), np.full(len(noise), operation.other)]
            for operation in operations
        ]
    )
    by_way -= log(len(WAYS) + 1)
    any_ways, one_way = _log_sum(by_way, axis=1).sum(axis=0), _log_sum(by_way.sum(axis=0), axis=0)
    not_one_way = np.maximum(-np.expm1(np.minimum(one_way - any_ways, 0.0)), 1e-12)
    return float(_log_sum(noise + any_ways + np.log(not_one_way))) - float(
        np.log1p(-((len(WAYS) + 1) ** (1.0 - operation_count)))
    )


def posterior(evidence: Evidence) -> dict[Hypothesis, float]:
    """Return the posterior probability of each hypothesis; all have the same prior probability."""
    values = np.array([evidence[hypothesis] for hypothesis in HYPOTHESES])
    weights = np.exp(values - _log_sum(values))
    return {hypothesis: float(weight) for hypothesis, weight in zip(HYPOTHESES, weights, strict=True)}


def log_bayes_factors(evidence: Evidence, best: Hypothesis) -> dict[Hypothesis, float]:
    """Return, for each hypothesis except `best`, log10 of the Bayes factor of `best` against it."""
    return {
        hypothesis: (evidence[best] - evidence[hypothesis]) / log(10)
        for hypothesis in HYPOTHESES
        if hypothesis != best
    }


def _log_sum(values: Values, axis: int | None = None) -> Values:
    """Return the logarithm of the sum of the exponentials of these values."""
    # Faster than `scipy.special.logsumexp`, which handles more cases.
    maximum = values.max(axis=axis, keepdims=True)
    total = np.log(np.exp(values - maximum).sum(axis=axis, keepdims=True)) + maximum
    return np.asarray(total.squeeze(axis) if axis is not None else total.reshape(()))
