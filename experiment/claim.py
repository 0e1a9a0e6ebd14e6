"""What an agent says that happened, and what became of it: values only."""

from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.agent_transcript import Place

ClaimKind = Literal["output", "command", "result", "file"]
"""`output`: terminal output that is shown; `command`: said to have been run; `result`: a stated result (tests, exit
code, build, metric, time, size, count, version); `file`: contents said to be there."""
Status = Literal["supported", "misquoted", "written too early", "stale", "never run", "undecidable"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, with the words that make it."""

    kind: ClaimKind
    event: int
    """The number of the event in which it stands."""
    start: int
    end: int
    """Its span in that event's text, in characters."""
    quote: str
    place: Place
    command: str | None = None
    """The command that it speaks of, where it names one."""
    topic: str | None = None
    """What a result is of: `tests`, `exit code`, `build`, `lint`, or a metric's name as it stands."""
    numbers: tuple[str, ...] = ()
    """As written."""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of a text that anybody can look up."""

    event: int
    place: Place
    lines: tuple[int, int]
    """First and last line inside the event's text, from 1."""
    quote: str


@dataclass(frozen=True, slots=True)
class NumberSource:
    """Where a number of a claim comes from."""

    number: str
    evidence: Evidence | None
    how: str
    """`as printed`, `rounded`, `percent`, `sum`, `difference`, or why there is none."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim with its status."""

    claim: Claim
    status: Status
    reason: str
    """One sentence; for what is undecidable also what would decide it."""
    evidence: tuple[Evidence, ...] = ()
    numbers: tuple[NumberSource, ...] = ()
    reading: Literal["recorded", "no tools", "role-played"] = "recorded"
    """How it could be judged: by the record, on the user's word that there were no tools, or not at all."""
