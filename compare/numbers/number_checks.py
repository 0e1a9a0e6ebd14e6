"""Findings on numbers: epochs, last values, contradictions, times."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from compare.comparison import LINES_SHOWN, Comparison, Observed, share
from compare.lines.skipping import EpochCount, as_ranges, count_epochs
from compare.lines.transcript import skeleton
from compare.numbers.curves import Point
from compare.numbers.durations import claimed_seconds
from experiment.execution import Cause
from experiment.finding import Finding

TIME_FACTOR = 3.0
"""How many times longer or shorter a claimed time must be than the time taken to be named."""
RISE = 0.05
"""Rise of accuracy, and share by which the loss rises, that together contradict each other."""


def epochs(these: Comparison) -> Iterable[Finding]:
    """Epochs expected, shown, declared as skipped, silently missing, cut by the token limit."""
    wanted, possible = _epochs_of(these)
    if not wanted:
        return
    for run in these.imagined:
        if run.execution.cause is Cause.FAILED:
            continue
        # Dots that the program itself prints stand for no epochs.
        text = "\n".join("" if skeleton(line) in these.forms else line for line in run.lines)
        count = count_epochs(text, run.curves, wanted, run.execution.cause is Cause.CUT, possible)
        yield from _epoch_findings(these, run, count)


def _epochs_of(these: Comparison) -> tuple[frozenset[int], frozenset[int]]:
    """Epochs that each real run shows, and those that at least one does; the source's where none came to its end."""
    shown = frozenset[int]().union(*(run.epochs for run in these.real))
    finished = [run.epochs for run in these.real if run.execution.cause is Cause.FINISHED]
    if finished:
        return frozenset.intersection(*finished), shown
    expected = these.source.epochs() if these.source else None
    if not shown or not expected:
        return frozenset(), shown
    return frozenset(range(min(shown), min(shown) + expected)), shown


def _epoch_findings(these: Comparison, run: Observed, count: EpochCount) -> Iterable[Finding]:
    label = run.execution.label
    end = run.curves.epochs[-1][0] if run.curves.epochs else len(run.lines) - 1
    last = (run.ref(end),) if run.lines else ()
    shown = f"{label} shows {count.shown} of the {count.expected} epochs that {these.name} prints"
    if count.declared:
        refs = tuple(run.ref(at) for at in count.declaring)
        yield Finding(
            "epochs declared as skipped", f"{shown}; it says that it skips {as_ranges(count.declared)}.", refs
        )
    if count.silent:
        yield Finding(
            "epochs silently missing", f"{shown}; {as_ranges(count.silent)} are missing without a word.", last
        )
    if count.cut:
        yield Finding("epochs cut", f"{shown}; the token limit cut {as_ranges(count.cut)}.", last)
    if count.extra:
        refs = tuple(run.ref(at) for at, epoch in run.curves.epochs if epoch in count.extra)
        yield Finding(
            "epochs too many",
            f"{label} shows epochs that {these.name} does not print: {as_ranges(count.extra)}.",
            refs[:LINES_SHOWN],
        )


def last_values(these: Comparison) -> Iterable[Finding]:
    """Last loss and last accuracy outside the range of the real seeds."""
    for name in ("loss", "accuracy"):
        real = [point.value for _run, point in _ends(these.leaves, name)]
        finite = [value for value in real if math.isfinite(value)]
        if len(finite) < 2:
            continue
        low, high = min(finite), max(finite)
        diverge = len(finite) < len(real)
        outside = [
            (run, point)
            for run, point in _ends(these.samples, name)
            if not (low <= point.value <= high or (diverge and not math.isfinite(point.value)))
        ]
        if outside:
            runs = [run for run, _point in outside]
            values = ", ".join(f"{point.value:g}" for _run, point in outside)
            yield Finding(
                f"last {name} outside the real range",
                f"The last {name} of {share(runs, these.samples)} is {values}; "
                f"{len(real)} real seeds end between {low:g} and {high:g}.",
                tuple(run.ref(point.line) for run, point in outside),
            )


def _ends(runs: Sequence[Observed], name: str) -> list[tuple[Observed, Point]]:
    """The last value of a series, in each run that came to its end."""
    finished = [run for run in runs if run.execution.cause is Cause.FINISHED]
    return [(run, points[-1]) for run in finished if (points := run.curves.series.get(name))]


def first_and_last(these: Comparison) -> Iterable[Finding]:
    """Accuracy rising while the loss rises, inside one sample that came to its end, and in no real run."""
    if any(_rises_with_its_loss(run) for run in these.real):
        return
    finished = [run for run in these.imagined if run.execution.cause is Cause.FINISHED]
    for run in filter(_rises_with_its_loss, finished):
        loss, accuracy = run.curves.series["loss"], run.curves.series["accuracy"]
        yield Finding(
            "contradiction",
            f"In {run.execution.label} the loss rises from {loss[0].value:g} to {loss[-1].value:g} while the "
            f"accuracy rises from {accuracy[0].value:g} to {accuracy[-1].value:g}.",
            (run.ref(loss[0].line), run.ref(loss[-1].line)),
        )


def _rises_with_its_loss(run: Observed) -> bool:
    loss, accuracy = run.curves.series.get("loss", ()), run.curves.series.get("accuracy", ())
    if len(loss) < 2 or len(accuracy) < 2:
        return False
    return loss[-1].value > loss[0].value * (1 + RISE) and accuracy[-1].value > accuracy[0].value + RISE


def impossible_values(these: Comparison) -> Iterable[Finding]:
    """Accuracies above 1, losses below 0, epochs out of order, totals that the code does not have.

    What a real run shows too is no contradiction, however odd: a program may print what it likes.
    """
    real_totals = {total for run in these.real for total in run.curves.totals}
    expected = these.source.epochs() if these.source else None
    totals = real_totals or ({expected} if expected else set())
    usual = {kind for run in these.real for kind, _claim, _lines in _oddities(run, totals)}
    for run in these.imagined:
        for kind, claim, lines in _oddities(run, totals):
            if kind not in usual:
                refs = tuple(run.ref(line) for line in lines[:LINES_SHOWN])
                yield Finding("contradiction", f"{run.execution.label} {claim}.", refs)


def _oddities(run: Observed, totals: set[int]) -> Iterable[tuple[str, str, list[int]]]:
    """(what kind it is, what the run does, lines) for everything odd that one run shows."""
    for name, points in run.curves.series.items():
        wrong = [point for point in points if _impossible(name, point.value)]
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


def _impossible(name: str, value: float) -> bool:
    if not math.isfinite(value):
        return False
    return not 0 <= value <= 1 if name.endswith("accuracy") else value < 0


def times(these: Comparison) -> Iterable[Finding]:
    """Time claimed against time taken."""
    worked = [run for run in these.real if run.execution.exit_code == 0]
    printed = [seconds for run in worked if (seconds := claimed_seconds(run.lines)[0]) is not None]
    really = sorted(printed or [run.execution.seconds for run in worked if run.execution.seconds > 0])
    if not really:
        return
    for run in these.imagined:
        if run.execution.cause is not Cause.FINISHED:
            continue
        claimed, at = claimed_seconds(run.lines)
        if claimed is None or really[0] / TIME_FACTOR <= claimed <= really[-1] * TIME_FACTOR:
            continue
        yield Finding(
            "time differs",
            f"{run.execution.label} claims {claimed:g} s in all; "
            f"{these.name} really took {really[len(really) // 2]:.1f} s.",
            (run.ref(at),),
            "gpus" if "gpus" in these.claims else None,
        )
