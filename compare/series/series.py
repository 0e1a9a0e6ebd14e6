"""Series of numbers: for each print and each number in it, what every run shows at every point."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.metrics import Metric
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.series.columns import LONGEST, MOST_COLUMNS, Column, Form
from gedanken.compare.source.print_sites import PrintSite

MOST_SERIES = 60
"""Series that are judged: losses and accuracies first, times last, and else those that have the most points."""
MOST_FORMS = 1000
"""Forms of line that are read, the most frequent ones."""
LONGEST_NAME = 60

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """One number of one print, in every run that is measured; the real runs come first."""

    name: str
    column: Column
    axis: str
    """What the points are counted by."""
    points: Numbers
    values: Numbers
    """Runs × points; NaN where a run shows none."""
    shown: NDArray[np.bool_]
    """Runs × points: where a run shows a value, which may be NaN itself."""
    n_real: int
    ends: tuple[tuple[int, float] | None, ...]
    """For each run (index of the line, value) of the last one that it shows."""


class Printed:
    """What one run printed, form by form."""

    def __init__(self, run: ParsedRun) -> None:
        self.observed = run
        self._script = run.transcript
        self._number = {form: number for number, form in enumerate(self._script.forms)}
        self._order = np.argsort(self._script.form_of, kind="stable")
        self._bounds = np.searchsorted(self._script.form_of[self._order], np.arange(len(self._number) + 1))

    @cached_property
    def often(self) -> dict[str, int]:
        """How often each form is shown that holds a value and may be a line of a log; the most frequent ones."""
        counts = np.diff(self._bounds)
        forms = self._script.forms
        frequent = np.argsort(-counts, kind="stable")[: 10 * MOST_FORMS].tolist()
        return {forms[at]: int(counts[at]) for at in frequent if "#" in forms[at] and len(forms[at]) <= LONGEST}

    def form(self, form: str, sites: Sequence[PrintSite] = ()) -> Form:
        return Form(form, self._script.compared(int(self.lines(form)[0])), sites)

    def lines(self, form: str) -> Indices:
        """Indices of the lines of this form, in order."""
        number = self._number.get(form)
        if number is None:
            return np.empty(0, np.int64)
        return self._order[self._bounds[number] : self._bounds[number + 1]]

    def values(self, lines: Indices, index: int) -> Numbers:
        """The value with this index in each of these lines; NaN where a line has fewer."""
        starts = self._script.starts
        at = starts[lines] + index
        known = at < starts[lines + 1]
        found = np.full(len(lines), np.nan)
        found[known] = self._script.values[at[known]]
        return found

    def metrics(self, lines: Indices, index: int) -> Iterator[tuple[Metric | None, NDArray[np.bool_]]]:
        """The loss or accuracy that the value with this index is, and in which of these lines; shape by shape."""
        shapes = self._script.shape_of[lines]
        for shape in np.unique(shapes):
            its = shapes == shape
            line = self._script.lines[int(lines[np.argmax(its)])]
            yield Form("", line, ()).metric(index), its

    def named(self, metric: str, besides: Iterable[str]) -> list[Column]:
        """Losses or accuracies of this name in the most frequent form that has one, and is none of those `besides`.

        So a run that says it in other words than the program is read too.
        """
        for form in list(self.often)[:MOST_FORMS]:
            found = [one for one in self._metrics(form) if one.metric and one.metric.name == metric]
            if found and form not in besides:
                return found
        return []

    def _metrics(self, form: str) -> list[Column]:
        if form not in self._read:
            self._read[form] = [column for column in self.form(form).columns() if column.metric]
        return self._read[form]

    @cached_property
    def _read(self) -> dict[str, list[Column]]:
        return {}


class AllSeries:
    """The series of a comparison: found in the real runs that are measured, read in all runs that are."""

    def __init__(self, run_set: RunSet) -> None:
        self.real = [Printed(run) for run in run_set.leaves]
        self.runs = self.real + [Printed(run) for run in run_set.samples]
        self._sites = run_set.source.terminal_sites() if run_set.source else ()

    @cached_property
    def _forms(self) -> dict[str, Form]:
        """Forms that two real runs show, or the only one, the most frequent first."""
        often: dict[str, int] = {}
        runs: dict[str, list[Printed]] = {}
        for run in self.real:
            for form, times in run.often.items():
                often[form] = often.get(form, 0) + times
                runs.setdefault(form, []).append(run)
        common = [form for form in often if len(runs[form]) >= min(2, len(self.real))]
        common.sort(key=lambda form: -often[form])
        return {form: runs[form][0].form(form, self._sites) for form in common[:MOST_FORMS]}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns by name, in the order in which they are judged."""
        found = [column for form in self._forms.values() for column in form.columns()]
        found.sort(key=lambda column: (column.is_environment, column.metric is None))
        named: dict[str, Column] = {}
        for column in found[:MOST_SERIES]:
            label = column.label[-LONGEST_NAME:]
            where = f" (line {column.site.line})" if column.site else ""
            words = f"{column.form[:LONGEST_NAME]} #{column.index + 1}{where}"
            names = [label + where, f"{label} #{column.index + 1}{where}", words, f"{words}, {len(named)}"]
            named[next(name for name in names if name not in named)] = column
        return named

    @cached_property
    def last_loss(self) -> str | None:
        """Name of the loss that the real runs show last."""
        last: dict[str, list[tuple[int, int]]] = {}
        for name, column in self.columns.items():
            ends = [run.lines(column.form) for run in self.real]
            if column.is_loss:
                last[name] = sorted((int(lines[-1]) if len(lines) else -1, column.index) for lines in ends)
        return max(last, key=lambda name: last[name], default=None)

    def series(self, name: str) -> Series:
        """Read one series in all runs."""
        column = self.columns[name]
        rows = [self._rows(run, column) for run in self.runs]
        keys, names = self._keys(rows, self._forms[column.form])
        places, points, axis = _placed(keys, names)
        values = np.full((len(rows), len(points)), np.nan)
        shown = np.zeros(values.shape, bool)
        ends: list[tuple[int, float] | None] = []
        read = _read(rows, len(self.real))
        for at, (row, place, of_run) in enumerate(zip(rows, places, read, strict=True)):
            values[at, place] = of_run
            shown[at, place] = True
            ends.append((int(row.lines[-1]), float(of_run[-1])) if len(row.lines) else None)
        return Series(name, column, axis, points, values, shown, len(self.real), tuple(ends))

    def _rows(self, run: Printed, column: Column) -> "_Rows":
        lines = run.lines(column.form)
        if len(lines) or column.metric is None:
            return _Rows(run, lines, column)
        alike = [one for one in self.columns.values() if one.metric and one.metric.name == column.metric.name]
        others = run.named(column.metric.name, self._forms)
        nth = sum(one.index < column.index for one in alike)
        if nth < len(others) and len({one.form for one in alike}) == 1:
            return _Rows(run, run.lines(others[nth].form), others[nth])
        return _Rows(run, lines, column)

    def _keys(self, rows: Sequence["_Rows"], form: Form) -> tuple[list[Numbers], tuple[str, ...]]:
        """For each run, lines × counters, what tells its points apart: epoch, step; and how these are called.

        What real runs print only once needs no telling apart.
        """
        really = rows[: len(self.real)]
        if max(len(row.lines) for row in really) <= 1:
            return [np.empty((len(row.lines), 0)) for row in rows], ()
        names = ("epoch", *(form.name_of(at) for at in form.counters))
        keys = [np.full((len(row.lines), len(names)), -1.0) for row in rows]
        for key, row in zip(keys, rows, strict=True):
            counters = form.counters if row.column.form == form.form else row.run.form(row.column.form).counters
            key[:, 0] = row.run.observed.curves.epochs.at(row.lines)
            for at, counter in enumerate(counters[: len(form.counters)], start=1):
                key[:, at] = row.run.values(row.lines, counter)
        if form.counters or any((key[:, 0] >= 0).any() for key in keys[: len(really)]):
            return keys, names
        rising = self._rising(form)
        if rising is None:
            return keys, names
        return [row.run.values(row.lines, rising)[:, None] for row in rows], (form.name_of(rising),)

    def _rising(self, form: Form) -> int | None:
        """Index of the first whole number that rises from line to line in every real run that shows the form."""
        for at in range(min(len(form.spans), MOST_COLUMNS)):
            values = [run.values(lines, at) for run in self.real if len(lines := run.lines(form.form))]
            if all((value == np.rint(value)).all() and (value[1:] > value[:-1]).all() for value in values):
                return at
        return None


