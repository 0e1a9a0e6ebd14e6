"""Finds imagined logs that end early, although real logs continue, and the last line of each such log."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.points import NO_EPOCH
from gedanken.compare.output.progress_bars import is_unfinished, without_fill
from gedanken.compare.parsed.gaps import COLUMNS, counters, gaps, values_of
from gedanken.compare.parsed.order import times_of_sites
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.execution import Cause

SLACK = 0.1
"""Tolerated share of lines that are surplus or missing before the end, because a log may have other faults too."""

Indices = NDArray[np.int64]


class EarlyEnd(NamedTuple):
    """The place at which a log ends too early."""

    line: int
    """Index of the log's last line that is assigned to a print site."""
    beside: ParsedRun
    """The real run with which the log is compared."""
    there: int
    """Index of the corresponding line in `beside`. After this line, `beside` continues."""
    is_cut: bool = False
    """True if the last line is an unfinished progress bar, which the program would have drawn again. The line itself
    may be complete or not."""


def early_ends(run_set: RunSet) -> Mapping[int, EarlyEnd]:
    """Return an `EarlyEnd` for each imagined log that ends although the real logs continue, keyed by the run's `id`.

    The result is empty if the source is known or no real run finished.
    """
    if run_set.source is not None or not run_set.finished or not run_set.sites:
        return {}
    known = len(run_set.sites)
    sequences = [_sequence(run, known) for run in run_set.finished]
    totals = np.array([times_of_sites(run, known) for run in run_set.finished])
    found = {id(run): _end_of(run_set, run, sequences, totals) for run in run_set.imagined}
    return {key: end for key, end in found.items() if end is not None}


def cut_lines(run_set: RunSet) -> Mapping[int, int]:
    """Return the index of the last line of each imagined log that ends in a progress bar, keyed by the run's `id`."""
    return {key: end.line for key, end in run_set.once(early_ends).items() if end.is_cut}


def _sequence(run: ParsedRun, sites: int) -> Indices:
    site_of = run.ledger.site_of
    return np.flatnonzero((site_of >= 0) & (site_of < sites))


def _end_of(run_set: RunSet, run: ParsedRun, sequences: list[Indices], totals: Indices) -> EarlyEnd | None:
    lines = _sequence(run, len(run_set.sites))
    is_last = bool(len(lines)) and lines[-1] == len(run.lines) - 1
    is_cut = is_last and _is_in_a_bar(run, run_set)
    # Half a line is no print, even if its words are similar to those of one.
    if len(lines) and not run.ledger.is_kind("site")[lines[-1]] and not run.text.endswith("\n"):
        lines = lines[:-1]
    if not len(lines) or run.execution.cause is not Cause.FINISHED:
        return None
    end = _end_after(run_set, run, lines, sequences, totals, is_cut)
    if end is None and is_last and len(lines) > 1 and _is_on_its_way(run, int(lines[-1]), run_set):
        # The log ends behind a bar that a later line would have drawn again: its place in a real log is a later one.
        before = _end_after(run_set, run, lines[:-1], sequences, totals, False)
        end = before and before._replace(line=int(lines[-1]), is_cut=True)
    return end


