"""Judges a model by its answers, and names a way of answering only on strong and robust evidence."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from gedanken.compare.stats.proportions import wilson_share
from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.bayes import (
    ALTERNATIVE_PRIORS,
    DEFAULT_PRIORS,
    Evidence,
    LikelihoodsByNoise,
    OperationClusters,
    Priors,
    combine,
    log_bayes_factors,
    posterior,
)
from gedanken.compare.verdict.bootstrap import Random, draw, draw_families
from gedanken.compare.verdict.caveats import contradiction_caveat, missing_answers
from gedanken.compare.verdict.clusters import HARD, ConditionCounts, ItemCounts, cluster_items, count_answers
from gedanken.compare.verdict.horizon import Exactness, fit_curves
from gedanken.compare.verdict.parameters import Parameters, packaged_parameters
from gedanken.compare.verdict.results import (
    HYPOTHESES,
    WAYS,
    Curve,
    Hypothesis,
    Interval,
    Name,
    OperationVerdict,
    Separation,
    SizeResult,
    Support,
    Verdict,
)
from gedanken.compare.verdict.separation import separations, undistinguished_pair
from gedanken.experiment.probe_item import SUITE, ItemScore

STRONG_LOG_FACTOR = 1.0
"""A way of answering is named only if log10 of its Bayes factor against every other hypothesis is at least this."""
RESAMPLES = 50
HORIZON_RESAMPLES = 400
_NO_EVIDENCE: Evidence = dict.fromkeys(HYPOTHESES, 0.0)


def judge(
    scores: Iterable[ItemScore],
    model: str,
    condition: str = "direct",
    parameters: Parameters | None = None,
    resamples: int = RESAMPLES,
) -> Verdict:
    """Return the verdict on the answers of one model under one condition, such as `direct`.

    The default `parameters` are stored in the package. `resamples` is the number of bootstrap replicates; 0 gives no
    intervals.
    """
    return judge_counted(
        count_answers(scores, condition), model, condition, parameters or packaged_parameters(), resamples
    )


def judge_counted(
    counted: ConditionCounts, model: str, condition: str, parameters: Parameters, resamples: int = 0
) -> Verdict:
    """Return the verdict on answers that are already counted; see `judge`."""
    groups = _group_by_operation(counted.items)
    clustered = [(items, cluster_items(items) if _can_show_way(items) else ()) for items in groups]
    with_operations = [
        (items, OperationClusters(clusters, parameters) if clusters else None) for items, clusters in clustered
    ]
    operations = [operation for _items, operation in with_operations if operation is not None]
    random = np.random.default_rng(0)
    replicates = [_replicates(items, parameters, resamples, random) for items in groups]
    operation_verdicts = tuple(
        _judge_operation(
            items, operation, parameters, operation_replicates, random, HORIZON_RESAMPLES if resamples else 0
        )
        for (items, operation), operation_replicates in zip(with_operations, replicates, strict=True)
    )
    name: Name = "undetermined"
    reason, support, evidence = _no_answer_reason(counted.items), None, _NO_EVIDENCE
    found_separations: tuple[Separation, ...] = ()
    if operations:
        support, evidence = _support(_AllOperations(operations))
        name, reason = _choose_name(support)
        found_separations = separations(operations, parameters)
        if name in WAYS and (pair := undistinguished_pair(found_separations, name)):
            name, reason = "undetermined", sentences.too_few_families(pair)
        if name in WAYS and (contradiction := contradiction_caveat(name, operation_verdicts)):
            name, reason = "undetermined", contradiction
        if silence := missing_answers([item for item in counted.items if item.family != SUITE]):
            name, reason = "undetermined", silence
    return Verdict(
        model=model,
        condition=condition,
        name=name,
        why=reason,
        posterior=posterior(evidence),
        interval=_interval(draw_families([items[0].family for items in groups], replicates, random)),
        support=support,
        operations=operation_verdicts,
        separations=found_separations,
        items=len(counted.items),
        answers=counted.answers,
        unanswered=counted.unanswered,
        not_understood=counted.not_understood,
        parameters=sentences.parameters(parameters.version, parameters.fitted_on),
    )


class _AllOperations:
    """The evidence from all kinds of operation together; also without the probe programs of one family."""

    def __init__(self, operations: Sequence[OperationClusters]) -> None:
        self._operations = operations
        self.parts = tuple(dict.fromkeys(operation.clusters[0].family for operation in operations))

    def evidence(self, priors: Priors = DEFAULT_PRIORS, without: str | None = None) -> Evidence:
        included = [operation for operation in self._operations if operation.clusters[0].family != without]
        return combine([operation.by_noise(priors) for operation in included], priors)


class _SingleOperation:
    """The evidence from one kind of operation; also without the programs of one template."""

    def __init__(self, operation: OperationClusters) -> None:
        self._operation = operation
        self.parts = tuple(dict.fromkeys(cluster.template for cluster in operation.clusters))

    def evidence(self, priors: Priors = DEFAULT_PRIORS, without: str | None = None) -> Evidence:
        return combine([self._operation.by_noise(priors, without)], priors)


def _support(source: _AllOperations | _SingleOperation) -> tuple[Support, Evidence]:
    evidence = source.evidence()
    best: Hypothesis = max(HYPOTHESES, key=lambda hypothesis: evidence[hypothesis])
    factors_against = log_bayes_factors(evidence, best)
    least_of_priors = min(
        min(log_bayes_factors(source.evidence(priors), best).values()) for priors in ALTERNATIVE_PRIORS
    )
    factor_without = {}
    if len(source.parts) > 1:
        factor_without = {
            part: min(log_bayes_factors(source.evidence(without=part), best).values()) for part in source.parts
        }
    weakest = min(factor_without, key=lambda part: factor_without[part]) if factor_without else None
    least_left_out = factor_without[weakest] if weakest is not None else None
    return Support(
        best, factors_against, min(factors_against.values()), least_of_priors, least_left_out, weakest
    ), evidence


def _choose_name(support: Support) -> tuple[Name, str]:
    """Return the way of answering that the evidence supports, with an empty text.

    If the evidence is too weak or fits no way, return `undetermined` with the reason.
    """
    if support.least < STRONG_LOG_FACTOR:
        return "undetermined", sentences.weak_evidence(support.best, support.against)
    if support.least_of_priors < STRONG_LOG_FACTOR:
        return "undetermined", sentences.depends_on_priors(support.best)
    if support.least_left_out is None:
        return "undetermined", sentences.single_source(support.best)
    if support.least_left_out < STRONG_LOG_FACTOR:
        return "undetermined", sentences.depends_on_part(support.best, support.left_out or "")
    if support.best == "other":
        return "undetermined", sentences.FITS_NOTHING
    return support.best, ""


def _can_show_way(items: Sequence[ItemCounts]) -> bool:
    """Return whether these answers can show a way of answering. Answers to a user's suite cannot."""
    # The programs of a suite do not come in pairs of an easy and a hard one. A model that has read such a program
    # before answers right even if it only imitates.
    return items[0].family != SUITE


