"""Reads series: the values of one number in all runs, at points such as epochs."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.early_ends import cut_lines
from gedanken.compare.parsed.gaps import gaps
from gedanken.compare.parsed.run_set import RunSet
from gedanken.compare.results import Endpoint
from gedanken.compare.series.columns import MOST_COLUMNS, SECTION, Column, Fixed, Form, asked_for
from gedanken.compare.series.keys import counters_of, together
from gedanken.compare.series.places import placed
from gedanken.compare.series.primary_endpoint import choose, monitored_in, promise, shown_by
from gedanken.compare.series.printed import MOST_FORMS, Printed
from gedanken.compare.series.skipped_points import Shown, Skipped, skipped_points
from gedanken.compare.series.user_metrics import read_asked

MOST_SERIES = 60
"""Maximum number of series that are tested. If there are more, the likeliest primary endpoints are kept."""
LONGEST_NAME = 90
FEW = 3
MOST_VARIANTS = 16
"""Maximum number of variants of a name, such as `top-1` and `top-5`. With more variants, the number is an
identifier."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """One number that the program prints repeatedly, such as the loss: its values in each run. The real runs come
    first."""

    name: str
    column: Column
    axis: str
    """The quantity that numbers the points, for example `epoch`."""
    points: Numbers
    values: Numbers
    """Runs × points; NaN if a run shows no value."""
    shown: NDArray[np.bool_]
    """Runs × points: True if a run shows a value, which may itself be NaN."""
    n_real: int
    ends: tuple[tuple[int, float] | None, ...]
    """For each run, (index of the line, value) of the last value that it shows."""


class AllSeries:
    """All series of a comparison. The real runs alone decide which series there are."""

    def __init__(self, run_set: RunSet) -> None:
        self.real = [Printed(run) for run in run_set.leaves]
        cut = run_set.once(cut_lines)
        self.runs = self.real + [Printed(run, cut.get(id(run))) for run in run_set.samples]
        self._file = run_set.program.name.rsplit("/", 1)[-1] if run_set.program else ""
        self._sites = run_set.source.terminal_sites() if run_set.source else ()
        self._gaps = run_set.once(gaps)
        self._known_rising: dict[str, int | None] = {}
        self._asked = read_asked([run.observed for run in self.runs], run_set.asked.named)

    @cached_property
    def _forms(self) -> dict[str, Form]:
        """The forms that at least two real runs show (or the only real run), the most frequent first."""
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
        """Columns by name, in the order in which they are tested."""
        variants = [variant for form in self._forms.values() for variant in self._variants(form)]
        found = together([column for one in variants for column in one.columns()], self._forms, self.real)
        found.sort(key=lambda column: (column.is_environment, column.metric is None))
        named = {name: asked_for(name) for name in self._asked}
        form_of = {(one.form, one.fixed): one for one in variants}
        kept = found if len(found) <= MOST_SERIES else _most_promising(found)
        shown = [form_of[column.form, column.fixed].named_in_full(column) for column in kept]
        headed = _all_headed(found, {column.label for column in shown}, form_of)
        for column in shown:
            where = f" ({self._file}:{column.site.line})" if column.site else ""
            if column.is_environment and column.label + where in named:
                continue
            label = f"{column.head} {column.label}" if column.label in headed else column.label
            names = [_shortened(name) + where for name in (label, *column.others)]
            names.append(f"{names[-1]}, {len(named)}")
            named[next(name for name in names if name not in named)] = column
        return named

    def _variants(self, form: Form) -> list[Form]:
        """Split a form by the values within names: `Top-1` and `Top-5` are two metrics."""
        kept: list[int] = []
        for index in form.parts_of_names:
            values = [
                frozenset(run.values(lines, index).tolist())
                for run in self.real
                if len(lines := run.lines(form.form))
            ]
            # A value that differs from one real run to the next is an identifier or a date.
            if len(set(values)) == 1 and 1 < len(values[0]) <= MOST_VARIANTS and not self._counts_up(form, index):
                kept.append(index)
        if self._is_below_headings(form):
            kept.append(SECTION)
            for run in self.runs[len(self.real) :]:
                run.restore_headings(form.form, self.real)
        if not kept:
            return [form]
        first = next(run for run in self.real if len(run.lines(form.form)))
        lines = first.lines(form.form)
        table = np.stack([first.values(lines, index) for index in kept], axis=1)
        rows = np.unique(table, axis=0)
        if len(rows) > MOST_VARIANTS:
            return [form]
        fixed = [tuple(zip(kept, row, strict=True)) for row in rows.tolist()]
        return [first.form(form.form, self._sites, one) for one in fixed]

    @property
    def never_shown(self) -> list[str]:
        """A message for each user-defined metric (`--as`) whose expression finds no number in any real run."""
        n_real = len(self.real)
        never = [name for name, runs in self._asked.items() if not any(len(lines) for lines, _ in runs[:n_real])]
        return [
            f"Whether {name} differs. Its expression (--as) finds no number in any line of a real run."
            for name in never
        ]

    def endpoint(self, wanted: str | None) -> Endpoint | None:
        """Choose the series whose last value is the primary endpoint. Only real runs are examined."""
        shown = {}
        for name, column in self.columns.items():
            lines, values = zip(*(self._shown(at, name, column) for at in range(len(self.real))), strict=True)
            ends = [
                (run.end_of_object(int(its[-1])) + 1) / max(1, len(run.observed.lines))
                for run, its in zip(self.real, lines, strict=True)
                if len(its)
            ]
            shown[name] = shown_by(values, ends)
        forms = [form for run in self.real for form in run.worded]
        return choose(self.columns, shown, len(self.real), wanted, monitored_in(forms))

    def _shown(self, at: int, name: str, column: Column) -> tuple[Indices, Numbers]:
        """Return the lines of one run that show a column, and the column's values as printed."""
        if name in self._asked:
            return self._asked[name][at]
        lines, index = self.runs[at].of(column)
        return lines, self.runs[at].values(lines, index)

    def _series_asked(self, name: str) -> Series:
        """Build the series of a user-defined metric. Its points are epochs if the lines name epochs."""
        found = self._asked[name]
        keys = [
            run.observed.curves.epochs.at(lines)[:, None].astype(float)
            for run, (lines, _values) in zip(self.runs, found, strict=True)
        ]
        ends = [(int(lines[-1]), float(its[-1])) if len(lines) else None for lines, its in found]
        return self._made(name, placed(keys, ("epoch",)), [values for _lines, values in found], ends)

    def _is_below_headings(self, form: Form) -> bool:
        """Return whether lines of the form stand below headings such as `Validation:` that all real runs share."""
        if not any(form.metric(at) for at in range(min(len(form.spans), MOST_COLUMNS))):
            return False
        values = [np.unique(run.values(lines, SECTION)) for run in self.real if len(lines := run.lines(form.form))]
        return bool(values[0].any()) and all(np.array_equal(row, values[0]) for row in values)

    def _counts_up(self, form: Form, index: int) -> bool:
        """Return whether a value rises by the same step from line to line, as in `1epoch`, `model_3.pt`."""
        values = [run.values(lines, index) for run in self.real if len(lines := run.lines(form.form))]
        return all(len(row) > FEW and len(np.unique(np.diff(row))) == 1 and row[1] > row[0] for row in values)

    def _made(
        self,
        name: str,
        at_points: tuple[list[Indices], Numbers, str],
        read: Sequence[Numbers],
        ends: Sequence[tuple[int, float] | None],
    ) -> Series:
        places, points, axis = at_points
        values, shown = np.full((len(read), len(points)), np.nan), np.zeros((len(read), len(points)), bool)
        for at, (place, of_run) in enumerate(zip(places, read, strict=True)):
            values[at, place] = of_run
            shown[at, place] = True
        return Series(name, self.columns[name], axis, points, values, shown, len(self.real), tuple(ends))

    def series(self, name: str) -> Series:
        """Read one series in all runs."""
        if name in self._asked:
            return self._series_asked(name)
        column = self.columns[name]
        rows = [self._rows(run, column) for run in self.runs]
        keys, names = self._keys(rows, self._forms[column.form])
        read = _read(rows, len(self.real))
        ends = [
            (int(row.lines[-1]), float(values[-1])) if len(row.lines) else None
            for row, values in zip(rows, read, strict=True)
        ]
        skipped = self._skipped(rows, keys)
        keys = [its[one.is_placed] for its, one in zip(keys, skipped, strict=True)]
        read = [its[one.is_placed] for its, one in zip(read, skipped, strict=True)]
        at_points = placed(keys, names, [one.before[one.is_placed] for one in skipped])
        return self._made(name, at_points, read, ends)

    def _skipped(self, rows: Sequence["_Rows"], keys: Sequence[Numbers]) -> list[Skipped]:
        shown = [Shown(row.lines, key) for row, key in zip(rows, keys, strict=True)]
        real = {id(run.observed): its for run, its in zip(self.real, shown, strict=False)}
        return [
            skipped_points(its, self._gaps.get(id(row.run.observed), ()), real)
            for its, row in zip(shown, rows, strict=True)
        ]

    def _rows(self, run: Printed, column: Column) -> "_Rows":
        lines, index = run.of(column)
        if len(lines) or column.metric is None:
            return _Rows(run, lines, index, column)
        alike = [one for one in self.columns.values() if one.metric and one.metric.name == column.metric.name]
        others = run.named(column.metric.name, self._forms)
        nth = sum(one.index < column.index for one in alike)
        if nth < len(others) and len({one.form for one in alike}) == 1:
            return _Rows(run, *run.of(others[nth]), others[nth])
        return _Rows(run, lines, index, column)

    def _keys(self, rows: Sequence["_Rows"], form: Form) -> tuple[list[Numbers], tuple[str, ...]]:
        """Return the counters of a series: their values in each run (lines × counters), and their names."""
        really = rows[: len(self.real)]
        # A line that real runs print only once needs no counters.
        if max(len(row.lines) for row in really) <= 1:
            return [np.empty((len(row.lines), 0)) for row in rows], ()
        shared = [at for at in form.counters if self._is_shared(form, at)]
        names = "epoch", *map(form.name_of, shared)
        keys = [np.full((len(row.lines), len(names)), -1.0) for row in rows]
        for key, row in zip(keys, rows, strict=True):
            theirs = row.run.form(row.column.form).counters if row.column.form != form.form else form.counters
            key[:, 0] = row.run.observed.curves.epochs.at(row.lines)
            for at, counter in enumerate(shared, start=1):
                nth = form.counters.index(counter)
                if row.column.parts:
                    key[:, at] = self._counted(row, form.name_of(counter))
                elif nth < len(theirs):
                    key[:, at] = row.run.values(row.lines, theirs[nth])
        if shared or any((key[:, 0] >= 0).any() for key in keys[: len(really)]):
            return keys, names
        known = self._known_rising
        rising = known[form.form] if form.form in known else known.setdefault(form.form, self._rising(form))
        if rising is None or any(row.column.parts for row in rows):
            return keys, names
        return [row.run.values(row.lines, rising)[:, None] for row in rows], (form.name_of(rising),)

    def _counted(self, row: "_Rows", name: str) -> Numbers:
        """Return the named counter's value in each line of a merged column; -1 if a line lacks this counter."""
        found = np.full(len(row.lines), -1.0)
        for part in (row.column.form, *(form for form, _index in row.column.parts)):
            counters = counters_of(self._forms[part])
            its = np.isin(row.lines, row.run.lines(part))
            if name in counters:
                found[its] = row.run.values(row.lines[its], counters[name])
        return found

    def _is_shared(self, form: Form, counter: int) -> bool:
        """Return whether the real runs have at least half of a counter's values in common."""
        values = [np.unique(run.values(lines, counter)) for run in self.real if len(lines := run.lines(form.form))]
        common = reduce(np.intersect1d, values)
        # The steps of an agent's episodes may have few values in common, because episodes end at random.
        return 2 * len(common) >= min(map(len, values))

    def _rising(self, form: Form) -> int | None:
        """Return the index of the first whole number that rises from line to line in every real run."""
        for at in range(min(len(form.spans), MOST_COLUMNS)):
            values = [run.values(lines, at) for run in self.real if len(lines := run.lines(form.form))]
            rises = all((value[1:] > value[:-1]).all() and (value == np.rint(value)).all() for value in values)
            if rises and self._is_shared(form, at) and not (form.is_environment(at) or form.metric(at)):
                return at
        return None


