"""Prints an audit on a terminal: a row for each session, and each contradicted claim beside the record."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gedanken.auditing.audited import ACCUSING, STATUSES, Audit, Audited, Rerun
from gedanken.auditing.rates import rate_of
from gedanken.compare.audit.unrecorded import NOT_SHOWN
from gedanken.experiment.agent_transcript import AgentTranscript, Place
from gedanken.experiment.counts import many
from gedanken.experiment.escaping import harmless

ROWS_SHOWN = 40
ACCUSATIONS_SHOWN = 30
UNDECIDED_SHOWN = 5
GAPS_SHOWN = 3
_LINE = 240
_NARROWEST = 12
"""Minimum width of the first column, in characters."""
NUMBERS = "numbers found in outputs"
_HEADS = {
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
    console.print(_sessions(audit.audited, console.width))
    if len(audit.audited) > ROWS_SHOWN:
        _say_more(console, len(audit.audited) - ROWS_SHOWN, "session", "sessions", "--json")
    if len(audit.audited) > 1:
        console.print()
        console.print(_agents(audit, console.width))
    _print_accusations(audit, console)
    _print_reruns(audit, console)
    _print_undecided(audit, console)
    console.print()
    for line in said_plainly(audit):
        _say(console, line, "bold", whole=True)
    if page:
        _say(console, f"full report: {page}", "bold", whole=True)


def _sessions(sessions: Sequence[Audited], width: int) -> Table:
    room = max(_NARROWEST, width - 58)
    table = _table(room, "session", "claims", *STATUSES, NUMBERS)
    for session in sessions[:ROWS_SHOWN]:
        table.add_row(
            _text("\n".join([session.transcript.name, *_about(session.transcript, room)])),
            f"{len(session.claims):,}",
            *(_count(session.statuses[status], status) for status in STATUSES),
            str(session.numbers).replace(" of ", "/"),
        )
    return table


def _about(transcript: AgentTranscript, room: int) -> list[str]:
    """Name the agent, and say how complete the record is, in one line if it fits into `room` characters."""
    record = (
        "no tool calls recorded"
        if not transcript.has_tools
        else "incomplete record"
        if transcript.gaps
        else "complete record"
    )
    told = f"agent: {transcript.agent}, {record}"
    return [told] if len(told) <= room else [f"agent: {transcript.agent}", record]


def _agents(audit: Audit, width: int) -> Table:
    table = _table(max(_NARROWEST, width - 62), "agent", "claims", *STATUSES)
    for agent, sessions in audit.by_agent():
        total = sum(len(session.claims) for session in sessions)
        rates = [rate_of(sessions, status) for status in STATUSES]
        cells = [f"{rate.successes}\n{_share(rate.low)}–{_share(rate.high)}" if total else "–" for rate in rates]
        table.add_row(_text(f"{agent}\n{many(len(sessions), 'session')}"), f"{total:,}", *cells)
    table.caption = "Under each count: 95 % interval of its share of the claims; sessions count as clusters."
    return table


def _share(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


def _table(width: int, *heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    table.add_column(heads[0], overflow="ellipsis", no_wrap=True, max_width=width)
    for head in heads[1:]:
        table.add_column(_HEADS.get(head, head), justify="right", no_wrap=True)
    return table


def _count(number: int, status: str) -> Text:
    style = "" if not number else _STYLES.get(status, "bold red" if status in ACCUSING else "")
    return Text(f"{number:,}", style=style)


def _print_accusations(audit: Audit, console: Console) -> None:
    accused = [(one, judged) for one in audit.audited for _at, judged in one.accused]
    for one, judged in accused[:ACCUSATIONS_SHOWN]:
        console.print()
        _say(console, f"{judged.status}: {judged.reason}", "bold red", whole=True)
        _say(console, f"  said      {where(judged.claim.place)}  {judged.claim.quote}", "")
        for evidence in judged.evidence[:3]:
            _say(console, f"  recorded  {where(evidence.place)}  {evidence.quote}", "")
        if len(audit.audited) > 1:
            _say(console, f"  by        {one.transcript.agent}", "dim")
    if len(accused) > ACCUSATIONS_SHOWN:
        _say_more(console, len(accused) - ACCUSATIONS_SHOWN, "claim is contradicted", "claims are contradicted")


def _print_reruns(audit: Audit, console: Console) -> None:
    for one in audit.audited:
        if one.state is None:
            continue
        console.print()
        counts = {name: sum(rerun.outcome == name for rerun in one.reruns) for name in _OUTCOMES}
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        _say(console, f"run again ({one.state}): {told}", "bold", whole=True)
        shown = [rerun for rerun in one.reruns if rerun.outcome != "reproduced"]
        for rerun in shown[:ACCUSATIONS_SHOWN]:
            _print_rerun(rerun, console)
        if len(shown) > ACCUSATIONS_SHOWN:
            _say_more(console, len(shown) - ACCUSATIONS_SHOWN, "command was run again", "commands were run again")


_OUTCOMES = ("reproduced", "differs", "not reproducible here")


def _print_rerun(rerun: Rerun, console: Console) -> None:
    style = "bold red" if rerun.outcome == "differs" and not rerun.imagined else "yellow"
    name = "imagined, as requested" if rerun.imagined and rerun.outcome == "differs" else rerun.outcome
    _say(console, f"  {name}: {rerun.command}", style)
    _say(console, f"    {rerun.reason}", "dim", whole=True)
    for difference in rerun.differences[:3]:
        said = "(no such line)" if difference.said_line is None else difference.said
        real = "(no such line)" if difference.real_line is None else difference.real
        _say(
            console,
            f"    {'claimed' if rerun.claimed else 'recorded':8}  {where(rerun.place_of(difference))}  {said}",
            "",
        )
        _say(console, f"    real      line {difference.real_line or '–'}  {real}", "")


def _print_undecided(audit: Audit, console: Console) -> None:
    undecided = [judged for one in audit.audited for judged in one.claims if judged.status == "undecidable"]
    if undecided:
        console.print()
    most = UNDECIDED_SHOWN + (len(undecided) == UNDECIDED_SHOWN + 1)  # “1 more” would take as much room as the claim
    for judged in undecided[:most]:
        _say(console, f"undecidable  {where(judged.claim.place)}  {judged.claim.quote}", "yellow")
        _say(console, f"             {judged.reason}", "dim", whole=True)
    if len(undecided) > most:
        _say_more(console, len(undecided) - most, "claim is undecidable", "claims are undecidable")
    gaps = [gap for one in audit.audited for gap in one.transcript.gaps]
    for gap in gaps[:GAPS_SHOWN]:
        _say(console, f"incomplete   {where(gap.place)}  {gap.reason}", "yellow")
    if len(gaps) > GAPS_SHOWN:
        _say_more(console, len(gaps) - GAPS_SHOWN, "gap was found", "gaps were found")


def _say_more(console: Console, left_out: int, one: str, several: str, where_all: str = "--json or --html") -> None:
    """Print how many items are left out, and which option shows all. `one` and `several` name the items in singular
    and plural."""
    _say(console, f"{many(left_out, f'more {one}', f'more {several}')}; {where_all} shows all", "dim")


def said_plainly(audit: Audit) -> Iterator[str]:
    """Yield one sentence with the result and, if claims in plain chats are undecided, one that says how to decide
    them."""
    sessions = audit.audited
    total = sum(len(one.claims) for one in sessions)
    accused = sum(len(one.accused) for one in sessions)
    undecided = sum(one.statuses["undecidable"] for one in sessions)
    if not total:
        yield "The rules found no claim, so nothing is confirmed or contradicted."
        return
    if accused:
        who = (
            f"{accused:,} of {total:,} claims {'is' if accused == 1 else 'are'}" if total > 1 else "The only claim is"
        )
        yield f"{who} contradicted{_by_what(sessions)}."
    elif undecided == total:
        yield f"None of {total:,} claims could be decided." if total > 1 else "The only claim could not be decided."
    elif total == 1:
        yield "The record does not contradict the only claim."
    else:
        left = f"; {many(undecided, 'claim is', 'claims are')} undecidable" if undecided else ""
        yield f"The record contradicts none of {total:,} claims{left}."
    if ways := _ways_to_decide(sessions):
        yield f"A chat export does not show which commands ran. To decide claims about commands, {' or '.join(ways)}."


def _by_what(sessions: Sequence[Audited]) -> str:
    """Name what contradicts the claims: the record, the user's statement that the agent had no tools, or both."""
    stated = {judged.reading == "no tools" for one in sessions for _at, judged in one.accused}
    if stated == {True}:
        return ", given that the agent had no tools (--no-tools)"
    return (
        " by the record, or, in plain chats, by your statement (--no-tools)" if True in stated else " by the record"
    )


def _ways_to_decide(sessions: Sequence[Audited]) -> list[str]:
    """Name the options that may decide claims in plain chats and that the user has not given yet."""
    open_in = [
        one
        for one in sessions
        if any(judged.status == "undecidable" and judged.reason.startswith(NOT_SHOWN) for judged in one.claims)
    ]
    if not open_in:
        return []
    again = [] if all(one.state for one in open_in) else ["run the commands again (--rerun claimed)"]
    return [*again, "state that the agent had no tools (--no-tools)"]


def where(place: Place) -> str:
    """Format a place, for example `session.jsonl:12`."""
    return f"{place.file.rpartition('/')[2]}:{place.line}"


def _text(text: str) -> Text:
    return Text(harmless(text[:_LINE]))


def _say(console: Console, line: str, style: str, *, whole: bool = False) -> None:
    flat = harmless(line[: 4 * _LINE].replace("\n", " ⏎ ").rstrip())
    text = Text(flat if whole or len(flat) <= _LINE else f"{flat[:_LINE]} …", style=style)
    console.print(text, soft_wrap=True)