class _Rows(NamedTuple):
    """The lines of one run that show a series, and the column of theirs that does."""

    run: Printed
    lines: Indices
    column: Column


def _read(rows: Sequence[_Rows], n_real: int) -> list[Numbers]:
    """The values of each run; accuracies as fractions, be they shown as such, in percent, or as so many of so many.

    Where nothing behind a number tells which, those of the real runs together decide, and it holds for all runs: so
    one run with an accuracy below 1 % is read like the others.
    """
    read = [_marked(row) for row in rows]
    bare = [values[is_bare] for values, is_bare in read]
    undecided = np.concatenate(bare[:n_real]) if any(map(len, bare[:n_real])) else np.concatenate(bare)
    if np.nanmax(undecided, initial=0.0) > 1:
        return [np.where(is_bare, values / 100, values) for values, is_bare in read]
    return [values for values, _is_bare in read]


def _marked(row: _Rows) -> tuple[Numbers, NDArray[np.bool_]]:
    """Accuracies as fractions where the line tells what they are, and where it does not; other values as they are."""
    run, lines, column = row
    values = run.values(lines, column.index)
    bare = np.zeros(len(lines), bool)
    if column.metric is None or not column.metric.is_accuracy:
        return values, bare
    wholes = run.values(lines, column.index + 1)
    for metric, its in run.metrics(lines, column.index):
        if metric and metric.of:
            part = its & (wholes != 0)
            values[part] /= wholes[part]
        elif metric and metric.is_percent:
            values[its] /= 100
        else:
            bare |= its
    return values, bare


