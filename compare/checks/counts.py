"""Finds lines that are printed too often, too rarely, or out of order."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.lines import where_printed
from gedanken.compare.output.points import NO_EPOCH
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.gaps import gaps
from gedanken.compare.parsed.lengths import lengths
from gedanken.compare.parsed.new_forms import replacing_forms
from gedanken.compare.parsed.order import misplaced, times_of_sites
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.compare.parsed.structures import of_each_structure
from gedanken.compare.results import Doubt
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.counts import many
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import probability

FACTOR = 2
"""A print that depends on a flag is reported only if a run shows it this many times too often or too rarely."""
STEADY = 4
"""If every real log shows a line at least this often, chance cannot explain a log without the line."""
CHANCE = 0.05
"""Above this p-value, chance may explain imagined runs that lack exactly one line."""
MOST_TOLD = 20
"""Maximum number of print sites that are reported for one run."""

Indices = NDArray[np.int64]


def counts(run_set: RunSet) -> Iterable[Finding]:
    """Find lines that an imagined run shows more or less often than the real runs, if these agree on the number.

    Lines of several epochs are counted per epoch, in the epochs that the run shows. A print such as `new best
    accuracy` is not judged.
    """
    if not run_set.finished:
        yield from _by_the_source(run_set)
    elif run_set.sites:
        yield from run_set.once(CountsJudged).findings


class CountsJudged:
    """Judges each print with too many or too few lines: as a finding, or as undecided if chance may explain it."""

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self.findings: list[Finding] = []
        self._lacking_once: dict[int, list[tuple[ParsedRun, Finding]]] = {}
        for run in run_set.imagined if run_set.finished and run_set.sites else ():
            cells = _Cells(run_set, run, run_set.once(early_ends))
            differing = cells.sites_that_differ()[:MOST_TOLD]
            for at in differing:
                found = _finding(run_set, run_set.sites[at], run, cells.worst(at))
                if run_set.source is None and len(differing) == 1 and cells.lacks_one_line(at):
                    self._lacking_once.setdefault(at, []).append((run, found))
                else:
                    self.findings.append(found)
        self.findings += [
            found for at, runs in self._lacking_once.items() if not self._may_be_chance() for _run, found in runs
        ]

    def _may_be_chance(self) -> bool:
        """Return whether chance may explain that some imagined runs lack exactly one line."""
        # If chance removed these lines, it should have removed a line from some real run too.
        lacking = len(self._lacking)
        return lacking < len(self._run_set.imagined) and self._p(lacking) > CHANCE

    @property
    def _lacking(self) -> list[str]:
        """Labels of the imagined runs that lack exactly one line."""
        return list(dict.fromkeys(run.label for runs in self._lacking_once.values() for run, _found in runs))

    def _p(self, lacking: int) -> float:
        """Return the probability that `lacking` runs, drawn from all runs, are all imagined (Fisher's exact test)."""
        n, m = len(self._run_set.finished), len(self._run_set.imagined)
        return comb(m, lacking) / comb(n + m, lacking)

    def undecided(self) -> Doubt | None:
        """Return the open question whether lines are missing only by chance; None if there is no such question."""
        left = list(self._lacking_once) if self._may_be_chance() else []
        if not left:
            return None
        n, m = len(self._run_set.finished), len(self._run_set.imagined)
        runs = self._lacking
        more = f" and {many(len(left) - 1, 'more line')}" if len(left) > 1 else ""
        words = self._run_set.sites[left[0]].words
        verb = "lacks" if len(runs) == 1 else "lack"
        return Doubt(
            f"whether “{words}”{more} {'are' if more else 'is'} missing only by chance",
            f"all {n} real runs print {'these lines' if more else 'this line'}; {len(runs)} of {m} imagined runs "
            f"({', '.join(runs[:3])}) {verb} {'one of them' if more else 'it'} "
            f"(p = {probability(self._p(len(runs)))})",
        )


def _by_the_source(run_set: RunSet) -> Iterable[Finding]:
    """Find prints that an imagined run shows more or less often than the source proves. No real run is needed."""
    for site, texts in run_set.proven.items():
        for run in run_set.imagined:
            lines = run.ledger.lines_of(site)
            surplus = lines[len(texts) :]
            if len(surplus) or (len(lines) < len(texts) and run.execution.cause is Cause.FINISHED):
                yield Finding(
                    "print count differs",
                    (run.label,),
                    (*(run.ref(int(at)) for at in surplus[:LINES_SHOWN]), *where_printed(run_set, site)),
                    expected=f"According to its source, {run_set.name} prints “{site.words}” "
                    f"{many(len(texts), 'time')}",
                    observed=f"shows it {many(len(lines), 'time')}",
                )


def _left_out_of_all(run_set: RunSet) -> NDArray[np.bool_]:
    """Return, for each print site, whether all imagined logs leave it out, and not by chance."""
    known, imagined = len(run_set.sites), run_set.imagined
    whole = run_set.finished
    if not whole or 1 / comb(len(whole) + len(imagined), len(imagined)) > CHANCE:
        return np.zeros(known, bool)
    fewest = np.array([times_of_sites(run, known) for run in whole]).min(axis=0)
    shown = np.array([times_of_sites(run, known) for run in imagined]).max(axis=0)
    shorter = min(len(run.ledger) for run in whole) - max(len(run.ledger) for run in imagined)
    # Imagined logs that are not shorter may print the same in another form.
    left_out: NDArray[np.bool_] = (fewest >= STEADY) & (shown == 0) & (fewest <= FACTOR * shorter)
    return left_out


class _Cells:
    """Counts lines in real runs and one imagined run by cell: a print site in an epoch, or in the whole run."""

    def __init__(self, run_set: RunSet, run: ParsedRun, early: Container[int] = ()) -> None:
        self.run_set = run_set
        self._early = early
        self.run = run
        ended = run_set.once(of_each_structure)
        runs = [*ended, run]
        shown = np.unique(np.concatenate([[NO_EPOCH], *(run.curves.epochs.numbers for run in runs)]))
        self._width = len(shown)
        self._by_epoch = np.zeros(len(run_set.sites), bool)
        self._shown = shown
        for real in ended:
            site, epoch, _lines = self._pairs(real)
            cells = np.unique(site * self._width + epoch)
            self._by_epoch |= np.bincount(cells // self._width, minlength=len(run_set.sites)) > 1
        keyed = [np.unique(self._keys(*self._pairs(run)[:2]), return_counts=True) for run in runs]
        self._cells = np.unique(np.concatenate([keys for keys, _times in keyed]))
        times = np.zeros((len(runs), len(self._cells)), np.int64)
        for row, (keys, number) in zip(times, keyed, strict=True):
            row[np.searchsorted(self._cells, keys)] = number
        counted = np.array([self._counts_in(run) for run in runs])
        really = counted[:-1]
        # A failed run lacks what it did not reach, but what it shows is real.
        whole = really & np.array([[run.execution.cause is Cause.FINISHED] for run in ended])
        self.low = np.where(whole, times[:-1], np.iinfo(np.int64).max).min(axis=0)
        self.high = np.where(really, times[:-1], -1).max(axis=0)
        self.times = times[-1]
        # Another check reports a run that has more or fewer epochs than the real runs.
        self._known = whole.any(axis=0) & counted[-1] & ~self._is_at_an_end()
        self._varies = (self._known & (self.low != self.high)) | self._vary_inside(ended, times[:-1], whole)

    def _pairs(self, run: ParsedRun) -> tuple[Indices, Indices, Indices]:
        """Return three arrays over all lines of print sites: site, epoch (as index in `_shown`), and line."""
        site_of = run.ledger.site_of
        lines = np.flatnonzero((site_of >= 0) & (site_of < len(self.run_set.sites)))
        return site_of[lines].astype(np.int64), np.searchsorted(self._shown, run.curves.epochs.at(lines)), lines

    def _keys(self, site: Indices, epoch: Indices) -> Indices:
        return site * self._width + np.where(self._by_epoch[site], epoch, 0)

    def _counts_in(self, run: ParsedRun) -> NDArray[np.bool_]:
        """Return for each cell whether the run shows the cell's epoch; always True if the cell is the whole run."""
        epoch = self._cells % self._width
        shows: NDArray[np.bool_] = (epoch == 0) | np.isin(self._shown[epoch], run.curves.epochs.numbers)
        return shows

    def _is_at_an_end(self) -> NDArray[np.bool_]:
        """Return, for each cell, whether it lies in or after the epoch in which the shortest run ends."""
        really = self.run_set.once(of_each_structure)
        runs = [*(run for run in really if run.execution.cause is Cause.FINISHED), self.run]
        ends = [run.curves.epochs.numbers.max() for run in runs if len(run.curves.epochs)]
        if self.run_set.source is not None or len(set(ends)) < 2 or not len(self.run.curves.epochs):
            return np.zeros(len(self._cells), bool)
        first = min(ends)
        epoch = self._cells % self._width
        at_an_end: NDArray[np.bool_] = (epoch > 0) & (self._shown[epoch] >= first)
        return at_an_end

    def _vary_inside(self, ended: Sequence[ParsedRun], times: Indices, whole: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return, for each cell, whether its count differs among finished real runs that go on to a later epoch."""
        if self.run_set.source is not None:
            return np.zeros(len(self._cells), bool)
        epoch = self._cells % self._width
        lasts = np.array([max(run.curves.epochs.numbers, default=NO_EPOCH) for run in ended])
        inside = whole & (epoch > 0) & (self._shown[epoch] < lasts[:, None])
        fewest = np.where(inside, times, np.iinfo(np.int64).max).min(axis=0)
        most = np.where(inside, times, -1).max(axis=0)
        # If a count varies, values decide whether the line is printed, as for `val_loss did not improve`.
        varies: NDArray[np.bool_] = inside.any(axis=0) & (fewest != most)
        return varies

    def sites_that_differ(self) -> list[int]:
        """Return the indices of print sites that the run shows too often or too rarely."""
        sites = self._cells // self._width
        agrees = np.bincount(sites, self._varies, len(self.run_set.sites)) == 0
        agrees |= self._is_absent(sites)
        more, less = self._differences()
        surplus = np.bincount(sites, more, len(self.run_set.sites)).astype(np.int64)
        deficit = np.bincount(sites, less, len(self.run_set.sites)).astype(np.int64)
        length = self.run_set.once(lengths).get(id(self.run))
        if length is not None:
            surplus, deficit = np.maximum(surplus - length.more, 0), np.maximum(deficit - length.fewer, 0)
        # Another check reports the jumps.
        deficit = np.maximum(deficit - self._lacking_in_gaps(), 0)
        surplus, deficit = self._without_replaced(surplus, deficit)
        goes_back = _goes_back(self.run) and not any(map(_goes_back, self.run_set.real))
        return [
            int(at)
            for at in np.flatnonzero(agrees & (surplus != deficit))
            if self._may_be_told(int(at))
            and (
                not (goes_back and self._by_epoch[at])
                if surplus[at] > deficit[at]
                else self.run.execution.cause is Cause.FINISHED and id(self.run) not in self._early
            )
        ]

    def _lacking_in_gaps(self) -> Indices:
        """Count, for each print site, the lines that are missing because a counter of the run jumps."""
        left_out = self.run_set.once(gaps).get(id(self.run), ())
        lacking = np.zeros(len(self.run_set.sites), np.int64)
        return lacking + sum(gap.lacking for gap in left_out)

    def _without_replaced(self, surplus: Indices, deficit: Indices) -> tuple[Indices, Indices]:
        """Return surplus and missing lines of each site. Ignore prints in whose place the run shows a new form."""
        sites = self._cells // self._width
        expected = np.bincount(sites, self._known * self.low, len(self.run_set.sites))
        told = replacing_forms(self.run_set, self.run)
        for at in np.flatnonzero(deficit > 0).tolist():
            is_absent = not self.run.ledger.is_kind("site")[self.run.ledger.lines_of(self.run_set.sites[at])].any()
            likely = range(int(expected[at]) // FACTOR, int(expected[at]) * FACTOR + 1)
            # A print that is never shown is replaced if a new form has about as many lines; another check reports
            # this form.
            other = next((one for one in told if is_absent and one.times in likely), None)
            if other is not None:
                told.remove(other)
                deficit[at] = 0
                # The new lines were counted as lines of the print that they resemble.
                if other.site >= 0:
                    surplus[other.site] = max(0, surplus[other.site] - other.times)
        return surplus, deficit

    def _is_absent(self, sites: Indices) -> NDArray[np.bool_]:
        """Return, for each print site, whether the imagined log lacks all of its lines, but should have some."""
        if self.run_set.source is not None:
            return np.zeros(len(self.run_set.sites), bool)
        fewest = np.bincount(sites, self._known * self.low, len(self.run_set.sites))
        shown = np.bincount(sites, self.times, len(self.run_set.sites))
        absent: NDArray[np.bool_] = (shown == 0) & ((fewest >= STEADY) | self.run_set.once(_left_out_of_all))
        return absent

    def _differences(self) -> tuple[Indices, Indices]:
        """Return two counts for each cell: its surplus lines, and its missing lines."""
        more = np.where(self._known, np.maximum(self.times - self.high, 0), 0)
        less = np.where(self._known, np.maximum(self.low - self.times, 0), 0)
        flagged = np.array([site.depends_on == "flags" for site in self.run_set.sites])[self._cells // self._width]
        more[flagged & (self.times < FACTOR * self.high)] = 0
        less[flagged & (FACTOR * self.times > self.low)] = 0
        return more, less

    def lacks_one_line(self, at: int) -> bool:
        """Return whether the run lacks exactly one line of the print site `at`, and has no surplus line."""
        more, less = self._differences()
        its = self._cells // self._width == at
        return not more[its].any() and int(less[its].sum()) == 1

    def _may_be_told(self, at: int) -> bool:
        site = self.run_set.sites[at]
        if site.by == "bar" or (site.by == "log" and not self.high[self._cells // self._width == at].any()):
            return False  # depends on time, or on a log level that the source need not name
        return site.depends_on != "values" and not (self.run_set.source and site.is_open)

    def worst(self, at: int) -> "_Cell":
        """Return the first cell with surplus lines of a print site, or with missing lines if these are more."""
        more, less = self._differences()
        its = self._cells // self._width == at
        is_more = more[its].sum() > less[its].sum()
        cell = int(np.flatnonzero(its & ((more if is_more else less) > 0))[0])
        sites, epochs, lines = self._pairs(self.run)
        inside = lines[self._keys(sites, epochs) == self._cells[cell]]
        epoch = int(self._shown[self._cells[cell] % self._width])
        surplus = inside[self.high[cell] :][:LINES_SHOWN] if is_more else inside[:0]
        return _Cell(epoch if self._by_epoch[at] else None, int(self.high[cell]), len(inside), surplus)


@dataclass(frozen=True, slots=True)
class _Cell:
    """An epoch, or the whole run, in which an imagined run shows a print more or less often than the real runs."""

    epoch: int | None
    """NO_EPOCH means before the first epoch; None means the whole run."""
    really: int
    shown: int
    surplus: Indices
    """Indices of the surplus lines."""


def _goes_back(run: ParsedRun) -> bool:
    return bool((np.diff(run.curves.epochs.numbers) < 0).any())


def _finding(run_set: RunSet, site: PrintSite, run: ParsedRun, cell: _Cell) -> Finding:
    where = "" if cell.epoch is None else f" in epoch {cell.epoch}"
    if cell.epoch == NO_EPOCH:
        where = " before the first epoch"
    end = {Cause.FINISHED: "", Cause.FAILED: " before it failed"}.get(run.execution.cause, " before it was cut off")
    return Finding(
        "print count differs",
        (run.label,),
        (*(run.ref(int(at)) for at in cell.surplus), *where_printed(run_set, site)),
        expected=f"Real runs print “{site.words}” {many(cell.really, 'time')}{where}",
        observed=f"shows it {many(cell.shown, 'time')}{end}",
        caution=run_set.caution,
    )


def order(run_set: RunSet) -> Iterable[Finding]:
    """Find lines of imagined runs that are in another order than in all real runs."""
    if not run_set.finished or any(map(_goes_back, run_set.real)):
        return
    for run in run_set.imagined:
        if _goes_back(run):
            continue  # a contradiction, which another check reports
        lines = misplaced(run_set, run)
        if len(lines):
            refs: Sequence[LineRef] = [run.ref(int(at)) for at in lines[:LINES_SHOWN]]
            yield Finding(
                "out of order",
                (run.label,),
                tuple(refs),
                observed=f"shows lines in another order than all real runs, such as line {refs[0].number}",
                caution=run_set.caution,
            )
