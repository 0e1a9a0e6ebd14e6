"""A verdict names a way of answering only if the evidence supports it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import comb, log
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.bayes import OperationClusters, combine, posterior
from gedanken.compare.verdict.clusters import Cluster, Place, cluster_items, count_answers, place_of
from gedanken.compare.verdict.fit import KnownPlayer, fit
from gedanken.compare.verdict.horizon import Exactness, fit_curves
from gedanken.compare.verdict.judge import judge
from gedanken.compare.verdict.likelihood import any_shares_likelihood, beta_binomial
from gedanken.compare.verdict.parameters import packaged_parameters, parse_parameters
from gedanken.compare.verdict.results import HYPOTHESES, WAYS
from gedanken.compare.verdict.separation import undistinguished_pair
from gedanken.experiment.probe_design import SuiteItem
from gedanken.experiment.probe_item import Answer, ItemScore, Outcome, ProbeItem, Role, Way
from gedanken.probes.schedule import suite_item

SIZES = (1, 2, 4, 8, 16)
FAMILIES: dict[str, Way | None] = {
    "famous": "imitates",
    "rules": "imitates",
    "loops": "shortcut",
    "sums": "shortcut",
    "products": None,
}


def make_items(templates: int = 3, families: Iterable[str] = FAMILIES, operations: int = 1) -> Iterator[ProbeItem]:
    """The items of some families, by default five, with `operations` kinds of operation each."""
    for family, operation in product(families, range(operations)):
        rival = FAMILIES[family]
        for size in SIZES:
            for template in range(templates):
                name = f"{family}-{operation}-{size}-{template}"
                roles: tuple[Role, ...] = ("easy", "hard") if rival else ("alone",)
                for role in roles:
                    yield ProbeItem(
                        id=f"{name}-{role}",
                        family=family,
                        operation=f"{family} operation {operation}",
                        template=f"{family} {template}",
                        size=size,
                        seed=0,
                        role=role,
                        program="",
                        pair=name if rival else None,
                        rival="a program" if rival else None,
                        rival_is=rival,
                    )


def score_item(item: ProbeItem, *outcomes: Outcome) -> ItemScore:
    return ItemScore(item, "direct", tuple(Answer(outcome) for outcome in outcomes))


def answer_of_player(way: str, item: ProbeItem, horizon: float = 1e9) -> Outcome:
    """The answer of a player without noise."""
    if item.size > horizon:
        return "wrong"
    if way == "computes":
        return "right"
    if item.rival_is == way:
        return "right" if item.role == "easy" else "rival"
    return "wrong"


def test_the_likelihood_is_that_of_two_beta_binomials() -> None:
    counts = np.array([[5.0, 2.0, 1.0]])
    share_right = np.full((1, 1, 1), 0.6)
    rival = np.full((1, 1, 1), 0.3)
    log_likelihood = beta_binomial(counts, np.array([True]), share_right, rival, np.full((1, 1, 1), 10.0))
    log_right = betabinom(8, 6, 4).logpmf(5) - log(comb(8, 5))
    log_rival = betabinom(3, 7.5, 2.5).logpmf(2) - log(comb(3, 2))
    assert log_likelihood[0, 0, 0] == pytest.approx(log_right + log_rival)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_without_noise_gets_its_name(way: str) -> None:
    verdict = judge([score_item(item, answer_of_player(way, item)) for item in make_items()], "a model", resamples=0)
    assert verdict.name == way
    assert max(verdict.posterior.values()) > 0.99
    assert sentences.describe_verdict(verdict).startswith("Behaves as one that ")


def test_a_computing_one_is_named_with_its_horizon() -> None:
    scores = [score_item(item, answer_of_player("computes", item, horizon=4)) for item in make_items()]
    verdict = judge(scores, "a model", resamples=0)
    assert verdict.name == "computes"
    assert all(4 < (curve.size or 0) < 8 for operation in verdict.operations for curve in operation.curves)
    assert "computes, up to n = 5.7" in sentences.describe_verdict(verdict)
    smallest_size, largest_size = verdict.operations[0].sizes[0], verdict.operations[0].sizes[-1]
    assert smallest_size.exact == 1 and largest_size.exact == 0


def horizons(*right_counts: float, items: float = 4) -> list[tuple[str, tuple[str, str]]]:
    each = np.full((1, len(right_counts)), items)
    sizes = tuple(2**exponent for exponent in range(len(right_counts)))
    return [(curve.horizon, curve.interval) for curve in fit_curves(Exactness(sizes, np.array([right_counts]), each))]


def test_exactness_that_is_alike_at_all_sizes_has_no_horizon_among_them() -> None:
    assert horizons(*[12.0] * 6, items=40) == [("< 1", ("< 1", "< 1"))] * 2
    assert horizons(*[36.0] * 6, items=40) == [("> 32", ("> 32", "> 32"))] * 2
    assert [interval for _, interval in horizons(*[2.0] * 6)] == [("< 1", "> 32")] * 2


@pytest.mark.parametrize("right", [(0, 0, 0, 4, 4, 4), (1, 2, 3, 4, 4, 4), (0, 4, 4, 4, 4, 4)])
def test_where_exactness_rises_to_one_half_it_does_not_fall_there(right: tuple[float, ...]) -> None:
    assert horizons(*right) == []


def test_a_horizon_at_the_only_size_is_neither_above_nor_below_it() -> None:
    assert horizons(2.0) == [("1", ("< 1", "> 1"))] * 2


def test_horizons_that_hang_on_the_shape_of_the_curve_are_both_told() -> None:
    scores = [score_item(item, answer_of_player("computes", item, horizon=4)) for item in make_items()]
    operation = judge(scores, "a model", resamples=0).operations[0]
    first_curve, second_curve = operation.curves
    beyond_curve = replace(second_curve, horizon="> 16", size=None)
    assert sentences.other_horizon(operation) == ""
    assert sentences.other_horizon(replace(operation, curves=(first_curve, beyond_curve))) == "> 16"
    sentence = sentences.describe_operation(replace(operation, name="computes", curves=(first_curve, beyond_curve)))
    assert sentence.endswith("computes, up to n = 5.7 (or > 16, if another curve is fitted)")
    below_curves = tuple(replace(curve, horizon="< 1", size=None) for curve in operation.curves)
    assert sentences.describe_operation(replace(operation, name="computes", curves=below_curves)).endswith(
        "not even up to n = 1"
    )


def test_whoever_answers_by_chance_is_not_named() -> None:
    rng = Random(1)
    outcomes: tuple[Outcome, ...] = ("right", "rival", "wrong")
    scores = [score_item(item, rng.choice(outcomes)) for item in make_items()]
    verdict = judge(scores, "a model", resamples=0)
    assert verdict.name == "undetermined"
    assert verdict.why


def test_whoever_is_wrong_everywhere_shows_no_way_of_answering() -> None:
    verdict = judge([score_item(item, "wrong") for item in make_items()], "a model", resamples=0)
    assert verdict.name == "undetermined"
    assert max(verdict.posterior, key=lambda hypothesis: verdict.posterior[hypothesis]) == "other"
    assert all(hypothesis.name == "undetermined" for hypothesis in verdict.operations)


def test_kinds_of_operation_that_are_answered_in_different_ways_are_a_mixture() -> None:
    imitated_families = {"famous", "rules"}
    scores = [
        score_item(item, answer_of_player("imitates" if item.family in imitated_families else "computes", item))
        for item in make_items(templates=2, operations=3)
    ]
    verdict = judge(scores, "a model", resamples=0)
    assert verdict.posterior["mixture"] > 0.99
    assert verdict.name not in WAYS


def test_two_families_that_tell_ways_apart_are_asked_for() -> None:
    scores = [score_item(item, answer_of_player("computes", item)) for item in make_items(12, ("famous", "products"))]
    verdict = judge(scores, "a model", resamples=0)
    assert verdict.name == "undetermined"
    assert undistinguished_pair(verdict.separations, "computes") == ("imitates", "shortcut")
    pairs = {separation.pair for separation in verdict.separations}
    assert len(pairs) == 3 and {separation.family for separation in verdict.separations} == {"famous", "products"}


def test_a_kind_of_operation_with_one_template_has_no_name() -> None:
    scores = [score_item(item, answer_of_player("computes", item)) for item in make_items(templates=1)]
    assert all(operation.name == "undetermined" for operation in judge(scores, "a model", resamples=0).operations)


def test_a_suite_from_outside_is_evidence_for_no_way_of_answering() -> None:
    suite = [
        score_item(
            suite_item(SuiteItem(id=f"line {number}", code="def f(x): return x", input="1", output="1")), "right"
        )
        for number in range(76)
    ]
    suite_verdict = judge(suite, "a model", resamples=2)
    assert suite_verdict.name == suite_verdict.operations[0].name == "undetermined" and suite_verdict.support is None
    assert suite_verdict.why == suite_verdict.operations[0].why == sentences.ONLY_A_SUITE
    assert not suite_verdict.operations[0].curves and suite_verdict.operations[0].sizes[0].exact == 1
    own_scores = [
        score_item(item, answer_of_player("computes", item)) for item in make_items(12, ("famous", "products"))
    ]
    verdict_with_suite, verdict_without = (
        judge([*own_scores, *suite_scores], "a model", resamples=0) for suite_scores in (suite, [])
    )
    assert (
        verdict_with_suite.posterior == verdict_without.posterior
        and verdict_with_suite.separations == verdict_without.separations
    )
    assert [operation.operation for operation in verdict_with_suite.operations[-1:]] == ["functions"]


@given(st.permutations(list(make_items(1, ("famous", "products")))))
@settings(max_examples=10, deadline=None)
def test_the_order_of_answers_does_not_matter(shuffled: Sequence[ProbeItem]) -> None:
    in_order = sorted(shuffled, key=lambda ordered_posterior: ordered_posterior.id)
    ordered_posterior, shuffled_posterior = (
        judge([score_item(item, answer_of_player("imitates", item)) for item in order], "m", resamples=0).posterior
        for order in (in_order, shuffled)
    )
    assert ordered_posterior == pytest.approx(shuffled_posterior)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_posteriors_are_shares_of_one(counts: list[tuple[int, int, int]]) -> None:
    clusters = [
        Cluster("f", "o", f"t{index}", SIZES[index % 5], "hard imitates", *map(float, cluster_counts))
        for index, cluster_counts in enumerate(counts)
    ]
    shares = posterior(combine([OperationClusters(clusters, packaged_parameters()).by_noise()]))
    assert set(shares) == set(HYPOTHESES)
    assert sum(shares.values()) == pytest.approx(1)


def test_the_same_answer_again_is_no_further_evidence() -> None:
    scores = [score_item(item, answer_of_player("computes", item)) for item in make_items()]
    repeated_scores = [replace(score, answers=score.answers * 10) for score in scores]
    assert cluster_items(count_answers(scores, "direct").items) == cluster_items(
        count_answers(repeated_scores, "direct").items
    )


@pytest.mark.parametrize("outcome", ["refused", "unparsable", "cut"])
def test_what_is_no_answer_speaks_for_nothing(outcome: Outcome) -> None:
    verdict = judge([score_item(item, outcome) for item in make_items()], "a model", resamples=0)
    assert verdict.name == "undetermined"
    assert verdict.why == sentences.NOTHING_ANSWERED
    assert verdict.unanswered == {outcome: len(list(make_items()))}
    assert len(set(verdict.posterior.values())) == 1


def test_a_rule_that_was_not_understood_is_not_judged() -> None:
    asked_items = list(make_items(1, ("rules",)))
    check = replace(asked_items[0], id="check", role="check", rival_is=None)
    scores = [*(score_item(item, "rival") for item in asked_items), score_item(check, "wrong")]
    counts = count_answers(scores, "direct")
    assert counts.not_understood == (check.pair,)
    assert len(counts.items) == len(asked_items) - 2


def test_other_conditions_are_judged_apart() -> None:
    direct_scores = [score_item(item, "wrong") for item in make_items()]
    step_scores = [replace(score_item(item, "right"), condition="steps") for item in make_items()]
    assert judge([*direct_scores, *step_scores], "m", "steps", resamples=0) == judge(
        step_scores, "m", "steps", resamples=0
    )


@pytest.mark.parametrize(
    ("role", "rival", "place"),
    [("easy", None, "easy imitates"), ("hard", "p", "hard imitates"), ("hard", None, "alone"), ("middle", "p", None)],
)
def test_places(role: Role, rival: str | None, place: Place | None) -> None:
    item = replace(next(make_items()), role=role, rival=rival)
    assert place_of(item, "imitates") == place


@given(st.floats(1.5, 40), st.floats(1, 6))
@settings(max_examples=20, deadline=None)
def test_a_horizon_between_the_sizes_is_found(horizon: float, steepness: float) -> None:
    sizes = (1, 2, 4, 8, 16, 32, 64)
    shares = np.array([[1 / (1 + (size / horizon) ** steepness) for size in sizes]])
    item_counts = np.full_like(shares, 60)
    logistic, weibull = fit_curves(Exactness(sizes, shares * item_counts, item_counts))
    assert logistic.size == pytest.approx(horizon, rel=0.12)
    assert weibull.size == pytest.approx(horizon, rel=0.3)


def test_horizons_beyond_the_sizes_say_so() -> None:
    sizes, item_counts = (2, 4, 8), np.full((1, 3), 20.0)
    assert {curve.horizon for curve in fit_curves(Exactness(sizes, item_counts, item_counts))} == {"> 8"}
    assert {curve.horizon for curve in fit_curves(Exactness(sizes, item_counts * 0, item_counts))} == {"< 2"}


def test_horizon_intervals_hold_the_horizon() -> None:
    rng = np.random.default_rng(5)
    sizes, horizon = (1, 2, 4, 8, 16, 32), 9.0
    shares = np.array([1 / (1 + (size / horizon) ** 2.5) for size in sizes])
    covered = 0
    for _ in range(60):
        right_counts = rng.binomial(20, shares)[None, :].astype(float)
        low, high = fit_curves(Exactness(sizes, right_counts, np.full_like(right_counts, 20)))[0].interval
        covered += _number(low) <= horizon <= _number(high)
    assert covered >= 54


def _number(bound: str) -> float:
    return float(bound.lstrip("<> "))


def test_intervals_come_from_items_drawn_again() -> None:
    scores = [
        score_item(item, answer_of_player("computes", item, horizon=4))
        for item in make_items(2, ("famous", "products"))
    ]
    verdict = judge(scores, "a model", resamples=10)
    assert all(0 <= interval.low <= interval.high <= 1 for interval in verdict.interval.values())
    assert all(interval.interval for interval in verdict.operations)


def test_a_verdict_is_plain_json() -> None:
    scores = [score_item(item, answer_of_player("shortcut", item)) for item in make_items(2, ("loops",))]
    verdict = judge(scores, "a model", resamples=0)
    assert json.loads(json.dumps(verdict.as_json()))["name"] == verdict.name


def test_no_sentence_says_that_a_model_computes() -> None:
    scores = [score_item(item, answer_of_player("computes", item)) for item in make_items()]
    verdict = judge(scores, "a model", resamples=0)
    texts = [sentences.describe_verdict(verdict), *map(sentences.describe_operation, verdict.operations)]
    assert all("one that computes" in text for text in texts if "computes" in text)
    assert any("one that computes" in text for text in texts)


def test_parameters_are_kept_as_they_are_read() -> None:
    parameters = packaged_parameters()
    assert parse_parameters(json.dumps(parameters.as_json())) == parameters
    with pytest.raises(ValueError, match="format 0"):
        parse_parameters(json.dumps({**parameters.as_json(), "format": 0}))


def test_a_fit_finds_what_answers_were_drawn_with() -> None:
    rng = np.random.default_rng(2)
    players = []
    for way in WAYS:
        for horizon in (1e9, 1.0):
            clusters = []
            for place in ("alone", "easy imitates", "easy shortcut", "hard imitates", "hard shortcut"):
                for number in range(60):
                    share_right = rng.beta(8, 2) if horizon > 1 else 0.1
                    hits = rng.binomial(10, share_right * 0.9)
                    rivals = rng.binomial(10 - hits, rng.beta(5, 5))
                    counts = (float(hits), float(rivals), float(10 - hits - rivals))
                    clusters.append(Cluster("f", "o", f"t{number}", 8, place, *counts))
            players.append(KnownPlayer(way, "kind", 0.1, horizon, tuple(clusters)))
    fitted = fit(players, "1").ways["computes"].together["hard imitates"]
    assert fitted.right == pytest.approx(0.8, abs=0.05)
    assert fitted.right_beyond == pytest.approx(0.1, abs=0.05)
    assert fitted.concentration == pytest.approx(16, rel=0.5)  # noise draws shares of 10 together


def test_what_fits_nothing_is_weighed_by_its_own_shares() -> None:
    even_clusters = [Cluster("f", "o", "t", size, "alone", 5.0, 0.0, 5.0) for size in SIZES]
    uneven_clusters = [
        Cluster("f", "o", "t", size, "alone", 10.0 * (size > 2), 0.0, 10.0 * (size <= 2)) for size in SIZES
    ]
    assert any_shares_likelihood(uneven_clusters) > any_shares_likelihood(even_clusters)
