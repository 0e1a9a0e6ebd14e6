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
from gedanken.compare.series.columns import MOST_COLUMNS, SECTION, Column, Fixed, Form, column_of_user_metric
from gedanken.compare.series.merged_columns import counters_of, merge_columns
from gedanken.compare.series.places import assign_points
from gedanken.compare.series.primary_endpoint import (
    choose_endpoint,
    column_statistics,
    endpoint_sort_key,
    monitored_metrics,
)
from gedanken.compare.series.printed import MOST_FORMS, Printed
from gedanken.compare.series.skipped_points import ShownValues, SkippedValues, skipped_points
from gedanken.compare.series.user_metrics import read_user_metrics

MOST_SERIES = 60
"""Maximum number of series that are tested. If there are more, those most likely to be primary endpoints are kept."""
LONGEST_NAME = 90
MIN_RISING_VALUES = 3
MOST_VARIANTS = 16
"""Maximum number of variants of a name, such as `top-1` and `top-5`.

If there are more, the number in the name is taken for an identifier.
"""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """A number that the program prints repeatedly, such as the loss, with its values in each run.

    The real runs come first.
    """

    name: str
    column: Column
    axis: str
    """The quantity by which the points are numbered, for example `epoch`."""
    points: Numbers
    values: Numbers
    """The values (runs × points); NaN if a run shows no value."""
    shown: NDArray[np.bool_]
    """For each run and point (runs × points), whether the run shows a value, which may itself be NaN."""
    n_real: int
    ends: tuple[tuple[int, float] | None, ...]
    """For each run, the last value that it shows, as (index of the line, value)."""


