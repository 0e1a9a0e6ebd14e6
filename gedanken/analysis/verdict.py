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
from gedanken.compare.series.judged import differ_in
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.series.places import TIMES_PRINTED
from gedanken.compare.stats.permutation_test import smallest_p
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Execution, leaves
from gedanken.experiment.finding import Finding
from gedanken.experiment.format import figure, probability

KINDS_TOLD = 3
LONGEST_SENTENCE = 120
"""Number of characters beyond which a sentence is cut at the end of a clause. The reasons at its end are then left
out."""
_CLAUSE_END = re.compile(r"[:;.] ")


def verdict_of(cases: Sequence[VersionAnalysis], findings: Sequence[Finding]) -> str:
    """State the result for the main version, and count all other findings. The text never says that real and imagined
    runs are the same."""
    case = main_version(cases)
    if case is None:
        return _nothing_to_compare(cases)
    told = [tells_of(case), _endpoint(case)]
    if lost := left_out(case.imagined):
        told.append(f"{lost[:1].upper()}{lost[1:]}.")
    elsewhere = Counter(finding for finding in findings if not finding.explained_by) - Counter(case.compared.findings)
    if elsewhere:
        told.append(f"Elsewhere in the session: {many(elsewhere.total(), 'finding')}.")
    return " ".join(part for part in told if part)


def measured(version: VersionAnalysis) -> tuple[tuple[Execution, ...], tuple[Execution, ...]]:
    """Return the real and the imagined runs that are compared: the leaves, or the trunks if there are no others."""
    imagined = tuple(run for run in version.imagined if run.is_run)
    return leaves(version.real) or version.real, leaves(imagined) or imagined


def tells_of(version: VersionAnalysis) -> str:
    """State how many imagined runs have findings, and of which kinds, or why the question is undecided.

    Findings that a false fact of the persona explains do not count. The text is empty if only the primary endpoint
    has a result; see `_endpoint`.
    """
    _real, imagined = measured(version)
    labels = {run.label for run in imagined}
    found = [finding for finding in version.compared.findings if not finding.explained_by]
    on = _with_findings(version)
    what = f" of {version.program.label}" if version.program else ""
    if not on:
        if doubt := version.compared.uncompared or version.compared.unjudged:
            return f"Undecided: {doubt}."
        rest = f"; {many(len(found), 'finding')} on other runs" if found else ""
        if version.compared.series and tested_p(version.compared.series[0]) is not None and not rest:
            return ""
        return f"No difference was found in {many(len(labels), 'imagined run')}{what}{rest}."
    told = kinds_in_words(found)
    kinds = ", ".join(told[:KINDS_TOLD])
    untold = len(told) - KINDS_TOLD
    more = f", and {many(untold, 'more kind of finding', 'more kinds of findings')}" if untold > 0 else ""
    verb = "differs" if len(on) == 1 else "differ"
    who = "The imagined run" if len(labels) == 1 else f"{len(on)} of {many(len(labels), 'imagined run')}"
    return f"{who} {verb} from the real runs{what}: {kinds}{more}."


def _with_findings(version: VersionAnalysis) -> set[str]:
    """Return the labels of the imagined runs that have findings."""
    found = [finding for finding in version.compared.findings if not finding.explained_by]
    return {run.label for run in measured(version)[1]} & {label for finding in found for label in finding.runs}


def _endpoint(version: VersionAnalysis) -> str:
    """State the result for the primary endpoint, or why it is undecided."""
    primary = next((series for series in version.compared.series if series.role == "primary"), None)
    if primary is None:
        # The sentence before this one already says why the lines, or the numbers, are not judged.
        said = version.compared.unjudged
        if version.compared.uncompared and not _with_findings(version):
            said = version.compared.uncompared
        told = [one for one in version.compared.undecided if not said or said[1:] not in one]
        return f"Undecided: {_sentence(as_continuation(told[0]))}" if told else ""
    name = format_last(primary)
    tested = tested_p(primary)
    far = next((finding for finding in version.compared.findings if finding.check == "outlier"), None)
    if far is not None and far.subject == primary.name:
        return sentence(far)
    if tested is None:
        why = _sentence(primary.why_no_p or _too_few(primary))
        return f"Undecided whether {differ_in(name, len(primary.imagined))}: {why}"
    real, imagined = spread_of(lasts(primary)[0]), spread_of(lasts(primary)[1])
    p = format_p(tested)
    if is_told(tested):
        runs = f"{many(primary.n_imagined, 'imagined run')} and {real} in {many(primary.n_real, 'real run')}"
        return f"The {name} is {imagined} in {runs} ({p})."
    interval = primary.difference_interval
    between = (
        f"; 95 % interval of imagined mean minus real mean: {figure(interval[0])} to {figure(interval[1])}"
        if interval
        else ""
    )
    no_difference = f"The {name} does not differ significantly ({p}{between})."
    if version.compared.findings or version.compared.unjudged:
        return no_difference
    runs = f"{many(primary.n_imagined, 'imagined run')} and {many(primary.n_real, 'real run')}"
    return f"No difference was found between {runs}. {no_difference}"


