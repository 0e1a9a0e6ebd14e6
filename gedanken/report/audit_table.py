"""Prints an audit on a terminal: a row for each session, and each contradicted claim beside the record."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gedanken.auditing.audited import ACCUSING, STATUSES, Audit, AuditedSession, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.compare.audit.judging.plain_chats import NOT_SHOWN
from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless

MAX_ROWS = 40
MAX_ACCUSATIONS = 30
UNDECIDED_SHOWN = 5
GAPS_SHOWN = 3
_MAX_LINE_CHARACTERS = 240
_MIN_FIRST_COLUMN = 12
"""Minimum width of the first column, in characters."""
NUMBERS = "numbers found in outputs"
_COLUMN_TITLES = {
    "supported": "sup-\nported",
    "misquoted": "mis-\nquoted",
    "written too early": "too\nearly",
    "never run": "never\nrun",
    "undecidable": "undeci-\ndable",
    NUMBERS: "numbers\nfound in\noutputs",
}
"""Column titles on several lines, so that the table fits a terminal of 80 columns."""
_STYLES = {"supported": "green", "undecidable": "yellow"}


def print_audit(audit: Audit, console: Console, page: Path | None = None) -> None:
    """Print the sessions, the claims, the commands run again, and the result in words. `page` is the path of the full
    report."""
    console.print(_session_table(audit.audited, console.width))
    if len(audit.audited) > MAX_ROWS:
        _print_left_out(console, len(audit.audited) - MAX_ROWS, "session", "sessions", "--json")
    if len(audit.audited) > 1:
        console.print()
        console.print(_agent_table(audit, console.width))
    _print_accusations(audit, console)
    _print_reruns(audit, console)
    _print_undecided(audit, console)
    console.print()
    for line in conclusion_sentences(audit):
        _print_line(console, line, "bold", uncut=True)
    if page:
        _print_line(console, f"full report: {page}", "bold", uncut=True)


def _session_table(sessions: Sequence[AuditedSession], width: int) -> Table:
    first_width = max(_MIN_FIRST_COLUMN, width - 58)
    table = _make_table(first_width, "session", "claims", *STATUSES, NUMBERS)
    for session in sessions[:MAX_ROWS]:
        table.add_row(
            _escape("\n".join([session.transcript.name, *_describe_transcript(session.transcript, first_width)])),
            f"{len(session.claims):,}",
            *(_format_count(session.statuses[status], status) for status in STATUSES),
            str(session.numbers).replace(" of ", "/"),
        )
    return table


def _describe_transcript(transcript: AgentTranscript, width: int) -> list[str]:
    """Name the agent, and say how complete the record is. Return one line if it fits into `width` characters,
    otherwise two."""
    record = (
        "no tool calls recorded"
        if not transcript.has_tools
        else "incomplete record"
        if transcript.gaps
        else "complete record"
    )
    description = f"agent: {transcript.agent}, {record}"
    return [description] if len(description) <= width else [f"agent: {transcript.agent}", record]


def _agent_table(audit: Audit, width: int) -> Table:
    table = _make_table(max(_MIN_FIRST_COLUMN, width - 62), "agent", "claims", *STATUSES)
    for agent, sessions in audit.by_agent():
        total = sum(len(session.claims) for session in sessions)
        rates = [rate_of(sessions, status) for status in STATUSES]
        cells = [
            f"{rate.successes}\n{_format_share(rate.low)}–{_format_share(rate.high)}" if total else "–"
            for rate in rates
        ]
        table.add_row(_escape(f"{agent}\n{format_count(len(sessions), 'session')}"), f"{total:,}", *cells)
    table.caption = "Under each count: 95 % interval of its share of the claims; sessions count as clusters."
    return table


def _format_share(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


def _make_table(width: int, *titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    table.add_column(titles[0], overflow="ellipsis", no_wrap=True, max_width=width)
    for title in titles[1:]:
        table.add_column(_COLUMN_TITLES.get(title, title), justify="right", no_wrap=True)
    return table


def _format_count(number: int, status: str) -> Text:
    style = "" if not number else _STYLES.get(status, "bold red" if status in ACCUSING else "")
    return Text(f"{number:,}", style=style)


def _print_accusations(audit: Audit, console: Console) -> None:
    accused = [(session, judged) for session in audit.audited for _index, judged in session.accused]
    for session, judged in accused[:MAX_ACCUSATIONS]:
        console.print()
        _print_line(console, f"{judged.status}: {judged.reason}", "bold red", uncut=True)
        _print_line(console, f"  said      {format_place(judged.claim.place)}  {judged.claim.quote}", "")
        for evidence in judged.evidence[:3]:
            _print_line(console, f"  recorded  {format_place(evidence.place)}  {evidence.quote}", "")
        if len(audit.audited) > 1:
            _print_line(console, f"  by        {session.transcript.agent}", "dim")
    if len(accused) > MAX_ACCUSATIONS:
        _print_left_out(console, len(accused) - MAX_ACCUSATIONS, "claim is contradicted", "claims are contradicted")


def _print_reruns(audit: Audit, console: Console) -> None:
    for session in audit.audited:
        if session.state is None:
            continue
        console.print()
        counts = {name: sum(rerun.outcome == name for rerun in session.reruns) for name in _OUTCOMES}
        counts_text = ", ".join(f"{count} {name}" for name, count in counts.items())
        _print_line(console, f"run again ({session.state}): {counts_text}", "bold", uncut=True)
        not_reproduced = [rerun for rerun in session.reruns if rerun.outcome != "reproduced"]
        for rerun in not_reproduced[:MAX_ACCUSATIONS]:
            _print_rerun(rerun, console)
        if len(not_reproduced) > MAX_ACCUSATIONS:
            _print_left_out(
                console, len(not_reproduced) - MAX_ACCUSATIONS, "command was run again", "commands were run again"
            )


_OUTCOMES = ("reproduced", "differs", "not reproducible here")


def _print_rerun(rerun: Rerun, console: Console) -> None:
    style = "bold red" if rerun.outcome == "differs" and not rerun.imagined else "yellow"
    name = "imagined, as requested" if rerun.imagined and rerun.outcome == "differs" else rerun.outcome
    _print_line(console, f"  {name}: {rerun.command}", style)
    _print_line(console, f"    {rerun.reason}", "dim", uncut=True)
    for difference in rerun.differences[:3]:
        recorded = "(no such line)" if difference.said_line is None else difference.said
        real = "(no such line)" if difference.real_line is None else difference.real
        _print_line(
            console,
            f"    {'claimed' if rerun.claimed else 'recorded':8}  "
            f"{format_place(rerun.place_of(difference))}  {recorded}",
            "",
        )
        _print_line(console, f"    real      line {difference.real_line or '–'}  {real}", "")


def _print_undecided(audit: Audit, console: Console) -> None:
    undecided = [judged for session in audit.audited for judged in session.claims if judged.status == "undecidable"]
    if undecided:
        console.print()
    limit = UNDECIDED_SHOWN + (len(undecided) == UNDECIDED_SHOWN + 1)  # “1 more” would take as much room as the claim
    for judged in undecided[:limit]:
        _print_line(console, f"undecidable  {format_place(judged.claim.place)}  {judged.claim.quote}", "yellow")
        _print_line(console, f"             {judged.reason}", "dim", uncut=True)
    if len(undecided) > limit:
        _print_left_out(console, len(undecided) - limit, "claim is undecidable", "claims are undecidable")
    gaps = [gap for session in audit.audited for gap in session.transcript.gaps]
    for gap in gaps[:GAPS_SHOWN]:
        _print_line(console, f"incomplete   {format_place(gap.place)}  {gap.reason}", "yellow")
    if len(gaps) > GAPS_SHOWN:
        _print_left_out(console, len(gaps) - GAPS_SHOWN, "gap was found", "gaps were found")


def _print_left_out(
    console: Console, left_out: int, singular: str, plural: str, option: str = "--json or --html"
) -> None:
    """Print how many items are left out, and which option shows all of them."""
    _print_line(console, f"{format_count(left_out, f'more {singular}', f'more {plural}')}; {option} shows all", "dim")


def conclusion_sentences(audit: Audit) -> Iterator[str]:
    """Yield one sentence with the result. If claims in plain chats are undecided, yield a second one that says how to
    decide them."""
    sessions = audit.audited
    total = sum(len(session.claims) for session in sessions)
    accused = sum(len(session.accused) for session in sessions)
    undecided = sum(session.statuses["undecidable"] for session in sessions)
    if not total:
        yield "The rules found no claim, so nothing is confirmed or contradicted."
        return
    if accused:
        subject = (
            f"{accused:,} of {total:,} claims {'is' if accused == 1 else 'are'}" if total > 1 else "The only claim is"
        )
        yield f"{subject} contradicted{_contradiction_source(sessions)}."
    elif undecided == total:
        yield f"None of {total:,} claims could be decided." if total > 1 else "The only claim could not be decided."
    elif total == 1:
        yield "The record does not contradict the only claim."
    else:
        undecided_part = f"; {format_count(undecided, 'claim is', 'claims are')} undecidable" if undecided else ""
        yield f"The record contradicts none of {total:,} claims{undecided_part}."
    if ways := _options_to_decide(sessions):
        yield f"A chat export does not show which commands ran. To decide claims about commands, {' or '.join(ways)}."


def _contradiction_source(sessions: Sequence[AuditedSession]) -> str:
    by_statement = {judged.reading == "no tools" for session in sessions for _index, judged in session.accused}
    if by_statement == {True}:
        return ", given that the agent had no tools (--no-tools)"
    return (
        " by the record, or, in plain chats, by your statement (--no-tools)"
        if True in by_statement
        else " by the record"
    )


def _options_to_decide(sessions: Sequence[AuditedSession]) -> list[str]:
    """List what the user can do to decide claims in plain chats. What the user has done already is left out."""
    undecided_sessions = [
        session
        for session in sessions
        if any(judged.status == "undecidable" and judged.reason.startswith(NOT_SHOWN) for judged in session.claims)
    ]
    if not undecided_sessions:
        return []
    rerun_option = (
        [] if all(session.state for session in undecided_sessions) else ["run the commands again (--rerun claimed)"]
    )
    return [*rerun_option, "state that the agent had no tools (--no-tools)"]


def format_place(place: Place) -> str:
    """Format a place, for example `session.jsonl:12`."""
    return f"{place.file.rpartition('/')[2]}:{place.line}"


def _escape(text: str) -> Text:
    return Text(harmless(text[:_MAX_LINE_CHARACTERS]))


def _print_line(console: Console, line: str, style: str, *, uncut: bool = False) -> None:
    flat = harmless(line[: 4 * _MAX_LINE_CHARACTERS].replace("\n", " ⏎ ").rstrip())
    text = Text(
        flat if uncut or len(flat) <= _MAX_LINE_CHARACTERS else f"{flat[:_MAX_LINE_CHARACTERS]} …", style=style
    )
    console.print(text, soft_wrap=True)
