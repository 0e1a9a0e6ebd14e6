"""Finds epochs that are missing, declared as skipped, cut off, or too many."""

from collections.abc import Iterable, Set
from dataclasses import replace

from gedanken.compare.output.epochs import EpochCount, as_ranges, count_epochs
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef

SILENTLY = " without saying so"
"""The end of `observed` in findings on epochs that are left out silently."""


def epochs(run_set: RunSet) -> Iterable[Finding]:
    """Report epochs that a run leaves out without saying so, declares as skipped, loses to the token limit, or
    invents."""
    counts = run_set.once(_counts)
    for run in run_set.imagined:
        if id(run) in counts:
            yield from _epoch_findings(run_set, run, counts[id(run)])


def lines_that_declare(run_set: RunSet, run: ParsedRun) -> tuple[int, ...]:
    """Return the indices of the lines by which an imagined run declares epochs as skipped."""
    count = run_set.once(_counts).get(id(run))
    return count.declaring if count is not None else ()


def _counts(run_set: RunSet) -> dict[int, EpochCount]:
    """Return the epochs of each imagined run that did not fail, by the run's `id`; empty if real runs have none."""
    wanted, possible = _epochs_of(run_set)
    if not wanted or run_set.once(names_one_epoch_once):
        return {}
    usual = _usual_difference(run_set)
    is_gapless = all(
        len(run.epochs) == max(run.epochs) - min(run.epochs) + 1 for run in run_set.finished if run.epochs
    )
    counts: dict[int, EpochCount] = {}
    for run in run_set.imagined:
        if run.execution.cause is Cause.FAILED:
            continue
        is_early = id(run) in run_set.once(early_ends)
        is_cut = run.execution.cause is Cause.CUT or is_early
        # If no real run skips an epoch between two that it shows, an imagined run must not skip any there either.
        inside = _between_its_ends(run, possible) if is_gapless else frozenset()
        count = count_epochs(run.transcript, run.curves, wanted | inside, is_cut, possible, run_set.forms)
        if max(len(count.silent), len(count.extra)) <= usual:
            count = replace(count, silent=tuple(epoch for epoch in count.silent if epoch in inside), extra=())
        counts[id(run)] = replace(count, cut=()) if is_early else count
    return counts


def names_one_epoch_once(run_set: RunSet) -> bool:
    """Return whether all real logs name the same single epoch, each once, without a total: `best 71.2 (epoch 7)`.

    False if the source is known.
    """
    named = [run.curves.epochs.numbers.tolist() for run in run_set.finished]
    is_alone = bool(named) and all(len(its) == 1 and its == named[0] for its in named)
    return run_set.source is None and is_alone and not any(run.curves.totals for run in run_set.finished)


def _between_its_ends(run: ParsedRun, possible: Set[int]) -> frozenset[int]:
    low, high = min(run.epochs, default=0), max(run.epochs, default=0)
    return frozenset(epoch for epoch in possible if low < epoch < high)


def _usual_difference(run_set: RunSet) -> int:
    """Return how many epochs an imagined run may leave out or add before it is reported."""
    finished = [run.epochs for run in run_set.finished]
    if len(set(finished)) < 2:
        return 0
    numbers = [len(shown) for shown in finished]
    most = 1
    # Programs that stop early, or report only their best epochs, show different epochs in each run: each real run is
    # compared with all the others.
    for at, shown in enumerate(finished):
        rest = finished[:at] + finished[at + 1 :]
        fewer, more = frozenset.intersection(*rest) - shown, shown - frozenset().union(*rest)
        most = max(most, len(fewer), len(more))
    # Some runs stop very late: twice the difference in length is allowed too.
    return max(4 * most, 2 * (max(numbers) - min(numbers)))


def _epochs_of(run_set: RunSet) -> tuple[frozenset[int], frozenset[int]]:
    """Return the epochs that all finished real runs show, and the epochs that at least one real run shows."""
    shown = frozenset[int]().union(*(run.epochs for run in run_set.real))
    finished = [run.epochs for run in run_set.finished]
    if finished:
        return frozenset.intersection(*finished), shown
    expected = run_set.source.epochs() if run_set.source else None
    if not shown or not expected:
        return frozenset(), shown
    return frozenset(range(min(shown), min(shown) + expected)), shown


def _expected_epochs(run_set: RunSet, count: EpochCount) -> str:
    """Say in words how many epochs real runs show, for example `all real logs show 8 epochs`."""
    if run_set.source:
        return f"{run_set.name} prints {many(count.expected, 'epoch')}"
    numbers = [len(run.epochs) for run in run_set.finished]
    if min(numbers) == max(numbers):
        return f"all real logs show {many(max(numbers), 'epoch')}"
    return f"the real logs show {min(numbers)} to {many(max(numbers), 'epoch')}"


def _named(epochs: tuple[int, ...]) -> str:
    return f"{'epoch' if len(epochs) == 1 else 'epochs'} {as_ranges(epochs)}"


def _epoch_findings(run_set: RunSet, run: ParsedRun, count: EpochCount) -> Iterable[Finding]:
    end = run.curves.epochs[-1][0] if run.curves.epochs else len(run.lines) - 1
    last = (run.ref(end),) if run.lines else ()
    whose = f"{run_set.name} prints" if run_set.source else "all real logs show"
    shown = f"shows {count.shown} of the {count.expected} epochs that {whose}"
    expected = _expected_epochs(run_set, count)

    def found(check: str, observed: str, refs: tuple[LineRef, ...], which: tuple[int, ...]) -> Finding:
        return Finding(check, (run.label,), refs, expected, observed, which=_named(which))

    if count.declared:
        refs = tuple(run.ref(at) for at in count.declaring)
        told = f"{shown}, and says that it skips {_named(count.declared)}"
        yield found("epochs declared as skipped", told, refs, count.declared)
    if count.silent:
        yield found("epochs silently missing", f"leaves out {_named(count.silent)}{SILENTLY}", last, count.silent)
    if count.cut:
        yield found("epochs cut", f"{shown}; the token limit cut off {_named(count.cut)}", last, count.cut)
    if count.extra:
        extra = set(count.extra)
        refs = tuple(run.ref(at) for at, epoch in run.curves.epochs if epoch in extra)
        who = f"{run_set.name} does not print" if run_set.source else "no real log shows"
        told = f"shows {_named(count.extra)}, which {who}"
        yield found("epochs too many", told, refs[:LINES_SHOWN], count.extra)
