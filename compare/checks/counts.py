"""Finds lines that are printed too often, too rarely, or out of order."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.lines import references_to_print
from gedanken.compare.output.points import NO_EPOCH
from gedanken.compare.parsed.early_ends import early_ends
from gedanken.compare.parsed.gaps import gaps
from gedanken.compare.parsed.lengths import lengths
from gedanken.compare.parsed.new_forms import replacing_forms
from gedanken.compare.parsed.order import count_lines_by_site, misplaced_lines
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet
from gedanken.compare.parsed.run_structures import one_run_per_structure
from gedanken.compare.results import Doubt
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.format import format_p

FACTOR = 2
"""A print that depends on a flag is reported only if a run shows it too often or too rarely by this factor."""
STEADY = 4
"""If every real log shows a line at least this often, its absence in a log cannot be due to chance."""
CHANCE = 0.05
"""If the p-value is above this, chance may explain that imagined runs lack exactly one line."""
MOST_TOLD = 20
"""Maximum number of print sites that are reported for one run."""

Indices = NDArray[np.int64]


def counts(run_set: RunSet) -> Iterable[Finding]:
    """Find lines that an imagined run shows more or less often than the real runs, if the real runs agree on the
    number.

    Lines that occur in several epochs are counted per epoch, in those epochs that the run shows. A print such as `new
    best accuracy` is not judged, because chance decides how often it occurs.
    """
    if not run_set.finished:
        yield from _differences_from_source(run_set)
    elif run_set.sites:
        yield from run_set.compute_once(CountsJudged).findings


class CountsJudged:
    """Judges each print with too many or too few lines.

    The result is a finding, or a doubt if chance may explain the difference.
    """

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self.findings: list[Finding] = []
        self._missing_one_line: dict[int, list[tuple[ParsedRun, Finding]]] = {}
        for run in run_set.imagined if run_set.finished and run_set.sites else ():
            cells = _Cells(run_set, run, run_set.compute_once(early_ends))
            differing_sites = cells.sites_that_differ()[:MOST_TOLD]
            for site in differing_sites:
                finding = _finding(run_set, run_set.sites[site], run, cells.worst(site))
                if run_set.source is None and len(differing_sites) == 1 and cells.lacks_one_line(site):
                    self._missing_one_line.setdefault(site, []).append((run, finding))
                else:
                    self.findings.append(finding)
        self.findings += [
            finding
            for site, runs in self._missing_one_line.items()
            if not self._may_be_chance()
            for _run, finding in runs
        ]

    def _may_be_chance(self) -> bool:
        # If chance removed these lines, it should have removed a line from some real run too.
        n_missing = len(self._labels_missing_one_line)
        return n_missing < len(self._run_set.imagined) and self._p_value(n_missing) > CHANCE

    @property
    def _labels_missing_one_line(self) -> list[str]:
        """Labels of the imagined runs that lack exactly one line of a print."""
        return list(dict.fromkeys(run.label for runs in self._missing_one_line.values() for run, _finding in runs))

    def _p_value(self, n_missing: int) -> float:
        """Return the probability that `n_missing` runs, drawn at random, are all imagined.

        This is the p-value of Fisher's exact test.
        """
        n_real, n_imagined = len(self._run_set.finished), len(self._run_set.imagined)
        return comb(n_imagined, n_missing) / comb(n_real + n_imagined, n_missing)

    def undecided(self) -> Doubt | None:
        """Return the doubt whether lines are missing just by chance; None if there is no doubt."""
        undecided_sites = list(self._missing_one_line) if self._may_be_chance() else []
        if not undecided_sites:
            return None
        n_real, n_imagined = len(self._run_set.finished), len(self._run_set.imagined)
        runs = self._labels_missing_one_line
        suffix = f" and {format_count(len(undecided_sites) - 1, 'more line')}" if len(undecided_sites) > 1 else ""
        words = self._run_set.sites[undecided_sites[0]].words
        verb = "lacks" if len(runs) == 1 else "lack"
        return Doubt(
            f"whether “{words}”{suffix} {'are' if suffix else 'is'} missing only by chance",
            f"all {n_real} real runs print {'these lines' if suffix else 'this line'}; {len(runs)} of "
            f"{n_imagined} imagined runs "
            f"({', '.join(runs[:3])}) {verb} {'one of them' if suffix else 'it'} "
            f"({format_p(self._p_value(len(runs)))})",
        )


def _differences_from_source(run_set: RunSet) -> Iterable[Finding]:
    """Find prints that an imagined run shows more or less often than the source proves.

    No real run is needed.
    """
    for site, texts in run_set.proven.items():
        for run in run_set.imagined:
            lines = run.ledger.lines_of(site)
            surplus = lines[len(texts) :]
            if len(surplus) or (len(lines) < len(texts) and run.execution.cause is Cause.FINISHED):
                yield Finding(
                    "print count differs",
                    (run.label,),
                    (*(run.ref(int(line)) for line in surplus[:LINES_SHOWN]), *references_to_print(run_set, site)),
                    expected=f"According to its source, {run_set.name} prints “{site.words}” "
                    f"{format_count(len(texts), 'time')}",
                    observed=f"shows it {format_count(len(lines), 'time')}",
                )


def _missing_in_all_imagined(run_set: RunSet) -> NDArray[np.bool_]:
    """Return for each print site whether all imagined logs leave it out, if that cannot be due to chance."""
    n_sites, imagined = len(run_set.sites), run_set.imagined
    finished = run_set.finished
    if not finished or 1 / comb(len(finished) + len(imagined), len(imagined)) > CHANCE:
        return np.zeros(n_sites, bool)
    fewest = np.array([count_lines_by_site(run, n_sites) for run in finished]).min(axis=0)
    most_shown = np.array([count_lines_by_site(run, n_sites) for run in imagined]).max(axis=0)
    shorter_by = min(len(run.ledger) for run in finished) - max(len(run.ledger) for run in imagined)
    # Imagined logs that are not shorter may print the same in another form.
    left_out: NDArray[np.bool_] = (fewest >= STEADY) & (most_shown == 0) & (fewest <= FACTOR * shorter_by)
    return left_out


class _Cells:
    """Counts the lines of the real runs and of one imagined run by cell.

    A cell is one print site in one epoch, or in the whole run.
    """

    def __init__(self, run_set: RunSet, run: ParsedRun, runs_ending_early: Container[int] = ()) -> None:
        self.run_set = run_set
        self._early_ends = runs_ending_early
        self.run = run
        real_runs = run_set.compute_once(one_run_per_structure)
        runs = [*real_runs, run]
        epochs = np.unique(np.concatenate([[NO_EPOCH], *(run.curves.epochs.numbers for run in runs)]))
        self._width = len(epochs)
        self._is_by_epoch = np.zeros(len(run_set.sites), bool)
        self._epochs = epochs
        for real in real_runs:
            site, epoch, _lines = self._site_epoch_lines(real)
            cells = np.unique(site * self._width + epoch)
            self._is_by_epoch |= np.bincount(cells // self._width, minlength=len(run_set.sites)) > 1
        key_counts = [
            np.unique(self._cell_keys(*self._site_epoch_lines(run)[:2]), return_counts=True) for run in runs
        ]
        self._cells = np.unique(np.concatenate([keys for keys, _times in key_counts]))
        times = np.zeros((len(runs), len(self._cells)), np.int64)
        for row, (keys, counts) in zip(times, key_counts, strict=True):
            row[np.searchsorted(self._cells, keys)] = counts
        is_epoch_shown = np.array([self._shows_epoch(run) for run in runs])
        is_shown_in_real = is_epoch_shown[:-1]
        # A failed run lacks what it did not reach, but what it shows is real.
        is_complete = is_shown_in_real & np.array([[run.execution.cause is Cause.FINISHED] for run in real_runs])
        self.low = np.where(is_complete, times[:-1], np.iinfo(np.int64).max).min(axis=0)
        self.high = np.where(is_shown_in_real, times[:-1], -1).max(axis=0)
        self.times = times[-1]
        # Another check reports a run that has more or fewer epochs than the real runs.
        self._is_comparable = is_complete.any(axis=0) & is_epoch_shown[-1] & ~self._is_at_run_end()
        self._varies = (self._is_comparable & (self.low != self.high)) | self._varies_within_runs(
            real_runs, times[:-1], is_complete
        )

    def _site_epoch_lines(self, run: ParsedRun) -> tuple[Indices, Indices, Indices]:
        """For all lines that print sites made, return three arrays: the site, the epoch (as an index in
        `_epochs`), and the line.
        """
        site_of = run.ledger.site_of
        lines = np.flatnonzero((site_of >= 0) & (site_of < len(self.run_set.sites)))
        return (
            site_of[lines].astype(np.int64),
            np.searchsorted(self._epochs, run.curves.epochs.epochs_at(lines)),
            lines,
        )

    def _cell_keys(self, site: Indices, epoch: Indices) -> Indices:
        return site * self._width + np.where(self._is_by_epoch[site], epoch, 0)

    def _shows_epoch(self, run: ParsedRun) -> NDArray[np.bool_]:
        """Return for each cell whether the run shows the epoch of the cell; True if the cell is for the whole run."""
        epoch = self._cells % self._width
        shows: NDArray[np.bool_] = (epoch == 0) | np.isin(self._epochs[epoch], run.curves.epochs.numbers)
        return shows

    def _is_at_run_end(self) -> NDArray[np.bool_]:
        """Return for each cell whether its epoch is the one in which the shortest run ends, or a later one."""
        real_runs = self.run_set.compute_once(one_run_per_structure)
        runs = [*(run for run in real_runs if run.execution.cause is Cause.FINISHED), self.run]
        ends = [run.curves.epochs.numbers.max() for run in runs if len(run.curves.epochs)]
        if self.run_set.source is not None or len(set(ends)) < 2 or not len(self.run.curves.epochs):
            return np.zeros(len(self._cells), bool)
        first_end = min(ends)
        epoch = self._cells % self._width
        at_an_end: NDArray[np.bool_] = (epoch > 0) & (self._epochs[epoch] >= first_end)
        return at_an_end

    def _varies_within_runs(
        self, real_runs: Sequence[ParsedRun], times: Indices, is_complete: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return for each cell whether its number of lines differs among finished real runs.

        Only real runs that continue to a later epoch are compared.
        """
        if self.run_set.source is not None:
            return np.zeros(len(self._cells), bool)
        epoch = self._cells % self._width
        last_epochs = np.array([max(run.curves.epochs.numbers, default=NO_EPOCH) for run in real_runs])
        is_inside = is_complete & (epoch > 0) & (self._epochs[epoch] < last_epochs[:, None])
        fewest = np.where(is_inside, times, np.iinfo(np.int64).max).min(axis=0)
        most = np.where(is_inside, times, -1).max(axis=0)
        # If a count varies, values decide whether the line is printed, as for `val_loss did not improve`.
        varies: NDArray[np.bool_] = is_inside.any(axis=0) & (fewest != most)
        return varies

    def sites_that_differ(self) -> list[int]:
        """Return the indices of print sites that the run shows too often or too rarely."""
        sites = self._cells // self._width
        agrees = np.bincount(sites, self._varies, len(self.run_set.sites)) == 0
        agrees |= self._is_absent(sites)
        cell_surplus, cell_deficit = self._surplus_and_deficit()
        surplus = np.bincount(sites, cell_surplus, len(self.run_set.sites)).astype(np.int64)
        deficit = np.bincount(sites, cell_deficit, len(self.run_set.sites)).astype(np.int64)
        length = self.run_set.compute_once(lengths).get(id(self.run))
        if length is not None:
            surplus, deficit = np.maximum(surplus - length.more, 0), np.maximum(deficit - length.fewer, 0)
        # Another check reports the jumps.
        deficit = np.maximum(deficit - self._missing_in_gaps(), 0)
        surplus, deficit = self._without_replaced(surplus, deficit)
        goes_back = _goes_back_in_epochs(self.run) and not any(map(_goes_back_in_epochs, self.run_set.real))
        return [
            int(site)
            for site in np.flatnonzero(agrees & (surplus != deficit))
            if self._may_be_reported(int(site))
            and (
                not (goes_back and self._is_by_epoch[site])
                if surplus[site] > deficit[site]
                else self.run.execution.cause is Cause.FINISHED and id(self.run) not in self._early_ends
            )
        ]

    def _missing_in_gaps(self) -> Indices:
        """Count for each print site the lines that are missing because a counter of the run jumps."""
        run_gaps = self.run_set.compute_once(gaps).get(id(self.run), ())
        missing = np.zeros(len(self.run_set.sites), np.int64)
        return missing + sum(gap.missing_lines for gap in run_gaps)

    def _without_replaced(self, surplus: Indices, deficit: Indices) -> tuple[Indices, Indices]:
        """Return the numbers of surplus and of missing lines of each site, without those of replaced prints.

        A print is replaced if the run shows a new form in its place.
        """
        sites = self._cells // self._width
        expected = np.bincount(sites, self._is_comparable * self.low, len(self.run_set.sites))
        new_forms = replacing_forms(self.run_set, self.run)
        for site in np.flatnonzero(deficit > 0).tolist():
            is_absent = not self.run.ledger.is_kind("site")[self.run.ledger.lines_of(self.run_set.sites[site])].any()
            likely_counts = range(int(expected[site]) // FACTOR, int(expected[site]) * FACTOR + 1)
            # A print that is never shown is replaced if a new form has about as many lines; another check reports
            # this form.
            replacement = next((form for form in new_forms if is_absent and form.times in likely_counts), None)
            if replacement is not None:
                new_forms.remove(replacement)
                deficit[site] = 0
                # The new lines were counted as lines of the print that they resemble.
                if replacement.site >= 0:
                    surplus[replacement.site] = max(0, surplus[replacement.site] - replacement.times)
        return surplus, deficit

    def _is_absent(self, sites: Indices) -> NDArray[np.bool_]:
        """Return for each print site whether the imagined log lacks all of its lines although it should have some."""
        if self.run_set.source is not None:
            return np.zeros(len(self.run_set.sites), bool)
        fewest = np.bincount(sites, self._is_comparable * self.low, len(self.run_set.sites))
        line_counts = np.bincount(sites, self.times, len(self.run_set.sites))
        absent: NDArray[np.bool_] = (line_counts == 0) & (
            (fewest >= STEADY) | self.run_set.compute_once(_missing_in_all_imagined)
        )
        return absent

    def _surplus_and_deficit(self) -> tuple[Indices, Indices]:
        """Return for each cell the number of its surplus lines, and the number of its missing lines."""
        surplus = np.where(self._is_comparable, np.maximum(self.times - self.high, 0), 0)
        deficit = np.where(self._is_comparable, np.maximum(self.low - self.times, 0), 0)
        flagged = np.array([site.depends_on == "flags" for site in self.run_set.sites])[self._cells // self._width]
        surplus[flagged & (self.times < FACTOR * self.high)] = 0
        deficit[flagged & (FACTOR * self.times > self.low)] = 0
        return surplus, deficit

    def lacks_one_line(self, site: int) -> bool:
        """Return whether the run lacks exactly one line of the print site, and has no surplus line of it."""
        surplus, deficit = self._surplus_and_deficit()
        is_of_site = self._cells // self._width == site
        return not surplus[is_of_site].any() and int(deficit[is_of_site].sum()) == 1

    def _may_be_reported(self, site: int) -> bool:
        print_site = self.run_set.sites[site]
        if print_site.kind == "bar" or (
            print_site.kind == "log" and not self.high[self._cells // self._width == site].any()
        ):
            return False  # depends on time, or on a log level that the source need not name
        return print_site.depends_on != "values" and not (self.run_set.source and print_site.is_ambiguous)

    def worst(self, site: int) -> "_Cell":
        """Return the first cell of a print site that has surplus lines.

        If more lines are missing than are surplus, return the first cell that lacks lines.
        """
        cell_surplus, cell_deficit = self._surplus_and_deficit()
        is_of_site = self._cells // self._width == site
        is_more = cell_surplus[is_of_site].sum() > cell_deficit[is_of_site].sum()
        cell = int(np.flatnonzero(is_of_site & ((cell_surplus if is_more else cell_deficit) > 0))[0])
        sites, epochs, lines = self._site_epoch_lines(self.run)
        cell_lines = lines[self._cell_keys(sites, epochs) == self._cells[cell]]
        epoch = int(self._epochs[self._cells[cell] % self._width])
        surplus = cell_lines[self.high[cell] :][:LINES_SHOWN] if is_more else cell_lines[:0]
        return _Cell(epoch if self._is_by_epoch[site] else None, int(self.high[cell]), len(cell_lines), surplus)


@dataclass(frozen=True, slots=True)
class _Cell:
    """An epoch, or the whole run, in which an imagined run shows a print too often or too rarely."""

    epoch: int | None
    """The epoch. NO_EPOCH means before the first epoch; None means the whole run."""
    really: int
    shown: int
    surplus: Indices
    """Indices of the surplus lines."""


def _goes_back_in_epochs(run: ParsedRun) -> bool:
    return bool((np.diff(run.curves.epochs.numbers) < 0).any())


def _finding(run_set: RunSet, site: PrintSite, run: ParsedRun, cell: _Cell) -> Finding:
    epoch_text = "" if cell.epoch is None else f" in epoch {cell.epoch}"
    if cell.epoch == NO_EPOCH:
        epoch_text = " before the first epoch"
    end = {Cause.FINISHED: "", Cause.FAILED: " before it failed"}.get(run.execution.cause, " before it was cut off")
    return Finding(
        "print count differs",
        (run.label,),
        (*(run.ref(int(line)) for line in cell.surplus), *references_to_print(run_set, site)),
        expected=f"Real runs print “{site.words}” {format_count(cell.really, 'time')}{epoch_text}",
        observed=f"shows it {format_count(cell.shown, 'time')}{end}",
        caution=run_set.caution,
    )


def order(run_set: RunSet) -> Iterable[Finding]:
    """Find lines of imagined runs that are in another order than in all real runs."""
    if not run_set.finished or any(map(_goes_back_in_epochs, run_set.real)):
        return
    for run in run_set.imagined:
        if _goes_back_in_epochs(run):
            continue  # a contradiction, which another check reports
        lines = misplaced_lines(run_set, run)
        if len(lines):
            refs: Sequence[LineRef] = [run.ref(int(line)) for line in lines[:LINES_SHOWN]]
            yield Finding(
                "out of order",
                (run.label,),
                tuple(refs),
                observed=f"shows lines in another order than all real runs, such as line {refs[0].number}",
                caution=run_set.caution,
            )
