"""Finds series whose last values, or whole curves, would be unlikely in real runs."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gedanken.compare.parsed.run_set import RunSet, evidence
from gedanken.compare.results import SeriesResult
from gedanken.compare.series.judged import Judgement, Outlier, TestedSeries
from gedanken.experiment.counts import many
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import probability

LACKING = ("print count differs", "epochs silently missing", "count skips")
NAMED = 3
"""A finding on outliers is about the metric of the farthest outlier, and names up to this many other metrics."""


def differences(run_set: RunSet, judgement: Judgement, beside: Sequence[Finding] = ()) -> Iterator[Finding]:
    """Yield the findings on series that differ, at most one of each kind.

    The kinds: `primary endpoint differs`, or else `outlier` (single runs end far from the real ones); `series
    differs` (all other series). `beside` are the findings on lines: a log that lacks lines may have no outlier.
    """
    others = [series for series in judgement.tested if series.judged.role == "secondary"]
    primary = next((series for series in judgement.tested if series.judged.role == "primary"), None)
    if primary and primary.is_told:
        yield _primary(run_set, primary)
        others = [series for series in others if series.series.column != primary.series.column]
        others = [series for series in others if not _are_one_cause(series, primary)]
    elif primary and (
        far := [
            run
            for run in judgement.outliers
            # If a log lacks lines, its last value may not be the last value of the run.
            if not _goes_on(run_set, run) and not _lacks_points(run_set, judgement, primary, run, beside)
        ]
    ):
        yield _far(run_set, primary, far)
    elif outlying := [(one, run) for one, run in judgement.other_outliers if not _goes_on(run_set, run)]:
        yield _other_outliers(run_set, outlying)
    secondary = [series for series in others if series.is_told]
    if not secondary:
        return
    tested = sum(series.judged.p is not None for series in others)
    what = "other series" if primary else "series"
    differ = "differs" if len(secondary) == 1 else "differ"
    named = "; ".join(f"{series.judged.name} ({_numbers(series.judged)})" for series in secondary)
    yield Finding(
        "series differs",
        tuple(run.label for run in run_set.samples),
        evidence([ref for series in secondary for ref in _refs(run_set, series)]),
        observed=f"{len(secondary)} of {tested} {what} {differ} significantly from the real runs, "
        f"compared as whole curves: {named}",
    )


def _are_one_cause(series: TestedSeries, primary: TestedSeries) -> bool:
    """Return whether both series end with NaN or infinity in the same runs, so that they differ for one reason."""
    both = [
        (math.isfinite(one[1]), math.isfinite(other[1]))
        for one, other in zip(series.series.ends, primary.series.ends, strict=True)
        if one is not None and other is not None
    ]
    return any(not ours for ours, _theirs in both) and all(ours == theirs for ours, theirs in both)


def _other_outliers(run_set: RunSet, beside: Sequence[tuple[TestedSeries, Outlier]]) -> Finding:
    """Build one finding on the metric with the farthest outlier; it also names up to `NAMED` other metrics."""
    farthest = max(beside, key=lambda one: one[1].deviations)[0]
    runs = [run for one, run in beside if one is farthest]
    others = {one.judged.name for one, _run in beside} - {farthest.judged.name}
    found = _far(run_set, farthest, runs)
    more = f"; other outliers: {', '.join(sorted(others)[:NAMED])}" if others else ""
    labels = tuple(dict.fromkeys(run_set.samples[run.imagined].label for _one, run in beside))
    return replace(found, subject=f"last {found.subject}", observed=f"{found.observed}{more}", runs=labels)


def _goes_on(run_set: RunSet, far: Outlier) -> bool:
    """Return whether the outlier's run shows more epochs than the real runs, which all show the same epochs."""
    # Another check reports the extra epochs; the last value is then not reported.
    usual = {run.epochs for run in run_set.finished}
    return len(usual) == 1 and bool(run_set.samples[far.imagined].epochs - usual.pop())