class AllSeries:
    """All series of a comparison. Which series there are is decided by the real runs alone."""

    def __init__(self, run_set: RunSet) -> None:
        self.real = [Printed(run) for run in run_set.leaves]
        last_line_of = run_set.compute_once(cut_lines)
        self.runs = self.real + [Printed(run, last_line_of.get(id(run))) for run in run_set.samples]
        self._file_name = run_set.program.name.rsplit("/", 1)[-1] if run_set.program else ""
        self._sites = run_set.source.terminal_sites() if run_set.source else ()
        self._gaps = run_set.compute_once(gaps)
        self._rising_cache: dict[str, int | None] = {}
        self._user_metrics = read_user_metrics([run.observed for run in self.runs], run_set.asked.named_metrics)

    @cached_property
    def _forms(self) -> dict[str, Form]:
        """The forms that at least two real runs show (or the real run, if there is only one), the most frequent
        first.
        """
        form_counts: dict[str, int] = {}
        runs_by_form: dict[str, list[Printed]] = {}
        for run in self.real:
            for form, count in run.form_counts.items():
                form_counts[form] = form_counts.get(form, 0) + count
                runs_by_form.setdefault(form, []).append(run)
        common = [form for form in form_counts if len(runs_by_form[form]) >= min(2, len(self.real))]
        common.sort(key=lambda form: -form_counts[form])
        return {form: runs_by_form[form][0].form(form, self._sites) for form in common[:MOST_FORMS]}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns by name, in the order in which they are tested."""
        variants = [variant for form in self._forms.values() for variant in self._split_form(form)]
        candidates = merge_columns(
            [column for variant in variants for column in variant.columns()], self._forms, self.real
        )
        candidates.sort(key=lambda column: (column.is_environment, column.metric is None))
        named = {name: column_of_user_metric(name) for name in self._user_metrics}
        form_of = {(variant.form, variant.fixed): variant for variant in variants}
        selected = candidates if len(candidates) <= MOST_SERIES else _most_promising(candidates)
        full_columns = [form_of[column.form, column.fixed].named_in_full(column) for column in selected]
        labels_with_head = _labels_with_unique_heads(candidates, {column.label for column in full_columns}, form_of)
        for column in full_columns:
            location = f" ({self._file_name}:{column.site.line})" if column.site else ""
            if column.is_environment and column.label + location in named:
                continue
            label = f"{column.head} {column.label}" if column.label in labels_with_head else column.label
            names = [_shorten(name) + location for name in (label, *column.longer_names)]
            names.append(f"{names[-1]}, {len(named)}")
            named[next(name for name in names if name not in named)] = column
        return named

    def _split_form(self, form: Form) -> list[Form]:
        """Split a form by the values within names: `Top-1` and `Top-5` are two metrics."""
        split_indices: list[int] = []
        for index in form.parts_of_names:
            values = [
                frozenset(run.values(lines, index).tolist())
                for run in self.real
                if len(lines := run.lines(form.form))
            ]
            # A value that differs from one real run to the next is an identifier or a date.
            if len(set(values)) == 1 and 1 < len(values[0]) <= MOST_VARIANTS and not self._rises_evenly(form, index):
                split_indices.append(index)
        if self._is_below_headings(form):
            split_indices.append(SECTION)
            for run in self.runs[len(self.real) :]:
                run.restore_headings(form.form, self.real)
        if not split_indices:
            return [form]
        first_run = next(run for run in self.real if len(run.lines(form.form)))
        lines = first_run.lines(form.form)
        table = np.stack([first_run.values(lines, index) for index in split_indices], axis=1)
        rows = np.unique(table, axis=0)
        if len(rows) > MOST_VARIANTS:
            return [form]
        fixed = [tuple(zip(split_indices, row, strict=True)) for row in rows.tolist()]
        return [first_run.form(form.form, self._sites, fixed_values) for fixed_values in fixed]

    @property
    def never_shown(self) -> list[str]:
        """A message for each user-defined metric (`--as`) that no real run shows."""
        n_real = len(self.real)
        never = [
            name for name, runs in self._user_metrics.items() if not any(len(lines) for lines, _ in runs[:n_real])
        ]
        return [
            f"Whether {name} differs. Its expression (--as) finds no number in any line of a real run."
            for name in never
        ]

    def endpoint(self, wanted: str | None) -> Endpoint | None:
        """Choose the series whose last value is the primary endpoint. Only real runs are examined."""
        statistics = {}
        for name, column in self.columns.items():
            lines, values = zip(
                *(self._values_of_run(index, name, column) for index in range(len(self.real))), strict=True
            )
            ends = [
                (run.end_of_object(int(run_lines[-1])) + 1) / max(1, len(run.observed.lines))
                for run, run_lines in zip(self.real, lines, strict=True)
                if len(run_lines)
            ]
            statistics[name] = column_statistics(values, ends)
        forms = [form for run in self.real for form in run.forms_naming_metrics]
        return choose_endpoint(self.columns, statistics, len(self.real), wanted, monitored_metrics(forms))

    def _values_of_run(self, run_index: int, name: str, column: Column) -> tuple[Indices, Numbers]:
        """Return the lines of one run that show a column, and the values of the column as they are printed."""
        if name in self._user_metrics:
            return self._user_metrics[name][run_index]
        lines, indices = self.runs[run_index].column_positions(column)
        return lines, self.runs[run_index].values(lines, indices)

    def _user_series(self, name: str) -> Series:
        """Build the series of a user-defined metric. Its points are epochs if its lines name epochs."""
        readings = self._user_metrics[name]
        keys = [
            run.observed.curves.epochs.epochs_at(lines)[:, None].astype(float)
            for run, (lines, _values) in zip(self.runs, readings, strict=True)
        ]
        ends = [(int(lines[-1]), float(values[-1])) if len(lines) else None for lines, values in readings]
        return self._make_series(name, assign_points(keys, ("epoch",)), [values for _lines, values in readings], ends)

    def _is_below_headings(self, form: Form) -> bool:
        """Return whether lines of the form are below headings such as `Validation:` that are the same in all real
        runs.
        """
        if not any(form.metric(index) for index in range(min(len(form.spans), MOST_COLUMNS))):
            return False
        values = [np.unique(run.values(lines, SECTION)) for run in self.real if len(lines := run.lines(form.form))]
        return bool(values[0].any()) and all(np.array_equal(row, values[0]) for row in values)

    def _rises_evenly(self, form: Form, index: int) -> bool:
        """Return whether a value rises by the same step from line to line, as in `1epoch` or `model_3.pt`."""
        values = [run.values(lines, index) for run in self.real if len(lines := run.lines(form.form))]
        return all(
            len(row) > MIN_RISING_VALUES and len(np.unique(np.diff(row))) == 1 and row[1] > row[0] for row in values
        )

    def _make_series(
        self,
        name: str,
        placement: tuple[list[Indices], Numbers, str],
        values_by_run: Sequence[Numbers],
        ends: Sequence[tuple[int, float] | None],
    ) -> Series:
        point_indices, points, axis = placement
        values, is_shown = (
            np.full((len(values_by_run), len(points)), np.nan),
            np.zeros((len(values_by_run), len(points)), bool),
        )
        for index, (indices, run_values) in enumerate(zip(point_indices, values_by_run, strict=True)):
            values[index, indices] = run_values
            is_shown[index, indices] = True
        return Series(name, self.columns[name], axis, points, values, is_shown, len(self.real), tuple(ends))

    def series(self, name: str) -> Series:
        """Read one series in all runs."""
        if name in self._user_metrics:
            return self._user_series(name)
        column = self.columns[name]
        rows = [self._rows_of_run(run, column) for run in self.runs]
        keys, names = self._counters_of_rows(rows, self._forms[column.form])
        read = _read_values(rows, len(self.real))
        ends = [
            (int(row.lines[-1]), float(values[-1])) if len(row.lines) else None
            for row, values in zip(rows, read, strict=True)
        ]
        skipped = self._skipped_values(rows, keys)
        keys = [run_keys[run_skipped.is_placed] for run_keys, run_skipped in zip(keys, skipped, strict=True)]
        read = [run_values[run_skipped.is_placed] for run_values, run_skipped in zip(read, skipped, strict=True)]
        at_points = assign_points(keys, names, [run_skipped.before[run_skipped.is_placed] for run_skipped in skipped])
        return self._make_series(name, at_points, read, ends)

    def _skipped_values(self, rows: Sequence["_Rows"], keys: Sequence[Numbers]) -> list[SkippedValues]:
        shown_by_run = [ShownValues(row.lines, key) for row, key in zip(rows, keys, strict=True)]
        real = {id(run.observed): points for run, points in zip(self.real, shown_by_run, strict=False)}
        return [
            skipped_points(points, self._gaps.get(id(row.run.observed), ()), real)
            for points, row in zip(shown_by_run, rows, strict=True)
        ]

    def _rows_of_run(self, run: Printed, column: Column) -> "_Rows":
        lines, index = run.column_positions(column)
        if len(lines) or column.metric is None:
            return _Rows(run, lines, index, column)
        same_metric = [
            candidate
            for candidate in self.columns.values()
            if candidate.metric and candidate.metric.name == column.metric.name
        ]
        other_columns = run.columns_of_metric(column.metric.name, self._forms)
        nth = sum(candidate.index < column.index for candidate in same_metric)
        if nth < len(other_columns) and len({candidate.form for candidate in same_metric}) == 1:
            return _Rows(run, *run.column_positions(other_columns[nth]), other_columns[nth])
        return _Rows(run, lines, index, column)

    def _counters_of_rows(self, rows: Sequence["_Rows"], form: Form) -> tuple[list[Numbers], tuple[str, ...]]:
        """Return the counters of a series: their values in each run (lines × counters), and their names."""
        real_rows = rows[: len(self.real)]
        # A line that real runs print only once needs no counters.
        if max(len(row.lines) for row in real_rows) <= 1:
            return [np.empty((len(row.lines), 0)) for row in rows], ()
        shared_counters = [counter for counter in form.counters if self._is_shared(form, counter)]
        names = "epoch", *map(form.name_of, shared_counters)
        keys = [np.full((len(row.lines), len(names)), -1.0) for row in rows]
        for key, row in zip(keys, rows, strict=True):
            row_counters = row.run.form(row.column.form).counters if row.column.form != form.form else form.counters
            key[:, 0] = row.run.observed.curves.epochs.epochs_at(row.lines)
            for position, counter in enumerate(shared_counters, start=1):
                nth = form.counters.index(counter)
                if row.column.merged:
                    key[:, position] = self._counter_in_merged(row, form.name_of(counter))
                elif nth < len(row_counters):
                    key[:, position] = row.run.values(row.lines, row_counters[nth])
        if shared_counters or any((key[:, 0] >= 0).any() for key in keys[: len(real_rows)]):
            return keys, names
        cache = self._rising_cache
        rising_index = (
            cache[form.form] if form.form in cache else cache.setdefault(form.form, self._first_rising_number(form))
        )
        if rising_index is None or any(row.column.merged for row in rows):
            return keys, names
        return [row.run.values(row.lines, rising_index)[:, None] for row in rows], (form.name_of(rising_index),)

    def _counter_in_merged(self, row: "_Rows", name: str) -> Numbers:
        """Return the value of the counter `name` in each line of a merged column; -1 if a line lacks this counter."""
        values = np.full(len(row.lines), -1.0)
        for part in (row.column.form, *(form for form, _index in row.column.merged)):
            counters = counters_of(self._forms[part])
            is_of_part = np.isin(row.lines, row.run.lines(part))
            if name in counters:
                values[is_of_part] = row.run.values(row.lines[is_of_part], counters[name])
        return values

    def _is_shared(self, form: Form, counter: int) -> bool:
        """Return whether the real runs have at least half of a counter's values in common."""
        values = [np.unique(run.values(lines, counter)) for run in self.real if len(lines := run.lines(form.form))]
        common = reduce(np.intersect1d, values)
        # The steps of an agent's episodes may have few values in common, because episodes end at random.
        return 2 * len(common) >= min(map(len, values))

    def _first_rising_number(self, form: Form) -> int | None:
        """Return the index of the first whole number that rises from line to line in every real run."""
        for index in range(min(len(form.spans), MOST_COLUMNS)):
            values = [run.values(lines, index) for run in self.real if len(lines := run.lines(form.form))]
            rises = all((value[1:] > value[:-1]).all() and (value == np.rint(value)).all() for value in values)
            if rises and self._is_shared(form, index) and not (form.is_environment(index) or form.metric(index)):
                return index
        return None


