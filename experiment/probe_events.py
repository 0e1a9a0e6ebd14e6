"""The log events that only a probe has."""

from typing import Literal

from gedanken.experiment.event import Event
from gedanken.experiment.execution import Execution
from gedanken.experiment.probe_design import Plan, Question
from gedanken.experiment.probe_item import ProbeItem


class Planned(Event):
    """The plan of a probe was made: how many of the questions in its design will be asked."""

    kind: Literal["planned"] = "planned"
    plan: Plan


class ItemKept(Event):
    """An item of a probe was stored, with the real outputs of its programs."""

    kind: Literal["item"] = "item"
    item: ProbeItem
    truth: str
    rival: str | None = None
    given: str | None = None
    problem: str = ""
    """The reason why answers to the item cannot be scored, for example that it has no true output. Empty if they can.
    """


class AnswerKept(Event):
    """The model's reply to one question of a probe was stored."""

    kind: Literal["answer"] = "answer"
    question: Question
    execution: Execution


class Judged(Event):
    """The model answered a question with an expression, and the expression was run to see whether it has the right
    value.
    """

    kind: Literal["judged"] = "judged"
    question: str
    """Key of the question."""
    right: bool
