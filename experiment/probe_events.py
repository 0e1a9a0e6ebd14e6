"""What happens in a run that is a probe, as events of its log."""

from typing import Literal

from gedanken.experiment.event import Event
from gedanken.experiment.execution import Execution
from gedanken.experiment.probe_design import Plan, Question
from gedanken.experiment.probe_item import ProbeItem


class Planned(Event):
    """How much of a probe's design is asked."""

    kind: Literal["planned"] = "planned"
    plan: Plan


class ItemKept(Event):
    """One item of a probe, with what its programs really printed."""

    kind: Literal["item"] = "item"
    item: ProbeItem
    truth: str
    rival: str | None = None
    given: str | None = None
    problem: str = ""
    """Why it has no truth."""


class AnswerKept(Event):
    """What a model replied to one question of a probe."""

    kind: Literal["answer"] = "answer"
    question: Question
    execution: Execution


class Judged(Event):
    """Whether an answer that is an expression is right: only running it tells."""

    kind: Literal["judged"] = "judged"
    question: str
    """Its key."""
    right: bool
