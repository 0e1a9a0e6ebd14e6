"""Finds epochs that an imagined run leaves out, announces as skipped, loses at the token limit, or invents."""

from collections.abc import Iterable, Set
from dataclasses import replace

from gedanken.compare.output.epochs import EpochCount, as_ranges, count_epochs
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef

SILENTLY_SUFFIX = " without saying so"
"""The end of `observed` in findings on epochs that are left out silently."""


def epochs(run_set: RunSet) -> Iterable[Finding]:
    """Report epochs that an imagined run leaves out or invents.

    Epochs may be left out silently, announced as skipped, or cut off at the token limit; each case is a separate
    finding.
    """
    counts = run_set.compute_once(_epoch_counts)
    for run in run_set.imagined:
        if id(run) in counts:
            yield from _epoch_findings(run_set, run, counts[id(run)])


def lines_declaring_skips(run_set: RunSet, run: ParsedRun) -> tuple[int, ...]:
    """Return the indices of the lines in which an imagined run says that it skips epochs."""
    count = run_set.compute_once(_epoch_counts).get(id(run))
    return count.declaring_lines if count is not None else ()


def _epoch_counts(run_set: RunSet) -> dict[int, EpochCount]:
    """Return which epochs each imagined run shows and lacks, keyed by the `id` of the run. Failed runs are left
    out.

    The result is empty if the real runs name no epochs that could be compared.
    """
    required, possible = _required_and_possible(run_set)
    if not required or run_set.compute_once(names_one_epoch_once):
        return {}
    tolerance = _tolerated_difference(run_set)
    is_gapless = all(
        len(run.epochs) == max(run.epochs) - min(run.epochs) + 1 for run in run_set.finished if run.epochs
    )
    counts: dict[int, EpochCount] = {}
    for run in run_set.imagined:
        if run.execution.cause is Cause.FAILED:
            continue
        is_early = id(run) in run_set.compute_once(early_ends)
        is_cut = run.execution.cause is Cause.CUT or is_early
        # If no real run skips an epoch between two that it shows, an imagined run must not skip any there either.
        inner = _inner_epochs(run, possible) if is_gapless else frozenset()
        count = count_epochs(run.transcript, run.curves, required | inner, is_cut, possible, run_set.forms)
        if max(len(count.silent), len(count.extra)) <= tolerance:
            count = replace(count, silent=tuple(epoch for epoch in count.silent if epoch in inner), extra=())
        counts[id(run)] = replace(count, cut=()) if is_early else count
    return counts


def names_one_epoch_once(run_set: RunSet) -> bool:
    """Return whether all real logs name one and the same epoch, each of them once, as in `best 71.2 (epoch 7)`.

    False if a log names a total number of epochs, or if the source is known.
    """
    epochs_by_run = [run.curves.epochs.numbers.tolist() for run in run_set.finished]
    is_alone = bool(epochs_by_run) and all(
        len(numbers) == 1 and numbers == epochs_by_run[0] for numbers in epochs_by_run
    )
    return run_set.source is None and is_alone and not any(run.curves.totals for run in run_set.finished)


def _inner_epochs(run: ParsedRun, possible: Set[int]) -> frozenset[int]:
    low, high = min(run.epochs, default=0), max(run.epochs, default=0)
    return frozenset(epoch for epoch in possible if low < epoch < high)


def _tolerated_difference(run_set: RunSet) -> int:
    """Return how many epochs an imagined run may lack, or have too many, before the difference is reported.

    It is 0 if all real runs show the same epochs.
    """
    finished = [run.epochs for run in run_set.finished]
    if len(set(finished)) < 2:
        return 0
    numbers = [len(run_epochs) for run_epochs in finished]
    largest = 1
    # Programs that stop early, or report only their best epochs, show different epochs in each run: each real run is
    # compared with all the others.
    for index, run_epochs in enumerate(finished):
        others = finished[:index] + finished[index + 1 :]
        fewer, more = frozenset.intersection(*others) - run_epochs, run_epochs - frozenset().union(*others)
        largest = max(largest, len(fewer), len(more))
    # Some runs stop very late: twice the difference in length is allowed too.
    return max(4 * largest, 2 * (max(numbers) - min(numbers)))


def _required_and_possible(run_set: RunSet) -> tuple[frozenset[int], frozenset[int]]:
    """Return the epochs that all finished real runs show, and the epochs that at least one real run shows.

    If no real run finished, the source says how many epochs there should be.
    """
    possible = frozenset[int]().union(*(run.epochs for run in run_set.real))
    finished = [run.epochs for run in run_set.finished]
    if finished:
        return frozenset.intersection(*finished), possible
    expected = run_set.source.epochs() if run_set.source else None
    if not possible or not expected:
        return frozenset(), possible
    return frozenset(range(min(possible), min(possible) + expected)), possible


def _format_expected_epochs(run_set: RunSet, count: EpochCount) -> str:
    """Say how many epochs there should be, for example `all real logs show 8 epochs`."""
    if run_set.source:
        return f"{run_set.name} prints {format_count(count.expected, 'epoch')}"
    numbers = [len(run.epochs) for run in run_set.finished]
    if min(numbers) == max(numbers):
        return f"all real logs show {format_count(max(numbers), 'epoch')}"
    return f"the real logs show {min(numbers)} to {format_count(max(numbers), 'epoch')}"


def _format_epochs(epochs: tuple[int, ...]) -> str:
    return f"{'epoch' if len(epochs) == 1 else 'epochs'} {as_ranges(epochs)}"


def _epoch_findings(run_set: RunSet, run: ParsedRun, count: EpochCount) -> Iterable[Finding]:
    end = run.curves.epochs[-1][0] if run.curves.epochs else len(run.lines) - 1
    last = (run.ref(end),) if run.lines else ()
    shown_by = f"{run_set.name} prints" if run_set.source else "all real logs show"
    shown_epochs = f"shows {count.shown} of the {count.expected} epochs that {shown_by}"
    expected = _format_expected_epochs(run_set, count)

    def make_finding(check: str, observed: str, refs: tuple[LineRef, ...], which: tuple[int, ...]) -> Finding:
        return Finding(check, (run.label,), refs, expected, observed, which=_format_epochs(which))

    if count.declared:
        refs = tuple(run.ref(line) for line in count.declaring_lines)
        observed = f"{shown_epochs}, and says that it skips {_format_epochs(count.declared)}"
        yield make_finding("epochs declared as skipped", observed, refs, count.declared)
    if count.silent:
        yield make_finding(
            "epochs silently missing",
            f"leaves out {_format_epochs(count.silent)}{SILENTLY_SUFFIX}",
            last,
            count.silent,
        )
    if count.cut:
        yield make_finding(
            "epochs cut", f"{shown_epochs}; the token limit cut off {_format_epochs(count.cut)}", last, count.cut
        )
    if count.extra:
        extra = set(count.extra)
        refs = tuple(run.ref(line) for line, epoch in run.curves.epochs if epoch in extra)
        not_shown_by = f"{run_set.name} does not print" if run_set.source else "no real log shows"
        observed = f"shows {_format_epochs(count.extra)}, which {not_shown_by}"
        yield make_finding("epochs too many", observed, refs[:LINES_SHOWN], count.extra)
