"""Findings on numbers: epochs, last values, contradictions, times."""

import math
import statistics
from collections.abc import Iterable, Set
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.durations import claimed_seconds
from gedanken.compare.output.epochs import EpochCount, as_ranges, count_epochs
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding

TIME_FACTOR = 3.0
"""How many times longer or shorter a claimed time must be than the time taken to be named."""
NEVER_NEGATIVE = frozenset(
    {"CrossEntropyLoss", "cross_entropy", "MSELoss", "mse_loss", "BCEWithLogitsLoss", "L1Loss"}
)
"""Losses that have no values below zero."""
TIME_SLACK = 1.0
"""Seconds by which a claimed time may differ in any case: a short time is rounded, and a busy machine hesitates."""
RISE = 0.05
"""Rise of accuracy, and share by which the loss rises, that together contradict each other."""
FEWEST_REAL = 3
FAR = 6.0
"""Standard deviations of real runs beyond which nothing real is expected."""


def epochs(run_set: RunSet) -> Iterable[Finding]:
    """Epochs expected, shown, declared as skipped, silently missing, cut by the token limit."""
    wanted, possible = _epochs_of(run_set)
    if not wanted:
        return
    usual = _usual_difference(run_set)
    is_gapless = all(
        len(run.epochs) == max(run.epochs) - min(run.epochs) + 1 for run in run_set.finished if run.epochs
    )
    for run in run_set.imagined:
        if run.execution.cause is Cause.FAILED:
            continue
        is_cut = run.execution.cause is Cause.CUT
        # However many there are: where no real run leaves one out, none is left out between two that are shown.
        inside = _between_its_ends(run, possible) if is_gapless else frozenset()
        count = count_epochs(run.transcript, run.curves, wanted | inside, is_cut, possible, run_set.forms)
        if max(len(count.silent), len(count.extra)) <= usual:
            count = replace(count, silent=tuple(one for one in count.silent if one in inside), extra=())
        yield from _epoch_findings(run_set, run, count)


def _between_its_ends(run: ParsedRun, possible: Set[int]) -> frozenset[int]:
    low, high = min(run.epochs, default=0), max(run.epochs, default=0)
    return frozenset(epoch for epoch in possible if low < epoch < high)


def _usual_difference(run_set: RunSet) -> int:
    """How many epochs more or fewer than the real runs a run may show and still be like them; 0 where all are alike.

    Programs that stop early, or tell only of their best epochs, show others in each run: so each real run is held
    against the rest of them, and it may be four times as many as the farthest off differs by. When a run stops early
    has a long tail: it may also be twice as many as the longest real run shows more than the shortest.
    """
    finished = [run.epochs for run in run_set.finished]
    if len(set(finished)) < 2:
        return 0
    numbers = [len(shown) for shown in finished]
    most = 1
    for at, shown in enumerate(finished):
        rest = finished[:at] + finished[at + 1 :]
        fewer, more = frozenset.intersection(*rest) - shown, shown - frozenset().union(*rest)
        most = max(most, len(fewer), len(more))
    return max(4 * most, 2 * (max(numbers) - min(numbers)))


def _epochs_of(run_set: RunSet) -> tuple[frozenset[int], frozenset[int]]:
    """Epochs that each real run shows, and those that at least one does; the source's where none came to its end."""
    shown = frozenset[int]().union(*(run.epochs for run in run_set.real))
    finished = [run.epochs for run in run_set.finished]
    if finished:
        return frozenset.intersection(*finished), shown
    expected = run_set.source.epochs() if run_set.source else None
    if not shown or not expected:
        return frozenset(), shown
    return frozenset(range(min(shown), min(shown) + expected)), shown


def _epoch_findings(run_set: RunSet, run: ParsedRun, count: EpochCount) -> Iterable[Finding]:
    label = run.execution.label
    end = run.curves.epochs[-1][0] if run.curves.epochs else len(run.lines) - 1
    last = (run.ref(end),) if run.lines else ()
    shown = f"{label} shows {count.shown} of the {count.expected} epochs that {run_set.name} prints"
    if count.declared:
        refs = tuple(run.ref(at) for at in count.declaring)
        yield Finding(
            "epochs declared as skipped", f"{shown}; it says that it skips {as_ranges(count.declared)}.", refs
        )
    if count.silent:
        lacking = "epoch {} is" if len(count.silent) == 1 else "epochs {} are"
        told = lacking.format(as_ranges(count.silent))
        yield Finding("epochs silently missing", f"{shown}; {told} missing without a word.", last)
    if count.cut:
        yield Finding("epochs cut", f"{shown}; the token limit cut {as_ranges(count.cut)}.", last)
    if count.extra:
        extra = set(count.extra)
        refs = tuple(run.ref(at) for at, epoch in run.curves.epochs if epoch in extra)
        yield Finding(
            "epochs too many",
            f"{label} shows epochs that {run_set.name} does not print: {as_ranges(count.extra)}.",
            refs[:LINES_SHOWN],
        )


