"""Renders the HTML page of an audit: contradicted claims, commands run again, and the marked transcript."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup

from gedanken.auditing.audited import ACCUSING, STATUSES, Audit, AuditedSession, Coverage, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.compare.stats.proportions import Share
from gedanken.experiment.claim import Evidence, JudgedClaim
from gedanken.experiment.version import __version__
from gedanken.report.audit_table import conclusion_sentences, format_place
from gedanken.report.audit_timeline import ShownEvent, timeline_of
from gedanken.report.html import content_policy, packaged, page_environment

SESSIONS_SHOWN = 40
CLAIMS_SHOWN = 400
RERUNS_SHOWN = 200
ROWS_SHOWN = 200
EVIDENCE_SHOWN = 6
_CSS_CLASSES = {"supported": "supported", "undecidable": "unclear"}


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A claim, with the ids of its elements on the page."""

    place: str
    """Id, on the page, of the claim's entry in the list of claims."""
    in_text: str
    """Id, on the page, of the claim's words in the transcript."""
    judged: JudgedClaim
    look: str
    evidence: tuple[tuple[str, str, Evidence], ...]
    """For each piece of evidence: the id of its first line on the page, the place of this line in words, and the
    evidence."""
    reruns: tuple[str, ...]
    """Ids, on the page, of the commands that were run again and that concern this claim."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the recorded or claimed output, beside the matching line of a real run."""

    look: str
    said_number: int | None
    said: str
    real_number: int | None
    real: str


@dataclass(frozen=True, slots=True)
class ShownRerun:
    """A command that was run again, prepared for display."""

    place: str
    event: str
    rerun: Rerun
    rows: tuple[Row, ...]
    more: int
    claims: tuple[str, ...]
    look: str


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session, prepared for display."""

    place: str
    audited: AuditedSession
    claims: tuple[ShownClaim, ...]
    accused: tuple[ShownClaim, ...]
    undecided: tuple[ShownClaim, ...]
    supported: tuple[ShownClaim, ...]
    reruns: tuple[ShownRerun, ...]
    events: tuple[ShownEvent, ...]
    events_after: int


def render_audit(audit: Audit) -> str:
    """Render an audit as one self-contained HTML file, which is the same for the same input."""
    environment = page_environment()
    environment.globals.update(where=format_place)
    style, script = packaged("style.css") + packaged("audit.css"), packaged("audit.js")
    sessions = [
        _prepare_session(number, session) for number, session in enumerate(audit.audited[:SESSIONS_SHOWN], start=1)
    ]
    coverages = [session.numbers for session in audit.audited]
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        sessions=sessions,
        more_sessions=len(audit.audited) - len(sessions),
        verdict=list(conclusion_sentences(audit)),
        counts={status: sum(session.statuses[status] for session in audit.audited) for status in STATUSES},
        total=sum(len(session.claims) for session in audit.audited),
        accused=sum(len(session.accused) for session in audit.audited),
        differing=sum(len(session.differing_reruns) for session in audit.audited),
        ran=any(session.state for session in audit.audited),
        numbers=Coverage(
            sum(coverage.traced for coverage in coverages), sum(coverage.total for coverage in coverages)
        ),
        rates=list(_rates(audit)) if len(audit.audited) > 1 else [],
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
        STATUSES=STATUSES,
    )


def _rates(audit: Audit) -> Iterator[tuple[str, int, int, list[Share]]]:
    for agent, sessions in audit.by_agent():
        total = sum(len(session.claims) for session in sessions)
        yield agent, len(sessions), total, [rate_of(sessions, status) for status in STATUSES]


def _prepare_session(number: int, audited: AuditedSession) -> ShownSession:
    session_id = f"s{number}"
    reruns = tuple(
        _prepare_rerun(session_id, index, rerun) for index, rerun in enumerate(audited.reruns[:RERUNS_SHOWN])
    )
    claims = tuple(
        _prepare_claim(audited, session_id, index, judged, reruns)
        for index, judged in enumerate(audited.claims[:CLAIMS_SHOWN])
    )
    events, events_after = timeline_of(audited)
    return ShownSession(
        session_id,
        audited,
        claims,
        tuple(claim for claim in claims if claim.judged.status in ACCUSING),
        tuple(claim for claim in claims if claim.judged.status == "undecidable"),
        tuple(claim for claim in claims if claim.judged.status == "supported"),
        reruns,
        events,
        events_after,
    )


def _prepare_claim(
    audited: AuditedSession, session_id: str, number: int, judged: JudgedClaim, reruns: tuple[ShownRerun, ...]
) -> ShownClaim:
    evidence = tuple(
        (f"{session_id}e{piece.event}l{piece.lines[0]}", _describe_line(audited, piece), piece)
        for piece in judged.evidence[:EVIDENCE_SHOWN]
    )
    rerun_ids = tuple(rerun.place for rerun in reruns if number in rerun.rerun.claims)
    css_class = _CSS_CLASSES.get(judged.status, "accused")
    return ShownClaim(f"{session_id}k{number}", f"{session_id}c{number}", judged, css_class, evidence, rerun_ids)


def _describe_line(audited: AuditedSession, evidence: Evidence) -> str:
    """Format the place of the first line of a piece of evidence, for example `session.jsonl:12`. If one line of the
    file holds the whole event, also give the line within the text of the event."""
    is_of_file = audited.transcript.events[evidence.event].is_line_by_line
    return (
        format_place(evidence.place)
        if is_of_file
        else f"{format_place(evidence.place)}, line {evidence.lines[0]} of the event's text"
    )


def _prepare_rerun(session_id: str, number: int, rerun: Rerun) -> ShownRerun:
    rows = list(_align_outputs(rerun))
    css_class = "unclear" if rerun.outcome == "not reproducible here" else "supported"
    if rerun.outcome == "differs":
        css_class = "unclear" if rerun.imagined else "accused"
    claims = tuple(f"{session_id}k{claim}" for claim in rerun.claims)
    shown_rows = tuple(rows[:ROWS_SHOWN])
    return ShownRerun(
        f"{session_id}r{number}",
        f"{session_id}e{rerun.event}",
        rerun,
        shown_rows,
        len(rows) - len(shown_rows),
        claims,
        css_class,
    )


def _align_outputs(rerun: Rerun) -> Iterator[Row]:
    """Yield rows: a line of the recorded or claimed output beside a line of the first real run. Rows that differ are
    marked."""
    recorded = rerun.said.rstrip("\n").split("\n")[: 4 * ROWS_SHOWN]
    real = rerun.real[0].terminal.rstrip("\n").split("\n")[: 4 * ROWS_SHOWN] if rerun.real else []
    differing = (
        {difference.said_line for difference in rerun.differences},
        {difference.real_line for difference in rerun.differences},
    )
    matcher = SequenceMatcher(
        None, [" ".join(line.split()) for line in recorded], [" ".join(line.split()) for line in real], False
    )
    for _tag, first, last, begin, end in matcher.get_opcodes():
        for offset in range(max(last - first, end - begin)):
            recorded_number = first + offset + 1 if first + offset < last else None
            real_number = begin + offset + 1 if begin + offset < end else None
            is_different = recorded_number in differing[0] - {None} or real_number in differing[1] - {None}
            yield Row(
                "reworded" if is_different else "same",
                recorded_number,
                recorded[recorded_number - 1] if recorded_number else "",
                real_number,
                real[real_number - 1] if real_number else "",
            )