def _most_promising(columns: Sequence[Column]) -> list[Column]:
    """Return the columns to test, at most `MOST_SERIES`, in the same order as before."""
    # The order of an object's keys or a table's columns must not matter.
    ranks = [(column.is_environment, column.metric is None, endpoint_sort_key(column)) for column in columns]
    selected = sorted(range(len(columns)), key=ranks.__getitem__)[:MOST_SERIES]
    return [columns[index] for index in sorted(selected)]


def _labels_with_unique_heads(
    columns: Sequence[Column], labels: Set[str], form_of: Mapping[tuple[str, Fixed], Form]
) -> frozenset[str]:
    """Return those of `labels` that several columns have, if the lines of these columns begin with different
    words.
    """
    columns_by_label: dict[str, list[Column]] = {}
    for column in columns:
        columns_by_label.setdefault(column.label, []).append(column)
    heads = {
        label: [
            form_of[labelled.form, labelled.fixed].head(labelled.index, label) for labelled in columns_by_label[label]
        ]
        for label in labels
        if len(columns_by_label[label]) > 1
    }
    return frozenset(
        label
        for label, label_heads in heads.items()
        if all(label_heads) and len(set(label_heads)) == len(label_heads)
    )


def _shorten(name: str) -> str:
    """Cut a name that is longer than `LONGEST_NAME` to its end, beginning with a whole word."""
    return name if len(name) <= LONGEST_NAME else "… " + name[-LONGEST_NAME:].split(" ", 1)[-1]


