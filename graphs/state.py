"""The state of the experiment graph: labels and small facts. The texts of models and programs are in the store."""

import operator
from collections.abc import Sequence
from typing import Annotated, TypedDict

STOPPED = "stopped: "
"""Prefix of the outcome if a machine or the model was lost before the end; the reason follows."""

TurnRef = str
"""Name of a turn in the imagined machine's session: `placed:PROGRAM`, `told:LINE` or `typed:EXECUTION`."""


def keep_labels(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the old labels, followed by the new labels that are not among the old ones."""
    return list(dict.fromkeys((*old, *new)))


def keep_first(old: str, new: str) -> str:
    """Return the old value, or the new one if the old one is empty."""
    return old or new


class SessionRef(TypedDict):
    """A session of the imagined machine: `stored` are all its turns, `context` those sent to the model."""

    stored: list[TurnRef]
    context: list[TurnRef]


class FailureRef(TypedDict):
    """Why the newest version of a program was not accepted."""

    program: str
    problems: list[str]
    refused: bool
    rejected: bool
    """True if a person rejected the version before it could run."""
    execution: str
    """Label of the execution in which the version failed; empty if the version was not run."""


class SampleSession(TypedDict):
    """The session in which sample 0 of a program was imagined."""

    line: int
    program: str
    session: SessionRef


class RunTask(TypedDict):
    """The task of one real seed or one imagined sample."""

    index: int
    program: str | None
    number: int
    """The seed or sample number."""
    reseed: bool
    session: SessionRef


class NextNode(TypedDict):
    """A node that comes next, and what it receives."""

    node: str
    task: RunTask | None
    """The task of one seed or sample, for `replicate` or `simulate`; None for a node that receives the whole state.
    """


class State(TypedDict, total=False):
    """The state of a run so far."""

    index: int
    """Index of the current script line; -1 before the first line."""
    writing: int
    """Index of the script line whose instruction the coder last worked on."""
    programs: Annotated[list[str], keep_labels]
    executions: Annotated[list[str], keep_labels]
    turns: list[TurnRef]
    """The turns of the imagined machine's session. Of the samples of a script line, only sample 0 becomes a turn of
    the session."""
    sent: Annotated[list[SampleSession], operator.add]
    found: int
    """Number of findings on the current script line; at the end of the run, number of findings on the whole run."""
    failure: FailureRef | None
    """Why the newest version failed, if the coder may try again; None if there is no failure to fix."""
    verdict: str
    outcome: str
    lost: Annotated[str, keep_first]
    """The reason why a machine or the model became unavailable; the run stops when the work in progress has
    finished.
    """
    goto: list[NextNode]
    """The next nodes, as chosen by the last node that could choose."""