def _no_answer_reason(items: Sequence[ItemCounts]) -> str:
    is_suite = any(item.answered and item.family == SUITE for item in items)
    return sentences.ONLY_A_SUITE if is_suite else sentences.NOTHING_ANSWERED


def _judge_operation(  # noqa: PLR0913 (what it is judged by)
    items: Sequence[ItemCounts],
    operation: OperationClusters | None,
    parameters: Parameters,
    replicates: Sequence[LikelihoodsByNoise],
    random: Random,
    resamples: int,
) -> OperationVerdict:
    """Return the verdict on one kind of operation. `replicates` are likelihoods of bootstrap replicates of its
    answers.
    """
    name: Name = "undetermined"
    reason, support, evidence = _no_answer_reason(items), None, _NO_EVIDENCE
    if operation is not None:
        support, evidence = _support(_SingleOperation(operation))
        name, reason = _choose_name(support)
        if silence := missing_answers(items):
            name, reason = "undetermined", silence
    exactness = _exactness(items, resamples if any(item.answered for item in items) else 0, random)
    return OperationVerdict(
        family=items[0].family,
        operation=items[0].operation,
        name=name,
        why=reason,
        posterior=posterior(evidence),
        interval=_interval([[replicate] for replicate in replicates]),
        support=support,
        sizes=_size_results(items, exactness, parameters),
        curves=_fitted_curves(items, exactness) if _can_show_way(items) else (),
        templates=len({item.template for item in items}),
        items=len(items),
    )


