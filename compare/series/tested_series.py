"""Numbers judged by how much real runs differ among themselves: series tested, intervals given."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.run_set import RunSet
from gedanken.compare.results import Endpoint, SeriesResult
from gedanken.compare.series.series import AllSeries, Series
from gedanken.compare.stats.measures import Matrix, fair_crps, mean_difference, spread_ratio
from gedanken.compare.stats.permutation_test import adjusted, distances, energy_p, runs_needed, smallest_p
from gedanken.experiment.execution import Cause

ALPHA = 0.025
"""Of the primary endpoint alone, and again of all that is secondary together: .05 in all."""
POINTS_SHOWN = 2000
POINTS_TESTED = 200
"""Of a series with more, so many go into the test and the measures, evenly spaced."""
SAME = "it is the same in all real runs"
ALL_SAME = "all runs show the same"
ALIKE = 0.9999
"""Correlation of their distances from which two series are the same numbers told twice."""


def is_told(p: float | None) -> bool:
    """Whether a p is low enough to be told; 3 × .0083 may come to a little more than .025 in a float."""
    return p is not None and p <= ALPHA * (1 + 1e-9)


class Judgement(NamedTuple):
    """What the numbers come to."""

    tested: "tuple[TestedSeries, ...]" = ()
    """The primary endpoint first, where there is one."""
    undecided: tuple[str, ...] = ()
    endpoint: Endpoint | None = None


@dataclass(frozen=True)
class TestedSeries:
    """A series with what was found of it."""

    judged: SeriesResult
    series: Series
    """At the points that are shown."""
    apart: Matrix | None
    """Distances of the runs in the test, runs × runs; None where it could not be tested."""
    runs: tuple[int, ...]
    """Which runs are in the test, real ones first."""


def judge(run_set: RunSet) -> Judgement:
    """Test the primary endpoint, and beside it every other series.

    The primary endpoint is the last value of a metric, in runs that came to their end; `primary.py` says of which.
    All else is secondary: each series as a curve, corrected together after Benjamini and Hochberg. With 7 real and
    3 imagined runs no p is below 1/120, so a third of the secondary series must be as far out as can be before one
    of them is told; series that tell the same numbers twice, such as hits and accuracy, are therefore counted once.
    Where an output has no metric, everything is secondary. Whether imagined runs spread less than real ones is in no
    test of its own: the ratio of spreads is told with its interval.
    """
    real, imagined = run_set.leaves, run_set.samples
    if not real or not imagined:
        return Judgement()
    every = AllSeries(run_set)
    endpoint = every.endpoint(run_set.asked.primary)
    primary = _primary(run_set, every.series(endpoint.name)) if endpoint else None
    secondary = _secondary([_curve(run_set, every.series(name)) for name in every.columns], primary)
    if primary is None and not any(one.apart is not None for one in secondary):
        return Judgement(tuple(secondary), endpoint=endpoint)
    told = ([primary] if primary else []) + secondary
    return Judgement(
        tuple(told), (*every.never_shown, *_undecided(run_set, primary), *_among_too_many(secondary)), endpoint
    )


def _undecided(run_set: RunSet, primary: TestedSeries | None) -> Iterator[str]:
    n, m = len(run_set.leaves), len(run_set.samples)
    if primary:
        n, m = primary.judged.n_real, primary.judged.n_imagined
    at_best = smallest_p(n, m)
    if primary is None:
        wanted = run_set.asked.primary
        yield (
            f"No real run shows “{wanted}”, which was to be the primary endpoint."
            if wanted
            else "No two real runs show a metric, so there is no primary endpoint."
        )
    elif primary.judged.why_no_p not in (None, ALL_SAME) and at_best <= ALPHA:
        yield f"Whether the {primary.judged.name} differs: {primary.judged.why_no_p}."
    if at_best > ALPHA:
        yield (
            f"Whether numbers differ cannot be told from {n} real and {m} imagined {_runs(m)}: "
            f"no p can be below {at_best:.2g} and it must not exceed {ALPHA:g}; "
            f"it takes {runs_needed(m, ALPHA)} real runs beside {max(m, 1)} imagined, "
            f"or {runs_needed(n, ALPHA)} imagined beside {max(n, 1)} real."
        )


def _among_too_many(secondary: Sequence[TestedSeries]) -> Iterator[str]:
    """Series that would be told by themselves, and cannot be among so many with so few runs."""
    far = [one.judged for one in secondary if is_told(one.judged.p)]
    if not far or any(is_told(one.judged.p_adjusted) for one in secondary):
        return
    # The largest p with which Benjamini and Hochberg tell as many as are far out.
    family = len(_family(secondary))
    first, enough = min(far, key=lambda one: one.p or 0.0), ALPHA * len(far) / family
    differ = f"and {len(far) - 1} more differ" if len(far) > 1 else "differs"
    if smallest_p(first.n_real, first.n_imagined) > enough:
        yield (
            f"Whether {first.name} {differ}: p is {first.p:.2g}, and among {family} series it must not "
            f"exceed {enough:.2g}; it takes {runs_needed(first.n_imagined, enough)} real runs beside "
            f"{first.n_imagined} imagined."
        )


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"


def _primary(run_set: RunSet, series: Series) -> TestedSeries:
    """The last value, of runs that came to their end."""
    runs = run_set.leaves + run_set.samples
    ends = [
        end if run.execution.cause is Cause.FINISHED else None for run, end in zip(runs, series.ends, strict=True)
    ]
    values = np.array([[np.nan if end is None else end[1]] for end in ends])
    there = np.array([[end is not None] for end in ends])
    last = replace(
        series, name=f"last {series.name}", axis="end of the run", points=np.ones(1), values=values, shown=there
    )
    return _test(run_set, last, "primary", [at for at, end in enumerate(ends) if end is not None])


def _curve(run_set: RunSet, series: Series) -> TestedSeries:
    """The whole series, in runs that show at least half as many points as is usual.

    What is usual is asked of all runs together, so that the choice knows nothing of who is real.
    """
    shown = series.shown.sum(axis=1)
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
    p = None if why or apart is None else energy_p(apart, len(real))
    shown = evenly(len(series.points), POINTS_SHOWN)
    result = SeriesResult(
        name=series.name,
        role="primary" if role == "primary" else "secondary",
        axis=series.axis,
        points=tuple(series.points[shown].tolist()),
        real=_rows(series.values[: series.n_real, shown]),
        imagined=_rows(series.values[series.n_real :, shown]),
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
    # What is kept of a million points is what is shown of them.
    thin = replace(series, points=series.points[shown], values=series.values[:, shown], shown=series.shown[:, shown])
    return TestedSeries(result, thin, None if why else apart, tuple(runs))


def _why_not(
    run_set: RunSet, series: Series, real: Sequence[int], imagined: Sequence[int], common: NDArray[np.int64]
) -> str | None:
    """Why a series is in no test."""
    if series.column.is_environment:
        return "times, speeds and memory are measured on another machine"
    if not real or not imagined:
        return f"no {'imagined' if real else 'real'} run shows enough of it"
    usual = float(np.median(series.shown[real].sum(axis=1)))
    if len(common) * 2 < usual:
        return f"the runs have {len(common)} of {usual:g} points in common, fewer than half"
    is_same = not np.ptp(np.nan_to_num(series.values[real][:, common]), axis=0).any()
    # A loss that rounds to 0.00 in every real run can still be told from another; a count of parameters is a fact.
    if is_same and (series.column.metric is None or _is_fixed(run_set)):
        return SAME
    return None


def _is_fixed(run_set: RunSet) -> bool:
    """Whether the real runs that are measured have no noise because the program fixes its seed."""
    fixed = run_set.source is not None and run_set.source.fixes_its_seed()
    return fixed and all(run.execution.arm == "as written" for run in run_set.leaves)


def _secondary(curves: Sequence[TestedSeries], primary: TestedSeries | None) -> list[TestedSeries]:
    """The curves with their p adjusted; none where one is the same as another told before it."""
    seen = [primary] if primary else []
    single: list[TestedSeries] = []
    for curve in curves:
        twin = next((other for other in seen if _is_twin(curve, other)), None)
        if twin is None:
            seen += [curve] if curve.apart is not None else []
            single.append(curve)
        else:
            why = f"it tells the same as {twin.judged.name}"
            single.append(replace(curve, apart=None, judged=replace(curve.judged, p=None, why_no_p=why)))
    family = _family(single)
    ps = adjusted([1.0 if one.judged.p is None else one.judged.p for one in family])
    by_name = {one.judged.name: p for one, p in zip(family, ps, strict=True)}
    return [
        one if one.judged.p is None else replace(one, judged=replace(one.judged, p_adjusted=by_name[one.judged.name]))
        for one in single
    ]


def _family(secondary: Sequence[TestedSeries]) -> list[TestedSeries]:
    """Series that are corrected together.

    What only the real runs agree on was among them before anyone knew who is real: it counts as not significant.
    """
    return [one for one in secondary if one.apart is not None or one.judged.why_no_p == SAME]


def _is_twin(one: TestedSeries, other: TestedSeries) -> bool:
    if one.apart is None or other.apart is None or one.runs != other.runs or len(one.runs) < 3:
        return False
    pairs = np.triu_indices(len(one.runs), 1)
    ours, theirs = one.apart[pairs], other.apart[pairs]
    if not (np.ptp(ours) and np.ptp(theirs)):
        return False
    return float(np.corrcoef(ours, theirs)[0, 1]) > ALIKE


def _rows(values: Matrix) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(one if math.isfinite(one) else None for one in row) for row in values.tolist())


def _ranks(real: Matrix, imagined: Matrix) -> tuple[int, ...]:
    """How many real runs lie below each imagined one; what is no number lies above all."""
    if not real.shape[1]:
        return ()
    real, imagined = (np.nan_to_num(one, nan=np.inf, posinf=np.inf, neginf=-np.inf) for one in (real, imagined))
    return tuple(int((real[:, 0] < one).sum()) for one in imagined[:, 0])


def evenly(many: int, most: int) -> NDArray[np.int64]:
    """Indices of at most so many of them, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, many - 1, min(many, most)).round().astype(np.int64))