def _end_after(  # noqa: PLR0913 (what all ends are judged by)
    run_set: RunSet, run: ParsedRun, lines: Indices, sequences: list[Indices], totals: Indices, is_cut: bool
) -> EarlyEnd | None:
    """Return where a log ends too early, or None. `totals` counts lines per real run (row) and site (column)."""
    by_chance = totals.max(axis=0) - totals.min(axis=0)
    steady = (by_chance == 0) & (totals[0] > 0)
    shown = run.ledger.site_of[lines]
    behind = run.ledger.is_kind("foreign")
    if behind[lines[-1] + 1 :].any() and run.text.endswith("\n"):
        return None  # the log ends with other words, such as an error message
    counts = np.bincount(shown, minlength=len(steady))
    counts += sum((gap.lacking for gap in run_set.once(gaps).get(id(run), ())), np.zeros_like(counts))
    lacking = steady & (counts < totals[0])
    if not lacking.any() or _has_last_line(run_set, run, int(lines[-1]), sequences):
        return None
    # A print that not every real run has, such as a warning, may come last by chance.
    lasting = np.flatnonzero(totals.min(axis=0)[shown] > 0)
    if not len(lasting):
        return None
    end, lines = int(lines[-1]), lines[: lasting[-1] + 1]
    shown = shown[: lasting[-1] + 1]
    last = shown[-1]
    for real, places in zip(run_set.finished, sequences, strict=True):
        really = real.ledger.site_of[places]
        its = np.flatnonzero(really == last)
        if len(its) < counts[last]:
            continue
        at = _counterpart(run, lines[shown == last], real, places[its])
        at = int(its[counts[last] - 1 if at is None else at])
        before = np.bincount(really[: at + 1], minlength=len(steady))
        if at + 1 == len(really) or not (lacking & (before < totals[0])).any():
            return None
        # If the log lacks an earlier line of its last print, it lacks fewer lines than the real run has after `at`.
        # A single further line may depend on chance: another check reports how often it is shown.
        after = len(really) - at - 1
        if after == 1 and not is_cut:
            return None
        differing = float(np.maximum(np.abs(before - counts) - by_chance, 0).sum())
        if differing <= max(1.0, SLACK * (at + 1)) and differing < after / 2:
            return EarlyEnd(end, real, int(places[at]), is_cut)
    return None


def _has_last_line(run_set: RunSet, run: ParsedRun, line: int, sequences: list[Indices]) -> bool:
    """Return whether a log ends with the last line of all real runs, and so lacks only earlier lines."""
    last = int(run.ledger.site_of[line])
    # The same print must make the last line of all runs, and contain a counter.
    counts = any(counter.site is run_set.sites[last] and counter.words is None for counter in run_set.once(counters))
    if not counts or any(real.ledger.site_of[its[-1]] != last for real, its in _with(run_set, sequences)):
        return False
    theirs = [_numbers(real, its[real.ledger.site_of[its] == last]) for real, its in _with(run_set, sequences)]
    agreed = np.all([rows[-1] == theirs[0][-1] for rows in theirs], axis=0)
    # In each real run, no other line of this print may have these numbers.
    is_alone = all((rows[:, agreed] == rows[-1, agreed]).all(axis=1).sum() == 1 for rows in theirs)
    ours = _numbers(run, np.array([line]))[0]
    return bool(agreed.any()) and is_alone and bool((ours[agreed] == theirs[0][-1, agreed]).all())


def _with(run_set: RunSet, sequences: list[Indices]) -> list[tuple[ParsedRun, Indices]]:
    return list(zip(run_set.finished, sequences, strict=True))


def _numbers(run: ParsedRun, lines: Indices) -> NDArray[np.float64]:
    """Return the first COLUMNS numbers of each line (lines × COLUMNS); NaN where a line has fewer numbers."""
    return np.stack([values_of(run, lines, column) for column in range(COLUMNS)], axis=1)


def _is_in_a_bar(run: ParsedRun, run_set: RunSet) -> bool:
    """Return whether a log ends in an unfinished progress bar, while all real logs end with a whole line."""
    is_open = not run.text.endswith("\n") and is_unfinished(run.lines[len(run.lines) - 1])
    return is_open and all(real.text.endswith("\n") for real in run_set.finished)


def _is_on_its_way(run: ParsedRun, line: int, run_set: RunSet) -> bool:
    """Return whether a line shows an unfinished progress bar, while all real logs draw this bar to its end."""
    site = int(run.ledger.site_of[line])
    if without_fill(run.lines[line]) is None or not is_unfinished(run.lines[line]):
        return False
    lasts = [(real, real.ledger.lines_of(run_set.sites[site])) for real in run_set.finished]
    return all(len(its) and not is_unfinished(real.lines[int(its[-1])]) for real, its in lasts)


def _counterpart(run: ParsedRun, lines: Indices, real: ParsedRun, theirs: Indices) -> int | None:
    """Return the index in `theirs` of the line with the epoch, and place in the epoch, of the last of `lines`."""
    epochs, others = run.curves.epochs.at(lines), real.curves.epochs.at(theirs)
    same = np.flatnonzero(others == epochs[-1])
    nth = int(np.count_nonzero(epochs == epochs[-1])) - 1
    return int(same[nth]) if epochs[-1] != NO_EPOCH and nth < len(same) else None
