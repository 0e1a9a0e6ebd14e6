"""Writes the report as Markdown, for pasting into an issue. Printed text cannot become a link, mention, tag or
formula."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import format_endpoint, format_last, format_spread, last_values, rank_findings
from gedanken.compare.interventions import Effects
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import format_finding, kind_label
from gedanken.compare.source.diff import diff_of
from gedanken.experiment.budget import format_usage
from gedanken.experiment.counts import format_count, format_counts
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import violations_by_kind
from gedanken.experiment.finding import Finding, Stream
from gedanken.experiment.format import format_interval, format_number, format_probability, truncate
from gedanken.experiment.markdown import escape_sentence, fence_for, format_code
from gedanken.experiment.program import Program
from gedanken.report.run_setup import (
    NOT_PACKAGED,
    format_conditions,
    format_outcome,
    is_packaged_experiment,
    repeat_commands,
)
from gedanken.report.shown_effects import shown_effects
from gedanken.report.surprisal import surprisal_of, unavailable_reason

FINDINGS_SHOWN = 20
MAX_LINES_PER_FINDING = 3
SERIES_SHOWN = 12
UNDECIDED_SHOWN = 8
PROGRAMS_SHOWN = 12
NOTES_SHOWN = 8
CHANGES_SHOWN = 30
LINES_BEFORE, LINES_AFTER = 4, 6
"""Number of transcript lines shown before and after the first difference."""


def to_markdown(analysis: Analysis) -> str:
    """Write the whole report, in at most about 200 lines."""
    version = analysis.main_version
    sections = [
        _section("Cause and effect", _effect_table(analysis.effects)),
        _section("Conditions", _condition_items(analysis)),
        _section("Notes", _bullets([_prose(note) for note in analysis.notes], NOTES_SHOWN)),
        _section(format_count(len(analysis.findings), "finding").capitalize(), _finding_items(analysis, version)),
        _section("Numbers", _series_table(analysis.versions)),
        _section("First difference", _first_difference(version)),
        _section("Undecided", _bullets(_undecided_reasons(analysis.versions), UNDECIDED_SHOWN)),
        _section("Surprisal", _surprisal_table(analysis)),
        _section("Programs", _bullets(_program_items(analysis), PROGRAMS_SHOWN)),
        _section("How to repeat this", _repeat_commands(analysis)),
    ]
    title = f"# {_prose(analysis.title)}\n\n**{_prose(analysis.verdict)}**\n"
    if version and version.compared.endpoint and not analysis.effects:
        title += f"\nMain metric (primary endpoint): {_prose(format_endpoint(version.compared.endpoint))}\n"
    return title + "".join(section for section in sections if section)


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"\n## {title}\n\n{body}\n" if body else ""


def _bullets(lines: Sequence[str], limit: int) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:limit])
    if len(lines) > limit:
        yield f"- … and {len(lines) - limit} more"


def _prose(text: str) -> str:
    return escape_sentence(harmless(truncate(text, 1000)))


def _code(text: str) -> str:
    return format_code(harmless(truncate(text, 200)))


def _fenced(text: str, language: str) -> str:
    escaped = harmless(text).rstrip("\n")
    fence = fence_for(escaped)
    return f"{fence}{language}\n{escaped}\n{fence}"


def _effect_table(effects: Sequence[Effects]) -> Iterator[str]:
    for effect in effects[:1]:
        outcome = shown_effects(effect)[0]
        headings = "real effect | imagined effect | same direction? | real effect certain?"
        yield f"| change of {_cell(effect.program)} | {headings} |"
        yield "|---|---|---|---|---|"
        for row in outcome.rows[:CHANGES_SHOWN]:
            side = {"same": "yes", "other": "**no**", "none": "**none**", "": "–"}[row.side]
            yield f"| {_cell(row.change)} | {row.real} | {row.imagined} | {side} | {row.certain or 'undetermined'} |"
        yield ""
        yield from (f"- {number.name}: {number.value} ({number.words})" for number in outcome.figures)


def _cell(text: str) -> str:
    return _code(text).replace("|", "\\|")


def _condition_items(analysis: Analysis) -> Iterator[str]:
    log, setup = analysis.log, analysis.log.setup
    if setup is None:
        return
    if setup.model:
        yield f"- model: {_code(setup.model_names)}"
    if setup.persona:
        yield f"- persona: {_code(setup.persona_names)}"
    if setup.conditions:
        yield f"- conditions: {_prose(format_conditions(setup))}"
    if setup.machine:
        unenforced = "; ".join(setup.machine.not_enforced)
        enforcement = f"cannot enforce {unenforced}" if unenforced else "all limits enforced"
        yield f"- real machine: {_prose(setup.machine.machine)}, {_prose(enforcement)}"
    for name, value in (
        ("dataset", setup.dataset),
        ("started", log.started),
        ("ended", log.ended),
        ("outcome", format_outcome(log)),
    ):
        if value:
            yield f"- {name}: {_prose(value)}"
    yield f"- tokens: {_prose(format_usage(log.tokens, log.price))}"
    if violations := violations_by_kind(log.executions):
        violation_counts = format_counts(dict(violations.most_common()))
        yield f"- removed from the model's replies, because no terminal prints it: {_prose(violation_counts)}"


def _finding_items(analysis: Analysis, version: VersionAnalysis | None) -> Iterator[str]:
    findings = rank_findings(analysis.findings, version)
    for finding in findings[:FINDINGS_SHOWN]:
        yield _finding_item(finding)
        for line in finding.evidence[:MAX_LINES_PER_FINDING]:
            yield f"  - {_code(line.source)}, line {line.number}: {_code(line.text)}"
    if len(findings) > FINDINGS_SHOWN:
        hidden_kinds = Counter(finding.check for finding in findings[FINDINGS_SHOWN:])
        yield "- … and " + _prose(", ".join(f"{kind_label(kind)} ×{times}" for kind, times in hidden_kinds.items()))


def _finding_item(finding: Finding) -> str:
    explanation = (
        f" (explained by a false fact in the persona: {_prose(finding.explained_by)})" if finding.explained_by else ""
    )
    return f"- **{_prose(kind_label(finding.check))}**: {_prose(format_finding(finding))}{explanation}"


def _series_table(versions: Sequence[VersionAnalysis]) -> Iterator[str]:
    rows = [(version, series) for version in versions for series in version.compared.series]
    if not rows:
        return
    yield "| last value | program | real | imagined | p | adjusted | CRPS | spread ratio | difference |"
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from (_series_row(version, series) for version, series in rows[:SERIES_SHOWN])
    if len(rows) > SERIES_SHOWN:
        yield f"\n… and {len(rows) - SERIES_SHOWN} more series."
    reasons = {
        (_prose(series.name), _prose(series.why_no_p)) for _version, series in rows[:SERIES_SHOWN] if series.why_no_p
    }
    if reasons:
        yield ""
        yield from (f"- no p for {name}: {reason}" for name, reason in sorted(reasons)[:UNDECIDED_SHOWN])


def _series_row(version: VersionAnalysis, series: SeriesResult) -> str:
    real, imagined = last_values(series)
    cells = [
        _cell(format_last(series)) + (" (primary)" if series.role == "primary" else ""),
        _cell(version.program.label) if version.program else "",
        f"{format_spread(real)} ({series.n_real})",
        f"{format_spread(imagined)} ({series.n_imagined})",
        format_probability(series.p),
        format_probability(series.p_adjusted),
        format_number(series.crps),
        format_interval(series.spread_ratio, series.spread_interval),
        format_interval(series.difference, series.difference_interval),
    ]
    return f"| {' | '.join(cells)} |"


def _first_difference(version: VersionAnalysis | None) -> Iterator[str]:
    alignment = version.compared.alignment if version else None
    if version is None or alignment is None or alignment.diverges_at is None:
        return
    numbers = [ref.number if ref else None for ref in alignment.diverges_at]
    sides: tuple[tuple[str, Stream], ...] = (
        (alignment.real, alignment.real_counted_in),
        (alignment.imagined, "stdout"),
    )
    for (label, stream), number, other_number in zip(sides, numbers, reversed(numbers), strict=True):
        run = next((run for run in (*version.real, *version.imagined) if run.label == label), None)
        if run is not None:
            yield f"{_code(label)}:\n\n{_fenced(_format_excerpt(run.text(stream), number, other_number), 'text')}\n"


def _format_excerpt(text: str, number: int | None, other_number: int | None) -> str:
    """Format the lines around line `number`, which is marked. If `number` is None, format the lines around
    `other_number`, followed by “(no more lines)”."""
    lines = text.splitlines()
    center = number or min(len(lines) + 1, other_number or 1)
    first = max(1, center - LINES_BEFORE)
    excerpt = [
        f"{'>' if line_number == number else ' '} {line_number:>6}  {' '.join(truncate(line).split())}"
        for line_number, line in enumerate(lines[first - 1 : center + LINES_AFTER], start=first)
    ]
    return "\n".join(excerpt if number else [*excerpt, "> (no more lines)"])


def _undecided_reasons(versions: Sequence[VersionAnalysis]) -> list[str]:
    return list(dict.fromkeys(_prose(reason) for version in versions for reason in version.compared.undecided))


def _surprisal_table(analysis: Analysis) -> Iterator[str]:
    if reason := unavailable_reason(analysis.log.surprisal):
        yield f"Not available: {_prose(reason)}"
    if rows := surprisal_of(analysis.log.surprisal):
        yield "| program | real output | model's own output |"
        yield "|---|---|---|"
        yield from (f"| {_cell(row.program)} | {row.real} | {row.imagined} |" for row in rows[:PROGRAMS_SHOWN])


def _program_items(analysis: Analysis) -> list[str]:
    by_label = {program.label: program for program in analysis.log.programs}
    return [
        f"{_code(program.label)}: SHA-256 {format_code(program.sha256)}"
        + {True: ", works", False: ", does not work", None: ""}[program.works]
        + (_describe_edit(program, by_label.get(program.base or "")) if program.edit else "")
        for program in analysis.log.programs
    ]


def _describe_edit(program: Program, base: Program | None) -> str:
    size = f" ({diff_of(base, program).size})" if base else ""
    return f", an edit of {_code(program.base or '')} that {program.edit}{size}: {_prose(program.told)}"


def _repeat_commands(analysis: Analysis) -> Iterator[str]:
    yield _fenced("\n".join(repeat_commands(analysis)), "sh")
    if analysis.log.setup and not is_packaged_experiment(analysis):
        yield f"\n{NOT_PACKAGED}"
