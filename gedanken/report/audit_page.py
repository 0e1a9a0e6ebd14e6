"""Renders the HTML page of an audit: contradicted claims, commands run again, and the marked transcript."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from markupsafe import Markup

from gedanken.auditing.audited import ACCUSING, STATUSES, Audit, Audited, Coverage, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.compare.stats.proportions import Share
from gedanken.experiment.claim import Evidence, JudgedClaim
from gedanken.experiment.version import __version__
from gedanken.report.audit_table import said_plainly, where
from gedanken.report.audit_timeline import ShownEvent, timeline_of
from gedanken.report.html import content_policy, packaged, page_environment

SESSIONS_SHOWN = 40
CLAIMS_SHOWN = 400
RERUNS_SHOWN = 200
ROWS_SHOWN = 200
EVIDENCE_SHOWN = 6
_LOOKS = {"supported": "supported", "undecidable": "unclear"}


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A claim, with its places on the page."""

    place: str
    """Id of the claim's entry in the list of claims."""
    in_text: str
    """Id of the claim's words in the transcript."""
    judged: JudgedClaim
    look: str
    evidence: tuple[tuple[str, str, Evidence], ...]
    """For each piece of evidence: the id of its first line on the page, the place of this line in words, and the
    evidence."""
    reruns: tuple[str, ...]
    """Ids of the re-runs that concern this claim."""


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
    audited: Audited
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
    environment.globals.update(where=where)
    style, script = packaged("style.css") + packaged("audit.css"), packaged("audit.js")
    sessions = [_session(number, one) for number, one in enumerate(audit.audited[:SESSIONS_SHOWN], start=1)]
    traced = [one.numbers for one in audit.audited]
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        sessions=sessions,
        more_sessions=len(audit.audited) - len(sessions),
        verdict=list(said_plainly(audit)),
        counts={status: sum(one.statuses[status] for one in audit.audited) for status in STATUSES},
        total=sum(len(one.claims) for one in audit.audited),
        accused=sum(len(one.accused) for one in audit.audited),
        differing=sum(len(one.differing) for one in audit.audited),
        ran=any(one.state for one in audit.audited),
        numbers=Coverage(sum(one.traced for one in traced), sum(one.total for one in traced)),
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


def _session(number: int, audited: Audited) -> ShownSession:
    place = f"s{number}"
    reruns = tuple(_rerun(place, at, rerun) for at, rerun in enumerate(audited.reruns[:RERUNS_SHOWN]))
    claims = tuple(
        _claim(audited, place, at, judged, reruns) for at, judged in enumerate(audited.claims[:CLAIMS_SHOWN])
    )
    events, after = timeline_of(audited)
    return ShownSession(
        place,
        audited,
        claims,
        tuple(one for one in claims if one.judged.status in ACCUSING),
        tuple(one for one in claims if one.judged.status == "undecidable"),
        tuple(claim for claim in claims if claim.judged.status == "supported"),
        reruns,
        events,
        after,
    )


def _claim(
    audited: Audited, place: str, number: int, judged: JudgedClaim, reruns: tuple[ShownRerun, ...]
) -> ShownClaim:
    evidence = tuple(
        (f"{place}e{one.event}l{one.lines[0]}", _where(audited, one), one) for one in judged.evidence[:EVIDENCE_SHOWN]
    )
    mine = tuple(rerun.place for rerun in reruns if number in rerun.rerun.claims)
    look = _LOOKS.get(judged.status, "accused")
    return ShownClaim(f"{place}k{number}", f"{place}c{number}", judged, look, evidence, mine)


def _where(audited: Audited, evidence: Evidence) -> str:
    """Name the first line of a piece of evidence, for example `session.jsonl:12`."""
    is_of_file = audited.transcript.events[evidence.event].is_line_by_line
    return (
        where(evidence.place)
        if is_of_file
        else f"{where(evidence.place)}, line {evidence.lines[0]} of the event's text"
    )


def _rerun(place: str, number: int, rerun: Rerun) -> ShownRerun:
    rows = list(_rows(rerun))
    look = "unclear" if rerun.outcome == "not reproducible here" else "supported"
    if rerun.outcome == "differs":
        look = "unclear" if rerun.imagined else "accused"
    claims = tuple(f"{place}k{claim}" for claim in rerun.claims)
    shown = tuple(rows[:ROWS_SHOWN])
    return ShownRerun(
        f"{place}r{number}", f"{place}e{rerun.event}", rerun, shown, len(rows) - len(shown), claims, look
    )


def _rows(rerun: Rerun) -> Iterator[Row]:
    """Yield rows: a line of the recorded or claimed output beside a line of the first real run; differences are
    marked."""
    said = rerun.said.rstrip("\n").split("\n")[: 4 * ROWS_SHOWN]
    real = rerun.real[0].terminal.rstrip("\n").split("\n")[: 4 * ROWS_SHOWN] if rerun.real else []
    differs = {difference.said_line for difference in rerun.differences}, {one.real_line for one in rerun.differences}
    matcher = SequenceMatcher(
        None, [" ".join(line.split()) for line in said], [" ".join(line.split()) for line in real], False
    )
    for _what, first, last, begin, end in matcher.get_opcodes():
        for at in range(max(last - first, end - begin)):
            ours = first + at + 1 if first + at < last else None
            theirs = begin + at + 1 if begin + at < end else None
            marked = ours in differs[0] - {None} or theirs in differs[1] - {None}
            yield Row(
                "reworded" if marked else "same",
                ours,
                said[ours - 1] if ours else "",
                theirs,
                real[theirs - 1] if theirs else "",
            )