class _Rows(NamedTuple):
    """The lines of one run that show a series, and the column in which they do."""

    run: Printed
    lines: Indices
    indices: Indices
    """For each line, the index of the value among the numbers of the line."""
    column: Column


def _read_values(rows: Sequence[_Rows], n_real: int) -> list[Numbers]:
    """Read the values of each run. Accuracies are converted to fractions."""
    values_and_masks = [_values_and_bare_mask(row) for row in rows]
    bare_values = [values[is_bare] for values, is_bare in values_and_masks]
    undecided = (
        np.concatenate(bare_values[:n_real]) if any(map(len, bare_values[:n_real])) else np.concatenate(bare_values)
    )
    # One accuracy above 1 makes all those without a unit percentages, also in a run that stays below 1 %.
    if np.nanmax(undecided, initial=0.0) > 1:
        return [np.where(is_bare, values / 100, values) for values, is_bare in values_and_masks]
    return [values for values, _is_bare in values_and_masks]


def _values_and_bare_mask(row: _Rows) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return all values, and a mask of those that are accuracies without a unit.

    `97%` and `97/100` are converted to fractions.
    """
    run, lines, indices, column = row
    values = run.values(lines, indices)
    is_bare = np.zeros(len(lines), bool)
    if column.metric is None or not column.metric.is_accuracy:
        return values, is_bare
    wholes = run.values(lines, indices + 1)
    for metric, is_of_metric in run.metrics(lines, indices):
        if metric and metric.of:
            part = is_of_metric & (wholes != 0)
            values[part] /= wholes[part]
        elif metric and metric.is_percent:
            values[is_of_metric] /= 100
        else:
            is_bare |= is_of_metric
    return values, is_bare
