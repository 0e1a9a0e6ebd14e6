"""Counts the failed replies of a run: those that are kept, and those that a resumed run requests again."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gedanken.experiment.execution import MAY_COME
from gedanken.experiment.probe_design import Question
from gedanken.experiment.probe_events import AnswerKept
from gedanken.experiment.run_log import RunLog
from gedanken.probes.schedule import items_of, units_of
from gedanken.records.came_again import is_settled, settled_before


class Failures(NamedTuple):
    """Numbers of executions and answers that failed for a cause in `MAY_COME`."""

    kept: int
    """Number of failures that are not repeated, because a new reply would change a session in which later replies
    exist."""
    repeated: int
    """Number of failures that a resumed run repeats."""


def failures_of(log: RunLog) -> Failures:
    """Count the failures of a run. Its log must contain its spec."""
    assert log.spec is not None
    before = settled_before(log.executions, log.spec.experiment.conditions)
    are_kept = [is_settled(run, before) for run in log.executions if run.cause in MAY_COME]
    failed = [answer.question.key for answer in log.answers if answer.execution.cause in MAY_COME]
    if failed:
        built_on = _built_on(log)
        are_kept += [key in built_on for key in failed]
    return Failures(sum(are_kept), len(are_kept) - sum(are_kept))


def is_built_on(answers: Mapping[str, AnswerKept], later: Sequence[Question]) -> bool:
    """Return whether any question in `later` was answered. These questions follow a failed question in the same
    session. If one of them was answered, the failed question is not asked again: a reply to it would change the
    session, and the later questions would have to be asked again too."""
    kept = (answers.get(question.key) for question in later)
    return any(answer is not None and answer.execution.cause not in MAY_COME for answer in kept)


def _built_on(log: RunLog) -> set[str]:
    """Return the keys of the probe questions that are followed, in their session, by a question that was answered."""
    design, plan = log.spec.probe if log.spec else None, log.plan
    if design is None or plan is None:
        return set()
    answers = {answer.question.key: answer for answer in log.answers}
    direct, more = units_of(design, items_of(design, plan.sizes or (), plan.groups))
    return {
        question.key
        for unit in (*direct, *more)
        for number, question in enumerate(unit, start=1)
        if is_built_on(answers, unit[number:])
    }
