"""Prints the summary of a comparison on one terminal screen; the report contains the rest."""

import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import (
    as_continuation,
    format_endpoint,
    format_last,
    lasts,
    measured,
    ranked,
    spread_of,
    tested_p,
)
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import kind_in_words, kinds_in_words, sentence
from gedanken.experiment.counts import many
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import NOT_LOGGED, probability, span
from gedanken.report.plain_words import PlainWords
from gedanken.report.run_setup import format_conditions, format_outcome

MOST_LINES = 20
VERDICT_LINES = 3
UNDECIDED_LINES = 5
FINDINGS_SHOWN = 3
FINDINGS_KEPT = 2
"""Maximum number of findings for which lines are reserved before the table of series gets the rest."""
LINES_OF_A_FINDING = 2
SERIES_SHOWN = 3
ROWS_OF_A_TABLE = 3
"""Number of table rows that show no series: the heading, how the runs ended, and the lines printed."""
ROWS_OF_SERIES = 2
"""Number of table rows that series should get. If fewer would fit, the text that counts the findings is limited to
one line."""
LONGEST_NAME, SHORTEST_NAME = 48, 12
"""Maximum and minimum width of a name in the table, in characters."""
GAP = 3
"""Number of spaces between two columns of the table."""
_Row = tuple[str, str, str, str]
LONG_WORD = 4
"""Minimum length of the words that `_after_its_kind` looks for in the sentence of a finding."""
_MOST = 1000
"""Maximum length in characters of one line, even if the terminal is wider."""
_SENTENCE_END = re.compile(r"\.(?= [A-Z\d])")
_SHORT = {Cause.CUT: "cut"}


def print_summary(analysis: Analysis, console: Console, where: Path | None = None, *, has_page: bool = False) -> None:
    """Print at most 20 lines. `where` is the path of the full report, printed last. `has_page` is True if the caller
    prints the path of the report."""
    left = MOST_LINES - (where is not None)
    rest = "in the full report" if where or has_page else "with --html FILE"
    case = analysis.main_version
    reasons = case.compared.undecided[:1] if case else ()
    undecided = [
        line
        for reason in reasons
        for line in _wrapped(f"undecided: {as_continuation(reason)}", console.width, UNDECIDED_LINES)
    ]
    for line in _wrapped_sentences(analysis.verdict, console.width, VERDICT_LINES):
        console.print(Text(line, style="bold"))
        left -= 1
    if case and case.compared.endpoint and not analysis.effects:
        endpoint = f"main metric (primary endpoint): {format_endpoint(case.compared.endpoint)}"
        for line in _wrapped(endpoint, console.width, 2):
            console.print(Text(line))
            left -= 1
    for line in _about(analysis, console.width, 1 if len(undecided) == UNDECIDED_LINES else 2):
        _print(console, line, "dim")
        left -= 1
    heads = _heads_of_findings(analysis, case, rest, console.width, LINES_OF_A_FINDING)
    if case and not analysis.effects:  # the effects of changes say more than the numbers of one version
        parting = list(_divergence(case))
        room = left - ROWS_OF_A_TABLE - len(parting) - len(undecided)
        if room - len(heads) < ROWS_OF_SERIES:
            heads = _heads_of_findings(analysis, case, rest, console.width, 1)
        room -= len(heads)
        kinds = {finding.check for finding in analysis.findings}
        for more in range(min(FINDINGS_KEPT, len(kinds))):
            if room >= LINES_OF_A_FINDING + ROWS_OF_SERIES + more:
                room -= LINES_OF_A_FINDING
        table = _table(case, room, rest, console.width)
        console.print(table)
        left -= 1 + table.row_count
        for who, line in parting:
            _print(console, Text(f"{who} {_flat(line)}"))
            left -= 1
    for line in heads:
        _print(console, line, "bold")
    left -= len(heads) + len(undecided)
    _print_findings(analysis, case, console, min(FINDINGS_SHOWN * LINES_OF_A_FINDING, left))
    for line in undecided:  # in full and before any finding, because it says how many runs are needed
        console.print(Text(line, style="yellow"))
    if where:
        console.print(Text(f"full report: {harmless(str(where))}", style="bold"), soft_wrap=True)


def print_plainly(words: PlainWords, console: Console, page: Path | None, folder: Path) -> None:
    """Print the result of a run for a newcomer: three lines in words, then the path of the report."""
    console.print()
    for name, line in zip(("Question", "Result", "Confidence"), words, strict=True):
        console.print(Text.assemble((f"{name}: ", "bold"), line), soft_wrap=not console.is_terminal)
    where = "Full report (open it in a browser)" if page else "All files of the run"
    console.print(Text(f"{where}: {harmless(str(page or folder))}", style="bold"), soft_wrap=True)


