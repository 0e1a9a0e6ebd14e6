"""Data types for an agent's claims about what happened, and for the verdicts on them."""

from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.agent_transcript import Place

ClaimKind = Literal["output", "command", "result", "file"]
"""`output`: terminal output that is shown; `command`: a command that is said to have been run; `result`: a stated
result (tests, exit code, build, metric, time, size, count, version); `file`: the contents that a file is said to
have.
"""
Status = Literal["supported", "misquoted", "written too early", "stale", "never run", "undecidable"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, with the text that makes it."""

    kind: ClaimKind
    event: int
    """Number of the event that contains the claim."""
    start: int
    end: int
    """`start` and `end` are character offsets in that event's text."""
    quote: str
    place: Place
    command: str | None = None
    """The command that the claim is about, if it names one."""
    topic: str | None = None
    """The subject of a result: `tests`, `exit code`, `build`, `lint`, or a metric's name as written."""
    numbers: tuple[str, ...] = ()
    """The numbers, as written."""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of a text that the reader can look up."""

    event: int
    place: Place
    lines: tuple[int, int]
    """First and last line inside the event's text, counted from 1."""
    quote: str


@dataclass(frozen=True, slots=True)
class NumberSource:
    """The source of a number in a claim."""

    number: str
    evidence: Evidence | None
    how: str
    """Relation of the number to its source: `as printed`, `rounded`, `percent`, `sum`, `difference`; or the reason
    why it has no source."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim with its verdict."""

    claim: Claim
    status: Status
    reason: str
    """One sentence; for an undecidable claim it also says what would decide it."""
    evidence: tuple[Evidence, ...] = ()
    numbers: tuple[NumberSource, ...] = ()
    reading: Literal["recorded", "no tools", "role-played"] = "recorded"
    """The basis for the verdict: the recorded tool calls, the user's statement that there were no tools, or role
    play, which is not judged."""
