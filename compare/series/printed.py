"""Groups the lines of one run by form, and reads their numbers."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.metrics import Metric
from gedanken.compare.output.progress_bars import masked_bar
from gedanken.compare.output.table_columns import names_of_row
from gedanken.compare.output.text_lines import indices_containing
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.series.columns import (
    LONGEST,
    MEMBER,
    MOST_COLUMNS,
    SECTION,
    Column,
    Fixed,
    Form,
    form_up_to_last_value,
)
from gedanken.compare.series.sections import sections
from gedanken.compare.source.print_sites import PrintSite

MOST_FORMS = 1000
"""Maximum number of forms that are read, the most frequent first.

Forms that differ only in the text after their last number are counted as one.
"""
_MONITORING = (
    *("improve", "monitor", "stopping", "best_model", "decrease", "reached", "in top"),
    *("best metric", "cur metric", "current metric"),
)
"""Every line that names the metric for stopping or saving the model contains one of these texts."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class Printed:
    """The output of one run, grouped by form."""

    def __init__(self, run: ParsedRun, cut: int | None = None) -> None:
        """Read a run. `cut` is a line with a progress bar that is cut off by the end of the log; its numbers are
        ignored.
        """
        self.observed = run
        self._cut_line = cut
        self._transcript = run.transcript
        self._number_of_form: dict[str, int] = {}
        trunks = [form_up_to_last_value(form) for form in self._transcript.forms]
        number_of = np.array(
            [self._number_of_form.setdefault(trunk, len(self._number_of_form)) for trunk in trunks], np.int64
        )
        form_of_line = number_of[self._transcript.form_of] if trunks else np.empty(0, np.int64)
        self._order = np.argsort(form_of_line, kind="stable")
        self._bounds = np.searchsorted(form_of_line[self._order], np.arange(len(self._number_of_form) + 1))

    @cached_property
    def form_counts(self) -> dict[str, int]:
        """How often each form with a value occurs, the most frequent form first.

        Forms longer than a line of a log are left out.
        """
        counts = np.diff(self._bounds)
        forms = list(self._number_of_form)
        frequent = np.argsort(-counts, kind="stable")[: 10 * MOST_FORMS].tolist()
        return {
            forms[index]: int(counts[index])
            for index in frequent
            if "#" in forms[index] and len(forms[index]) <= LONGEST
        }

    @property
    def forms_naming_metrics(self) -> list[str]:
        """Forms that may name the metric by which the program stops or saves its model."""
        forms = self._transcript.forms
        candidates = [forms[index] for index in self._transcript.forms_with(_MONITORING) if index < 10 * MOST_FORMS]
        return [
            candidates[index] for index in indices_containing([form[:LONGEST] for form in candidates], _MONITORING)
        ]

    def form(self, form: str, sites: Sequence[PrintSite] = (), fixed: Fixed = ()) -> Form:
        """Interpret a form, using its first line and, if this line is a row of a table, the header of the table."""
        first = int(self.lines(form, fixed)[0])
        return self._read_form(form, first, sites, fixed)

    def _read_form(self, form: str, index: int, sites: Sequence[PrintSite] = (), fixed: Fixed = ()) -> Form:
        compared = self._transcript.compared(index)
        line = compared.replace(MASK, " ")  # names are read without what is ignored
        spans = [match.span() for match in VALUE.finditer(line)]
        row = names_of_row(
            compared,
            spans[:MOST_COLUMNS],
            lambda distance: self._transcript.above(index, distance),
        )
        is_bar = masked_bar(self._transcript.lines[index]) is not None
        return Form(form, line, sites, tuple(row) if row else None, fixed, is_bar)

    def lines(self, form: str, fixed: Fixed = ()) -> Indices:
        """Return the sorted indices of the lines that have this form and the values in `fixed`."""
        number = self._number_of_form.get(form)
        if number is None:
            return np.empty(0, np.int64)
        lines = self._order[self._bounds[number] : self._bounds[number + 1]]
        for index, value in fixed:
            lines = lines[self.values(lines, index) == value]
        return lines

    def end_of_object(self, line: int) -> int:
        """If `line` shows a key of an object that takes several lines, return the line of its last key; otherwise
        return `line`.
        """
        forms, form_of = self._transcript.forms, self._transcript.form_of
        if MEMBER.match(forms[form_of[line]]):
            while line + 1 < len(form_of) and MEMBER.match(forms[form_of[line + 1]]):
                line += 1
        return line

    def column_positions(self, column: Column) -> tuple[Indices, Indices]:
        """Return two arrays: the lines that show a column, in order, and for each of them the index of the
        column's value in the line.
        """
        form_indices = [(self.lines(column.form, column.fixed), column.index)]
        form_indices += [(self.lines(form), index) for form, index in column.merged]
        lines = np.concatenate([form_lines for form_lines, _index in form_indices])
        indices = np.repeat(
            [index for _lines, index in form_indices], [len(form_lines) for form_lines, _index in form_indices]
        )
        if self._cut_line is not None:
            lines, indices = lines[lines != self._cut_line], indices[lines != self._cut_line]
        if unknown := self.observed.rows_without_header:
            is_known = ~np.isin(lines, list(unknown))
            lines, indices = lines[is_known], indices[is_known]
        order = np.argsort(lines, kind="stable")
        return lines[order], indices[order]

    def values(self, lines: Indices, index: int | Indices) -> Numbers:
        """Return one value of each line; NaN if a line lacks this value.

        `index` is the position of the value: a single one for all lines, or one for each line. SECTION stands for the
        heading above a line.
        """
        if isinstance(index, int) and index == SECTION:
            return self._sections[lines].astype(float)
        starts = self._transcript.starts
        positions = starts[lines] + index
        is_shown = positions < starts[lines + 1]
        values = np.full(len(lines), np.nan)
        values[is_shown] = self._transcript.values[positions[is_shown]]
        return values

    @cached_property
    def _sections(self) -> NDArray[np.int8]:
        return sections(
            self._transcript, self.observed.curves.epochs.epochs_at(np.arange(len(self._transcript.lines)))
        )

    def restore_headings(self, form: str, real: Sequence["Printed"]) -> None:
        """If this run shows fewer headings than the real runs, give lines of a form the headings that they have in
        real runs.

        The real runs must agree on these headings, such as `Validation:`.
        """
        real_headings = [run.values(run.lines(form), SECTION) for run in real]
        lines = self.lines(form)
        headings = self.values(lines, SECTION)
        are_same = all(np.array_equal(real_headings[0], run_headings) for run_headings in real_headings[1:]) and len(
            headings
        ) == len(real_headings[0])
        if are_same and np.count_nonzero(headings) < np.count_nonzero(real_headings[0]):
            self._sections[lines] = real_headings[0].astype(np.int8)

    def metrics(self, lines: Indices, index: Indices) -> Iterator[tuple[Metric | None, NDArray[np.bool_]]]:
        """For each shape among these lines, yield the metric of the value at `index`, and a mask of the lines with
        this shape.
        """
        shapes = self._transcript.shape_of[lines]
        for shape in np.unique(shapes):
            is_of_shape = shapes == shape
            first = int(np.argmax(is_of_shape))
            yield self._read_form("", int(lines[first])).metric(int(index[first])), is_of_shape

    def columns_of_metric(self, metric: str, excluded: Iterable[str]) -> list[Column]:
        """Return the columns of a metric in its most frequent form; empty if there is none.

        Forms in `excluded`, which are those of the real runs, are skipped, because this run may use other words.
        """
        for form in list(self.form_counts)[:MOST_FORMS]:
            columns = [
                column for column in self._metrics_of_form(form) if column.metric and column.metric.name == metric
            ]
            if columns and form not in excluded:
                return columns
        return []

    def has_measurement(self, form: str) -> bool:
        """Return whether lines of this form show a measurement, such as a loss, and not only counters and times."""
        return any(not column.is_environment for column in self.form(form).columns())

    def shows_metric(self, form: str) -> bool:
        return bool(self._metrics_of_form(form))

    def _metrics_of_form(self, form: str) -> list[Column]:
        if form not in self._cached_metrics:
            self._cached_metrics[form] = [column for column in self.form(form).columns() if column.metric]
        return self._cached_metrics[form]

    @cached_property
    def _cached_metrics(self) -> dict[str, list[Column]]:
        return {}
