"""Scores the answers in the log of a probe."""

from collections.abc import Mapping

from gedanken.compare.answers.replies import value_said
from gedanken.compare.answers.scoring import score
from gedanken.compare.answers.values import CheckProgram, check_program, judge
from gedanken.experiment.probe_design import ARMS, SuiteItem
from gedanken.experiment.probe_events import AnswerKept, ItemKept
from gedanken.experiment.probe_item import Answer, ItemScore, Outcome
from gedanken.experiment.run_log import RunLog


def item_scores(log: RunLog) -> tuple[ItemScore, ...]:
    """Return the scored answers to each item in each arm. Items whose program gave no real output are left out."""
    kept = {item.item.id: item for item in log.items if not item.problem}
    right = {judged.question: judged.right for judged in log.judged}
    suite = suite_of(log)
    answers: dict[tuple[str, str], list[Answer]] = {}
    for answered in sorted(log.answers, key=lambda answer: answer.question.sample):
        item = kept.get(answered.question.item)
        if item is None:
            continue
        found = outcome_of(item, answered, suite.get(item.item.id), right.get(answered.question.key))
        if found is not None:
            answers.setdefault((item.item.id, answered.question.arm), []).append(found)
    return tuple(
        ItemScore(item.item, arm, tuple(answers[name, arm]))
        for name, item in kept.items()
        for arm in ARMS
        if (name, arm) in answers
    )


def outcome_of(
    kept: ItemKept, answered: AnswerKept, line: SuiteItem | None = None, ran_right: bool | None = None
) -> Answer | None:
    """Score one answer; return None if there is no answer.

    For a suite's `line`, an expression with the value of the line's output is right, too. `ran_right` says whether
    the answer turned out right when run; None if it was not run.
    """
    found = score(answered.execution, kept.truth, kept.rival)
    if line is None or found is None or found.outcome in ("right", "refused", "cut"):
        return found
    outcome: Outcome = "right" if ran_right else "wrong"
    if ran_right is None:
        judged = judge(line, _said(line, answered))
        outcome = "unparsable" if judged == "run" else "wrong" if judged == "left out" else judged
    return Answer(outcome, float(outcome == "right"), found.reasoning_tokens)


def judged_by_running(log: RunLog) -> Mapping[str, CheckProgram]:
    """Return the programs that must still be run to judge answers to a suite, by the key of the question."""
    suite, known = suite_of(log), {judged.question for judged in log.judged}
    programs: dict[str, CheckProgram] = {}
    for answered in log.answers:
        line = suite.get(answered.question.item)
        if line is None or answered.question.key in known:
            continue
        said = _said(line, answered)
        if judge(line, said) == "run":
            programs[answered.question.key] = check_program(line, said)
    return programs


def _said(line: SuiteItem, answered: AnswerKept) -> str:
    return value_said(answered.execution.stdout, line.name)


def suite_of(log: RunLog) -> Mapping[str, SuiteItem]:
    """Return the lines of the probe's suite by id; empty if the probe used no suite."""
    lines = log.spec.probe.suite if log.spec and log.spec.probe else ()
    return {line.id: line for line in lines}
