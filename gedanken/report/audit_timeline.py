"""Selects the events of a transcript, and the lines of each event, that the page of an audit shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gedanken.auditing.audited import Audited
from gedanken.experiment.agent_transcript import AgentEvent
from gedanken.experiment.claim import JudgedClaim

EVENTS_SHOWN = 1500
"""Maximum number of events that are shown of one session."""
AROUND = 2
"""Number of events that are also shown before and after each event with a claim or evidence."""
HEAD, TAIL = 12, 4
"""Number of lines at the beginning and at the end of a text that are shown even if nothing refers to them."""
LINES_AROUND = 3
LINES_SHOWN = 400
"""Maximum number of lines that are shown of one event."""
_LINE = 2000
_COMMAND = 2000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, and the numbers of the claims whose words include this part."""

    text: str
    claims: tuple[int, ...] = ()
    begins: int | None = None
    """Number of the claim whose first words are in this part; None if no claim begins here."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of an event's text."""

    number: int
    pieces: tuple[Piece, ...]
    rests: tuple[int, ...] = ()
    """Numbers of the claims for which this line is evidence."""
    gap: int = 0
    """Number of lines left out before this line."""


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event of the transcript, prepared for display."""

    event: AgentEvent
    lines: tuple[ShownLine, ...]
    after: int
    """Number of lines left out at the end of the event."""
    gap: int
    """Number of events left out before this event."""
    pointed: bool
    """True if the event contains a claim, or evidence for or against a claim."""


def timeline_of(audited: Audited) -> tuple[tuple[ShownEvent, ...], int]:
    """Return the events that are shown, and the number of events that are left out after the last of them."""
    events = audited.transcript.events
    claims_in: dict[int, list[int]] = {}
    rests_on: dict[int, list[tuple[int, int, int]]] = {}
    for number, judged in enumerate(audited.claims):
        claims_in.setdefault(judged.claim.event, []).append(number)
        for evidence in judged.evidence:
            rests_on.setdefault(evidence.event, []).append((*evidence.lines, number))
    pointed = claims_in.keys() | rests_on.keys()
    chosen = sorted(_chosen(len(events), pointed))
    shown = []
    last = -1
    for at in chosen:
        event = events[at]
        lines, after = _lines(
            event, [(one, audited.claims[one]) for one in claims_in.get(at, ())], rests_on.get(at, ())
        )
        shown.append(ShownEvent(event, lines, after, at - last - 1, at in pointed))
        last = at
    return tuple(shown), len(events) - last - 1


def _chosen(total: int, pointed: Iterable[int]) -> set[int]:
    """Return the numbers of the events to show: all or, if there are too many, those near the events in `pointed`."""
    if total <= EVENTS_SHOWN:
        return set(range(total))
    most = sorted(pointed)[: EVENTS_SHOWN // (2 * AROUND + 1)]
    return {near for at in most for near in range(max(0, at - AROUND), min(total, at + AROUND + 1))}


def _lines(
    event: AgentEvent, claims: Sequence[tuple[int, JudgedClaim]], rests: Sequence[tuple[int, int, int]]
) -> tuple[tuple[ShownLine, ...], int]:
    texts = event.text.split("\n")
    starts = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    wanted = set(range(min(HEAD, len(texts)))) | set(range(max(0, len(texts) - TAIL), len(texts)))
    spans = [(judged.claim.start, judged.claim.end, number) for number, judged in claims]
    for line, begins in enumerate(starts):
        ends = begins + len(texts[line])
        holds = any(start <= ends and begins < end for start, end, _number in spans)
        if holds or any(first <= line + 1 <= last for first, last, _number in rests):
            wanted |= set(range(max(0, line - LINES_AROUND), min(len(texts), line + LINES_AROUND + 1)))
    shown: list[ShownLine] = []
    last = -1
    for line in sorted(wanted)[:LINES_SHOWN]:
        pieces = _pieces(texts[line][:_LINE], starts[line], spans)
        resting = tuple(dict.fromkeys(number for first, to, number in rests if first <= line + 1 <= to))
        shown.append(ShownLine(line + 1, pieces, resting, line - last - 1))
        last = line
    return tuple(shown), len(texts) - last - 1


def _pieces(text: str, begins: int, spans: Sequence[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Split a line where a claim begins or ends. `begins` is the position of the line in the event's text."""
    # `begins` is the position of the line in the event's text; spans are (start, end, number of the claim) in it
    ends = begins + len(text)
    mine = [(max(start, begins), min(end, ends), start, number) for start, end, number in spans]
    mine = [one for one in mine if one[0] < one[1]]
    edges = sorted({begins, ends, *(edge for one in mine for edge in one[:2])})
    pieces = []
    for start, end in pairwise(edges):
        inside = tuple(number for one, to, _first, number in mine if one <= start and end <= to)
        opening = next((number for one, _to, first, number in mine if first == start == one), None)
        pieces.append(Piece(text[start - begins : end - begins], inside, opening))
    return tuple(pieces) or (Piece(text),)
