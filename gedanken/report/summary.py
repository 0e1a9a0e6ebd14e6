"""Prints the summary of a comparison on one terminal screen; the report contains the rest."""

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
    compared_runs,
    format_endpoint,
    format_last,
    format_spread,
    last_values,
    rank_findings,
    valid_p,
)
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import format_finding, kind_label, kind_labels
from gedanken.experiment.counts import format_count
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import NOT_LOGGED, format_probability, format_range
from gedanken.report.plain_words import PlainWords
from gedanken.report.run_setup import format_conditions, format_outcome
from gedanken.report.wrapping import flatten, wrap, wrap_clauses, wrap_items, wrap_sentences

MAX_LINES = 20
VERDICT_LINES = 3
UNDECIDED_LINES = 5
FINDINGS_SHOWN = 3
FINDINGS_RESERVED = 2
"""Maximum number of findings for which lines are reserved before the rows of the table are chosen."""
MAX_LINES_PER_FINDING = 2
SERIES_SHOWN = 3
FIXED_TABLE_ROWS = 3
"""Number of table rows that show no series: the heading, how the runs ended, and the lines printed."""
MIN_SERIES_ROWS = 2
"""Minimum number of table rows for series. If there is no room for them, the text that counts the findings gets only
one line.
"""
LONGEST_NAME, SHORTEST_NAME = 48, 12
"""Maximum and minimum width of a name in the table, in characters."""
GAP = 3
"""Number of spaces between two columns of the table."""
_Row = tuple[str, str, str, str]
MIN_LONG_WORD = 4
"""Minimum length of the words of a kind of finding that `_prefix_kind` looks for in the finding's sentence."""
_SHORT_CAUSES = {Cause.CUT: "cut"}


def print_summary(analysis: Analysis, console: Console, where: Path | None = None, *, has_page: bool = False) -> None:
    """Print at most 20 lines. `where` is the path of the full report, which is printed last. `has_page` is True if
    the caller prints this path.
    """
    lines_left = MAX_LINES - (where is not None)
    rest_place = "in the full report" if where or has_page else "with --html FILE"
    version = analysis.main_version
    reasons = version.compared.undecided[:1] if version else ()
    undecided = [
        line
        for reason in reasons
        for line in wrap(f"undecided: {as_continuation(reason)}", console.width, UNDECIDED_LINES)
    ]
    for line in wrap_sentences(analysis.verdict, console.width, VERDICT_LINES):
        console.print(Text(line, style="bold"))
        lines_left -= 1
    if version and version.compared.endpoint and not analysis.effects:
        endpoint = f"main metric (primary endpoint): {format_endpoint(version.compared.endpoint)}"
        for line in wrap(endpoint, console.width, 2):
            console.print(Text(line))
            lines_left -= 1
    for line in _setup_lines(analysis, console.width, 1 if len(undecided) == UNDECIDED_LINES else 2):
        _print_line(console, line, "dim")
        lines_left -= 1
    headings = _finding_headings(analysis, version, rest_place, console.width, MAX_LINES_PER_FINDING)
    if version and not analysis.effects:  # the effects of changes say more than the numbers of one version
        divergence = list(_divergence_lines(version))
        free_rows = lines_left - FIXED_TABLE_ROWS - len(divergence) - len(undecided)
        if free_rows - len(headings) < MIN_SERIES_ROWS:
            headings = _finding_headings(analysis, version, rest_place, console.width, 1)
        free_rows -= len(headings)
        kinds = {finding.check for finding in analysis.findings}
        for extra in range(min(FINDINGS_RESERVED, len(kinds))):
            if free_rows >= MAX_LINES_PER_FINDING + MIN_SERIES_ROWS + extra:
                free_rows -= MAX_LINES_PER_FINDING
        table = _make_table(version, free_rows, rest_place, console.width)
        console.print(table)
        lines_left -= 1 + table.row_count
        for label, line in divergence:
            _print_line(console, Text(f"{label} {flatten(line)}"))
            lines_left -= 1
    for line in headings:
        _print_line(console, line, "bold")
    lines_left -= len(headings) + len(undecided)
    _print_findings(analysis, version, console, min(FINDINGS_SHOWN * MAX_LINES_PER_FINDING, lines_left))
    for line in undecided:  # in full and before any finding, because it says how many runs are needed
        console.print(Text(line, style="yellow"))
    if where:
        console.print(Text(f"full report: {harmless(str(where))}", style="bold"), soft_wrap=True)


def print_plain_words(words: PlainWords, console: Console, page: Path | None, folder: Path) -> None:
    """Print the result of a run for a newcomer: three lines in words, then the path of the report."""
    console.print()
    for name, line in zip(("Question", "Result", "Confidence"), words, strict=True):
        console.print(Text.assemble((f"{name}: ", "bold"), line), soft_wrap=not console.is_terminal)
    label = "Full report (open it in a browser)" if page else "All files of the run"
    console.print(Text(f"{label}: {harmless(str(page or folder))}", style="bold"), soft_wrap=True)


