"""Writes the verdict: the result of a comparison in one or two sentences."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from gedanken.analysis.analysis import VersionAnalysis, main_version
from gedanken.compare.parsed.left_out import left_out
from gedanken.compare.parsed.run_set import short
from gedanken.compare.results import Endpoint, SeriesResult
from gedanken.compare.sentences import kinds_in_words, sentence
from gedanken.compare.series.judgement import differ_in
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.series.places import TIMES_PRINTED
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Execution, leaves
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import figure, probability

KINDS_TOLD = 3
LONGEST_SENTENCE = 120
"""Number of characters beyond which a sentence is cut at the end of a clause.

The reasons at the end of the sentence are then left out.
"""
_CLAUSE_END = re.compile(r"[:;.] ")


def verdict_of(versions: Sequence[VersionAnalysis], findings: Sequence[Finding]) -> str:
    """State the result for the main version, and count all other findings.

    The text never says that real and imagined runs are the same.
    """
    main = main_version(versions)
    if main is None:
        return _nothing_to_compare(versions)
    sentences = [tells_of(main), _endpoint_sentence(main)]
    if reason := left_out(main.imagined):
        sentences.append(f"{reason[:1].upper()}{reason[1:]}.")
    other_findings = Counter(finding for finding in findings if not finding.explained_by) - Counter(
        main.compared.findings
    )
    if other_findings:
        sentences.append(f"Elsewhere in the session: {many(other_findings.total(), 'finding')}.")
    return " ".join(part for part in sentences if part)


def measured(version: VersionAnalysis) -> tuple[tuple[Execution, ...], tuple[Execution, ...]]:
    """Return the real and the imagined runs that are compared.

    These are the leaves, or the trunks if there are no leaves.
    """
    imagined = tuple(run for run in version.imagined if run.is_run)
    return leaves(version.real) or version.real, leaves(imagined) or imagined


def tells_of(version: VersionAnalysis) -> str:
    """State how many imagined runs have findings, and of which kinds, or why the question is undecided.

    Findings that a false fact of the persona explains do not count. The text is empty if only the primary endpoint
    has a result; see `_endpoint_sentence`.
    """
    _real, imagined = measured(version)
    labels = {run.label for run in imagined}
    findings = [finding for finding in version.compared.findings if not finding.explained_by]
    runs_with_findings = _labels_with_findings(version)
    of_program = f" of {version.program.label}" if version.program else ""
    if not runs_with_findings:
        if reason := version.compared.uncompared or version.compared.unjudged:
            return f"Undecided: {reason}."
        other_runs = f"; {many(len(findings), 'finding')} on other runs" if findings else ""
        if version.compared.series and tested_p(version.compared.series[0]) is not None and not other_runs:
            return ""
        return f"No difference was found in {many(len(labels), 'imagined run')}{of_program}{other_runs}."
    kinds_found = kinds_in_words(findings)
    kinds = ", ".join(kinds_found[:KINDS_TOLD])
    kinds_left_out = len(kinds_found) - KINDS_TOLD
    more_kinds = (
        f", and {many(kinds_left_out, 'more kind of finding', 'more kinds of findings')}"
        if kinds_left_out > 0
        else ""
    )
    verb = "differs" if len(runs_with_findings) == 1 else "differ"
    subject = (
        "The imagined run"
        if len(labels) == 1
        else f"{len(runs_with_findings)} of {many(len(labels), 'imagined run')}"
    )
    return f"{subject} {verb} from the real runs{of_program}: {kinds}{more_kinds}."


def _labels_with_findings(version: VersionAnalysis) -> set[str]:
    """Return the labels of the imagined runs with findings that the persona does not explain."""
    findings = [finding for finding in version.compared.findings if not finding.explained_by]
    return {run.label for run in measured(version)[1]} & {label for finding in findings for label in finding.runs}


def _endpoint_sentence(version: VersionAnalysis) -> str:
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        # The sentence before this one already says why the lines, or the numbers, are not judged.
        stated_reason = version.compared.unjudged
        if version.compared.uncompared and not _labels_with_findings(version):
            stated_reason = version.compared.uncompared
        reasons = [
            reason for reason in version.compared.undecided if not stated_reason or stated_reason[1:] not in reason
        ]
        return f"Undecided: {_as_sentence(as_continuation(reasons[0]))}" if reasons else ""
    name = format_last(primary)
    p_value = tested_p(primary)
    outlier = next((finding for finding in version.compared.findings if finding.check == "outlier"), None)
    if outlier is not None and outlier.subject == primary.name:
        return sentence(outlier)
    if p_value is None:
        why_untested = _as_sentence(primary.why_no_p or _too_few_values(primary))
        return f"Undecided whether {differ_in(name, len(primary.imagined))}: {why_untested}"
    real, imagined = spread_of(lasts(primary)[0]), spread_of(lasts(primary)[1])
    p_text = format_p(p_value)
    if is_told(p_value):
        runs = f"{many(primary.n_imagined, 'imagined run')} and {real} in {many(primary.n_real, 'real run')}"
        return f"The {name} is {imagined} in {runs} ({p_text})."
    interval = primary.difference_interval
    interval_text = (
        f"; 95 % interval of imagined mean minus real mean: {figure(interval[0])} to {figure(interval[1])}"
        if interval
        else ""
    )
    no_difference = f"The {name} does not differ significantly ({p_text}{interval_text})."
    if version.compared.findings or version.compared.unjudged:
        return no_difference
    runs = f"{many(primary.n_imagined, 'imagined run')} and {many(primary.n_real, 'real run')}"
    return f"No difference was found between {runs}. {no_difference}"


def _too_few_values(series: SeriesResult) -> str:
    lowest_p = probability(smallest_p(series.n_real, series.n_imagined))
    values = f"{series.n_real:,} real and {many(series.n_imagined, 'imagined value')}"
    return (
        f"{values} are too few for a test at the {probability(PRIMARY_LEVEL)} level (lowest possible p: {lowest_p})"
    )


def _nothing_to_compare(versions: Sequence[VersionAnalysis]) -> str:
    if not versions:
        return "Nothing to compare: no program was run."
    if not any(version.imagined for version in versions):
        return "Nothing to compare: no run was imagined."
    if reason := left_out(run for version in versions for run in version.imagined):
        return f"Nothing to compare: {reason}."
    return "Nothing to compare: no version of a program has both real and imagined runs."


def ranked(findings: Sequence[Finding], version: VersionAnalysis | None) -> list[Finding]:
    """Sort findings by importance.

    Findings on `version` come first. Findings that a false fact of the persona explains come last.
    """
    own = set(version.compared.findings) if version else set()
    return sorted(findings, key=lambda finding: (finding.explained_by is not None, finding not in own))


def lasts(series: SeriesResult) -> tuple[list[float], list[float]]:
    """Return the values of the real and of the imagined runs at the last common point.

    A point is common if at least one run of each kind has a value there.
    """
    index = _last_common_index(series)
    if index is None:
        return [], []
    real, imagined = ([run[index] for run in runs] for runs in (series.real, series.imagined))
    return [value for value in real if value is not None], [value for value in imagined if value is not None]


def format_last(series: SeriesResult) -> str:
    """Name the point that `lasts` uses, for example `last loss (train.py:41)` or `loss (train.py:41), epoch 9`."""
    index = _last_common_index(series)
    if index is None or series.name.startswith("last "):
        return short(series.name)
    if series.axis == TIMES_PRINTED:
        return (
            short(series.name) if len(series.points) == 1 else f"{short(series.name)}, value {series.points[index]:g}"
        )
    return f"{short(series.name)}, {series.axis} {series.points[index]:g}"


def format_endpoint(endpoint: Endpoint) -> str:
    """Describe the endpoint and why it was chosen, for example `last val_loss, chosen because …`."""
    return f"last {short(endpoint.name)}, {endpoint.reason}"


def _last_common_index(series: SeriesResult) -> int | None:
    points = reversed(range(len(series.points)))
    return next(
        (index for index in points if _has_value_at(series.real, index) and _has_value_at(series.imagined, index)),
        None,
    )


def _has_value_at(runs: Sequence[Sequence[float | None]], index: int) -> bool:
    return any(run[index] is not None for run in runs)


def spread_of(values: Sequence[float]) -> str:
    """Format the range of some values, for example `0.012 to 0.034`.

    Values that are not finite are counted, for example `0.012, nan ×6`.
    """
    if not values:
        return "-"
    finite_values = [value for value in values if math.isfinite(value)]
    parts = []
    if finite_values:
        low, high = figure(min(finite_values)), figure(max(finite_values))
        parts.append(low if low == high else f"{low} to {high}")
    other_counts = Counter(str(value) for value in values if not math.isfinite(value))
    return ", ".join(
        [
            *parts,
            *(f"{value} ×{count}" if count > 1 or finite_values else value for value, count in other_counts.items()),
        ]
    )


def tested_p(series: SeriesResult) -> float | None:
    """Return the p-value of a series; None if there is none, or too few runs for significance."""
    return series.p if smallest_p(series.n_real, series.n_imagined) <= PRIMARY_LEVEL else None


def format_p(p: float) -> str:
    """Format p, for example `p = .008`."""
    text = probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _as_sentence(text: str) -> str:
    """Return the text with a full stop. A long text is cut at the end of a clause."""
    text = " ".join(text.split())
    ends = [match.start() for match in _CLAUSE_END.finditer(text) if _is_outside_quotes(text, match.start())]
    if len(text) > LONGEST_SENTENCE and ends:
        text = text[: max((end for end in ends if end <= LONGEST_SENTENCE), default=ends[0])]
    return text if text.endswith((".", "…")) else f"{text}."


def as_continuation(reason: str) -> str:
    """Return a reason in a form that can follow `undecided: `: an initial “Whether” becomes “whether”."""
    return f"w{reason[1:]}" if reason.startswith("Whether ") else reason


def _is_outside_quotes(text: str, position: int) -> bool:
    return text.count("“", 0, position) == text.count("”", 0, position)
