"""Tests whether imagined runs differ from real runs by more than real runs differ from each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.machine_names import is_of_machine
from gedanken.compare.output.vocabulary import Role
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import SeriesResult
from gedanken.compare.series.judged import Judgement, TestedSeries, differ_in
from gedanken.compare.series.levels import (
    ALONE_LEVEL,
    METRICS_LEVEL,
    OTHERS_LEVEL,
    PRIMARY_LEVEL,
)
from gedanken.compare.series.not_compared import not_compared
from gedanken.compare.series.outliers import find_other_outliers, find_outliers
from gedanken.compare.series.roughness import about_decay, roughness
from gedanken.compare.series.series import AllSeries, Series
from gedanken.compare.stats.measures import Matrix, fair_crps, mean_difference, spread_ratio
from gedanken.compare.stats.permutation_test import distances, energy_p, runs_needed, smallest_p
from gedanken.compare.stats.prediction_interval import FEWEST
from gedanken.compare.stats.westfall_young import step_down
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Cause
from gedanken.experiment.format import probability

POINTS_SHOWN = 2000
POINTS_TESTED = 200
"""Maximum number of points, evenly spaced, from which p-values and measures such as the CRPS are computed."""
ENVIRONMENT = "times, speeds and memory are measured on another machine"
MACHINE = "it says which machine or software a run used"
SAME = "it is the same in all real runs"
CHOSEN = "it is set for each run, not measured"
ALL_SAME = "all runs show the same values"
SETTLED = (ENVIRONMENT, MACHINE, SAME, CHOSEN, ALL_SAME)
"""Reasons why a series need not be tested. Any other reason leaves open whether the series differs."""
NO_END = "no imagined run reached its end"
ALIKE = 0.9999
"""If the distances between runs in two series correlate more strongly than this, the series count as the same numbers
shown twice."""


def judge(run_set: RunSet) -> Judgement:
    """Test whether imagined runs differ from real runs in the primary endpoint or other series, and find outliers.

    The primary endpoint is tested by itself. The other series form two families, metrics and others, or one family if
    there is no metric. In each family, the largest statistic decides (`westfall_young.py`).
    """
    real, imagined = run_set.leaves, run_set.samples
    if not real or not imagined:
        return Judgement()
    every = AllSeries(run_set)
    endpoint = every.endpoint(run_set.asked.primary)
    primary = _primary(run_set, every.series(endpoint.name)) if endpoint else None
    secondary = _families([_curve(run_set, every.series(name)) for name in every.columns], primary)
    if primary is None and not any(one.apart is not None for one in secondary):
        return Judgement(tuple(secondary), uncompared=not_compared(every.real, secondary, SETTLED))
    told = ([primary] if primary else []) + secondary
    undecided = (*every.never_shown, *_undecided(run_set, primary, secondary))
    far = find_outliers(primary) if primary and not primary.is_told else ()
    is_quiet = primary is not None and not far and not any(one.is_told for one in told)
    beside = find_other_outliers(run_set, secondary, primary) if primary and is_quiet else ()
    return Judgement(tuple(told), undecided, endpoint, far, beside)


def _undecided(run_set: RunSet, primary: TestedSeries | None, secondary: Sequence[TestedSeries]) -> Iterator[str]:
    n, m = len(run_set.leaves), len(run_set.samples)
    if primary:
        n, m = primary.judged.n_real, primary.judged.n_imagined
    at_best = smallest_p(n, m)
    level = PRIMARY_LEVEL if primary else ALONE_LEVEL
    if primary is None:
        wanted = run_set.asked.primary
        yield (
            f"There is no main metric (primary endpoint), because no real run shows “{wanted}” (--primary)."
            if wanted
            else "There is no main metric (primary endpoint), because no metric was recognized in two real runs or "
            "more (--as NAME=REGEX defines one)."
        )
    elif primary.judged.why_no_p not in (None, ALL_SAME) and at_best <= level:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {primary.judged.why_no_p}."
    if primary and primary.judged.why_no_p == NO_END:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {NO_END}."
    elif primary and not m:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {primary.judged.why_no_p}."
    elif primary and at_best > level:
        values = _runs_with_values(run_set, n, m)
        until = "" if _judges_single_runs(primary) else " With fewer runs, no difference in this metric can be found."
        yield f"{_question(primary)}. {values} {_needed(n, m, level)}{until}"
    elif at_best > level:
        only = f"There are only {n:,} real and {many(m, 'imagined run')}."
        yield f"Whether the numbers differ. {only} {_needed(n, m, level)}"
    elif primary and at_best > METRICS_LEVEL and any(one.apart is not None for one in secondary):
        what = "Whether the imagined runs, taken together, differ in any series other than the main metric"
        yield f"{what}. {_runs_with_values(run_set, n, m)} {_needed(n, m, METRICS_LEVEL)}"


def _judges_single_runs(primary: TestedSeries) -> bool:
    """Return whether there are enough finite real values to judge single imagined runs at the primary endpoint."""
    real = primary.series.values[[at for at in primary.runs if at < primary.series.n_real], 0]
    return len(real) >= FEWEST and bool(np.isfinite(real).all())


def _question(primary: TestedSeries) -> str:
    """State the question that the test of the primary endpoint would answer."""
    imagined = len(primary.judged.imagined)
    asked = f"Whether {differ_in(primary.judged.name, imagined)}"
    if not _judges_single_runs(primary):
        return asked
    if imagined == 1:
        return f"{asked}; a value far from the real ones is reported separately"
    return f"{asked}; single runs are judged separately"


def _runs_with_values(run_set: RunSet, n: int, m: int) -> str:
    """State how many runs reached their end, and how many of these printed a value."""
    real, imagined = _reached_end(run_set, run_set.leaves), _reached_end(run_set, run_set.samples)
    ended, imagined_ended = sum(real), sum(imagined)
    values = " and" if (ended, imagined_ended) == (n, m) else f"; {n:,} real and {m:,} imagined runs"
    runs = f"{ended:,} of {len(real):,} real and {imagined_ended:,} of {many(len(imagined), 'imagined run')}"
    return f"{runs} ended normally{values} printed a value."


def _needed(n: int, m: int, level: float) -> str:
    """State that `n` real and `m` imagined runs are too few for a test, and how many would be enough."""
    more_real = f"{runs_needed(m, level)} real and {many(max(m, 1), 'imagined run')}"
    more_imagined = f"{max(n, 1)} real and {many(runs_needed(n, level), 'imagined run')}"
    enough = f"A test needs values from {more_real}, or from {more_imagined}."
    if not n or not m:
        return enough
    return (
        f"With {n} real and {many(m, 'imagined value')}, p cannot be below {probability(smallest_p(n, m))}, but only "
        f"p up to {probability(level)} shows a difference (all tests share an error rate of 5%). {enough}"
    )


def _primary(run_set: RunSet, series: Series) -> TestedSeries:
    """Test the last value of a series, in runs that reached their end."""
    reached = _reached_end(run_set, run_set.leaves + run_set.samples)
    # The last value of a truncated log is not an end value.
    ends = [end if is_whole else None for is_whole, end in zip(reached, series.ends, strict=True)]
    values = np.array([[np.nan if end is None else end[1]] for end in ends])
    there = np.array([[end is not None] for end in ends])
    last = replace(
        series, name=f"last {series.name}", axis="end of the run", points=np.ones(1), values=values, shown=there
    )
    tested = _test(run_set, last, "primary", [at for at, end in enumerate(ends) if end is not None])
    if run_set.once(early_ends) and not tested.judged.n_imagined:
        return replace(tested, judged=replace(tested.judged, why_no_p=NO_END))
    return tested


def _reached_end(run_set: RunSet, runs: Sequence[ParsedRun]) -> list[bool]:
    """Return, for each run, whether it reached its end: it finished, and its log does not end early."""
    early = run_set.once(early_ends)
    return [run.execution.cause is Cause.FINISHED and id(run) not in early for run in runs]


def _curve(run_set: RunSet, series: Series) -> TestedSeries:
    """Test the whole series, in runs that show at least half of the usual number of points."""
    shown = series.shown.sum(axis=1)
    # The median over all runs together does not depend on which runs are real.
    usual = float(np.median(shown[shown > 0])) if shown.any() else 0.0
    enough = [at for at, count in enumerate(shown) if count and count >= usual / 2]
    worlds = {at < series.n_real for at in enough}
    return _test(run_set, series, "secondary", enough if len(worlds) == 2 else np.flatnonzero(shown).tolist())


def _test(run_set: RunSet, series: Series, role: str, runs: Sequence[int]) -> TestedSeries:
    real = [at for at in runs if at < series.n_real]
    imagined = [at for at in runs if at >= series.n_real]
    common = np.flatnonzero(series.shown[runs].all(axis=0)) if runs else np.empty(0, np.int64)
    values = series.values[:, common[evenly(len(common), POINTS_TESTED)]]
    ours, theirs = values[real], values[imagined]
    apart = distances(values[list(runs)]) if values.size else None
    why = _why_not(run_set, series, real, imagined, common)
    if why is None and (apart is None or not apart.any()):
        why = ALL_SAME
    last = series.values[:, common[-1:]]
    difference, difference_interval = mean_difference(last[real], last[imagined])
    ratio, ratio_interval = spread_ratio(ours, theirs)
    p = None if why or apart is None or role == "secondary" else energy_p(apart, len(real))
    shown = evenly(len(series.points), POINTS_SHOWN)
    result = SeriesResult(
        name=series.name,
        role="primary" if role == "primary" else "secondary",
        axis=series.axis,
        points=tuple(series.points[shown].tolist()),
        real=_rows(series.values[: series.n_real, shown], series.shown[: series.n_real, shown]),
        imagined=_rows(series.values[series.n_real :, shown], series.shown[series.n_real :, shown]),
        n_real=len(real),
        n_imagined=len(imagined),
        p=p,
        why_no_p=why,
        p_adjusted=p if role == "primary" else None,
        crps=fair_crps(ours, theirs),
        spread_ratio=ratio,
        spread_interval=ratio_interval,
        difference=difference,
        difference_interval=difference_interval,
        ranks=_ranks(last[real], last[imagined]),
    )
    # Of a million points only those that are shown are kept.
    thin = replace(series, points=series.points[shown], values=series.values[:, shown], shown=series.shown[:, shown])
    tested = np.full((len(series.values), values.shape[1]), np.nan)
    tested[list(runs)] = np.where(np.isnan(values[list(runs)]), np.inf, values[list(runs)])
    return TestedSeries(result, thin, None if why else apart, tuple(runs), None if why else tested)


def _why_not(
    run_set: RunSet, series: Series, real: Sequence[int], imagined: Sequence[int], common: NDArray[np.int64]
) -> str | None:
    """State why a series is not tested; None if it can be tested."""
    if series.column.is_environment:
        return ENVIRONMENT
    if not real or not imagined:
        return f"no {'imagined' if real else 'real'} run shows enough values of this series"
    usual = float(np.median(series.shown[real].sum(axis=1)))
    if len(common) * 2 < usual:
        return f"the runs have {len(common)} of {usual:g} points in common, fewer than half"
    is_same = not np.ptp(np.nan_to_num(series.values[real][:, common]), axis=0).any()
    # A loss that rounds to 0.00 in every real run can still differ in another run; a parameter count is a fixed fact.
    if is_same and (series.column.metric is None or _is_fixed(run_set)):
        return MACHINE if is_of_machine(series.column.label) else SAME
    is_constant = not np.ptp(np.nan_to_num(series.values[:, common]), axis=1).any()
    if is_constant and series.column.meaning.role is Role.SETTING:
        return CHOSEN
    return None


def _is_fixed(run_set: RunSet) -> bool:
    """Return whether the measured real runs cannot vary, because the program fixes its seed."""
    fixed = run_set.source is not None and run_set.source.fixes_its_seed()
    return fixed and all(run.execution.arm == "as written" for run in run_set.leaves)


def _families(curves: Sequence[TestedSeries], primary: TestedSeries | None) -> list[TestedSeries]:
    """Add p-values to the curves. Append the first significant test of scatter of a curve that does not differ."""
    single = _without_twins(curves, primary)
    metrics = [one for one in single if one.apart is not None and one.series.column.metric]
    others = [one for one in single if one.apart is not None and not one.series.column.metric]
    if primary is None:
        tested = {one.judged.name: one for one in _stepped(others + metrics, ALONE_LEVEL)}
    else:
        smooth = _scatters(metrics, primary)
        family = _stepped([*metrics, *smooth], METRICS_LEVEL, range(len(metrics), len(metrics) + len(smooth)))
        tested = {one.judged.name: one for one in (*family[: len(metrics)], *_stepped(others, OTHERS_LEVEL))}
        curves_told = {one.series.name for one in family[: len(metrics)] if one.is_told}
        told = (one for one in family[len(metrics) :] if one.is_told and one.series.name not in curves_told)
        single += list(told)[:1]
    return [tested.get(one.judged.name, one) for one in single]


def _stepped(family: Sequence[TestedSeries], level: float, lower: Sequence[int] = ()) -> list[TestedSeries]:
    """Add p-values to the series of one family. For indices in `lower`, only lower imagined values count as
    different."""
    found = step_down([one.tested for one in family if one.tested is not None], _n_real(family), lower)
    return [
        replace(one, judged=replace(one.judged, p=p, p_adjusted=adjusted), level=level)
        for one, p, adjusted in zip(family, found.p, found.adjusted, strict=True)
    ]


def _n_real(family: Sequence[TestedSeries]) -> int:
    return family[0].series.n_real if family else 0


def _scatters(metrics: Sequence[TestedSeries], primary: TestedSeries) -> list[TestedSeries]:
    """Return the tests of scatter: two for the primary metric's curve, and one for all metrics together."""
    rough = [
        (metric, found)
        for metric in metrics
        if metric.tested is not None and (found := roughness(metric.tested)) is not None
    ]
    same = [(one, found) for one, found in rough if one.series.column == primary.series.column]
    scatters = [_scatter(one, found, f"scatter of {one.judged.name} from point to point") for one, found in same]
    scatters += [
        _scatter(one, found, f"scatter of {one.judged.name} about a smooth decay")
        for one, _rough in same
        if one.tested is not None and (found := about_decay(one.tested)) is not None
    ]
    # Testing each curve separately would double the number of series that can be extreme by chance.
    together = [found for one, found in rough if one.runs == rough[0][0].runs]
    if len(together) > len(same):
        scatters.append(_scatter(rough[0][0], np.hstack(together), "scatter of all metrics from point to point"))
    return scatters


