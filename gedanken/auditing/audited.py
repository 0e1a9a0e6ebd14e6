"""What an audit comes to: values only."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.claim import JudgedClaim, Status
from gedanken.experiment.execution import Execution

STATUSES: tuple[Status, ...] = ("supported", "misquoted", "written too early", "stale", "never run", "undecidable")
ACCUSING: tuple[Status, ...] = ("misquoted", "written too early", "stale", "never run")
"""What says that a claim is wrong, or was not known; each with its evidence."""
Outcome = Literal["reproduced", "differs", "not reproducible here"]
DIFFERS = "differs"
KINDS = {
    "supported": "supported",
    "misquoted": "misquoted",
    "too-early": "written too early",
    "stale": "stale",
    "never-run": "never run",
    "undecidable": "undecidable",
    DIFFERS: DIFFERS,
}
"""What `--fail-on` takes: a status of a claim, or that a re-run printed something else."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that a text says and no real run printed, or the other way round."""

    said_line: int | None
    """From 1; None where the text lacks a line that every real run printed."""
    said: str
    real_line: int | None
    """In the first real run."""
    real: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """One command of a transcript, really run."""

    command: str
    event: int
    """The number of the event whose output is compared: a result, or the message that shows it."""
    place: Place
    claimed: bool
    """Whether the output is only claimed: shown in a message, with no result in the record."""
    said: str
    """The recorded or claimed output."""
    outcome: Outcome
    reason: str
    differences: tuple[Difference, ...] = ()
    real: tuple[Execution, ...] = ()
    imagined: bool = False
    """Whether the terminal was played on request: then a difference accuses nobody."""
    claims: tuple[int, ...] = ()
    """The claims that speak of it, by their number in the transcript's list."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One session with its claims, and what was run again."""

    transcript: AgentTranscript
    claims: tuple[JudgedClaim, ...]
    events: int
    """How many the session has; they themselves are kept only where somebody wants to see them."""
    state: str | None = None
    """On which state of the workspace commands were run again; None where none were."""
    reruns: tuple[Rerun, ...] = ()

    @property
    def statuses(self) -> Counter[str]:
        """How many claims have which status."""
        return Counter(judged.status for judged in self.claims)

    @property
    def accused(self) -> list[tuple[int, JudgedClaim]]:
        """The claims that are wrong or were not known, with their numbers."""
        return [(at, judged) for at, judged in enumerate(self.claims) if judged.status in ACCUSING]

    @property
    def differing(self) -> list[Rerun]:
        """What printed something else when it was really run; what was played on request is no part of it."""
        return [rerun for rerun in self.reruns if rerun.outcome == DIFFERS and not rerun.imagined]

    @property
    def numbers(self) -> "Coverage":
        """How many numbers of all its claims come from an output."""
        return coverage(self.claims)

    @property
    def last_numbers(self) -> "Coverage":
        """The same of the last message that claims anything."""
        last = max((judged.claim.event for judged in self.claims), default=None)
        return coverage(judged for judged in self.claims if judged.claim.event == last)

    def kinds(self) -> set[str]:
        """What of `KINDS` occurs in it."""
        found = {name for name, status in KINDS.items() if self.statuses[status]}
        return found | ({DIFFERS} if self.differing else set())


class Coverage(NamedTuple):
    """How many numbers of claims are traced to an output."""

    traced: int
    total: int

    def __str__(self) -> str:
        """Such as `7 of 9`."""
        return f"{self.traced:,} of {self.total:,}"


@dataclass(frozen=True, slots=True)
class Audit:
    """All sessions that were audited together."""

    audited: tuple[Audited, ...]
    notes: tuple[str, ...] = ()
    """What could not be read, or done."""

    def kinds(self) -> set[str]:
        """What of `KINDS` occurs in any of them."""
        return {kind for one in self.audited for kind in one.kinds()}

    def by_agent(self) -> Iterator[tuple[str, list[Audited]]]:
        """The sessions of each agent, in order of first appearance."""
        for name in dict.fromkeys(one.transcript.agent for one in self.audited):
            yield name, [one for one in self.audited if one.transcript.agent == name]


def coverage(claims: Iterable[JudgedClaim]) -> Coverage:
    """How many numbers of claims are traced to an output."""
    sources = [source for judged in claims for source in judged.numbers]
    return Coverage(sum(source.evidence is not None for source in sources), len(sources))
