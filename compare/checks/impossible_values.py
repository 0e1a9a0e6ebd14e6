"""Finds numbers that are impossible, or that contradict each other."""

import math
import statistics
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.epochs import as_ranges
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding

NEVER_NEGATIVE = frozenset(
    {"CrossEntropyLoss", "cross_entropy", "MSELoss", "mse_loss", "BCEWithLogitsLoss", "L1Loss"}
)
"""Loss functions whose values cannot be negative."""
RISE = 0.05
"""Accuracy and loss contradict each other only if both rise by more than this: the accuracy (0 to 1) in absolute
terms, the loss relative to its first value.
"""
FEWEST_REAL = 3
MAX_DEVIATIONS = 6.0
"""The rise of an imagined loss is reported only if it exceeds the mean change in real runs by more than this many
standard deviations.
"""


def loss_rises_with_accuracy(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs in which accuracy and loss both rise, although the loss rises in no real run.

    Only runs that reached their end are judged.
    """
    changes = [change for run in run_set.real if (change := _loss_change(run)) is not None]
    if len(changes) < FEWEST_REAL or max(changes) > 0:
        return
    # In a short and noisy training, both may rise by chance: the loss must rise far more than it varies among the
    # real runs.
    highest = statistics.mean(changes) + MAX_DEVIATIONS * statistics.stdev(changes)
    for run in run_set.imagined:
        change = _loss_change(run)
        if run.execution.cause is not Cause.FINISHED or change is None or change <= max(highest, math.log1p(RISE)):
            continue
        loss, accuracy = (run.curves.series.get(name) for name in ("loss", "accuracy"))
        if loss is None or accuracy is None or not accuracy[-1].value > accuracy[0].value + RISE:
            continue
        yield Finding(
            "contradiction",
            (run.label,),
            (run.ref(loss[0].line), run.ref(loss[-1].line)),
            observed=f"has a loss that rises from {loss[0].value:g} to {loss[-1].value:g} while the accuracy rises "
            f"from {accuracy[0].value:g} to {accuracy[-1].value:g}",
        )


def _loss_change(run: ParsedRun) -> float | None:
    """Compute the logarithm of (last loss / first loss); None unless both are positive and finite."""
    loss = run.curves.series.get("loss")
    if loss is None or len(loss) < 2 or not all(0 < end.value < math.inf for end in (loss[0], loss[-1])):
        return None
    return math.log(loss[-1].value) - math.log(loss[0].value)


def impossible_values(run_set: RunSet) -> Iterable[Finding]:
    """Find accuracies above 1, negative metrics, epochs out of order, and wrong total numbers of epochs.

    A kind of impossible value that a real run also shows, such as a negative loss, is not reported.
    """
    real_totals = {total for run in run_set.real for total in run.curves.totals}
    expected = run_set.source.epochs() if run_set.source else None
    totals = real_totals or ({expected} if expected else set())
    real_kinds = {kind for run in run_set.real for kind, _claim, _lines in _impossibilities(run, totals)}
    real_kinds |= {name for name in ("loss", "test loss") if _may_fall_below_zero(run_set, name)}
    for run in run_set.imagined:
        for kind, claim, lines in _impossibilities(run, totals):
            if kind not in real_kinds:
                refs = tuple(run.ref(line) for line in lines[:LINES_SHOWN])
                yield Finding("contradiction", (run.label,), refs, observed=claim)


def _impossibilities(run: ParsedRun, totals: set[int]) -> Iterable[tuple[str, str, list[int]]]:
    """Yield (kind, description, line indices) for each kind of impossible value, for example a negative `loss`.

    `totals` are the correct total numbers of epochs.
    """
    for name, points in run.curves.series.items():
        wrong_points = [
            points[index] for index in np.flatnonzero(_is_impossible(name, points.values))[:LINES_SHOWN].tolist()
        ]
        if wrong_points:
            yield (
                name,
                f"shows an impossible {name}: {wrong_points[0].value:g}",
                [point.line for point in wrong_points],
            )
    steps = pairwise(run.curves.epochs)
    step_back = next(((line, before, epoch) for (_, before), (line, epoch) in steps if epoch < before), None)
    if step_back:
        yield "back", f"goes back from epoch {step_back[1]} to epoch {step_back[2]}", [step_back[0]]
    wrong_totals = {total: line for total, line in run.curves.totals.items() if totals and total not in totals}
    if wrong_totals:
        expected = as_ranges(tuple(sorted(totals)))
        yield (
            "total",
            f"counts to {min(wrong_totals)} epochs, but there are really {expected}",
            list(wrong_totals.values()),
        )


def _may_fall_below_zero(run_set: RunSet, name: str) -> bool:
    """Return whether the loss called `name` may be negative.

    It may if real runs show values near 0 or below, and the source calls no function in `NEVER_NEGATIVE`.
    """
    if run_set.source is not None and run_set.source.calls(NEVER_NEGATIVE):
        return False
    series = [run.curves.series[name].values for run in run_set.real if name in run.curves.series]
    finite = [values[np.isfinite(values)] for values in series]
    lows, highs = ([float(extreme(values)) for values in finite if len(values)] for extreme in (np.min, np.max))
    return bool(lows) and min(lows) < 0.1 * max(highs)


def _is_impossible(name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    exceeds_one = (values > 1) & name.endswith("accuracy")
    return np.isfinite(values) & ((values < 0) | exceeds_one)
