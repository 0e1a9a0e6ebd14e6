"""Findings on series: the primary endpoint, and whole curves, that real runs would hardly show."""

from collections.abc import Iterable, Iterator

from gedanken.compare.parsed.run_set import RunSet, evidence
from gedanken.compare.results import SeriesResult
from gedanken.compare.series.tested_series import Judgement, TestedSeries, is_told
from gedanken.experiment.finding import Finding, LineRef


def differences(run_set: RunSet, judgement: Judgement) -> Iterator[Finding]:
    """`primary endpoint differs`, and one `series differs` that names every secondary series that does."""
    far = [tested_series for tested_series in judgement.tested if is_told(tested_series.judged.p_adjusted)]
    yield from (_primary(run_set, one) for one in far if one.judged.role == "primary")
    secondary = [one for one in far if one.judged.role == "secondary"]
    if not secondary:
        return
    tested = sum(
        tested_series.judged.role == "secondary" and tested_series.judged.p is not None
        for tested_series in judgement.tested
    )
    beside = (
        " beside the primary endpoint"
        if any(tested_series.judged.role == "primary" for tested_series in judgement.tested)
        else ""
    )
    told = "; ".join(f"{one.judged.name} ({_numbers(one.judged)})" for one in secondary)
    yield Finding(
        "series differs",
        tuple(run.label for run in run_set.samples),
        evidence([ref for one in secondary for ref in _refs(run_set, one)]),
        observed=f"Of {tested} series{beside} {len(secondary)} would hardly be so in real runs, "
        f"taken as whole curves: {told}",
    )


def _primary(run_set: RunSet, one: TestedSeries) -> Finding:
    judged = one.judged
    runs = [run_set.samples[at] for at in _imagined(one)]
    values = ", ".join(f"{one.series.values[one.series.n_real + at, 0]:g}" for at in _imagined(one))
    real = [value for row in judged.real for value in row if value is not None]
    ends = f"between {min(real):g} and {max(real):g}" if real else "at no number"
    return Finding(
        "primary endpoint differs",
        tuple(run.label for run in runs),
        evidence(list(_refs(run_set, one))),
        expected=f"{judged.n_real} real runs end {ends} ({_numbers(judged)})",
        observed=f"is {values}",
        subject=judged.name,
        of=len(run_set.samples),
    )


def _numbers(result: SeriesResult) -> str:
    adjusted = "adjusted " if result.role == "secondary" else ""
    text = f"{adjusted}p = {result.p_adjusted:.2g}"
    if result.difference is None or result.difference_interval is None:
        return text
    low, high = result.difference_interval
    return f"{text}; means differ by {result.difference:.3g} at the end, 95 % interval {low:.3g} to {high:.3g}"


def _imagined(one: TestedSeries) -> Iterable[int]:
    """Which of the imagined runs are in the test."""
    return [at - one.series.n_real for at in one.runs if at >= one.series.n_real]


def _refs(run_set: RunSet, one: TestedSeries) -> Iterator[LineRef]:
    for at in _imagined(one):
        end = one.series.ends[one.series.n_real + at]
        if end is not None:
            yield run_set.samples[at].ref(end[0])