def _most_promising(columns: Sequence[Column]) -> list[Column]:
    """Return the columns to test, at most `MOST_SERIES`, in their order in `columns`."""
    # The order of an object's keys or a table's columns must not matter.
    ranks = [(column.is_environment, column.metric is None, promise(column)) for column in columns]
    kept = sorted(range(len(columns)), key=ranks.__getitem__)[:MOST_SERIES]
    return [columns[at] for at in sorted(kept)]


def _all_headed(
    columns: Sequence[Column], labels: Set[str], form_of: Mapping[tuple[str, Fixed], Form]
) -> frozenset[str]:
    """Return the `labels` shared by several columns whose lines all begin with different words."""
    alike: dict[str, list[Column]] = {}
    for column in columns:
        alike.setdefault(column.label, []).append(column)
    heads = {
        label: [form_of[one.form, one.fixed].head(one.index, label) for one in alike[label]]
        for label in labels
        if len(alike[label]) > 1
    }
    return frozenset(label for label, its in heads.items() if all(its) and len(set(its)) == len(its))


def _shortened(name: str) -> str:
    """Shorten a name longer than `LONGEST_NAME` to its end, which begins with a whole word."""
    return name if len(name) <= LONGEST_NAME else "… " + name[-LONGEST_NAME:].split(" ", 1)[-1]


