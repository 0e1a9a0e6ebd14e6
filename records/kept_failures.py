"""Decides which failed replies of a run are kept, and which ones a resumed run requests again."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gedanken.experiment.conditions import Conditions
from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.experiment.probe_design import Question
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.probes.schedule import items_of, units_of
from gedanken.records.kept_model import FAILURE_KEPT_NOTE
from gedanken.records.ledger import digest

BEFORE_FORK_NOTE = (
    "the model was not asked again for a failed reply before the line of the fork, because from that line on the "
    "fork uses another model"
)
REFUSED_NOTE = "the model's server refused a request; it is not sent again"
_LINE_PREFIX = "line-"


# A failed reply stays if a later reply was requested without it. If it were repeated, the later request would change,
# and would have to be paid for again.
class Failures(NamedTuple):
    """Numbers of executions and answers that failed for a cause in `RETRIED_CAUSES`."""

    kept: int
    """Number of failures that are kept and not repeated, because later replies were requested without them."""
    before_fork: int
    """Number of failures that are not repeated, because a fork has changed the model that would have to reply."""
    repeated: int
    """Number of failures that a resumed run repeats."""
    refused: int = 0
    """Number of failures that are not repeated, because the model's server refused the request."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes that say why failures are not repeated."""
        counts = ((FAILURE_KEPT_NOTE, self.kept), (BEFORE_FORK_NOTE, self.before_fork), (REFUSED_NOTE, self.refused))
        return tuple(note for note, count in counts if count)


def failures_of(log: RunLog) -> Failures:
    """Count the failures of a run. Its log must contain its spec."""
    assert log.spec is not None
    answered = answered_places(log)
    runs = [run for run in log.executions if run.cause in RETRIED_CAUSES]
    answers = [answer for answer in log.answers if answer.execution.cause in RETRIED_CAUSES]
    failed = [run for run in runs if not run.is_refused]
    unsettled = [run for run in failed if not is_settled(run, answered)]
    before_fork = sum(is_replaced(run, log.spec) for run in unsettled)
    unanswered = [answer.question.key for answer in answers if not answer.execution.is_refused]
    later_questions = _later_questions(log) if unanswered else {}
    kept_answers = sum(has_later_answer(later_questions.get(key, ()), answered) for key in unanswered)
    return Failures(
        kept=len(failed) - len(unsettled) + kept_answers,
        before_fork=before_fork,
        repeated=len(unsettled) - before_fork + len(unanswered) - kept_answers,
        refused=len(runs) - len(failed) + len(answers) - len(unanswered),
    )


def answered_places(log: RunLog) -> frozenset[str]:
    """Return the places in sessions (script lines, or questions of a probe) at which the model replied, according to
    the log.
    """
    assert log.spec is not None
    # The ledger marks these places too, but not in earlier versions; a dying process may mark more than it logs.
    conditions = log.spec.experiment.conditions
    replied = [run for run in log.executions if run.imagined and run.cause not in RETRIED_CAUSES]
    lines = {run.line for run in replied if continues_session(run.program, conditions)} | {log.settled_before}
    questions = [answer.question for answer in log.answers if answer.execution.cause not in RETRIED_CAUSES]
    return frozenset([*_places(lines), *map(place_of_question, questions)])


def copied_places(source: RunLog, answered: Iterable[str], first_changed: int, asked_from: int) -> frozenset[str]:
    """Return those places in `answered` that a fork copies from the run `source`.

    `answered` holds the places at which `source` has replies. The fork equals `source` before the line with the index
    `first_changed`. From the line with the index `asked_from` on, failed requests are sent again.
    """
    lines = {line for line in _lines(answered) if line < first_changed} | {
        min(source.settled_before, first_changed - 1)
    }
    return frozenset(_places({min(line, asked_from) for line in lines}))


def continues_session(program: str | None, conditions: Conditions) -> bool:
    """Return whether the model is shown the replies to earlier lines when it imagines this line. `program` is the
    program that the line runs; None if it runs none.
    """
    return program is None or conditions.session == "running"


def is_settled(run: Execution, answered: Collection[str]) -> bool:
    """Return whether a failed execution is kept, because the server refused it, or because later lines were imagined
    without it.
    """
    # Only sample 0 is part of the session, and the boot commands (line -1) have sessions of their own.
    return run.is_refused or (run.imagined and run.sample == 0 and is_line_settled(run.line, answered))


def is_line_settled(line: int, answered: Collection[str]) -> bool:
    """Return whether sample 0's failed reply to a line is kept; see `is_settled`."""
    return line >= 0 and any(later_line > line for later_line in _lines(answered))


def is_replaced(run: Execution, spec: RunSpec) -> bool:
    """Return whether an execution was imagined by a model that a fork has replaced."""
    return run.imagined and spec.model_at(run.line).name != spec.model.name


def has_later_answer(later: Sequence[Question], answered: Collection[str]) -> bool:
    """Return whether a later question of the session was answered. If so, an earlier failure is kept."""
    return any(place_of_question(question) in answered for question in later)


def place_of_line(line: int) -> str:
    """Return the name of a script line's place in the session."""
    return f"{_LINE_PREFIX}{line}"


def place_of_question(question: Question) -> str:
    """Return the name of a question's place in its session."""
    return f"question-{digest(question.key)[:32]}"


def _places(lines: Iterable[int]) -> list[str]:
    return [place_of_line(line) for line in lines if line > 0]


def _lines(answered: Iterable[str]) -> list[int]:
    numbers = (place.removeprefix(_LINE_PREFIX) for place in answered if place.startswith(_LINE_PREFIX))
    return [int(number) for number in numbers if number.isdecimal() and len(number) < len("1000")]


def _later_questions(log: RunLog) -> dict[str, tuple[Question, ...]]:
    """For each question of a probe, by its key, return the later questions of the same session."""
    design, plan = log.spec.probe if log.spec else None, log.plan
    if design is None or plan is None:
        return {}
    direct_units, other_units = units_of(design, items_of(design, plan.sizes or (), plan.groups))
    return {
        question.key: unit[position:]
        for unit in (*direct_units, *other_units)
        for position, question in enumerate(unit, start=1)
    }