def _scatter(curve: TestedSeries, rough: Matrix, name: str) -> TestedSeries:
    """Build the series whose values say how much each run scatters; `rough` holds the logarithms of these values."""
    scatter, n = np.exp(rough), curve.series.n_real
    result = replace(
        curve.judged,
        name=name,
        axis="whole run",
        points=tuple(float(at) for at in range(1, rough.shape[1] + 1)),
        real=_rows(scatter[:n], np.isfinite(scatter[:n])),
        imagined=_rows(scatter[n:], np.isfinite(scatter[n:])),
        crps=None,
        spread_ratio=None,
        spread_interval=None,
        difference=None,
        difference_interval=None,
        ranks=(),
    )
    return replace(curve, judged=result, tested=rough)


def _without_twins(curves: Sequence[TestedSeries], primary: TestedSeries | None) -> list[TestedSeries]:
    seen: list[tuple[TestedSeries, Matrix]] = []
    if primary is not None and (known := _scaled_distances(primary)) is not None:
        seen.append((primary, known))
    single: list[TestedSeries] = []
    for curve in curves:
        ours = _scaled_distances(curve)
        alike = (
            other for other, theirs in seen if ours is not None and other.runs == curve.runs and ours @ theirs > ALIKE
        )
        twin = next(alike, None)
        if twin is None:
            seen += [(curve, ours)] if ours is not None else []
            single.append(curve)
        else:
            why = f"it shows the same as {twin.judged.name}"
            single.append(replace(curve, apart=None, tested=None, judged=replace(curve.judged, p=None, why_no_p=why)))
    return single


