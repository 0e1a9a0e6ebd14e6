"""Judges a model by its answers, and names a way of answering only on strong and robust evidence."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from gedanken.compare.stats.proportions import share_of
from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.bayes import (
    CHANGED,
    USUAL,
    ByNoise,
    Evidence,
    Operation,
    Priors,
    combine,
    factors,
    posterior,
)
from gedanken.compare.verdict.bootstrap import Random, draw, draw_families
from gedanken.compare.verdict.clusters import HARD, Asked, Counted, count, gather
from gedanken.compare.verdict.horizon import Exactness, curves
from gedanken.compare.verdict.parameters import Parameters, packaged
from gedanken.compare.verdict.reservations import contradicted, too_silent
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
from gedanken.compare.verdict.separation import lacking, separations
from gedanken.experiment.probe_item import SUITE, ItemScore

STRONG = 1.0
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
    return judge_counted(count(scores, condition), model, condition, parameters or packaged(), resamples)


def judge_counted(
    counted: Counted, model: str, condition: str, parameters: Parameters, resamples: int = 0
) -> Verdict:
    """Return the verdict on answers that are already counted; see `judge`."""
    groups = _by_operation(counted.asked)
    gathered = [(asked, gather(asked) if _tells(asked) else ()) for asked in groups]
    opened = [(asked, Operation(clusters, parameters) if clusters else None) for asked, clusters in gathered]
    operations = [one for _asked, one in opened if one is not None]
    random = np.random.default_rng(0)
    again = [_drawn_again(asked, parameters, resamples, random) for asked in groups]
    each = tuple(
        _judge_operation(asked, operation, parameters, drawn, random, HORIZON_RESAMPLES if resamples else 0)
        for (asked, operation), drawn in zip(opened, again, strict=True)
    )
    name: Name = "undetermined"
    why, support, evidence = _why_silent(counted.asked), None, _NO_EVIDENCE
    separated: tuple[Separation, ...] = ()
    if operations:
        support, evidence = _support(_Together(operations))
        name, why = _name(support)
        separated = separations(operations, parameters)
        if name in WAYS and (pair := lacking(separated, name)):
            name, why = "undetermined", sentences.too_few_families(pair)
        if name in WAYS and (others := contradicted(name, each)):
            name, why = "undetermined", others
        if silent := too_silent([one for one in counted.asked if one.family != SUITE]):
            name, why = "undetermined", silent
    return Verdict(
        model=model,
        condition=condition,
        name=name,
        why=why,
        posterior=posterior(evidence),
        interval=_interval(draw_families([asked[0].family for asked in groups], again, random)),
        support=support,
        operations=each,
        separations=separated,
        items=len(counted.asked),
        answers=counted.answers,
        unanswered=counted.unanswered,
        not_understood=counted.not_understood,
        parameters=sentences.parameters(parameters.version, parameters.fitted_on),
    )


class _Together:
    """The evidence of all kinds of operation together, with all families of probe programs or without one of them."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self.parts = tuple(dict.fromkeys(one.clusters[0].family for one in operations))

    def evidence(self, priors: Priors = USUAL, without: str | None = None) -> Evidence:
        kept = [one for one in self._operations if one.clusters[0].family != without]
        return combine([one.by_noise(priors) for one in kept], priors)


class _Alone:
    """The evidence of one kind of operation, with all program templates or without one of them."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self.parts = tuple(dict.fromkeys(one.template for one in operation.clusters))

    def evidence(self, priors: Priors = USUAL, without: str | None = None) -> Evidence:
        return combine([self._operation.by_noise(priors, without)], priors)


def _support(judged: _Together | _Alone) -> tuple[Support, Evidence]:
    evidence = judged.evidence()
    best: Hypothesis = max(HYPOTHESES, key=lambda one: evidence[one])
    against = factors(evidence, best)
    of_priors = min(min(factors(judged.evidence(priors), best).values()) for priors in CHANGED)
    left = {}
    if len(judged.parts) > 1:
        left = {part: min(factors(judged.evidence(without=part), best).values()) for part in judged.parts}
    weakest = min(left, key=lambda part: left[part]) if left else None
    least_left_out = left[weakest] if weakest is not None else None
    return Support(best, against, min(against.values()), of_priors, least_left_out, weakest), evidence


def _name(support: Support) -> tuple[Name, str]:
    """Return the way of answering that the evidence supports and an empty text; or `undetermined` and the reason."""
    if support.least < STRONG:
        return "undetermined", sentences.weak(support.best, support.against)
    if support.least_of_priors < STRONG:
        return "undetermined", sentences.hangs_on_priors(support.best)
    if support.least_left_out is None:
        return "undetermined", sentences.single(support.best)
    if support.least_left_out < STRONG:
        return "undetermined", sentences.hangs_on(support.best, support.left_out or "")
    if support.best == "other":
        return "undetermined", sentences.FITS_NOTHING
    return support.best, ""


def _tells(asked: Sequence[Asked]) -> bool:
    """Return whether these answers can show a way of answering, unlike answers to a user's suite."""
    # The programs of a suite do not come in pairs of an easy and a hard one. A model that has read such a program
    # before answers right even if it only imitates.
    return asked[0].family != SUITE


