"""Scores the answers in the log of a probe."""

from collections.abc import Mapping

from gedanken.compare.answers.replies import predicted_value
from gedanken.compare.answers.scoring import score
from gedanken.compare.answers.values import CheckProgram, check_answer, check_program
from gedanken.experiment.probe_design import ARMS, SuiteItem
from gedanken.experiment.probe_events import AnswerKept, ItemKept
from gedanken.experiment.probe_item import Answer, ItemScore, Outcome
from gedanken.experiment.run_log import RunLog


def item_scores(log: RunLog) -> tuple[ItemScore, ...]:
    """Return the scored answers to each item in each arm. Items whose program gave no real output are left out."""
    items = {item.item.id: item for item in log.items if not item.problem}
    ran_right = {judgement.question: judgement.right for judgement in log.judged}
    suite = suite_of(log)
    answers: dict[tuple[str, str], list[Answer]] = {}
    for stored in sorted(log.answers, key=lambda answer: answer.question.sample):
        item = items.get(stored.question.item)
        if item is None:
            continue
        scored = score_answer(item, stored, suite.get(item.item.id), ran_right.get(stored.question.key))
        if scored is not None:
            answers.setdefault((item.item.id, stored.question.arm), []).append(scored)
    return tuple(
        ItemScore(item.item, arm, tuple(answers[name, arm]))
        for name, item in items.items()
        for arm in ARMS
        if (name, arm) in answers
    )


def score_answer(
    item: ItemKept, stored: AnswerKept, line: SuiteItem | None = None, ran_right: bool | None = None
) -> Answer | None:
    """Score one answer; return None if there is no answer.

    If the item is the `line` of a suite, an expression with the value of the line's output is also a right answer.
    `ran_right` says whether such an expression turned out to have this value when it was run; None if it was not run.
    """
    scored = score(stored.execution, item.truth, item.rival)
    if line is None or scored is None or scored.outcome in ("right", "refused", "cut"):
        return scored
    outcome: Outcome = "right" if ran_right else "wrong"
    if ran_right is None:
        judgement = check_answer(line, _answered_value(line, stored))
        outcome = "unparsable" if judgement == "run" else "wrong" if judgement == "left out" else judgement
    return Answer(outcome, float(outcome == "right"), scored.reasoning_tokens)


def programs_to_judge_answers(log: RunLog) -> Mapping[str, CheckProgram]:
    """Return the programs that must still be run to judge answers to a suite.

    The keys of the mapping are the keys of the questions.
    """
    suite, judged_keys = suite_of(log), {judgement.question for judgement in log.judged}
    programs: dict[str, CheckProgram] = {}
    for stored in log.answers:
        line = suite.get(stored.question.item)
        if line is None or stored.question.key in judged_keys:
            continue
        value = _answered_value(line, stored)
        if check_answer(line, value) == "run":
            programs[stored.question.key] = check_program(line, value)
    return programs


def _answered_value(line: SuiteItem, stored: AnswerKept) -> str:
    return predicted_value(stored.execution.stdout, line.name)


def suite_of(log: RunLog) -> Mapping[str, SuiteItem]:
    """Return the lines of the probe's suite by id; empty if the probe used no suite."""
    lines = log.spec.probe.suite if log.spec and log.spec.probe else ()
    return {line.id: line for line in lines}
