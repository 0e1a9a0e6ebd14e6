"""What flows through the graph: labels and small facts. What programs and models print lies in the store."""

import operator
from collections.abc import Sequence
from typing import Annotated, TypedDict

STOPPED = "stopped: "
"""Before the reason, where a machine was lost on the way."""

TurnRef = str
"""One turn of the imagined machine's session: `placed:PROGRAM`, `told:LINE` or `typed:EXECUTION`."""


def keep_labels(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Add labels; one that is there already stays in its place."""
    return list(dict.fromkeys((*old, *new)))


def keep_first(old: str, new: str) -> str:
    """Keep what was there, if anything was."""
    return old or new


class SessionRef(TypedDict):
    """A session by its turns: those that are stored, and those that the model is sent."""

    stored: list[TurnRef]
    context: list[TurnRef]


class FailureRef(TypedDict):
    """Why the newest version was not accepted."""

    program: str
    problems: list[str]
    refused: bool
    rejected: bool
    """By a person, before it could run."""
    execution: str
    """Label of its run; empty if it was not run."""


class Sent(TypedDict):
    """The session in which sample 0 of a program was imagined."""

    line: int
    program: str
    session: SessionRef


class RunTask(TypedDict):
    """What one real seed or one imagined sample is told to run."""

    index: int
    program: str | None
    number: int
    """Seed, or sample."""
    reseed: bool
    session: SessionRef


class Next(TypedDict):
    """A node that comes next."""

    node: str
    task: RunTask | None
    """Of one seed or sample; None for a node that is told the whole state."""


class State(TypedDict, total=False):
    """The state of a run so far."""

    index: int
    """The script line that is at work; -1 before the first."""
    writing: int
    """The script line whose tell the coder last worked on."""
    programs: Annotated[list[str], keep_labels]
    executions: Annotated[list[str], keep_labels]
    turns: list[TurnRef]
    """The imagined machine's session, going on from sample 0."""
    sent: Annotated[list[Sent], operator.add]
    found: int
    """How many findings the line at work came to."""
    failure: FailureRef | None
    """While the coder has tries left."""
    verdict: str
    outcome: str
    lost: Annotated[str, keep_first]
    """The reason why the model is unavailable; the run stops when the work in progress has finished."""
    goto: list[Next]
    """Where the last node that could choose has the graph go."""