def _scaled_distances(curve: TestedSeries) -> Matrix | None:
    """Return the distances between runs as a vector with mean 0 and length 1, whose products are correlations."""
    if curve.apart is None or len(curve.runs) < 3:
        return None
    apart = curve.apart[np.triu_indices(len(curve.runs), 1)]
    centred = apart - apart.mean()
    return centred / np.linalg.norm(centred) if np.ptp(apart) else None


def _rows(values: Matrix, shown: NDArray[np.bool_]) -> tuple[tuple[float | None, ...], ...]:
    """Return each run's value at each point; None where a run shows none."""
    return tuple(
        tuple(row) if all(known) else tuple(value if there else None for value, there in zip(row, known, strict=True))
        for row, known in zip(values.tolist(), shown.tolist(), strict=True)
    )


def _ranks(real: Matrix, imagined: Matrix) -> tuple[int, ...]:
    """Count, for each imagined run, the real runs with a lower value; NaN counts as infinite."""
    if not real.shape[1]:
        return ()
    real, imagined = (np.nan_to_num(one, nan=np.inf, posinf=np.inf, neginf=-np.inf) for one in (real, imagined))
    return tuple(int((real[:, 0] < one).sum()) for one in imagined[:, 0])


def evenly(many: int, most: int) -> NDArray[np.int64]:
    """Return at most `most` of the indices 0 to `many` - 1, evenly spaced, including the first and the last."""
    if many <= most:
        return np.arange(many)
    return np.unique(np.linspace(0, many - 1, most).round().astype(np.int64))