def _replicates(
    items: Sequence[ItemCounts], parameters: Parameters, resamples: int, random: Random
) -> list[LikelihoodsByNoise]:
    if not any(item.answered for item in items) or not _can_show_way(items):
        return []
    drawn_clusters = (cluster_items(draw(items, random)) for _ in range(resamples))
    return [OperationClusters(clusters, parameters).by_noise() for clusters in drawn_clusters if clusters]


def _interval(replicates: Iterable[Sequence[LikelihoodsByNoise]]) -> dict[Hypothesis, Interval]:
    """Return a 95 % interval of the posterior probability of each hypothesis over the bootstrap replicates.

    The result is empty if there are no replicates.
    """
    posteriors = [list(posterior(combine(operations)).values()) for operations in replicates if operations]
    if not posteriors:
        return {}
    low, high = np.quantile(np.array(posteriors), (0.025, 0.975), axis=0)
    return {
        hypothesis: Interval(float(low[index]), float(high[index])) for index, hypothesis in enumerate(HYPOTHESES)
    }


def _exactness(items: Sequence[ItemCounts], resamples: int, random: Random) -> Exactness:
    """Count the hard items and the right answers to them at each size, as observed and in each bootstrap
    replicate.
    """
    hard_items = [item for item in items if item.place in HARD]
    sizes = tuple(sorted({item.size for item in hard_items}))
    replicates = [hard_items, *(draw(hard_items, random) for _ in range(resamples if hard_items else 0))]
    index_of_size = {size: index for index, size in enumerate(sizes)}
    right, item_counts = (np.zeros((len(replicates), len(sizes))) for _ in range(2))
    for row, replicate in enumerate(replicates):
        for item in replicate:
            right[row, index_of_size[item.size]] += item.right / (item.answered + item.unusable)
            item_counts[row, index_of_size[item.size]] += 1
    return Exactness(sizes, right, item_counts)


def _fitted_curves(items: Sequence[ItemCounts], exactness: Exactness) -> tuple[Curve, ...]:
    """Fit curves to the exactness, using only sizes at which enough items were answered."""
    items_by_size = {size: [item for item in items if item.size == size] for size in exactness.sizes}
    size_indexes = [index for index, size in enumerate(exactness.sizes) if not missing_answers(items_by_size[size])]
    sizes = tuple(exactness.sizes[index] for index in size_indexes)
    fitted = fit_curves(Exactness(sizes, exactness.right[:, size_indexes], exactness.items[:, size_indexes]))
    # A horizon beyond the fitted sizes may lie at one of the sizes that were left out.
    is_certain = sizes == exactness.sizes or not any(curve.horizon.startswith(">") for curve in fitted)
    return fitted if is_certain else ()


def _size_results(
    items: Sequence[ItemCounts], exactness: Exactness, parameters: Parameters
) -> tuple[SizeResult, ...]:
    by_size: dict[int, list[ItemCounts]] = defaultdict(list)
    for item in items:
        by_size[item.size].append(item)
    results = []
    for size, size_items in sorted(by_size.items()):
        clusters = cluster_items(size_items)
        evidence = _NO_EVIDENCE
        if clusters and _can_show_way(items) and not missing_answers(size_items):
            evidence = combine([OperationClusters(clusters, parameters).by_noise()])
        exact, interval = None, None
        if size in exactness.sizes:
            exact, interval = _share_at(exactness, exactness.sizes.index(size))
        results.append(SizeResult(size, len(size_items), exact, interval, posterior(evidence)))
    return tuple(results)


def _share_at(exactness: Exactness, index: int) -> tuple[float, Interval | None]:
    """Return the share of right items at one size, and an interval that contains both its bootstrap and its Wilson
    interval.
    """
    right, items = exactness.right[:, index], exactness.items[:, index]
    shares = right[items > 0] / items[items > 0]
    if len(shares) < 2:
        return float(shares[0]), None
    low, high = np.quantile(shares[1:], (0.025, 0.975))
    # The bootstrap alone would show no variance if a few items all have the same outcome.
    wilson = wilson_share(round(float(right[0])), round(float(items[0])))
    return float(shares[0]), Interval(min(float(low), wilson.low), max(float(high), wilson.high))


def _group_by_operation(items: Sequence[ItemCounts]) -> list[list[ItemCounts]]:
    groups: dict[tuple[str, str], list[ItemCounts]] = defaultdict(list)
    for item in items:
        groups[item.family, item.operation].append(item)
    return list(groups.values())
