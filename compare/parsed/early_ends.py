"""Finds imagined logs that end early although real logs continue, and the last line of each such log."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.points import NO_EPOCH
from gedanken.compare.output.progress_bars import is_unfinished, masked_bar
from gedanken.compare.parsed.gaps import COLUMNS, counters, gaps, values_of
from gedanken.compare.parsed.order import count_lines_by_site
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.execution import Cause

SLACK = 0.1
"""Share of the lines before an early end that may be surplus or missing.

A log that ends early may have other faults as well.
"""

Indices = NDArray[np.int64]


class EarlyEnd(NamedTuple):
    """The position at which a log ends too early."""

    line: int
    """Index of the log's last line that is assigned to a print site."""
    real_run: ParsedRun
    """The real run with which the log is compared."""
    real_line: int
    """Index of the corresponding line in `real_run`, which continues after this line."""
    is_cut: bool = False
    """True if the last line is an unfinished progress bar, which the program would have drawn again.

    The line may end with or without a line break.
    """


def early_ends(run_set: RunSet) -> Mapping[int, EarlyEnd]:
    """Return an `EarlyEnd` for each imagined log that ends too early, keyed by `id(run)`.

    The result is empty if the source is known or no real run finished.
    """
    if run_set.source is not None or not run_set.finished or not run_set.sites:
        return {}
    n_sites = len(run_set.sites)
    sequences = [_site_lines(run, n_sites) for run in run_set.finished]
    totals = np.array([count_lines_by_site(run, n_sites) for run in run_set.finished])
    end_by_run = {id(run): _find_early_end(run_set, run, sequences, totals) for run in run_set.imagined}
    return {key: end for key, end in end_by_run.items() if end is not None}


def cut_lines(run_set: RunSet) -> Mapping[int, int]:
    """Return the index of the last line of each imagined log that ends early in a progress bar, by `id(run)`."""
    return {key: end.line for key, end in run_set.compute_once(early_ends).items() if end.is_cut}


def _site_lines(run: ParsedRun, sites: int) -> Indices:
    site_of = run.ledger.site_of
    return np.flatnonzero((site_of >= 0) & (site_of < sites))


def _find_early_end(run_set: RunSet, run: ParsedRun, sequences: list[Indices], totals: Indices) -> EarlyEnd | None:
    lines = _site_lines(run, len(run_set.sites))
    is_last = bool(len(lines)) and lines[-1] == len(run.lines) - 1
    is_cut = is_last and _ends_in_progress_bar(run, run_set)
    # Half a line is no print, even if its words are similar to those of one.
    if len(lines) and not run.ledger.is_kind("site")[lines[-1]] and not run.text.endswith("\n"):
        lines = lines[:-1]
    if not len(lines) or run.execution.cause is not Cause.FINISHED:
        return None
    end = _find_end_after(run_set, run, lines, sequences, totals, is_cut)
    if end is None and is_last and len(lines) > 1 and _shows_unfinished_bar(run, int(lines[-1]), run_set):
        # The log ends with a bar that would have been drawn again, so the log without this line is judged.
        end_before = _find_end_after(run_set, run, lines[:-1], sequences, totals, False)
        end = end_before and end_before._replace(line=int(lines[-1]), is_cut=True)
    return end


def _find_end_after(  # noqa: PLR0913 (what all ends are judged by)
    run_set: RunSet, run: ParsedRun, lines: Indices, sequences: list[Indices], totals: Indices, is_cut: bool
) -> EarlyEnd | None:
    """Return where a log ends too early; None if it does not.

    `lines` holds the indices of the log's lines that are assigned to a print site, and `sequences` the same for each
    finished real run. `totals` holds the number of lines of each site (column) in each of these runs (row).
    """
    variation = totals.max(axis=0) - totals.min(axis=0)
    is_steady = (variation == 0) & (totals[0] > 0)
    sites = run.ledger.site_of[lines]
    is_foreign = run.ledger.is_kind("foreign")
    if is_foreign[lines[-1] + 1 :].any() and run.text.endswith("\n"):
        return None  # the log ends with other words, such as an error message
    counts = np.bincount(sites, minlength=len(is_steady))
    counts += sum((gap.missing_lines for gap in run_set.compute_once(gaps).get(id(run), ())), np.zeros_like(counts))
    is_missing = is_steady & (counts < totals[0])
    if not is_missing.any() or _has_last_line(run_set, run, int(lines[-1]), sequences):
        return None
    # A print that not every real run has, such as a warning, may come last by chance.
    common_positions = np.flatnonzero(totals.min(axis=0)[sites] > 0)
    if not len(common_positions):
        return None
    end, lines = int(lines[-1]), lines[: common_positions[-1] + 1]
    sites = sites[: common_positions[-1] + 1]
    last = sites[-1]
    for real, real_lines in zip(run_set.finished, sequences, strict=True):
        real_sites = real.ledger.site_of[real_lines]
        matches = np.flatnonzero(real_sites == last)
        if len(matches) < counts[last]:
            continue
        position = _find_counterpart(run, lines[sites == last], real, real_lines[matches])
        position = int(matches[counts[last] - 1 if position is None else position])
        real_counts = np.bincount(real_sites[: position + 1], minlength=len(is_steady))
        if position + 1 == len(real_sites) or not (is_missing & (real_counts < totals[0])).any():
            return None
        # If the log lacks an earlier line of its last print, it lacks fewer lines than the real run has after
        # `position`. A single further line may depend on chance: another check reports how often it is shown.
        n_after = len(real_sites) - position - 1
        if n_after == 1 and not is_cut:
            return None
        n_differing = float(np.maximum(np.abs(real_counts - counts) - variation, 0).sum())
        if n_differing <= max(1.0, SLACK * (position + 1)) and n_differing < n_after / 2:
            return EarlyEnd(end, real, int(real_lines[position]), is_cut)
    return None