def _print(console: Console, line: str | Text, style: str = "") -> None:
    """Print one line, cut at the width of the terminal."""
    text = line if isinstance(line, Text) else Text(_flat(line), style=style)
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def _flat(text: str) -> str:
    return harmless(" ".join(text[:_MOST].split()))


def _wrapped(text: str, width: int, most: int) -> list[str]:
    return textwrap.wrap(_flat(text), max(20, width - 1), max_lines=most, placeholder=" …")


def _wrapped_sentences(text: str, width: int, most: int) -> list[str]:
    """Return as many whole sentences as fit into `most` lines, wrapped. If even the first does not fit, cut it."""
    ends = [
        found.end()
        for found in _SENTENCE_END.finditer(text)
        if text.count("“", 0, found.end()) == text.count("”", 0, found.end())
    ]
    for end in [len(text), *reversed(ends)]:
        lines = textwrap.wrap(_flat(text[:end]), max(20, width - 1))
        if len(lines) <= most:
            return lines
    return _wrapped(text[: ends[0]] if ends else text, width, most)


def _whole_items(items: Sequence[str], width: int, most: int) -> list[str]:
    """Return the items of a list that fit into `most` lines, followed by `…` if some are left out."""
    for shown in range(len(items), 0, -1):
        lines = textwrap.wrap(_flat(", ".join([*items[:shown], *["…"][: len(items) - shown]])), max(20, width - 1))
        if len(lines) <= most:
            return lines
    return _wrapped(items[0], width, most)


def _about(analysis: Analysis, width: int, most: int) -> Iterator[str]:
    """Yield lines that name the model, the machine and the conditions; for supplied logs, only the names of the
    logs."""
    setup = analysis.log.setup
    if setup is None:
        yield analysis.title
        return
    model = f", model {setup.models_told}" if setup.model else ""
    told = [f"experiment {analysis.title}: {format_outcome(analysis.log) or 'outcome unknown'}{model}"]
    told += [f"persona {setup.personas_told}"] if setup.persona else []
    told += [f"data set {setup.dataset}"] if setup.dataset else []
    yield from _whole_items(told, width, 1)
    if setup.conditions:
        held = ""
        if setup.machine:
            loose = "; ".join(setup.machine.not_enforced)
            held = f"; sandbox {setup.machine.machine}{f', which cannot enforce {loose}' if loose else ''}"
        yield from _whole_items(f"conditions: {format_conditions(setup)}{held}".split(", "), width, most)


def _table(version: VersionAnalysis, room: int, rest: str, width: int) -> Table:
    """Build a table of real and imagined runs: how they ended, how much they print and, in `room` rows, their
    series."""
    series = version.compared.series
    shown = series[: _shown_of(len(series), room)]
    rows = [(*_heads(version), "p" if shown else ""), *_rows_of_runs(version), *map(_row, shown)]
    left_out = len(series) - len(shown) if room > 0 else 0
    others = "more series" if shown else "series"
    last = [(many(left_out, others, others), rest, "", "")] if left_out else []
    widths = [max(cell_len(row[column]) for row in (*rows, *last)) for column in range(len(rows[0]))]
    # in a narrow terminal, names are cut, not numbers
    widths[0] = min(LONGEST_NAME, max(SHORTEST_NAME, width - sum(widths[1:]) - GAP * (len(widths) - 1)))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for head, most, style in zip(rows[0], widths, ("bold", "green", "magenta", ""), strict=True):
        table.add_column(Text(head, style=style), no_wrap=True, max_width=most)
    for row in rows[1:]:
        table.add_row(*row)
    for row in last:
        table.add_row(*row, style="dim")
    return table


def _heads(version: VersionAnalysis) -> tuple[str, str, str]:
    real, imagined = measured(version)
    name = version.program.label if version.program else ""
    return name, many(len(real), "real run"), many(len(imagined), "imagined run")


def _rows_of_runs(version: VersionAnalysis) -> Iterator[_Row]:
    real, imagined = measured(version)
    early = {
        label for finding in version.compared.findings if finding.check == "ends early" for label in finding.runs
    }
    ends = _endings(real, early), _endings(imagined, early)
    yield "exit code" if set(ends) == {NOT_LOGGED} else "how it ended", *ends, ""
    ours, theirs = (span(tuple(len(run.stdout.splitlines()) for run in runs)) for runs in (real, imagined))
    yield "lines printed", ours, theirs, ""


def _shown_of(series: int, room: int) -> int:
    """Return how many of `series` series are shown in `room` rows. If some are left out, one row is needed to say
    so."""
    if series <= min(SERIES_SHOWN + 1, room):
        return series
    return max(0, min(SERIES_SHOWN, room - 1))


def _p(series: SeriesResult) -> str:
    if series.p is None:
        return "no test"
    if series.role == "primary" and tested_p(series) is None:
        return "too few runs"
    return probability(series.p if series.p_adjusted is None else series.p_adjusted)


