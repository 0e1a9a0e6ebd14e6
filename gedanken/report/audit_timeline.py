"""Selects the events of a transcript, and the lines of each event, that the page of an audit shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gedanken.auditing.audited import AuditedSession
from gedanken.experiment.agent_transcript import AgentEvent
from gedanken.experiment.claim import JudgedClaim

MAX_EVENTS = 1500
"""Maximum number of events that are shown of one session."""
EVENTS_AROUND = 2
"""Number of events that are also shown before and after each event with a claim or evidence."""
HEAD_LINES, TAIL_LINES = 12, 4
"""Number of lines at the beginning and at the end of an event's text that are shown even if nothing refers to
them."""
LINES_AROUND = 3
MAX_LINES = 400
"""Maximum number of lines that are shown of one event."""
_MAX_LINE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, and the numbers of the claims whose words include this part."""

    text: str
    claims: tuple[int, ...] = ()
    begins: int | None = None
    """Number of the claim whose first words are in this part; None if no claim begins here."""


@dataclass(frozen=True, slots=True)
class ShownLine:
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


def timeline_of(audited: AuditedSession) -> tuple[tuple[ShownEvent, ...], int]:
    """Return the events that are shown, and the number of events that are left out after the last of them."""
    events = audited.transcript.events
    claims_in: dict[int, list[int]] = {}
    evidence_in: dict[int, list[tuple[int, int, int]]] = {}
    for number, judged in enumerate(audited.claims):
        claims_in.setdefault(judged.claim.event, []).append(number)
        for evidence in judged.evidence:
            evidence_in.setdefault(evidence.event, []).append((*evidence.lines, number))
    relevant = claims_in.keys() | evidence_in.keys()
    indices = sorted(_choose_events(len(events), relevant))
    shown_events = []
    last_index = -1
    for index in indices:
        event = events[index]
        lines, lines_after = _select_lines(
            event,
            [(claim_number, audited.claims[claim_number]) for claim_number in claims_in.get(index, ())],
            evidence_in.get(index, ()),
        )
        shown_events.append(ShownEvent(event, lines, lines_after, index - last_index - 1, index in relevant))
        last_index = index
    return tuple(shown_events), len(events) - last_index - 1


def _choose_events(total: int, relevant: Iterable[int]) -> set[int]:
    """Return the indices of the events to show: all or, if there are too many, those near the `relevant` events."""
    if total <= MAX_EVENTS:
        return set(range(total))
    centers = sorted(relevant)[: MAX_EVENTS // (2 * EVENTS_AROUND + 1)]
    return {
        index
        for center in centers
        for index in range(max(0, center - EVENTS_AROUND), min(total, center + EVENTS_AROUND + 1))
    }


def _select_lines(
    event: AgentEvent, claims: Sequence[tuple[int, JudgedClaim]], evidence_spans: Sequence[tuple[int, int, int]]
) -> tuple[tuple[ShownLine, ...], int]:
    texts = event.text.split("\n")
    starts = []
    position = 0
    for text in texts:
        starts.append(position)
        position += len(text) + 1
    selected = set(range(min(HEAD_LINES, len(texts)))) | set(range(max(0, len(texts) - TAIL_LINES), len(texts)))
    spans = [(judged.claim.start, judged.claim.end, number) for number, judged in claims]
    for line, line_start in enumerate(starts):
        line_end = line_start + len(texts[line])
        has_claim = any(start <= line_end and line_start < end for start, end, _number in spans)
        if has_claim or any(first <= line + 1 <= last for first, last, _number in evidence_spans):
            selected |= set(range(max(0, line - LINES_AROUND), min(len(texts), line + LINES_AROUND + 1)))
    shown_lines: list[ShownLine] = []
    last = -1
    for line in sorted(selected)[:MAX_LINES]:
        pieces = _split_at_claims(texts[line][:_MAX_LINE_CHARACTERS], starts[line], spans)
        evidence_for = tuple(dict.fromkeys(number for first, to, number in evidence_spans if first <= line + 1 <= to))
        shown_lines.append(ShownLine(line + 1, pieces, evidence_for, line - last - 1))
        last = line
    return tuple(shown_lines), len(texts) - last - 1


def _split_at_claims(text: str, line_start: int, spans: Sequence[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Split a line where a claim begins or ends. `line_start` is the position of the line in the event's text. Spans
    are `(start, end, number of the claim)` in this text."""
    line_end = line_start + len(text)
    claim_spans = [(max(start, line_start), min(end, line_end), start, number) for start, end, number in spans]
    claim_spans = [span for span in claim_spans if span[0] < span[1]]
    edges = sorted({line_start, line_end, *(edge for span in claim_spans for edge in span[:2])})
    pieces = []
    for start, end in pairwise(edges):
        claims = tuple(
            number for start_inside, to, _first, number in claim_spans if start_inside <= start and end <= to
        )
        opening_claim = next(
            (number for start_inside, _to, first, number in claim_spans if first == start == start_inside), None
        )
        pieces.append(Piece(text[start - line_start : end - line_start], claims, opening_claim))
    return tuple(pieces) or (Piece(text),)
