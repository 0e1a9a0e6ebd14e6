"""Log events of a run that is a probe."""

from typing import Literal

from gedanken.experiment.event import Event
from gedanken.experiment.execution import Execution
from gedanken.experiment.probe_design import Plan, Question
from gedanken.experiment.probe_item import ProbeItem


class Planned(Event):
    """The part of the probe's design that is asked."""

    kind: Literal["planned"] = "planned"
    plan: Plan


class ItemKept(Event):
    """One item of a probe, with the real output of its programs."""

    kind: Literal["item"] = "item"
    item: ProbeItem
    truth: str
    rival: str | None = None
    given: str | None = None
    problem: str = ""
    """The reason why it has no true output."""


class AnswerKept(Event):
    """The model's reply to one question of a probe."""

    kind: Literal["answer"] = "answer"
    question: Question
    execution: Execution


class Judged(Event):
    """The judgement of an answer that had to be run, because it is an expression."""

    kind: Literal["judged"] = "judged"
    question: str
    """Key of the question."""
    right: bool