def _print_line(console: Console, line: str | Text, style: str = "") -> None:
    text = line if isinstance(line, Text) else Text(flatten(line), style=style)
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def _setup_lines(analysis: Analysis, width: int, limit: int) -> Iterator[str]:
    """Yield lines that name the model, the machine and the conditions; for supplied logs, only the names of the
    logs."""
    setup = analysis.log.setup
    if setup is None:
        yield analysis.title
        return
    model = f", model {setup.model_names}" if setup.model else ""
    parts = [f"experiment {analysis.title}: {format_outcome(analysis.log) or 'outcome unknown'}{model}"]
    parts += [f"persona {setup.persona_names}"] if setup.persona else []
    parts += [f"data set {setup.dataset}"] if setup.dataset else []
    yield from wrap_items(parts, width, 1)
    if setup.conditions:
        sandbox = ""
        if setup.machine:
            unenforced = "; ".join(setup.machine.not_enforced)
            sandbox = (
                f"; sandbox {setup.machine.machine}{f', which cannot enforce {unenforced}' if unenforced else ''}"
            )
        yield from wrap_items(f"conditions: {format_conditions(setup)}{sandbox}".split(", "), width, limit)


def _make_table(version: VersionAnalysis, max_rows: int, rest_place: str, width: int) -> Table:
    """Build a table of real and imagined runs: how they ended, how many lines they print, and their series in at most
    `max_rows` rows."""
    series = version.compared.series
    shown_series = series[: _count_shown(len(series), max_rows)]
    rows = [
        (*_column_titles(version), "p" if shown_series else ""),
        *_run_rows(version),
        *map(_series_row, shown_series),
    ]
    left_out = len(series) - len(shown_series) if max_rows > 0 else 0
    noun = "more series" if shown_series else "series"
    last_rows = [(format_count(left_out, noun, noun), rest_place, "", "")] if left_out else []
    widths = [max(cell_len(row[column]) for row in (*rows, *last_rows)) for column in range(len(rows[0]))]
    # in a narrow terminal, names are cut, not numbers
    widths[0] = min(LONGEST_NAME, max(SHORTEST_NAME, width - sum(widths[1:]) - GAP * (len(widths) - 1)))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for title, max_width, style in zip(rows[0], widths, ("bold", "green", "magenta", ""), strict=True):
        table.add_column(Text(title, style=style), no_wrap=True, max_width=max_width)
    for row in rows[1:]:
        table.add_row(*row)
    for row in last_rows:
        table.add_row(*row, style="dim")
    return table


def _column_titles(version: VersionAnalysis) -> tuple[str, str, str]:
    real, imagined = compared_runs(version)
    name = version.program.label if version.program else ""
    return name, format_count(len(real), "real run"), format_count(len(imagined), "imagined run")


def _run_rows(version: VersionAnalysis) -> Iterator[_Row]:
    real, imagined = compared_runs(version)
    ended_early = {
        label for finding in version.compared.findings if finding.check == "ends early" for label in finding.runs
    }
    endings = _format_endings(real, ended_early), _format_endings(imagined, ended_early)
    yield "exit code" if set(endings) == {NOT_LOGGED} else "how it ended", *endings, ""
    real_lines, imagined_lines = (
        format_range(tuple(len(run.stdout.splitlines()) for run in runs)) for runs in (real, imagined)
    )
    yield "lines printed", real_lines, imagined_lines, ""


def _count_shown(series: int, max_rows: int) -> int:
    """Return how many of `series` series are shown in `max_rows` rows. If some are left out, one of the rows says
    so.
    """
    if series <= min(SERIES_SHOWN + 1, max_rows):
        return series
    return max(0, min(SERIES_SHOWN, max_rows - 1))


def _format_p(series: SeriesResult) -> str:
    if series.p is None:
        return "no test"
    if series.role == "primary" and valid_p(series) is None:
        return "too few runs"
    if series.role == "secondary" and series.p_adjusted is not None:
        return f"{format_probability(series.p_adjusted)} (adjusted)"
    return format_probability(series.p if series.p_adjusted is None else series.p_adjusted)


def _series_row(series: SeriesResult) -> _Row:
    """Return the row of a series. It shows the values at the last point if these are compared, otherwise the values
    at all points.
    """
    is_last = series.name.startswith("last ") or len(series.points) < 2
    real, imagined = last_values(series) if is_last else ([], [])
    if not real:
        real, imagined = (
            [value for run in runs for value in run if value is not None] for runs in (series.real, series.imagined)
        )
    name = format_last(series) if is_last else f"{series.name}, all points"
    return flatten(name), format_spread(real), format_spread(imagined), _format_p(series)