def _lacks_points(
    run_set: RunSet, judgement: Judgement, primary: TestedSeries, far: Outlier, beside: Sequence[Finding]
) -> bool:
    """Return whether the outlier's log has fewer values than any real log, and a finding says that it lacks lines."""
    label = run_set.samples[far.imagined].label
    is_said = any(label in finding.runs and finding.check in LACKING for finding in beside)
    curve = next((one for one in judgement.tested[1:] if one.series.column == primary.series.column), None)
    if run_set.program is not None or curve is None or not is_said:
        return False
    shown = curve.series.shown.sum(axis=1)
    return bool(shown[primary.series.n_real + far.imagined] < shown[: primary.series.n_real].min())


def _far(run_set: RunSet, primary: TestedSeries, far: Sequence[Outlier]) -> Finding:
    """Build the finding on single imagined runs whose last values lie far from the last values of the real runs."""
    values = " and ".join(f"{run.value:g}" for run in far)
    away = " and ".join(_deviations(run.deviations) for run in far)
    refs = [
        run_set.samples[run.imagined].ref(end[0])
        for run in far
        if (end := primary.series.ends[primary.series.n_real + run.imagined]) is not None
    ]
    return Finding(
        "outlier",
        tuple(run_set.samples[run.imagined].label for run in far),
        tuple(refs),
        expected=_ends(_real_ends(primary), primary.judged.n_real),
        observed=f"is {values}: {away} standard deviations from the mean of the real runs",
        subject=primary.judged.name,
        of=len(run_set.samples),
    )


def _deviations(count: float) -> str:
    return f"{count:.0f}" if count < 1000 else "over 1,000"


def _real_ends(tested: TestedSeries) -> list[float]:
    """Return the last values of the real runs that are in the test."""
    series = tested.series
    return [end[1] for at in tested.runs if at < series.n_real and (end := series.ends[at]) is not None]


def _ends(real: Sequence[float], runs: int) -> str:
    known = [value for value in real if math.isfinite(value)]
    ends = [f"between {min(known):g} and {max(known):g}"] if len(known) > 1 else [f"at {value:g}" for value in known]
    odd = Counter(str(value) for value in real if not math.isfinite(value))
    if not odd:
        return f"{many(runs, 'real run')} end {ends[0] if ends else 'at no number'}"
    told = [f"{count} of {many(runs, 'real run')} end with {value}" for value, count in odd.items()]
    return ", ".join([*told, *(f"the rest {end}" for end in ends)])


def _primary(run_set: RunSet, tested: TestedSeries) -> Finding:
    judged = tested.judged
    runs = [run_set.samples[at] for at in _imagined(tested)]
    values = [f"{tested.series.values[tested.series.n_real + at, 0]:g}" for at in _imagined(tested)]
    are_equal = len(values) > 1 and len(set(values)) == 1
    return Finding(
        "primary endpoint differs",
        tuple(run.label for run in runs),
        evidence(list(_refs(run_set, tested))),
        expected=f"{_ends(_real_ends(tested), judged.n_real)} ({_numbers(judged)})",
        observed=f"is {values[0]} in each" if are_equal else f"is {', '.join(values)}",
        subject=judged.name,
        of=len(run_set.samples),
    )


def _numbers(result: SeriesResult) -> str:
    adjusted = "adjusted " if result.role == "secondary" else ""
    text = f"{adjusted}p = {probability(result.p_adjusted)}"
    if result.difference is None or result.difference_interval is None:
        return text
    sign = -1 if result.difference < 0 else 1
    low, high = sorted(sign * bound for bound in result.difference_interval)
    side = "lower" if sign < 0 else "higher"
    mean = f"the imagined mean is {abs(result.difference):.3g} {side}" if result.difference else "the means are equal"
    bounds = f"{low:.3g} to {high:.3g}".replace("-", "−")
    return f"{text}; {mean} at the end, 95 % interval {bounds}"


def _imagined(tested: TestedSeries) -> Iterable[int]:
    """Return the index, in the list of all imagined runs, of each imagined run that is in the test."""
    return [at - tested.series.n_real for at in tested.runs if at >= tested.series.n_real]


def _refs(run_set: RunSet, tested: TestedSeries) -> Iterator[LineRef]:
    for at in _imagined(tested):
        end = tested.series.ends[tested.series.n_real + at]
        if end is not None:
            yield run_set.samples[at].ref(end[0])
