"""Finds series whose last values, or all of whose values, would be unlikely in real runs."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gedanken.compare.parsed.run_set import RunSet, select_evidence
from gedanken.compare.results import SeriesResult
from gedanken.compare.series.judgement import Judgement, Outlier, TestedSeries
from gedanken.experiment.counts import format_count
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import format_p

MISSING_LINE_CHECKS = ("print count differs", "epochs silently missing", "count skips")
MAX_OTHER_METRICS = 3
"""A finding on outliers is about the metric with the farthest outlier, and names at most this many other metrics."""


def differences(run_set: RunSet, judgement: Judgement, line_findings: Sequence[Finding] = ()) -> Iterator[Finding]:
    """Yield the findings on series that differ, at most one of each kind.

    The kinds are: `primary endpoint differs`; if there is no such finding, `outlier` (single runs end far from the
    real ones); and `series differs` (all other series). `line_findings` tell which logs lack lines: the last value in
    such a log may not be the last value of its run.
    """
    other_series = [series for series in judgement.tested if series.judged.role == "secondary"]
    primary = next((series for series in judgement.tested if series.judged.role == "primary"), None)
    if primary and primary.is_significant:
        yield _primary_finding(run_set, primary)
        other_series = [series for series in other_series if series.series.column != primary.series.column]
        other_series = [series for series in other_series if not _have_one_cause(series, primary)]
    elif primary and (
        outliers := [
            outlier
            for outlier in judgement.outliers
            # If a log lacks lines, its last value may not be the last value of the run.
            if not _shows_more_epochs(run_set, outlier)
            and not _lacks_values(run_set, judgement, primary, outlier, line_findings)
        ]
    ):
        yield _outlier_finding(run_set, primary, outliers)
    elif other_outliers := [
        (series, outlier) for series, outlier in judgement.other_outliers if not _shows_more_epochs(run_set, outlier)
    ]:
        yield _other_outliers_finding(run_set, other_outliers)
    secondary = [series for series in other_series if series.is_significant]
    if not secondary:
        return
    n_tested = sum(series.judged.p is not None for series in other_series)
    kind = "other series" if primary else "series"
    verb = "differs" if len(secondary) == 1 else "differ"
    described = "; ".join(f"{series.judged.name} ({_format_test(series.judged)})" for series in secondary)
    yield Finding(
        "series differs",
        tuple(run.label for run in run_set.samples),
        select_evidence([ref for series in secondary for ref in _end_refs(run_set, series)]),
        observed=f"{len(secondary)} of {n_tested} {kind} {verb} significantly from the real runs, "
        f"compared as whole curves: {described}",
    )


def _have_one_cause(series: TestedSeries, primary: TestedSeries) -> bool:
    """Return whether both series end with NaN or infinity in the same runs."""
    finite_pairs = [
        (math.isfinite(end[1]), math.isfinite(primary_end[1]))
        for end, primary_end in zip(series.series.ends, primary.series.ends, strict=True)
        if end is not None and primary_end is not None
    ]
    return any(not is_finite for is_finite, _is_primary_finite in finite_pairs) and all(
        is_finite == is_primary_finite for is_finite, is_primary_finite in finite_pairs
    )


def _other_outliers_finding(run_set: RunSet, outliers: Sequence[tuple[TestedSeries, Outlier]]) -> Finding:
    """Build one finding on the metric with the farthest outlier.

    It also names up to `MAX_OTHER_METRICS` other metrics.
    """
    farthest = max(outliers, key=lambda item: item[1].deviations)[0]
    farthest_outliers = [outlier for series, outlier in outliers if series is farthest]
    other_names = {series.judged.name for series, _outlier in outliers} - {farthest.judged.name}
    finding = _outlier_finding(run_set, farthest, farthest_outliers)
    suffix = f"; other outliers: {', '.join(sorted(other_names)[:MAX_OTHER_METRICS])}" if other_names else ""
    labels = tuple(dict.fromkeys(run_set.samples[outlier.imagined].label for _series, outlier in outliers))
    return replace(finding, subject=f"last {finding.subject}", observed=f"{finding.observed}{suffix}", runs=labels)


def _shows_more_epochs(run_set: RunSet, outlier: Outlier) -> bool:
    """Return whether the run of the outlier shows epochs that no real run shows.

    False if the real runs do not show the same epochs.
    """
    # Another check reports the extra epochs; the last value of the run is then not reported.
    real_epochs = {run.epochs for run in run_set.finished}
    return len(real_epochs) == 1 and bool(run_set.samples[outlier.imagined].epochs - real_epochs.pop())


def _lacks_values(
    run_set: RunSet, judgement: Judgement, primary: TestedSeries, outlier: Outlier, line_findings: Sequence[Finding]
) -> bool:
    """Return whether the log of the outlier has fewer values than any real log.

    Always False unless a finding says that this log lacks lines.
    """
    label = run_set.samples[outlier.imagined].label
    is_reported = any(label in finding.runs and finding.check in MISSING_LINE_CHECKS for finding in line_findings)
    curve = next((tested for tested in judgement.tested[1:] if tested.series.column == primary.series.column), None)
    if run_set.program is not None or curve is None or not is_reported:
        return False
    value_counts = curve.series.shown.sum(axis=1)
    return bool(value_counts[primary.series.n_real + outlier.imagined] < value_counts[: primary.series.n_real].min())


def _outlier_finding(run_set: RunSet, primary: TestedSeries, outliers: Sequence[Outlier]) -> Finding:
    values = " and ".join(f"{outlier.value:g}" for outlier in outliers)
    distances = " and ".join(_format_deviations(outlier.deviations) for outlier in outliers)
    refs = [
        run_set.samples[outlier.imagined].ref(end[0])
        for outlier in outliers
        if (end := primary.series.ends[primary.series.n_real + outlier.imagined]) is not None
    ]
    return Finding(
        "outlier",
        tuple(run_set.samples[outlier.imagined].label for outlier in outliers),
        tuple(refs),
        expected=_format_ends(_real_ends(primary), primary.judged.n_real),
        observed=f"is {values}: {distances} standard deviations from the mean of the real runs",
        subject=primary.judged.name,
        of=len(run_set.samples),
    )


def _format_deviations(count: float) -> str:
    return f"{count:.0f}" if count < 1000 else "over 1,000"


def _real_ends(tested: TestedSeries) -> list[float]:
    """Return the last values of those real runs that are in the test."""
    series = tested.series
    return [end[1] for index in tested.runs if index < series.n_real and (end := series.ends[index]) is not None]


def _format_ends(values: Sequence[float], n_runs: int) -> str:
    finite = [value for value in values if math.isfinite(value)]
    finite_range = (
        [f"between {min(finite):g} and {max(finite):g}"] if len(finite) > 1 else [f"at {value:g}" for value in finite]
    )
    non_finite = Counter(str(value) for value in values if not math.isfinite(value))
    if not non_finite:
        return f"{format_count(n_runs, 'real run')} end {finite_range[0] if finite_range else 'at no number'}"
    parts = [f"{count} of {format_count(n_runs, 'real run')} end with {value}" for value, count in non_finite.items()]
    return ", ".join([*parts, *(f"the rest {end}" for end in finite_range)])


def _primary_finding(run_set: RunSet, tested: TestedSeries) -> Finding:
    judged = tested.judged
    runs = [run_set.samples[index] for index in _imagined_indices(tested)]
    values = [f"{tested.series.values[tested.series.n_real + index, 0]:g}" for index in _imagined_indices(tested)]
    are_equal = len(values) > 1 and len(set(values)) == 1
    return Finding(
        "primary endpoint differs",
        tuple(run.label for run in runs),
        select_evidence(list(_end_refs(run_set, tested))),
        expected=f"{_format_ends(_real_ends(tested), judged.n_real)} ({_format_test(judged)})",
        observed=f"is {values[0]} in each" if are_equal else f"is {', '.join(values)}",
        subject=judged.name,
        of=len(run_set.samples),
    )


def _format_test(result: SeriesResult) -> str:
    adjusted = "adjusted " if result.role == "secondary" else ""
    text = f"{adjusted}{format_p(result.p_adjusted)}"
    if result.difference is None or result.difference_interval is None:
        return text
    sign = -1 if result.difference < 0 else 1
    low, high = sorted(sign * bound for bound in result.difference_interval)
    side = "lower" if sign < 0 else "higher"
    mean = f"the imagined mean is {abs(result.difference):.3g} {side}" if result.difference else "the means are equal"
    bounds = f"{low:.3g} to {high:.3g}".replace("-", "−")
    return f"{text}; {mean} at the end, 95 % interval {bounds}"


def _imagined_indices(tested: TestedSeries) -> Iterable[int]:
    """Return the indices, among all imagined runs, of those that are in the test."""
    return [index - tested.series.n_real for index in tested.runs if index >= tested.series.n_real]


def _end_refs(run_set: RunSet, tested: TestedSeries) -> Iterator[LineRef]:
    for index in _imagined_indices(tested):
        end = tested.series.ends[tested.series.n_real + index]
        if end is not None:
            yield run_set.samples[index].ref(end[0])