class _Rows(NamedTuple):
    """The lines of one run that show a series, and the column in which they show it."""

    run: Printed
    lines: Indices
    indices: Indices
    """For each line, the index of the value among the numbers of the line."""
    column: Column


def _read(rows: Sequence[_Rows], n_real: int) -> list[Numbers]:
    """Read the values of each run; accuracies become fractions."""
    read = [_marked(row) for row in rows]
    bare = [values[is_bare] for values, is_bare in read]
    undecided = np.concatenate(bare[:n_real]) if any(map(len, bare[:n_real])) else np.concatenate(bare)
    # One accuracy above 1 makes all those without a unit percentages, also in a run that stays below 1 %.
    if np.nanmax(undecided, initial=0.0) > 1:
        return [np.where(is_bare, values / 100, values) for values, is_bare in read]
    return [values for values, _is_bare in read]


def _marked(row: _Rows) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return all values, with `97%` and `97/100` as fractions, and a mask of the accuracies without a unit."""
    run, lines, index, column = row
    values = run.values(lines, index)
    bare = np.zeros(len(lines), bool)
    if column.metric is None or not column.metric.is_accuracy:
        return values, bare
    wholes = run.values(lines, index + 1)
    for metric, its in run.metrics(lines, index):
        if metric and metric.of:
            part = its & (wholes != 0)
            values[part] /= wholes[part]
        elif metric and metric.is_percent:
            values[its] /= 100
        else:
            bare |= its
    return values, bare