def _row(series: SeriesResult) -> _Row:
    """Return the row of a series: its values at the last point if these are compared, or else all values of its
    curve."""
    is_last = series.name.startswith("last ") or len(series.points) < 2
    real, imagined = lasts(series) if is_last else ([], [])
    if not real:
        real, imagined = (
            [value for run in runs for value in run if value is not None] for runs in (series.real, series.imagined)
        )
    name = format_last(series) if is_last else f"{series.name}, whole curve"
    return _flat(name), spread_of(real), spread_of(imagined), _p(series)


def _endings(runs: Sequence[Execution], early: Collection[str]) -> str:
    endings = ["ends early" if run.label in early else _ending(run) for run in runs]
    counted = Counter(endings).most_common(2)
    return ", ".join(f"{end} ×{times}" if len(counted) > 1 else end for end, times in counted)


def _ending(run: Execution) -> str:
    if run.machine == "log" and run.cause is Cause.FINISHED:
        return NOT_LOGGED
    return (
        f"exit {run.exit_code}" if run.cause in (Cause.FINISHED, Cause.FAILED) else _SHORT.get(run.cause, run.cause)
    )


def _divergence(version: VersionAnalysis) -> Iterator[tuple[str, str]]:
    """Yield the first difference between two runs as pairs of texts: a heading, then the line of each run."""
    alignment = version.compared.alignment
    if alignment is None or alignment.diverges_at is None:
        return
    real, imagined = alignment.diverges_at
    head, ours, theirs = "first difference besides numbers", "real run", "imagined run"
    if alignment.real.endswith("-real-0") and alignment.imagined.endswith("-imagined-0"):
        counted = {run.label for runs in measured(version) for run in runs}
        apart = counted.isdisjoint((alignment.real, alignment.imagined))
        yield f"{head},", "in two further runs (not counted above):" if apart else "in these two runs:"
        ours, theirs = "real run with seed 0", "imagined sample 0"
    else:
        yield head, f"({alignment.real}, {alignment.imagined}):"
    yield f"  {ours}", _line(real)
    yield f"  {theirs}", _line(imagined)


def _line(ref: LineRef | None) -> str:
    return f"(line {ref.number}): {ref.text}" if ref else "ends before this line"


def _heads_of_findings(
    analysis: Analysis, version: VersionAnalysis | None, rest: str, width: int, most: int
) -> list[str]:
    """Return lines that count the findings by place (see `_apart`). If all are in one place, name their kinds
    instead."""
    if not analysis.findings:
        return ["no findings"]
    findings = ranked(analysis.findings, version)
    head, kinds = many(len(findings), "finding"), kinds_in_words(findings)
    apart = _apart(findings, version)
    # the verdict already names the most frequent kind
    if not apart and kinds[0] in analysis.verdict:
        of_kinds = f" of {many(len(kinds), 'kind')} (all of them {rest}):" if len(findings) > 1 else ""
        return _wrapped(head + of_kinds, width, most)
    apart = apart or kinds
    return _whole_items([f"{head}: {apart[0]}", *apart[1:]], width, most)


def _print_findings(analysis: Analysis, version: VersionAnalysis | None, console: Console, most: int) -> None:
    """Print examples of findings of different kinds, in at most `most` lines."""
    findings = ranked(analysis.findings, version)
    first = {finding.check: finding for finding in reversed(findings)}
    for kind in dict.fromkeys(finding.check for finding in findings):
        text = _after_its_kind(kind_in_words(kind), sentence(first[kind]))
        lines = _wrapped(text, console.width - 2, LINES_OF_A_FINDING)
        if len(lines) > most:
            continue
        most -= len(lines)
        for line in lines:
            _print(console, Text(f"  {line}", style="dim" if first[kind].explained_by else ""))


def _after_its_kind(kind: str, text: str) -> str:
    """Put the kind of a finding before its sentence, unless the sentence has most of the kind's long words."""
    words = [word for word in kind.split() if len(word) >= LONG_WORD]
    if sum(word in text for word in words) > len(words) / 2:
        return text
    return f"{kind}: {text[0].lower() + text[1:] if text.startswith('In ') else text}"


def _apart(findings: Sequence[Finding], version: VersionAnalysis | None) -> list[str]:
    """Count the findings by place: on the program, elsewhere, explained by the persona. Empty if all are in one of
    the first two."""
    claimed = sum(finding.explained_by is not None for finding in findings)
    there = sum(not finding.explained_by for finding in version.compared.findings) if version else 0
    elsewhere = len(findings) - claimed - there
    program = version.program.label if version and version.program else "the logs"
    parts = [
        (there, f"on {program}"),
        (elsewhere, "elsewhere in the session"),
        (claimed, "explained by deliberately false facts in the persona"),
    ]
    told = [f"{count} {where}" for count, where in parts if count]
    return told if len(told) > 1 or claimed else []
