"""Tests whether imagined runs differ from real runs by more than real runs differ from each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.machine_names import is_machine_name
from gedanken.compare.output.vocabulary import Role
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import SeriesResult
from gedanken.compare.series.judgement import Judgement, TestedSeries, differ_in, values_by_run
from gedanken.compare.series.levels import METRICS_LEVEL, NO_METRIC_LEVEL, OTHERS_LEVEL, PRIMARY_LEVEL
from gedanken.compare.series.not_compared import not_compared
from gedanken.compare.series.outliers import find_other_outliers, find_outliers
from gedanken.compare.series.scatter import scatter_tests
from gedanken.compare.series.series import AllSeries, Series
from gedanken.compare.stats.measures import Matrix, fair_crps, mean_difference, spread_ratio
from gedanken.compare.stats.permutation_test import distances, energy_p_value, runs_needed, smallest_p
from gedanken.compare.stats.prediction_interval import MIN_VALUES
from gedanken.compare.stats.westfall_young import step_down
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Cause
from gedanken.experiment.format import format_probability

POINTS_SHOWN = 2000
POINTS_TESTED = 200
"""Maximum number of points from which p-values and measures such as the CRPS are computed. They are evenly spaced."""
ENVIRONMENT = "times, speeds and memory are measured on another machine"
MACHINE = "it says which machine or software a run used"
SAME_IN_REAL_RUNS = "it is the same in all real runs"
SET_FOR_EACH_RUN = "it is set for each run, not measured"
ALL_SAME = "all runs show the same values"
SETTLED = (ENVIRONMENT, MACHINE, SAME_IN_REAL_RUNS, SET_FOR_EACH_RUN, ALL_SAME)
"""Reasons why a series need not be tested. If it was not tested for another reason, it is unknown whether the
series differs.
"""
NO_RUN_REACHED_END = "no imagined run reached its end"
MAX_CORRELATION = 0.9999
"""If the distances between runs in two series have a higher correlation than this, both series are taken for the
same numbers shown twice.
"""


def judge(run_set: RunSet) -> Judgement:
    """Test whether imagined runs differ from real runs in the primary endpoint or in other series, and find
    outliers.

    The primary endpoint is tested by itself. The other series form two families, metrics and others; without a
    metric, they form one. In each family, the largest statistic decides (`westfall_young.py`).
    """
    real, imagined = run_set.leaves, run_set.samples
    if not real or not imagined:
        return Judgement()
    all_series = AllSeries(run_set)
    endpoint = all_series.endpoint(run_set.asked.primary)
    primary = _test_primary(run_set, all_series.series(endpoint.name)) if endpoint else None
    secondary = _test_families(
        [_test_curve(run_set, all_series.series(name)) for name in all_series.columns], primary
    )
    if primary is None and not any(series.distances is not None for series in secondary):
        return Judgement(tuple(secondary), uncompared=not_compared(all_series.real, secondary, SETTLED))
    all_tested = ([primary] if primary else []) + secondary
    undecided = (*all_series.never_shown, *_find_undecided(run_set, primary, secondary))
    outliers = find_outliers(primary) if primary and not primary.is_significant else ()
    is_quiet = primary is not None and not outliers and not any(series.is_significant for series in all_tested)
    other_outliers = find_other_outliers(run_set, secondary, primary) if primary and is_quiet else ()
    return Judgement(tuple(all_tested), undecided, endpoint, outliers, other_outliers)


def _find_undecided(
    run_set: RunSet, primary: TestedSeries | None, secondary: Sequence[TestedSeries]
) -> Iterator[str]:
    n_real, n_imagined = len(run_set.leaves), len(run_set.samples)
    if primary:
        n_real, n_imagined = primary.judged.n_real, primary.judged.n_imagined
    lowest_p = smallest_p(n_real, n_imagined)
    level = PRIMARY_LEVEL if primary else NO_METRIC_LEVEL
    if primary is None:
        wanted = run_set.asked.primary
        yield (
            f"There is no main metric (primary endpoint), because no real run shows “{wanted}” (--primary)."
            if wanted
            else "There is no main metric (primary endpoint), because no metric was recognized in two real runs or "
            "more (--as NAME=REGEX defines one)."
        )
    elif primary.judged.why_no_p not in (None, ALL_SAME) and lowest_p <= level:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {primary.judged.why_no_p}."
    if primary and primary.judged.why_no_p == NO_RUN_REACHED_END:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {NO_RUN_REACHED_END}."
    elif primary and not n_imagined:
        yield f"Whether the {primary.judged.name} differs. It is not tested, because {primary.judged.why_no_p}."
    elif primary and lowest_p > level:
        run_counts_text = _format_run_counts(run_set, n_real, n_imagined)
        consequence = (
            "" if _can_judge_single_runs(primary) else " With fewer runs, no difference in this metric can be found."
        )
        yield (
            f"{_format_question(primary)}. {run_counts_text} "
            f"{_format_runs_needed(n_real, n_imagined, level)}{consequence}"
        )
    elif lowest_p > level:
        run_counts = f"There are only {n_real:,} real and {format_count(n_imagined, 'imagined run')}."
        yield f"Whether the numbers differ. {run_counts} {_format_runs_needed(n_real, n_imagined, level)}"
    elif primary and lowest_p > METRICS_LEVEL and any(series.distances is not None for series in secondary):
        question = "Whether the imagined runs, taken together, differ in any series other than the main metric"
        yield (
            f"{question}. {_format_run_counts(run_set, n_real, n_imagined)} "
            f"{_format_runs_needed(n_real, n_imagined, METRICS_LEVEL)}"
        )


def _can_judge_single_runs(primary: TestedSeries) -> bool:
    real_ends = primary.series.values[[index for index in primary.runs if index < primary.series.n_real], 0]
    return len(real_ends) >= MIN_VALUES and bool(np.isfinite(real_ends).all())


def _format_question(primary: TestedSeries) -> str:
    imagined = len(primary.judged.imagined)
    question = f"Whether {differ_in(primary.judged.name, imagined)}"
    if not _can_judge_single_runs(primary):
        return question
    if imagined == 1:
        return f"{question}; a value far from the real ones is reported separately"
    return f"{question}; single runs are judged separately"


def _format_run_counts(run_set: RunSet, n_real: int, n_imagined: int) -> str:
    """Say how many runs reached their end, and how many of these printed a value."""
    real, imagined = _reached_end(run_set, run_set.leaves), _reached_end(run_set, run_set.samples)
    ended, imagined_ended = sum(real), sum(imagined)
    with_values = (
        " and"
        if (ended, imagined_ended) == (n_real, n_imagined)
        else f"; {n_real:,} real and {n_imagined:,} imagined runs"
    )
    runs = f"{ended:,} of {len(real):,} real and {imagined_ended:,} of {format_count(len(imagined), 'imagined run')}"
    return f"{runs} ended normally{with_values} printed a value."


def _format_runs_needed(n_real: int, n_imagined: int, level: float) -> str:
    """Say that `n_real` and `n_imagined` runs are too few for a test, and how many would be enough."""
    more_real = f"{runs_needed(n_imagined, level)} real and {format_count(max(n_imagined, 1), 'imagined run')}"
    more_imagined = f"{max(n_real, 1)} real and {format_count(runs_needed(n_real, level), 'imagined run')}"
    enough = f"A test needs values from {more_real}, or from {more_imagined}."
    if not n_real or not n_imagined:
        return enough
    return (
        f"With {n_real} real and {format_count(n_imagined, 'imagined value')}, p cannot be below "
        f"{format_probability(smallest_p(n_real, n_imagined))}, but only "
        f"p up to {format_probability(level)} shows a difference (all tests share an error rate of 5%). {enough}"
    )


def _test_primary(run_set: RunSet, series: Series) -> TestedSeries:
    """Test the last value of a series, in runs that reached their end."""
    reached = _reached_end(run_set, run_set.leaves + run_set.samples)
    # The last value of a truncated log is not an end value.
    ends = [end if is_whole else None for is_whole, end in zip(reached, series.ends, strict=True)]
    values = np.array([[np.nan if end is None else end[1]] for end in ends])
    has_end = np.array([[end is not None] for end in ends])
    last_values = replace(
        series, name=f"last {series.name}", axis="end of the run", points=np.ones(1), values=values, shown=has_end
    )
    tested = _test_series(
        run_set, last_values, "primary", [index for index, end in enumerate(ends) if end is not None]
    )
    if run_set.compute_once(early_ends) and not tested.judged.n_imagined:
        return replace(tested, judged=replace(tested.judged, why_no_p=NO_RUN_REACHED_END))
    return tested


def _reached_end(run_set: RunSet, runs: Sequence[ParsedRun]) -> list[bool]:
    """For each run, return whether it finished and its log does not end early."""
    early = run_set.compute_once(early_ends)
    return [run.execution.cause is Cause.FINISHED and id(run) not in early for run in runs]


def _test_curve(run_set: RunSet, series: Series) -> TestedSeries:
    """Test all values of a series, in those runs that show at least half of the usual number of points.

    If all these runs are real, or all are imagined, test all runs that have any points.
    """
    point_counts = series.shown.sum(axis=1)
    # The median over all runs together does not depend on which runs are real.
    usual_count = float(np.median(point_counts[point_counts > 0])) if point_counts.any() else 0.0
    runs_with_enough = [index for index, count in enumerate(point_counts) if count and count >= usual_count / 2]
    sides = {index < series.n_real for index in runs_with_enough}
    return _test_series(
        run_set, series, "secondary", runs_with_enough if len(sides) == 2 else np.flatnonzero(point_counts).tolist()
    )


def _test_series(run_set: RunSet, series: Series, role: str, runs: Sequence[int]) -> TestedSeries:
    real = [index for index in runs if index < series.n_real]
    imagined = [index for index in runs if index >= series.n_real]
    common = np.flatnonzero(series.shown[runs].all(axis=0)) if runs else np.empty(0, np.int64)
    values = series.values[:, common[evenly_spaced_indices(len(common), POINTS_TESTED)]]
    real_values, imagined_values = values[real], values[imagined]
    run_distances = distances(values[list(runs)]) if values.size else None
    reason = _reason_not_tested(run_set, series, real, imagined, common)
    if reason is None and (run_distances is None or not run_distances.any()):
        reason = ALL_SAME
    last_values = series.values[:, common[-1:]]
    difference, difference_interval = mean_difference(last_values[real], last_values[imagined])
    ratio, ratio_interval = spread_ratio(real_values, imagined_values)
    p = None if reason or run_distances is None or role == "secondary" else energy_p_value(run_distances, len(real))
    shown_points = evenly_spaced_indices(len(series.points), POINTS_SHOWN)
    result = SeriesResult(
        name=series.name,
        role="primary" if role == "primary" else "secondary",
        axis=series.axis,
        points=tuple(series.points[shown_points].tolist()),
        real=values_by_run(series.values[: series.n_real, shown_points], series.shown[: series.n_real, shown_points]),
        imagined=values_by_run(
            series.values[series.n_real :, shown_points], series.shown[series.n_real :, shown_points]
        ),
        n_real=len(real),
        n_imagined=len(imagined),
        p=p,
        why_no_p=reason,
        p_adjusted=p if role == "primary" else None,
        crps=fair_crps(real_values, imagined_values),
        spread_ratio=ratio,
        spread_interval=ratio_interval,
        difference=difference,
        difference_interval=difference_interval,
        ranks=_count_lower(last_values[real], last_values[imagined]),
    )
    # Of a million points only those that are shown are kept.
    shown_series = replace(
        series,
        points=series.points[shown_points],
        values=series.values[:, shown_points],
        shown=series.shown[:, shown_points],
    )
    tested_values = np.full((len(series.values), values.shape[1]), np.nan)
    tested_values[list(runs)] = np.where(np.isnan(values[list(runs)]), np.inf, values[list(runs)])
    return TestedSeries(
        result, shown_series, None if reason else run_distances, tuple(runs), None if reason else tested_values
    )


def _reason_not_tested(
    run_set: RunSet, series: Series, real: Sequence[int], imagined: Sequence[int], common: NDArray[np.int64]
) -> str | None:
    """Return the reason why a series is not tested; None if it can be tested."""
    if series.column.is_environment:
        return ENVIRONMENT
    if not real or not imagined:
        return f"no {'imagined' if real else 'real'} run shows enough values of this series"
    usual_count = float(np.median(series.shown[real].sum(axis=1)))
    if len(common) * 2 < usual_count:
        return f"the runs have {len(common)} of {usual_count:g} points in common, fewer than half"
    is_same = not np.ptp(np.nan_to_num(series.values[real][:, common]), axis=0).any()
    # A loss that rounds to 0.00 in every real run can still differ in another run; a parameter count is a fixed fact.
    if is_same and (series.column.metric is None or _is_seed_fixed(run_set)):
        return MACHINE if is_machine_name(series.column.label) else SAME_IN_REAL_RUNS
    is_constant = not np.ptp(np.nan_to_num(series.values[:, common]), axis=1).any()
    if is_constant and series.column.meaning.role is Role.SETTING:
        return SET_FOR_EACH_RUN
    return None


def _is_seed_fixed(run_set: RunSet) -> bool:
    """Return whether the measured real runs cannot vary, because the program fixes its seed."""
    fixed = run_set.source is not None and run_set.source.sets_seed()
    return fixed and all(run.execution.arm == "as written" for run in run_set.leaves)


def _test_families(curves: Sequence[TestedSeries], primary: TestedSeries | None) -> list[TestedSeries]:
    """Add p-values to the curves. Also append the first significant test of scatter, if there is one.

    Only scatter of a curve that does not itself differ significantly counts.
    """
    marked = _mark_duplicates(curves, primary)
    metrics = [curve for curve in marked if curve.distances is not None and curve.series.column.metric]
    others = [curve for curve in marked if curve.distances is not None and not curve.series.column.metric]
    if primary is None:
        tested = {curve.judged.name: curve for curve in _add_p_values(others + metrics, NO_METRIC_LEVEL)}
    else:
        scatters = scatter_tests(metrics, primary)
        family = _add_p_values(
            [*metrics, *scatters], METRICS_LEVEL, range(len(metrics), len(metrics) + len(scatters))
        )
        tested = {
            curve.judged.name: curve for curve in (*family[: len(metrics)], *_add_p_values(others, OTHERS_LEVEL))
        }
        reported_names = {curve.series.name for curve in family[: len(metrics)] if curve.is_significant}
        reported_scatters = (
            curve
            for curve in family[len(metrics) :]
            if curve.is_significant and curve.series.name not in reported_names
        )
        marked += list(reported_scatters)[:1]
    return [tested.get(curve.judged.name, curve) for curve in marked]


def _add_p_values(family: Sequence[TestedSeries], level: float, one_sided: Sequence[int] = ()) -> list[TestedSeries]:
    """Add p-values to the series of one family.

    For series whose index is in `one_sided`, only lower imagined values count as a difference.
    """
    result = step_down([series.tested for series in family if series.tested is not None], _n_real(family), one_sided)
    return [
        replace(series, judged=replace(series.judged, p=p, p_adjusted=adjusted), level=level)
        for series, p, adjusted in zip(family, result.p, result.adjusted, strict=True)
    ]


def _n_real(family: Sequence[TestedSeries]) -> int:
    return family[0].series.n_real if family else 0


def _mark_duplicates(curves: Sequence[TestedSeries], primary: TestedSeries | None) -> list[TestedSeries]:
    earlier: list[tuple[TestedSeries, Matrix]] = []
    if primary is not None and (primary_distances := _scaled_distances(primary)) is not None:
        earlier.append((primary, primary_distances))
    marked: list[TestedSeries] = []
    for curve in curves:
        run_distances = _scaled_distances(curve)
        twins = (
            earlier_curve
            for earlier_curve, other_distances in earlier
            if run_distances is not None
            and earlier_curve.runs == curve.runs
            and run_distances @ other_distances > MAX_CORRELATION
        )
        twin = next(twins, None)
        if twin is None:
            earlier += [(curve, run_distances)] if run_distances is not None else []
            marked.append(curve)
        else:
            reason = f"it shows the same as {twin.judged.name}"
            marked.append(
                replace(curve, distances=None, tested=None, judged=replace(curve.judged, p=None, why_no_p=reason))
            )
    return marked


def _count_lower(real: Matrix, imagined: Matrix) -> tuple[int, ...]:
    """For each imagined run, count the real runs with a lower value. NaN counts as infinite."""
    if not real.shape[1]:
        return ()
    real, imagined = (np.nan_to_num(values, nan=np.inf, posinf=np.inf, neginf=-np.inf) for values in (real, imagined))
    return tuple(int((real[:, 0] < value).sum()) for value in imagined[:, 0])


def evenly_spaced_indices(count: int, most: int) -> NDArray[np.int64]:
    """Return at most `most` of the indices 0 to `count` - 1, evenly spaced, including the first and the last."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


def _scaled_distances(curve: TestedSeries) -> Matrix | None:
    """Return the distances between runs as a vector with mean 0 and length 1, so that the product of two such
    vectors is their correlation.

    None if there are fewer than three runs, or if all distances are equal.
    """
    if curve.distances is None or len(curve.runs) < 3:
        return None
    apart = curve.distances[np.triu_indices(len(curve.runs), 1)]
    centred = apart - apart.mean()
    return centred / np.linalg.norm(centred) if np.ptp(apart) else None