def _placed(keys: Sequence[Numbers], names: Sequence[str]) -> tuple[list[Indices], Numbers, str]:
    """For each run the places of its values among the points of all runs; the points; what they are counted by.

    Values that nothing else tells apart are so by how often their run has shown them before.
    """
    every = np.nan_to_num(np.concatenate(keys), copy=False, nan=-1.0, posinf=-1.0, neginf=-1.0)
    ends = np.cumsum([len(key) for key in keys])[:-1]
    group = np.zeros(len(every), np.int64)
    for part in every.T:
        group = _ranked(group, _ranked(part))
    times = np.concatenate([_times_before(one) for one in np.split(group, ends)])
    place = _ranked(group, times)
    _places, first = np.unique(place, return_index=True)
    varying = [at for at, part in enumerate(every.T) if len(part) and np.ptp(part) > 0]
    if len(varying) == 1 and not times.any():
        return np.split(place, ends), every[first, varying[0]], names[varying[0]]
    return np.split(place, ends), np.arange(1.0, len(first) + 1), "times printed"


def _ranked(first: NDArray[Any], second: NDArray[Any] | None = None) -> Indices:
    """For each value, or pair of values, its place among the different ones, from 0."""
    ranks = np.unique(first, return_inverse=True)[1].astype(np.int64)
    if second is None or not len(ranks):
        return ranks
    return _ranked(ranks * (int(second.max()) + 1) + second.astype(np.int64))


def _times_before(values: Indices) -> Indices:
    """How often each value stood before."""
    order = np.argsort(values, kind="stable")
    begins = np.concatenate([[True], np.diff(values[order]) > 0])[: len(values)]
    at = np.arange(len(values))
    times = np.empty(len(values), np.int64)
    times[order] = at - np.maximum.accumulate(np.where(begins, at, 0))
    return times
