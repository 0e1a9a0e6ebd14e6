"""Groups the lines of one run by form, and reads their numbers."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.masking import MASK
from gedanken.compare.output.metrics import Metric
from gedanken.compare.output.progress_bars import without_fill
from gedanken.compare.output.table_columns import names_of_row
from gedanken.compare.output.text_lines import containing
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.parsed.run_set import ParsedRun
from gedanken.compare.series.columns import LONGEST, MEMBER, MOST_COLUMNS, SECTION, Column, Fixed, Form, trunk_of
from gedanken.compare.series.sections import sections
from gedanken.compare.source.print_sites import PrintSite

MOST_FORMS = 1000
"""Maximum number of forms that are read, the most frequent first. Forms that differ only in the text after their last
number count as one."""
_MONITORING = (
    *("improve", "monitor", "stopping", "best_model", "decrease", "reached", "in top"),
    *("best metric", "cur metric", "current metric"),
)
"""If a line names the metric by which the program stops training or saves its model, it contains one of these texts.
"""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class Printed:
    """The output of one run, grouped by form."""

    def __init__(self, run: ParsedRun, cut: int | None = None) -> None:
        """Read a run without the numbers in line `cut`, a progress bar that the log's end cuts off."""
        self.observed = run
        self._cut = cut
        self._script = run.transcript
        self._number: dict[str, int] = {}
        trunks = [trunk_of(form) for form in self._script.forms]
        number_of = np.array([self._number.setdefault(trunk, len(self._number)) for trunk in trunks], np.int64)
        numbers = number_of[self._script.form_of] if trunks else np.empty(0, np.int64)
        self._order = np.argsort(numbers, kind="stable")
        self._bounds = np.searchsorted(numbers[self._order], np.arange(len(self._number) + 1))

    @cached_property
    def often(self) -> dict[str, int]:
        """How often each form with a value occurs, the most frequent first. Forms too long for a log line are left
        out."""
        counts = np.diff(self._bounds)
        forms = list(self._number)
        frequent = np.argsort(-counts, kind="stable")[: 10 * MOST_FORMS].tolist()
        return {forms[at]: int(counts[at]) for at in frequent if "#" in forms[at] and len(forms[at]) <= LONGEST}

    @property
    def worded(self) -> list[str]:
        """Forms that may state by which metric the program stops, or saves its model."""
        forms = self._script.forms
        some = [forms[at] for at in self._script.forms_with(_MONITORING) if at < 10 * MOST_FORMS]
        return [some[at] for at in containing([form[:LONGEST] for form in some], _MONITORING)]

    def form(self, form: str, sites: Sequence[PrintSite] = (), fixed: Fixed = ()) -> Form:
        """Interpret a form from its first line, and from the table's header if this line is a row."""
        first = int(self.lines(form, fixed)[0])
        return self._read_line(form, first, sites, fixed)

    def _read_line(self, form: str, at: int, sites: Sequence[PrintSite] = (), fixed: Fixed = ()) -> Form:
        compared = self._script.compared(at)
        line = compared.replace(MASK, " ")  # names are read without what is ignored
        spans = [found.span() for found in VALUE.finditer(line)]
        row = names_of_row(
            compared,
            spans[:MOST_COLUMNS],
            lambda distance: self._script.above(at, distance),
        )
        is_bar = without_fill(self._script.lines[at]) is not None
        return Form(form, line, sites, tuple(row) if row else None, fixed, is_bar)

    def lines(self, form: str, fixed: Fixed = ()) -> Indices:
        """Return the indices of the lines that have this form and the values in `fixed`, in order."""
        number = self._number.get(form)
        if number is None:
            return np.empty(0, np.int64)
        lines = self._order[self._bounds[number] : self._bounds[number + 1]]
        for index, value in fixed:
            lines = lines[self.values(lines, index) == value]
        return lines

    def end_of_object(self, line: int) -> int:
        """Return the line of an object's last key if `line` shows one of its keys; otherwise `line`."""
        forms, form_of = self._script.forms, self._script.form_of
        if MEMBER.match(forms[form_of[line]]):
            while line + 1 < len(form_of) and MEMBER.match(forms[form_of[line + 1]]):
                line += 1
        return line

    def of(self, column: Column) -> tuple[Indices, Indices]:
        """Return two arrays: the lines that show a column, in order, and its value's index in each line."""
        places = [(self.lines(column.form, column.fixed), column.index)]
        places += [(self.lines(form), index) for form, index in column.parts]
        lines = np.concatenate([its for its, _index in places])
        index = np.repeat([index for _lines, index in places], [len(its) for its, _index in places])
        if self._cut is not None:
            lines, index = lines[lines != self._cut], index[lines != self._cut]
        if unknown := self.observed.rows_without_header:
            is_known = ~np.isin(lines, list(unknown))
            lines, index = lines[is_known], index[is_known]
        order = np.argsort(lines, kind="stable")
        return lines[order], index[order]

    def values(self, lines: Indices, index: int | Indices) -> Numbers:
        """Return one value of each line; NaN if a line lacks this value.

        `index` is the position of the value: one for all lines, or one for each. SECTION stands for the heading above
        a line.
        """
        if isinstance(index, int) and index == SECTION:
            return self._sections[lines].astype(float)
        starts = self._script.starts
        at = starts[lines] + index
        known = at < starts[lines + 1]
        found = np.full(len(lines), np.nan)
        found[known] = self._script.values[at[known]]
        return found

    @cached_property
    def _sections(self) -> NDArray[np.int8]:
        return sections(self._script, self.observed.curves.epochs.at(np.arange(len(self._script.lines))))

    def restore_headings(self, form: str, real: Sequence["Printed"]) -> None:
        """Give lines of a form the headings of the real runs, such as `Validation:`, if this run lacks headings."""
        wanted = [run.values(run.lines(form), SECTION) for run in real]
        lines = self.lines(form)
        found = self.values(lines, SECTION)
        are_alike = all(np.array_equal(wanted[0], other) for other in wanted[1:]) and len(found) == len(wanted[0])
        if are_alike and np.count_nonzero(found) < np.count_nonzero(wanted[0]):
            self._sections[lines] = wanted[0].astype(np.int8)

    def metrics(self, lines: Indices, index: Indices) -> Iterator[tuple[Metric | None, NDArray[np.bool_]]]:
        """For each shape among these lines, yield the metric of the value at `index`, and a mask of the shape's
        lines."""
        shapes = self._script.shape_of[lines]
        for shape in np.unique(shapes):
            its = shapes == shape
            first = int(np.argmax(its))
            yield self._read_line("", int(lines[first])).metric(int(index[first])), its

    def named(self, metric: str, besides: Iterable[str]) -> list[Column]:
        """Return the columns of a metric in its most frequent form; empty if there is none.

        Forms in `besides`, those of the real runs, are skipped: this run may word its lines differently.
        """
        for form in list(self.often)[:MOST_FORMS]:
            found = [one for one in self._metrics(form) if one.metric and one.metric.name == metric]
            if found and form not in besides:
                return found
        return []

    def has_measurement(self, form: str) -> bool:
        """Return whether lines of this form show a measurement, such as a loss, and not only counters and times."""
        return any(not column.is_environment for column in self.form(form).columns())

    def shows_metric(self, form: str) -> bool:
        return bool(self._metrics(form))

    def _metrics(self, form: str) -> list[Column]:
        if form not in self._read:
            self._read[form] = [column for column in self.form(form).columns() if column.metric]
        return self._read[form]

    @cached_property
    def _read(self) -> dict[str, list[Column]]:
        return {}
