"""A verdict names no way of answering if most of the telling questions are unanswered, or if kinds of operation
differ.
"""

from collections.abc import Callable
from random import Random

import pytest
from test_verdict import answer_of_player, make_items, score_item

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.judge import judge
from gedanken.compare.verdict.results import Verdict
from gedanken.experiment.probe_item import Outcome, ProbeItem


def judge_answers(answer: Callable[[ProbeItem], Outcome], templates: int = 3, operations: int = 1) -> Verdict:
    return judge(
        [score_item(item, answer(item)) for item in make_items(templates, operations=operations)],
        "a model",
        resamples=0,
    )


@pytest.mark.parametrize("none", ["refused", "cut", "unparsable"])
def test_who_answers_easy_twins_alone_is_not_named(none: Outcome) -> None:
    verdict = judge_answers(lambda item: "right" if item.role == "easy" else none, templates=4)
    assert verdict.name == "undetermined"
    assert "75 of the 75 items" in judge_answers(lambda item: "right" if item.role == "easy" else none).why
    assert all(operation.name == "undetermined" and not operation.curves for operation in verdict.operations)


def test_who_answers_one_in_twenty_is_not_named() -> None:
    rng = Random(3)
    verdict = judge_answers(lambda _: "right" if rng.random() < 0.05 else "refused", templates=20)
    assert verdict.posterior["computes"] > 0.99
    assert verdict.name == "undetermined" and "no usable answer" in verdict.why


def test_who_declines_the_hard_twins_alone_is_not_named() -> None:
    asked_items = [*make_items(2, ("famous", "rules", "loops", "sums")), *make_items(10, ("products",))]
    verdict = judge(
        [score_item(operation, "refused" if operation.role == "hard" else "right") for operation in asked_items],
        "m",
        resamples=0,
    )
    assert verdict.name == "undetermined" and "hard twins" in verdict.why


def test_an_item_is_answered_if_most_of_its_samples_are() -> None:
    rarely_answered = [score_item(item, "right", "cut", "cut") for item in make_items()]
    often_answered = [score_item(item, "right", "right", "cut") for item in make_items()]
    assert judge(rarely_answered, "a model", resamples=0).name == "undetermined"
    assert judge(often_answered, "a model", resamples=0).name == "computes"


def test_a_kind_of_operation_that_is_not_answered_has_no_name_of_its_own() -> None:
    def answer(item: ProbeItem) -> Outcome:
        return "refused" if item.family == "rules" and item.role == "hard" else "right"

    verdict = judge_answers(answer, templates=3)
    assert verdict.name == "computes"
    assert {operation.operation: operation.why for operation in verdict.operations}["rules operation 0"] == (
        "15 of the 15 items that only computing gets right have no usable answer"
    )


def test_a_horizon_is_told_only_where_answers_show_the_fall() -> None:
    verdict_of_cut = judge_answers(lambda item: "right" if item.size <= 4 else "cut")
    assert verdict_of_cut.name == "computes"
    assert not any(operation.curves for operation in verdict_of_cut.operations)
    assert len(set(verdict_of_cut.operations[0].sizes[-1].posterior.values())) == 1
    verdict_of_wrong = judge_answers(
        lambda item: "cut" if item.size > 8 else answer_of_player("computes", item, horizon=4)
    )
    assert all(4 < (curve.size or 0) < 8 for operation in verdict_of_wrong.operations for curve in operation.curves)
    assert all(operation.curves for operation in verdict_of_wrong.operations)


def test_no_name_for_all_stands_against_a_fifth_of_the_kinds_of_operation() -> None:
    def answer(item: ProbeItem) -> Outcome:
        return answer_of_player("imitates" if item.operation in imitated_operations else "computes", item)

    imitated_operations = {"famous operation 0", "rules operation 0", "rules operation 1", "famous operation 2"}
    verdict = judge_answers(answer, templates=4, operations=3)
    assert [operation.name for operation in verdict.operations].count("imitates") == 4
    assert verdict.name not in ("computes", "imitates")


def test_kinds_of_operation_that_are_named_otherwise_are_counted() -> None:
    sentence = sentences.named_otherwise("computes", {"imitates": 5, "shortcut": 1}, 23)
    assert sentence == (
        "computing is likeliest for all kinds of operation together, but 6 of the 23 kinds have another verdict "
        "(5 imitates, 1 shortcut)"
    )