def _why_silent(asked: Sequence[Asked]) -> str:
    is_suite = any(one.answered and one.family == SUITE for one in asked)
    return sentences.OF_A_SUITE if is_suite else sentences.NOTHING_ANSWERED


def _judge_operation(  # noqa: PLR0913 (what it is judged by)
    asked: Sequence[Asked],
    operation: Operation | None,
    parameters: Parameters,
    again: Sequence[ByNoise],
    random: Random,
    resamples: int,
) -> OperationVerdict:
    """Return the verdict on one kind of operation; `again` contains its bootstrap replicates."""
    name: Name = "undetermined"
    why, support, evidence = _why_silent(asked), None, _NO_EVIDENCE
    if operation is not None:
        support, evidence = _support(_Alone(operation))
        name, why = _name(support)
        if silent := too_silent(asked):
            name, why = "undetermined", silent
    exactness = _exactness(asked, resamples if any(one.answered for one in asked) else 0, random)
    return OperationVerdict(
        family=asked[0].family,
        operation=asked[0].operation,
        name=name,
        why=why,
        posterior=posterior(evidence),
        interval=_interval([[one] for one in again]),
        support=support,
        sizes=_sizes(asked, exactness, parameters),
        curves=_curves(asked, exactness) if _tells(asked) else (),
        templates=len({one.template for one in asked}),
        items=len(asked),
    )


def _drawn_again(asked: Sequence[Asked], parameters: Parameters, resamples: int, random: Random) -> list[ByNoise]:
    if not any(one.answered for one in asked) or not _tells(asked):
        return []
    drawn = (gather(draw(asked, random)) for _ in range(resamples))
    return [Operation(clusters, parameters).by_noise() for clusters in drawn if clusters]


def _interval(again: Iterable[Sequence[ByNoise]]) -> dict[Hypothesis, Interval]:
    """Return a 95 % interval of each hypothesis's posterior over the replicates in `again`; empty without
    replicates."""
    posteriors = [list(posterior(combine(operations)).values()) for operations in again if operations]
    if not posteriors:
        return {}
    low, high = np.quantile(np.array(posteriors), (0.025, 0.975), axis=0)
    return {one: Interval(float(low[at]), float(high[at])) for at, one in enumerate(HYPOTHESES)}


def _exactness(asked: Sequence[Asked], resamples: int, random: Random) -> Exactness:
    """For each size, count the hard items and their right answers, observed and in each bootstrap replicate."""
    hard = [one for one in asked if one.place in HARD]
    sizes = tuple(sorted({one.size for one in hard}))
    replicates = [hard, *(draw(hard, random) for _ in range(resamples if hard else 0))]
    at = {size: n for n, size in enumerate(sizes)}
    right, items = (np.zeros((len(replicates), len(sizes))) for _ in range(2))
    for number, replicate in enumerate(replicates):
        for one in replicate:
            right[number, at[one.size]] += one.right / (one.answered + one.none)
            items[number, at[one.size]] += 1
    return Exactness(sizes, right, items)


def _curves(asked: Sequence[Asked], exactness: Exactness) -> tuple[Curve, ...]:
    """Fit the curves to the sizes at which enough items have an answer."""
    of_size = {size: [one for one in asked if one.size == size] for size in exactness.sizes}
    kept = [at for at, size in enumerate(exactness.sizes) if not too_silent(of_size[size])]
    sizes = tuple(exactness.sizes[at] for at in kept)
    found = curves(Exactness(sizes, exactness.right[:, kept], exactness.items[:, kept]))
    # A fall beyond the other sizes may lie at the sizes left out.
    is_seen = sizes == exactness.sizes or not any(curve.horizon.startswith(">") for curve in found)
    return found if is_seen else ()


def _sizes(asked: Sequence[Asked], exactness: Exactness, parameters: Parameters) -> tuple[SizeResult, ...]:
    by_size: dict[int, list[Asked]] = defaultdict(list)
    for one in asked:
        by_size[one.size].append(one)
    found = []
    for size, of_size in sorted(by_size.items()):
        clusters = gather(of_size)
        evidence = _NO_EVIDENCE
        if clusters and _tells(asked) and not too_silent(of_size):
            evidence = combine([Operation(clusters, parameters).by_noise()])
        exact, interval = None, None
        if size in exactness.sizes:
            exact, interval = _share_at(exactness, exactness.sizes.index(size))
        found.append(SizeResult(size, len(of_size), exact, interval, posterior(evidence)))
    return tuple(found)


def _share_at(exactness: Exactness, at: int) -> tuple[float, Interval | None]:
    """Return the share of right items at one size, and an interval that spans bootstrap and Wilson intervals."""
    right, items = exactness.right[:, at], exactness.items[:, at]
    shares = right[items > 0] / items[items > 0]
    if len(shares) < 2:
        return float(shares[0]), None
    low, high = np.quantile(shares[1:], (0.025, 0.975))
    # The bootstrap alone would show no variance if a few items all have the same outcome.
    whole = share_of(round(float(right[0])), round(float(items[0])))
    return float(shares[0]), Interval(min(float(low), whole.low), max(float(high), whole.high))


def _by_operation(asked: Sequence[Asked]) -> list[list[Asked]]:
    groups: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        groups[one.family, one.operation].append(one)
    return list(groups.values())
