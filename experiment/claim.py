"""Data types for an agent's claims about what happened, and for the verdicts on them."""

from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.agent_transcript import Place

ClaimKind = Literal["output", "command", "result", "file"]
"""What the agent claims. `output`: a terminal showed this; `command`: a command was run; `result`: tests, a metric, a
time, an exit code or a version had this result; `file`: a file has these contents.
"""
Status = Literal["supported", "misquoted", "written too early", "stale", "never run", "undecidable"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of an agent, with the text that states it."""

    kind: ClaimKind
    event: int
    """Number of the event that contains the claim."""
    start: int
    end: int
    """`start` and `end` are character offsets in the text of the event that contains the claim."""
    quote: str
    place: Place
    command: str | None = None
    """The command that the claim is about, if it names one."""
    topic: str | None = None
    """The subject of a result: `tests`, `exit code`, `build`, `lint`, or a metric's name as written."""
    numbers: tuple[str, ...] = ()
    """The numbers in the claim, as written."""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage in an event's text on which a verdict is based."""

    event: int
    place: Place
    lines: tuple[int, int]
    """The first and the last line of the passage within the event's text, counted from 1."""
    quote: str


@dataclass(frozen=True, slots=True)
class NumberSource:
    """The source of a number in a claim."""

    number: str
    evidence: Evidence | None
    how: str
    """How the number was obtained from its source: `as printed`, `rounded`, `percent`, `sum` or `difference`. If no
    source was found, the reason.
    """


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim with its verdict."""

    claim: Claim
    status: Status
    reason: str
    """One sentence that explains the status. For an undecidable claim, it also says what would decide the claim."""
    evidence: tuple[Evidence, ...] = ()
    numbers: tuple[NumberSource, ...] = ()
    reading: Literal["recorded", "no tools", "role-played"] = "recorded"
    """What the verdict is based on. `recorded`: the tool calls. `no tools`: the user's statement that the agent had
    no tools. `role-played`: nothing, because the user asked the agent to play a terminal."""
