"""Findings on how often a line is printed, and in which order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.lines import where_printed
from gedanken.compare.output.points import NO_EPOCH
from gedanken.compare.parsed.order import misplaced
from gedanken.compare.parsed.run_set import LINES_SHOWN, Comparison, Observed
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef

FACTOR = 2
"""How many times more or less often than in the real runs a line is shown whose print a flag decides about."""
MOST_TOLD = 20
"""Sites of one run that are told of, at most."""

Indices = NDArray[np.int64]


def counts(these: Comparison) -> Iterable[Finding]:
    """A line shown more or less often than in the real runs, which must agree.

    What is printed epoch by epoch is counted by the epoch, in those that the run shows: an epoch that is left out is
    told elsewhere. Nothing is said of a print that values decide about, such as one of a best accuracy.
    """
    if not these.finished:
        yield from _by_the_source(these)
        return
    if not these.sites:
        return
    for run in these.imagined:
        cells = _Cells(these, run)
        for at in cells.sites_that_differ()[:MOST_TOLD]:
            yield _finding(these, these.sites[at], run, cells.worst(at))


def _by_the_source(these: Comparison) -> Iterable[Finding]:
    """Where no real run came to its end, the source alone tells how often a proven line is printed."""
    for site, texts in these.proven.items():
        for run in these.imagined:
            lines = run.ledger.lines_of(site)
            surplus = lines[len(texts) :]
            if len(surplus) or (len(lines) < len(texts) and run.execution.cause is Cause.FINISHED):
                yield Finding(
                    "print count differs",
                    f"By its source {these.name} prints “{site.words}” {_times(len(texts))}; "
                    f"{run.execution.label} shows it {_times(len(lines))}.",
                    (*(run.ref(int(at)) for at in surplus[:LINES_SHOWN]), *where_printed(these, site)),
                )


class _Cells:
    """How often each site is shown in each epoch, or in all, by the real runs and by one imagined run."""

    def __init__(self, these: Comparison, run: Observed) -> None:
        self.these = these
        self.run = run
        runs = [*these.ended, run]
        shown = np.unique(np.concatenate([[NO_EPOCH], *(one.curves.epochs.numbers for one in runs)]))
        self._width = len(shown)
        self._by_epoch = np.zeros(len(these.sites), bool)
        self._shown = shown
        for one in these.ended:
            site, epoch, _lines = self._pairs(one)
            cells = np.unique(site * self._width + epoch)
            self._by_epoch |= np.bincount(cells // self._width, minlength=len(these.sites)) > 1
        keyed = [np.unique(self._keys(*self._pairs(one)[:2]), return_counts=True) for one in runs]
        self._cells = np.unique(np.concatenate([keys for keys, _times in keyed]))
        times = np.zeros((len(runs), len(self._cells)), np.int64)
        for row, (keys, number) in zip(times, keyed, strict=True):
            row[np.searchsorted(self._cells, keys)] = number
        counted = np.array([self._counts_in(one) for one in runs])
        really = counted[:-1]
        # A run that failed lacks what it did not come to; what it shows is real all the same.
        whole = really & np.array([[one.execution.cause is Cause.FINISHED] for one in these.ended])
        self.low = np.where(whole, times[:-1], np.iinfo(np.int64).max).min(axis=0)
        self.high = np.where(really, times[:-1], -1).max(axis=0)
        self.times = times[-1]
        self._known = whole.any(axis=0) & counted[-1]

    def _pairs(self, run: Observed) -> tuple[Indices, Indices, Indices]:
        """Site, index of the epoch, and line, for each line of a site."""
        site_of = run.ledger.site_of
        lines = np.flatnonzero((site_of >= 0) & (site_of < len(self.these.sites)))
        return site_of[lines].astype(np.int64), np.searchsorted(self._shown, run.curves.epochs.at(lines)), lines

    def _keys(self, site: Indices, epoch: Indices) -> Indices:
        return site * self._width + np.where(self._by_epoch[site], epoch, 0)

    def _counts_in(self, run: Observed) -> NDArray[np.bool_]:
        """For each cell whether a run shows its epoch; what is counted in all has none."""
        epoch = self._cells % self._width
        shows: NDArray[np.bool_] = (epoch == 0) | np.isin(self._shown[epoch], run.curves.epochs.numbers)
        return shows

    def sites_that_differ(self) -> list[int]:
        """Indices of the sites that the run shows too often, or too seldom."""
        sites = self._cells // self._width
        agrees = np.bincount(sites, self._known & (self.low != self.high), len(self.these.sites)) == 0
        more, less = self._differences()
        surplus = np.bincount(sites, more, len(self.these.sites)).astype(np.int64)
        deficit = np.bincount(sites, less, len(self.these.sites)).astype(np.int64)
        goes_back = _goes_back(self.run) and not any(map(_goes_back, self.these.real))
        return [
            int(at)
            for at in np.flatnonzero(agrees & (surplus != deficit))
            if self._may_be_told(int(at))
            and (
                not (goes_back and self._by_epoch[at])
                if surplus[at] > deficit[at]
                else self.run.execution.cause is Cause.FINISHED
            )
        ]

    def _differences(self) -> tuple[Indices, Indices]:
        """For each cell how many lines are too many, and how many are lacking."""
        more = np.where(self._known, np.maximum(self.times - self.high, 0), 0)
        less = np.where(self._known, np.maximum(self.low - self.times, 0), 0)
        flagged = np.array([site.depends_on == "flags" for site in self.these.sites])[self._cells // self._width]
        more[flagged & (self.times < FACTOR * self.high)] = 0
        less[flagged & (FACTOR * self.times > self.low)] = 0
        return more, less

    def _may_be_told(self, at: int) -> bool:
        site = self.these.sites[at]
        if site.by == "bar" or (site.by == "log" and not self.high[self._cells // self._width == at].any()):
            return False  # time decides, or a level that the source need not name
        return site.depends_on != "values" and not (self.these.source and site.is_open)

    def worst(self, at: int) -> "_Cell":
        """The first cell of a site that differs."""
        more, less = self._differences()
        its = self._cells // self._width == at
        is_more = more[its].sum() > less[its].sum()
        cell = int(np.flatnonzero(its & ((more if is_more else less) > 0))[0])
        sites, epochs, lines = self._pairs(self.run)
        inside = lines[self._keys(sites, epochs) == self._cells[cell]]
        epoch = int(self._shown[self._cells[cell] % self._width])
        by_epoch = bool(self._by_epoch[at]) and epoch != NO_EPOCH
        surplus = inside[self.high[cell] :][:LINES_SHOWN] if is_more else inside[:0]
        return _Cell(epoch if by_epoch else None, int(self.high[cell]), len(inside), surplus)


@dataclass(frozen=True, slots=True)
class _Cell:
    """An epoch, or the whole run, in which a line is shown another number of times than really."""

    epoch: int | None
    really: int
    shown: int
    surplus: Indices
    """Indices of lines that are too many."""


def _goes_back(run: Observed) -> bool:
    return bool((np.diff(run.curves.epochs.numbers) < 0).any())


def _finding(these: Comparison, site: PrintSite, run: Observed, cell: _Cell) -> Finding:
    where = "" if cell.epoch is None else f" in epoch {cell.epoch}"
    end = {Cause.FINISHED: "", Cause.FAILED: " before it failed"}.get(run.execution.cause, " before its end was cut")
    return Finding(
        "print count differs",
        f"Real runs print “{site.words}” {_times(cell.really)}{where}; {run.execution.label} shows it "
        f"{_times(cell.shown)}{end}.{these.caution}",
        (*(run.ref(int(at)) for at in cell.surplus), *where_printed(these, site)),
    )


def _times(number: int) -> str:
    return f"{number} time" if number == 1 else f"{number} times"


def order(these: Comparison) -> Iterable[Finding]:
    """Lines that stand elsewhere than in the real runs, whose lines must all stand in one order."""
    if not these.finished or any(map(_goes_back, these.real)):
        return
    for run in these.imagined:
        if _goes_back(run):
            continue  # a contradiction, which is told as such
        lines = misplaced(these, run)
        if len(lines):
            refs: Sequence[LineRef] = [run.ref(int(at)) for at in lines[:LINES_SHOWN]]
            yield Finding(
                "out of order",
                f"{run.execution.label} shows lines out of the order in which all real runs print them, such as "
                f"line {refs[0].number}.{these.caution}",
                tuple(refs),
            )
