"""Renders the report as one HTML page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from gedanken.analysis.analysis import Analysis, VersionAnalysis
from gedanken.analysis.verdict import format_endpoint
from gedanken.compare.results import SeriesResult
from gedanken.compare.sentences import format_finding, kind_label
from gedanken.experiment import format
from gedanken.experiment.execution import Execution
from gedanken.experiment.finding import Stream
from gedanken.experiment.version import __version__
from gedanken.report import run_setup
from gedanken.report.anchors import Anchors, ShownFinding, find_anchors
from gedanken.report.curves import MAX_IMAGINED_LINES, chart, count_outside_chart, legend_symbol
from gedanken.report.html import content_policy, packaged, page_environment
from gedanken.report.outputs import Excerpt, excerpts, listings, output_head
from gedanken.report.shown_effects import shown_effects
from gedanken.report.surprisal import surprisal_of, unavailable_reason
from gedanken.report.timeline import timeline_of
from gedanken.report.transcripts import SideBySide, side_by_side
from gedanken.traces.run_tree import TracedRun

CHARTS_SHOWN = 12
SERIES_SHOWN = 100
SITES_SHOWN = 200
RUNS_SHOWN = 300
CHARTS_AT_TOP = 3
"""Number of charts at the top of the page. These charts are not repeated below."""
FINDINGS_OPEN = 5
"""Number of findings of each kind that are visible at first. The others appear when the reader opens the fold."""
CASES_IN_CONTENTS = 8
"""Maximum number of cases (`ShownCase`) in the table of contents."""
PROBLEMS_SHOWN = 20
CASES_SHOWN = 40


class DrawnSeries(NamedTuple):
    """A series and its chart."""

    judged: SeriesResult
    picture: Markup
    beyond: int
    """Number of imagined values that lie outside the chart."""


class LegendEntry(NamedTuple):
    """An entry of the legend: the line and marker of one imagined run, and the run's name."""

    glyph: Markup
    name: str


@dataclass(frozen=True, slots=True)
class ShownCase:
    """The comparison of one program version, or of supplied logs, prepared for display."""

    place: str
    case: VersionAnalysis
    name: str
    findings: tuple[ShownFinding, ...]
    charts: tuple[DrawnSeries, ...]
    keys: tuple[LegendEntry, ...]
    view: SideBySide | None
    excerpts: tuple[Excerpt, ...]


def render(analysis: Analysis, trace: Sequence[TracedRun] = ()) -> str:
    """Render the report as one self-contained HTML file, with the run's `trace`. The same input gives the same
    file."""
    environment = page_environment()
    environment.filters["sentence"] = format_finding
    environment.globals.update(interval=format.format_interval, who=format.format_run)
    style, script = packaged("style.css"), packaged("report.js")
    anchors = find_anchors(analysis)
    cases = [
        _prepare_case(number, version, anchors)
        for number, version in enumerate(analysis.versions[:CASES_SHOWN], start=1)
    ]
    main_version = analysis.main_version
    main_case = next((version for version in cases if version.case is main_version), None)
    return environment.get_template("report.html.j2").render(
        kept=analysis,
        places=anchors,
        cases=cases,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=content_policy(style, script),
        primary=next((series for series in main_version.compared.series if series.role == "primary"), None)
        if main_version
        else None,
        endpoint=format_endpoint(main_version.compared.endpoint)
        if main_version and main_version.compared.endpoint
        else None,
        kinds=_group_by_kind(anchors.findings),
        undecided=any(version.compared.undecided for version in analysis.versions),
        verdict=format.first_sentence(analysis.verdict),
        moves=[(effect, shown_effects(effect)) for effect in analysis.effects],
        main=main_case,
        ABOVE=0 if analysis.effects else CHARTS_AT_TOP,
        brief=run_setup.summarize_setup(analysis.log),
        own=run_setup.is_packaged_experiment(analysis),
        script_lines=run_setup.script_of(analysis.log),
        claims=run_setup.persona_facts(analysis.log.setup),
        entries=run_setup.entries_of(analysis.log),
        commands=run_setup.repeat_commands(analysis),
        listings=listings(analysis, anchors),
        answers=_command_outputs(analysis, anchors),
        surprise=surprisal_of(analysis.log.surprisal),
        no_surprise=unavailable_reason(analysis.log.surprisal),
        timeline=timeline_of(trace, anchors),
        runs=_all_runs(analysis),
        totals=_total_seconds(analysis),
        SERIES_SHOWN=SERIES_SHOWN,
        SITES_SHOWN=SITES_SHOWN,
        RUNS_SHOWN=RUNS_SHOWN,
        IMAGINED_SHOWN=MAX_IMAGINED_LINES,
        FINDINGS_OPEN=FINDINGS_OPEN,
        CASES_NAMED=CASES_IN_CONTENTS,
        PROBLEMS_SHOWN=PROBLEMS_SHOWN,
        NOT_PACKAGED=run_setup.NOT_PACKAGED,
    )


def _prepare_case(number: int, version: VersionAnalysis, anchors: Anchors) -> ShownCase:
    case_id = f"c{number}"
    charts = []
    for index, series in enumerate(version.compared.series[:CHARTS_SHOWN]):
        if picture := chart(series, f"{case_id}g{index}"):
            charts.append(DrawnSeries(series, picture, count_outside_chart(series)))
    samples = [run for run in version.imagined if run.sample != 0]
    keys = tuple(
        LegendEntry(legend_symbol(index), format.format_run(sample))
        for index, sample in enumerate(samples[:MAX_IMAGINED_LINES])
    )
    view = side_by_side(version, anchors)
    alignment = version.compared.alignment
    aligned: set[tuple[str, Stream]] = set()
    if view and alignment:
        aligned = {(view.real, alignment.real_counted_in), (view.imagined, "stdout")}
    return ShownCase(
        case_id,
        version,
        version.program.label if version.program else "The logs",
        tuple(finding for finding in anchors.findings if finding.finding in version.compared.findings),
        tuple(charts),
        keys,
        view,
        excerpts((*version.real, *version.imagined), anchors, aligned),
    )


def _command_outputs(analysis: Analysis, anchors: Anchors) -> list[tuple[str, list[Excerpt]]]:
    """Return the outputs of commands that run no program, grouped by script line and command."""
    case_ids = {id(run) for version in analysis.versions for run in (*version.real, *version.imagined)}
    other_runs = [execution for execution in analysis.log.executions if id(execution) not in case_ids]
    by_command: dict[tuple[int, str], list[Excerpt]] = {}
    for execution in other_runs[:RUNS_SHOWN]:
        by_command.setdefault((execution.line, execution.command), []).append(output_head(execution, anchors))
    return [(command, outputs) for (_line, command), outputs in by_command.items()]


def _all_runs(analysis: Analysis) -> list[Execution]:
    case_runs: Iterable[Execution] = (
        run for version in analysis.versions for run in (*version.real, *version.imagined)
    )
    return list({id(execution): execution for execution in (*analysis.log.executions, *case_runs)}.values())


def _total_seconds(analysis: Analysis) -> dict[str, float]:
    runs = _all_runs(analysis)
    return {
        "real": sum(run.seconds for run in runs if not run.imagined),
        "imagined": sum(run.seconds for run in runs if run.imagined),
    }


def _group_by_kind(findings: list[ShownFinding]) -> list[tuple[str, list[ShownFinding]]]:
    """Group findings by kind, in order of first appearance."""
    kinds = Counter(finding.finding.check for finding in findings)
    return [(kind_label(kind), [finding for finding in findings if finding.finding.check == kind]) for kind in kinds]