def _too_few(series: SeriesResult) -> str:
    least = probability(smallest_p(series.n_real, series.n_imagined))
    values = f"{series.n_real:,} real and {many(series.n_imagined, 'imagined value')}"
    return f"{values} are too few for a test at the {probability(PRIMARY_LEVEL)} level (lowest possible p: {least})"


def _nothing_to_compare(cases: Sequence[VersionAnalysis]) -> str:
    if not cases:
        return "Nothing to compare: no program was run."
    if not any(version.imagined for version in cases):
        return "Nothing to compare: no run was imagined."
    if lost := left_out(run for version in cases for run in version.imagined):
        return f"Nothing to compare: {lost}."
    return "Nothing to compare: no version of a program has both real and imagined runs."


def ranked(findings: Sequence[Finding], version: VersionAnalysis | None) -> list[Finding]:
    """Sort findings by importance. Findings on `version` come first. Findings that a false fact of the persona
    explains come last."""
    own = set(version.compared.findings) if version else set()
    return sorted(findings, key=lambda finding: (finding.explained_by is not None, finding not in own))


def lasts(series: SeriesResult) -> tuple[list[float], list[float]]:
    """Return the values of the real and of the imagined runs at the last point that both kinds have."""
    at = _last_common(series)
    if at is None:
        return [], []
    real, imagined = ([run[at] for run in runs] for runs in (series.real, series.imagined))
    return [value for value in real if value is not None], [value for value in imagined if value is not None]


def format_last(series: SeriesResult) -> str:
    """Name the point that `lasts` uses, for example `last loss (train.py:41)` or `loss (train.py:41), epoch 9`."""
    at = _last_common(series)
    if at is None or series.name.startswith("last "):
        return short(series.name)
    if series.axis == TIMES_PRINTED:
        return short(series.name) if len(series.points) == 1 else f"{short(series.name)}, value {series.points[at]:g}"
    return f"{short(series.name)}, {series.axis} {series.points[at]:g}"


def format_endpoint(endpoint: Endpoint) -> str:
    """Describe the endpoint and why it was chosen, for example `last val_loss, chosen because …`."""
    return f"last {short(endpoint.name)}, {endpoint.reason}"


def _last_common(series: SeriesResult) -> int | None:
    points = reversed(range(len(series.points)))
    return next((at for at in points if _shown(series.real, at) and _shown(series.imagined, at)), None)


def _shown(runs: Sequence[Sequence[float | None]], at: int) -> bool:
    return any(run[at] is not None for run in runs)


def spread_of(values: Sequence[float]) -> str:
    """Format the range of some values, for example `0.012 to 0.034`, or `0.012, nan ×6` if some are not finite."""
    if not values:
        return "-"
    known = [value for value in values if math.isfinite(value)]
    told = []
    if known:
        low, high = figure(min(known)), figure(max(known))
        told.append(low if low == high else f"{low} to {high}")
    odd = Counter(str(value) for value in values if not math.isfinite(value))
    return ", ".join([*told, *(f"{value} ×{count}" if count > 1 or known else value for value, count in odd.items())])


def tested_p(series: SeriesResult) -> float | None:
    """Return the p-value of a series; None if there is none, or too few runs for significance."""
    return series.p if smallest_p(series.n_real, series.n_imagined) <= PRIMARY_LEVEL else None


def format_p(p: float) -> str:
    """Format p, for example `p = .008`."""
    told = probability(p)
    return f"p {told}" if told.startswith("<") else f"p = {told}"


def _sentence(text: str) -> str:
    """Return the text with a full stop; a long one is cut at the end of a clause."""
    text = " ".join(text.split())
    ends = [found.start() for found in _CLAUSE_END.finditer(text) if _is_outside_quotes(text, found.start())]
    if len(text) > LONGEST_SENTENCE and ends:
        text = text[: max((end for end in ends if end <= LONGEST_SENTENCE), default=ends[0])]
    return text if text.endswith((".", "…")) else f"{text}."


def as_continuation(reason: str) -> str:
    """Return a reason in the form that can follow `undecided: `. An initial “Whether” becomes “whether”."""
    return f"w{reason[1:]}" if reason.startswith("Whether ") else reason


def _is_outside_quotes(text: str, at: int) -> bool:
    return text.count("“", 0, at) == text.count("”", 0, at)