def first_and_last(run_set: RunSet) -> Iterable[Finding]:
    """Accuracy rising while the loss rises, inside one sample that came to its end, where real losses surely fall.

    A short and noisy training may do so once in a while; so the rise must lie far outside of what real losses do.
    """
    changes = [change for run in run_set.real if (change := _loss_change(run)) is not None]
    if len(changes) < FEWEST_REAL or max(changes) > 0:
        return
    highest = statistics.mean(changes) + FAR * statistics.stdev(changes)
    for run in run_set.imagined:
        change = _loss_change(run)
        if run.execution.cause is not Cause.FINISHED or change is None or change <= max(highest, math.log1p(RISE)):
            continue
        loss, accuracy = (run.curves.series.get(name) for name in ("loss", "accuracy"))
        if loss is None or accuracy is None or not accuracy[-1].value > accuracy[0].value + RISE:
            continue
        yield Finding(
            "contradiction",
            f"In {run.execution.label} the loss rises from {loss[0].value:g} to {loss[-1].value:g} while the "
            f"accuracy rises from {accuracy[0].value:g} to {accuracy[-1].value:g}.",
            (run.ref(loss[0].line), run.ref(loss[-1].line)),
        )


def _loss_change(run: ParsedRun) -> float | None:
    """Logarithm of the last loss over the first; None where there are no two above zero."""
    loss = run.curves.series.get("loss")
    if loss is None or len(loss) < 2 or not all(0 < end.value < math.inf for end in (loss[0], loss[-1])):
        return None
    return math.log(loss[-1].value) - math.log(loss[0].value)


def impossible_values(run_set: RunSet) -> Iterable[Finding]:
    """Accuracies above 1, losses below 0, epochs out of order, totals that the code does not have.

    What a real run shows too is no contradiction, however odd: a program may print what it likes.
    """
    real_totals = {total for run in run_set.real for total in run.curves.totals}
    expected = run_set.source.epochs() if run_set.source else None
    totals = real_totals or ({expected} if expected else set())
    usual = {kind for run in run_set.real for kind, _claim, _lines in _oddities(run, totals)}
    usual |= {name for name in ("loss", "test loss") if _may_fall_below_zero(run_set, name)}
    for run in run_set.imagined:
        for kind, claim, lines in _oddities(run, totals):
            if kind not in usual:
                refs = tuple(run.ref(line) for line in lines[:LINES_SHOWN])
                yield Finding("contradiction", f"{run.execution.label} {claim}.", refs)


def _oddities(run: ParsedRun, totals: set[int]) -> Iterable[tuple[str, str, list[int]]]:
    """(what kind it is, what the run does, lines) for everything odd that one run shows."""
    for name, points in run.curves.series.items():
        wrong = [points[at] for at in np.flatnonzero(_impossible(name, points.values))[:LINES_SHOWN].tolist()]
        if wrong:
            yield name, f"shows an impossible {name}: {wrong[0].value:g}", [point.line for point in wrong]
    steps = pairwise(run.curves.epochs)
    back = next(((line, before, epoch) for (_, before), (line, epoch) in steps if epoch < before), None)
    if back:
        yield "back", f"goes back from epoch {back[1]} to epoch {back[2]}", [back[0]]
    others = {total: line for total, line in run.curves.totals.items() if totals and total not in totals}
    if others:
        told = as_ranges(tuple(sorted(totals)))
        yield "total", f"counts to {min(others)} epochs, and really there are {told}", list(others.values())


def _may_fall_below_zero(run_set: RunSet, name: str) -> bool:
    """Whether this loss comes near zero in real runs, and the source names none that has its bound there."""
    if run_set.source is not None and run_set.source.calls(NEVER_NEGATIVE):
        return False
    series = [run.curves.series[name].values for run in run_set.real if name in run.curves.series]
    finite = [values[np.isfinite(values)] for values in series]
    lows, highs = ([float(end(values)) for values in finite if len(values)] for end in (np.min, np.max))
    return bool(lows) and min(lows) < 0.1 * max(highs)


def _impossible(name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    beyond = (values > 1) & name.endswith("accuracy")
    return np.isfinite(values) & ((values < 0) | beyond)


def times(run_set: RunSet) -> Iterable[Finding]:
    """Time claimed against time taken."""
    worked = [run for run in run_set.real if run.execution.exit_code == 0]
    printed = [seconds for run in worked if (seconds := claimed_seconds(run.transcript)[0]) is not None]
    really = sorted(printed or [run.execution.seconds for run in worked if run.execution.seconds > 0])
    if not really:
        return
    for run in run_set.imagined:
        if run.execution.cause is not Cause.FINISHED:
            continue
        claimed, at = claimed_seconds(run.transcript)
        if claimed is None or really[0] / TIME_FACTOR <= claimed <= really[-1] * TIME_FACTOR:
            continue
        if really[0] - TIME_SLACK <= claimed <= really[-1] + TIME_SLACK:
            continue
        yield Finding(
            "time differs",
            f"{run.execution.label} claims {claimed:g} s in all; "
            f"{run_set.name} really took {really[len(really) // 2]:.1f} s.",
            (run.ref(at),),
            "gpus" if "gpus" in run_set.claims else None,
        )
