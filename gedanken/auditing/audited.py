"""Data types for the result of an audit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.claim import JudgedClaim, Status
from gedanken.experiment.execution import Execution

STATUSES: tuple[Status, ...] = ("supported", "misquoted", "written too early", "stale", "never run", "undecidable")
ACCUSING: tuple[Status, ...] = ("misquoted", "written too early", "stale", "never run")
"""Statuses of claims that are wrong, or that the agent could not have known to be true when it made them.

A `never run` claim may have no `evidence`.
"""
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
"""Maps each value of `--fail-on` to a claim's status, or to `differs`.

`differs` means a command that printed something else when it was run again.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between a recorded or claimed output (`said`) and the real runs' output (`real`).

    The difference is a line that only one output has, or a pair of lines that differ.
    """

    said_line: int | None
    """Line number in the recorded or claimed output, from 1; None if that output lacks the line."""
    said: str
    real_line: int | None
    """Line number in the first real run's output, from 1; None if that output lacks the line."""
    real: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """One command of a transcript, run again.

    Its new output is compared with the recorded or claimed output.
    """

    command: str
    event: int
    """Number of the event whose output is compared: a recorded result, or the message that shows the output."""
    place: Place
    claimed: bool
    """True if the output is only claimed: shown in a message, without a result in the record."""
    said: str
    """The recorded or claimed output."""
    outcome: Outcome
    reason: str
    differences: tuple[Difference, ...] = ()
    real: tuple[Execution, ...] = ()
    imagined: bool = False
    """True if the user asked the agent to play a terminal. A difference is then not an accusation."""
    claims: tuple[int, ...] = ()
    """The claims about this command, as indices into `AuditedSession.claims`."""
    is_line_by_line: bool = False
    """True if each line of `said` is a line of the transcript's file. `place` is then the place of the first line."""

    def place_of(self, difference: Difference) -> Place:
        """Return the place of a differing line in the transcript.

        This is the place of the whole output if the line has no place of its own.
        """
        if not self.is_line_by_line or difference.said_line is None:
            return self.place
        return replace(self.place, line=self.place.line + difference.said_line - 1)


@dataclass(frozen=True, slots=True)
class AuditedSession:
    """One session with its claims, and the commands that were run again."""

    transcript: AgentTranscript
    claims: tuple[JudgedClaim, ...]
    events: int
    """Number of events in the session. `transcript` contains the events only if they are needed for display."""
    state: str | None = None
    """The state of the workspace in words, or the reason why no command could be run again. None if no rerun was
    requested."""
    reruns: tuple[Rerun, ...] = ()

    @property
    def statuses(self) -> Counter[str]:
        return Counter(judged_claim.status for judged_claim in self.claims)

    @property
    def accused(self) -> list[tuple[int, JudgedClaim]]:
        """The claims with an accusing verdict, each with its index in `claims`."""
        return [
            (index, judged_claim) for index, judged_claim in enumerate(self.claims) if judged_claim.status in ACCUSING
        ]

    @property
    def differing_reruns(self) -> list[Rerun]:
        """The commands that printed something else when they were run again.

        If the agent played a terminal, the commands in this terminal are left out.
        """
        return [rerun for rerun in self.reruns if rerun.outcome == DIFFERS and not rerun.imagined]

    @property
    def numbers(self) -> "Coverage":
        """How many of the numbers in all claims were found in an output."""
        return coverage(self.claims)

    @property
    def last_numbers(self) -> "Coverage":
        """Like `numbers`, but only for the last message that contains claims."""
        last_event = max((judged_claim.claim.event for judged_claim in self.claims), default=None)
        return coverage(judged_claim for judged_claim in self.claims if judged_claim.claim.event == last_event)

    def kinds(self) -> set[str]:
        """Return the keys of `KINDS` that occur in this session."""
        kinds = {name for name, status in KINDS.items() if self.statuses[status]}
        return kinds | ({DIFFERS} if self.differing_reruns else set())


class Coverage(NamedTuple):
    """How many of the numbers in claims were found in an output."""

    traced: int
    total: int

    def __str__(self) -> str:
        """Return, for example, `7 of 9`; a dash if the claims contain no numbers."""
        return f"{self.traced:,} of {self.total:,}" if self.total else "–"


@dataclass(frozen=True, slots=True)
class Audit:
    """All sessions that were audited together."""

    audited: tuple[AuditedSession, ...]
    notes: tuple[str, ...] = ()
    """Notes on what could not be read or done."""

    def kinds(self) -> set[str]:
        """Return the keys of `KINDS` that occur in any session."""
        return {kind for session in self.audited for kind in session.kinds()}

    def by_agent(self) -> Iterator[tuple[str, list[AuditedSession]]]:
        """Yield each agent with its sessions, in order of first appearance."""
        for name in dict.fromkeys(session.transcript.agent for session in self.audited):
            yield name, [session for session in self.audited if session.transcript.agent == name]


def coverage(claims: Iterable[JudgedClaim]) -> Coverage:
    """Count how many of the numbers in the claims were found in an output."""
    sources = [source for judged_claim in claims for source in judged_claim.numbers]
    return Coverage(sum(source.evidence is not None for source in sources), len(sources))
