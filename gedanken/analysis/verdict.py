"""Writes the verdict: the result of a comparison in one or two sentences."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from gedanken.analysis.analysis import VersionAnalysis, main_version
from gedanken.compare.parsed.left_out import format_left_out
from gedanken.compare.parsed.run_set import shorten
from gedanken.compare.results import Endpoint, SeriesResult
from gedanken.compare.sentences import format_finding, kind_labels
from gedanken.compare.series.judgement import differ_in
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_significant
from gedanken.compare.series.places import TIMES_PRINTED
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Execution, measured_runs
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import format_number, format_p, format_probability

MAX_KINDS_SHOWN = 3
LONGEST_SENTENCE = 120
"""A sentence with more characters than this is cut at the end of a clause; its last reasons are then left out."""
_CLAUSE_END = re.compile(r"[:;.] ")


def verdict_of(versions: Sequence[VersionAnalysis], findings: Sequence[Finding]) -> str:
    """State the result for the main version, and count all other findings.

    The text never says that real and imagined runs are the same.
    """
    main = main_version(versions)
    if main is None:
        return _nothing_to_compare(versions)
    sentences = [finding_summary(main), _endpoint_sentence(main)]
    if reason := format_left_out(main.imagined):
        sentences.append(f"{reason[:1].upper()}{reason[1:]}.")
    other_findings = Counter(finding for finding in findings if not finding.explained_by) - Counter(
        main.compared.findings
    )
    if other_findings:
        sentences.append(f"Elsewhere in the session: {format_count(other_findings.total(), 'finding')}.")
    return " ".join(part for part in sentences if part)


def compared_runs(version: VersionAnalysis) -> tuple[tuple[Execution, ...], tuple[Execution, ...]]:
    """Return the real and the imagined runs that are compared.

    On each side, these are all runs except the trunk, or the trunk if there is no other run.
    """
    imagined = tuple(run for run in version.imagined if run.is_run)
    return measured_runs(version.real) or version.real, measured_runs(imagined) or imagined


def finding_summary(version: VersionAnalysis) -> str:
    """State how many imagined runs have findings, and of which kinds, or why the question is undecided.

    Findings that a false fact of the persona explains do not count. The text is empty if only the primary endpoint
    has a result; see `_endpoint_sentence`.
    """
    _real, imagined = compared_runs(version)
    labels = {run.label for run in imagined}
    findings = [finding for finding in version.compared.findings if not finding.explained_by]
    runs_with_findings = _labels_with_findings(version)
    of_program = f" of {version.program.label}" if version.program else ""
    if not runs_with_findings:
        if reason := version.compared.uncompared or version.compared.first_undecided:
            return f"Undecided: {reason}."
        other_runs = f"; {format_count(len(findings), 'finding')} on other runs" if findings else ""
        if version.compared.series and valid_p(version.compared.series[0]) is not None and not other_runs:
            return ""
        return f"No difference was found in {format_count(len(labels), 'imagined run')}{of_program}{other_runs}."
    kinds_found = kind_labels(findings)
    kinds = ", ".join(kinds_found[:MAX_KINDS_SHOWN])
    kinds_left_out = len(kinds_found) - MAX_KINDS_SHOWN
    more_kinds = (
        f", and {format_count(kinds_left_out, 'more kind of finding', 'more kinds of findings')}"
        if kinds_left_out > 0
        else ""
    )
    verb = "differs" if len(runs_with_findings) == 1 else "differ"
    subject = (
        "The imagined run"
        if len(labels) == 1
        else f"{len(runs_with_findings)} of {format_count(len(labels), 'imagined run')}"
    )
    return f"{subject} {verb} from the real runs{of_program}: {kinds}{more_kinds}."


def _labels_with_findings(version: VersionAnalysis) -> set[str]:
    """Return the labels of the imagined runs with findings that the persona does not explain."""
    findings = [finding for finding in version.compared.findings if not finding.explained_by]
    return {run.label for run in compared_runs(version)[1]} & {
        label for finding in findings for label in finding.runs
    }


def _endpoint_sentence(version: VersionAnalysis) -> str:
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        # The sentence before this one already says why the lines, or the numbers, are not judged.
        stated_reason = version.compared.first_undecided
        if version.compared.uncompared and not _labels_with_findings(version):
            stated_reason = version.compared.uncompared
        reasons = [
            reason for reason in version.compared.undecided if not stated_reason or stated_reason[1:] not in reason
        ]
        return f"Undecided: {_as_sentence(as_continuation(reasons[0]))}" if reasons else ""
    name = format_last(primary)
    p_value = valid_p(primary)
    outlier = next((finding for finding in version.compared.findings if finding.check == "outlier"), None)
    if outlier is not None and outlier.subject == primary.name:
        return format_finding(outlier)
    if p_value is None:
        why_untested = _as_sentence(primary.why_no_p or _too_few_values(primary))
        return f"Undecided whether {differ_in(name, len(primary.imagined))}: {why_untested}"
    real, imagined = format_spread(last_values(primary)[0]), format_spread(last_values(primary)[1])
    p_text = format_p(p_value)
    if is_significant(p_value):
        imagined_runs = format_count(primary.n_imagined, "imagined run")
        real_runs = format_count(primary.n_real, "real run")
        return f"The {name} is {imagined} in {imagined_runs} and {real} in {real_runs} ({p_text})."
    interval = primary.difference_interval
    interval_text = (
        "; 95 % interval of imagined mean minus real mean: "
        f"{format_number(interval[0])} to {format_number(interval[1])}"
        if interval
        else ""
    )
    no_difference = f"The {name} does not differ significantly ({p_text}{interval_text})."
    if version.compared.findings or version.compared.first_undecided:
        return no_difference
    runs = f"{format_count(primary.n_imagined, 'imagined run')} and {format_count(primary.n_real, 'real run')}"
    return f"No difference was found between {runs}. {no_difference}"


def _too_few_values(series: SeriesResult) -> str:
    lowest_p = format_probability(smallest_p(series.n_real, series.n_imagined))
    values = f"{series.n_real:,} real and {format_count(series.n_imagined, 'imagined value')}"
    level = format_probability(PRIMARY_LEVEL)
    return f"{values} are too few for a test at the {level} level (lowest possible p: {lowest_p})"


def _nothing_to_compare(versions: Sequence[VersionAnalysis]) -> str:
    if not versions:
        return "Nothing to compare: no program was run."
    if not any(version.imagined for version in versions):
        return "Nothing to compare: no run was imagined."
    if reason := format_left_out(run for version in versions for run in version.imagined):
        return f"Nothing to compare: {reason}."
    return "Nothing to compare: no version of a program has both real and imagined runs."


def rank_findings(findings: Sequence[Finding], version: VersionAnalysis | None) -> list[Finding]:
    """Sort findings by importance.

    Findings on `version` come first. Findings that a false fact of the persona explains come last.
    """
    own = set(version.compared.findings) if version else set()
    return sorted(findings, key=lambda finding: (finding.explained_by is not None, finding not in own))


def last_values(series: SeriesResult) -> tuple[list[float], list[float]]:
    """Return the values of the real and of the imagined runs at the last common point.

    A point is common if at least one run of each kind has a value there.
    """
    index = _last_common_index(series)
    if index is None:
        return [], []
    real, imagined = ([run[index] for run in runs] for runs in (series.real, series.imagined))
    return [value for value in real if value is not None], [value for value in imagined if value is not None]


def format_last(series: SeriesResult) -> str:
    """Name the point that `last_values` uses: `last loss (train.py:41)`, or `loss (train.py:41), epoch 9`."""
    index = _last_common_index(series)
    if index is None or series.name.startswith("last "):
        return shorten(series.name)
    if series.axis == TIMES_PRINTED:
        return (
            shorten(series.name)
            if len(series.points) == 1
            else f"{shorten(series.name)}, value {series.points[index]:g}"
        )
    return f"{shorten(series.name)}, {series.axis} {series.points[index]:g}"


def format_endpoint(endpoint: Endpoint) -> str:
    """Describe the endpoint and why it was chosen, for example `last val_loss, chosen because …`."""
    return f"last {shorten(endpoint.name)}, {endpoint.reason}"


def _last_common_index(series: SeriesResult) -> int | None:
    points = reversed(range(len(series.points)))
    return next(
        (index for index in points if _has_value_at(series.real, index) and _has_value_at(series.imagined, index)),
        None,
    )


def _has_value_at(runs: Sequence[Sequence[float | None]], index: int) -> bool:
    return any(run[index] is not None for run in runs)


def format_spread(values: Sequence[float]) -> str:
    """Format the range of some values, for example `0.012 to 0.034`.

    Values that are not finite are counted, for example `0.012, nan ×6`.
    """
    if not values:
        return "-"
    finite_values = [value for value in values if math.isfinite(value)]
    parts = []
    if finite_values:
        low, high = format_number(min(finite_values)), format_number(max(finite_values))
        parts.append(low if low == high else f"{low} to {high}")
    other_counts = Counter(str(value) for value in values if not math.isfinite(value))
    return ", ".join(
        [
            *parts,
            *(f"{value} ×{count}" if count > 1 or finite_values else value for value, count in other_counts.items()),
        ]
    )


def valid_p(series: SeriesResult) -> float | None:
    """Return the p-value of a series; None if there is none, or too few runs for significance."""
    return series.p if smallest_p(series.n_real, series.n_imagined) <= PRIMARY_LEVEL else None


def _as_sentence(text: str) -> str:
    """Return the text with a full stop. A long text is cut at the end of a clause."""
    text = " ".join(text.split())
    ends = [match.start() for match in _CLAUSE_END.finditer(text) if _is_outside_quotes(text, match.start())]
    if len(text) > LONGEST_SENTENCE and ends:
        text = text[: max((end for end in ends if end <= LONGEST_SENTENCE), default=ends[0])]
    return text if text.endswith((".", "…")) else f"{text}."


def as_continuation(reason: str) -> str:
    """Return a reason so that it can follow `undecided: `; an initial “Whether” becomes “whether”."""
    return f"w{reason[1:]}" if reason.startswith("Whether ") else reason


def _is_outside_quotes(text: str, position: int) -> bool:
    return text.count("“", 0, position) == text.count("”", 0, position)