def _has_last_line(run_set: RunSet, run: ParsedRun, line: int, sequences: list[Indices]) -> bool:
    """Return whether `line` is the line with which all real runs end, such as `epoch 10/10`.

    If so, the log does not end early, but lacks earlier lines.
    """
    last = int(run.ledger.site_of[line])
    # The same print must make the last line of all runs, and contain a counter.
    is_counter = any(
        counter.site is run_set.sites[last] and counter.words is None for counter in run_set.compute_once(counters)
    )
    if not is_counter or any(
        real.ledger.site_of[real_lines[-1]] != last for real, real_lines in _runs_with_lines(run_set, sequences)
    ):
        return False
    real_numbers = [
        _first_numbers(real, real_lines[real.ledger.site_of[real_lines] == last])
        for real, real_lines in _runs_with_lines(run_set, sequences)
    ]
    is_agreed = np.all([rows[-1] == real_numbers[0][-1] for rows in real_numbers], axis=0)
    # In each real run, no other line of this print may have these numbers.
    is_alone = all((rows[:, is_agreed] == rows[-1, is_agreed]).all(axis=1).sum() == 1 for rows in real_numbers)
    numbers = _first_numbers(run, np.array([line]))[0]
    return bool(is_agreed.any()) and is_alone and bool((numbers[is_agreed] == real_numbers[0][-1, is_agreed]).all())


def _runs_with_lines(run_set: RunSet, sequences: list[Indices]) -> list[tuple[ParsedRun, Indices]]:
    return list(zip(run_set.finished, sequences, strict=True))


def _first_numbers(run: ParsedRun, lines: Indices) -> NDArray[np.float64]:
    """Return the first COLUMNS numbers of each line; NaN where a line has fewer numbers."""
    return np.stack([values_of(run, lines, column) for column in range(COLUMNS)], axis=1)


def _ends_in_progress_bar(run: ParsedRun, run_set: RunSet) -> bool:
    """Return whether a log ends in an unfinished progress bar.

    Always False if some finished real log ends without a line break.
    """
    is_open = not run.text.endswith("\n") and is_unfinished(run.lines[len(run.lines) - 1])
    return is_open and all(real.text.endswith("\n") for real in run_set.finished)


def _shows_unfinished_bar(run: ParsedRun, line: int, run_set: RunSet) -> bool:
    """Return whether a line shows an unfinished progress bar that reaches its end in all real logs."""
    site = int(run.ledger.site_of[line])
    if masked_bar(run.lines[line]) is None or not is_unfinished(run.lines[line]):
        return False
    bars = [(real, real.ledger.lines_of(run_set.sites[site])) for real in run_set.finished]
    return all(len(bar_lines) and not is_unfinished(real.lines[int(bar_lines[-1])]) for real, bar_lines in bars)


def _find_counterpart(run: ParsedRun, lines: Indices, real: ParsedRun, real_lines: Indices) -> int | None:
    """Return the position in `real_lines` of the line that corresponds to the last of `lines`; None if there is none.

    Corresponding lines have the same epoch, and the same position among the lines of this epoch.
    """
    epochs, real_epochs = run.curves.epochs.epochs_at(lines), real.curves.epochs.epochs_at(real_lines)
    matches = np.flatnonzero(real_epochs == epochs[-1])
    nth = int(np.count_nonzero(epochs == epochs[-1])) - 1
    return int(matches[nth]) if epochs[-1] != NO_EPOCH and nth < len(matches) else None