def _format_endings(runs: Sequence[Execution], ended_early: Collection[str]) -> str:
    endings = ["ends early" if run.label in ended_early else _format_ending(run) for run in runs]
    counted = Counter(endings).most_common(2)
    return ", ".join(f"{end} ×{times}" if len(counted) > 1 else end for end, times in counted)


def _format_ending(run: Execution) -> str:
    if run.machine == "log" and run.cause is Cause.FINISHED:
        return NOT_LOGGED
    return (
        f"exit {run.exit_code}"
        if run.cause in (Cause.FINISHED, Cause.FAILED)
        else _SHORT_CAUSES.get(run.cause, run.cause)
    )


def _divergence_lines(version: VersionAnalysis) -> Iterator[tuple[str, str]]:
    """Yield the first difference between two runs as pairs of texts: a heading, then the line of each run."""
    alignment = version.compared.alignment
    if alignment is None or alignment.diverges_at is None:
        return
    real, imagined = alignment.diverges_at
    heading, real_name, imagined_name = "first difference besides numbers", "real run", "imagined run"
    if alignment.real.endswith("-real-0") and alignment.imagined.endswith("-imagined-0"):
        measured_labels = {run.label for runs in compared_runs(version) for run in runs}
        is_separate = measured_labels.isdisjoint((alignment.real, alignment.imagined))
        yield f"{heading},", "in two further runs (not counted above):" if is_separate else "in these two runs:"
        real_name, imagined_name = "real run with seed 0", "imagined sample 0"
    else:
        yield heading, f"({alignment.real}, {alignment.imagined}):"
    yield f"  {real_name}", _format_line(real)
    yield f"  {imagined_name}", _format_line(imagined)


def _format_line(ref: LineRef | None) -> str:
    return f"(line {ref.number}): {ref.text}" if ref else "ends before this line"


def _finding_headings(
    analysis: Analysis, version: VersionAnalysis | None, rest_place: str, width: int, limit: int
) -> list[str]:
    """Return lines that count the findings by place (see `_count_by_place`). If all are in one place, the lines name
    their kinds instead."""
    if not analysis.findings:
        return ["no findings"]
    findings = rank_findings(analysis.findings, version)
    total, kinds = format_count(len(findings), "finding"), kind_labels(findings)
    parts = _count_by_place(findings, version)
    # the verdict already names the most frequent kind
    if not parts and kinds[0] in analysis.verdict:
        suffix = f" of {format_count(len(kinds), 'kind')}, for example (all are shown {rest_place}):"
        return wrap(total + (suffix if len(findings) > 1 else ""), width, limit)
    parts = parts or kinds
    return wrap_items([f"{total}: {parts[0]}", *parts[1:]], width, limit)


def _print_findings(analysis: Analysis, version: VersionAnalysis | None, console: Console, limit: int) -> None:
    findings = rank_findings(analysis.findings, version)
    examples = {finding.check: finding for finding in reversed(findings)}
    for kind in dict.fromkeys(finding.check for finding in findings):
        text = _prefix_kind(kind_label(kind), format_finding(examples[kind]))
        lines = wrap_clauses(text, console.width - 2, MAX_LINES_PER_FINDING)
        if len(lines) > limit:
            continue
        limit -= len(lines)
        for line in lines:
            _print_line(console, Text(f"  {line}", style="dim" if examples[kind].explained_by else ""))


def _prefix_kind(kind: str, text: str) -> str:
    """Put the kind of a finding before its sentence, unless the sentence already contains most of the long words of
    the kind.
    """
    words = [word for word in kind.split() if len(word) >= MIN_LONG_WORD]
    if sum(word in text for word in words) > len(words) / 2:
        return text
    return f"{kind}: {text[0].lower() + text[1:] if text.startswith('In ') else text}"


def _count_by_place(findings: Sequence[Finding], version: VersionAnalysis | None) -> list[str]:
    """Count the findings on the program, those elsewhere, and those that the persona explains.

    The result is empty if all findings are on the program, or all are elsewhere.
    """
    explained = sum(finding.explained_by is not None for finding in findings)
    on_program = sum(not finding.explained_by for finding in version.compared.findings) if version else 0
    elsewhere = len(findings) - explained - on_program
    program = version.program.label if version and version.program else "the logs"
    parts = [
        (on_program, f"on {program}"),
        (elsewhere, "elsewhere in the session"),
        (explained, "explained by deliberately false facts in the persona"),
    ]
    counts = [f"{count} {place}" for count, place in parts if count]
    return counts if len(counts) > 1 or explained else []
