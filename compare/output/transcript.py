"""Reads an output once: its lines, their forms (a line with `#` in place of each value), and the values, as
columns."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.compared import ComparedLines
from gedanken.compare.output.decimal_commas import with_points
from gedanken.compare.output.digit_groups import LONGEST, DigitGroups
from gedanken.compare.output.labels_above import all_labelled, labelled
from gedanken.compare.output.masking import MASK, Before, words_before_ids
from gedanken.compare.output.progress_bars import may_hold_bars, redrawn
from gedanken.compare.output.text_lines import Lines, containing

VALUE = re.compile(
    r"torch\.Size\([^()\n]*\)|tensor\([^()\n]*\)"
    r"|[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?|(?<![^\W\d])(?-i:[nN][aA][nN]|[iI][nN][fF])(?![^\W\d]))",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?)")
"""Matches the values of a line that contains only simple numbers; twice as fast as the full pattern."""
NO_DECIMALS = 255
"""Column entry for a value without a number of decimals, such as `nan` or `torch.Size([3])`."""
EXPONENT = 100
"""Added to the number of decimals of a value with an exponent: 103 for `1.019e-01`."""
_PARTS = re.compile(r"(?P<sign>[-+]?)\d+(?P<fraction>\.\d+)?(?P<exponent>[eE](?P<below>-?)\+?\d+)?%?")
_ROW = re.compile(r"\d+")
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Control sequences of a terminal (ECMA-48), such as colours and cursor movements."""
_MINUS = "−"
_SHARP = "\ufdd0"
"""Replaces a printed `#` in a form; not a valid character, so no line contains it."""
_CHUNK = 1 << 15
"""Number of lines that are read at a time: their columns fit into a processor's cache."""
_FEW_VALUES = 16
"""Maximum number of values of a shape whose rows in `_Kinds` are cached, because many shapes have the same values."""
_EXACT = 15
"""Maximum number of digits of a number that a double represents exactly."""


def skeleton(line: str) -> str:
    """Return the form of a line: its words, with `#` in place of each value. A `#` of the line itself becomes another
    character, so that it is not mistaken for a value.
    """
    return _taken_apart(line)[0]


def _taken_apart(line: str) -> tuple[str, list[str]]:
    """Return the form of a line, and the texts of its values."""
    if "#" in line:
        line = line.replace("#", _SHARP)
    if line.isascii():
        low = line.lower()
        if not _has_others(low):
            parts = _NUMBERS.split(line)
            return " ".join("#".join(parts[::2]).split()), parts[1::2]
    return " ".join(VALUE.sub("#", line).split()), VALUE.findall(line)


def _has_others(low: str) -> bool:
    return "nan" in low or "inf" in low or "torch.size" in low or "tensor(" in low


def template_of(form: str, hole: str) -> str:
    """Return the words of a form as they are printed, with `hole` in place of each value and each masked text."""
    return form.replace("#", hole).replace(MASK, hole).replace(_SHARP, "#")


def uncoloured(text: str) -> str:
    """Return a text without the control sequences of a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


class _Kinds:
    """Says how to read the values of shapes: a table with one row for each distinct text of a value, such as
    `-0.0`."""

    def __init__(self) -> None:
        self._row: dict[str, int] = {}
        self._rows: dict[tuple[str, ...], NDArray[np.int32]] = {}
        self._told: list[tuple[int, int, int, int, float, bool]] = []

    def rows(self, values: Sequence[str]) -> NDArray[np.int32]:
        """Return the row of each value."""
        few = tuple(values) if len(values) <= _FEW_VALUES else ()
        rows = self._rows.get(few) if few else None
        if rows is None:
            for value in dict.fromkeys(values):
                if value not in self._row:
                    self._row[value] = len(self._row)
                    self._told.append(_kind_of(value))
            rows = np.fromiter(map(self._row.__getitem__, values), np.int32, len(values))
        if few:
            self._rows[few] = rows
        return rows

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Return, as columns: the number of digit groups; the sign; whether there is a fraction; the sign of the
        exponent, or 0; the fixed value, and whether there is one (for `nan`, `inf`, a size).
        """
        return tuple(np.array(column) for column in zip(*self._told, strict=True))


class _Columns(NamedTuple):
    shapes: list[str]
    forms: list[str]
    form_of_shape: NDArray[np.int32]
    shape_of: NDArray[np.int32]
    starts: NDArray[np.int64]
    values: NDArray[np.float64]
    decimals: NDArray[np.uint8]


class Transcript:
    """The lines of one output, by index. Forms and values are stored as columns, so that a million lines fit into
    memory.

    All patterns in this package treat groups of digits alike, whatever their length and value. So patterns are
    applied only once to each *shape* of lines, which is a line with `0` in place of each group of digits; shapes are
    few.
    """

    def __init__(
        self, text: str, is_log: bool = False, before_ids: Before | None = None, decimal_commas: bool = False
    ) -> None:
        """Read a text. If it is a log whose program is not known (`is_log`), the parts that depend on machine and
        time are masked, and a progress bar counts as one line.

        `before_ids` are words that stand before ids in this log or in others (see `masking.Before`); by default they
        are read from this log. With `decimal_commas`, `0,5` is one number.
        """
        self.lines = Lines(text)
        self.decimal_commas = decimal_commas
        self._has_minus_signs = is_log and not text.isascii() and _MINUS in text
        self._is_log = is_log
        words = words_before_ids(text) if is_log and before_ids is None else before_ids
        self._comparing = ComparedLines(words or frozenset())
        self._stale = redrawn(self.lines) if is_log and may_hold_bars(text) else frozenset()

    def _compared(self, start: int) -> list[str]:
        """Return lines from this index on, in the form in which they are compared."""
        lines = self.lines[start : start + _CHUNK]
        if not self._is_log:
            return lines
        lines = all_labelled(self.lines[start - 1] if start else "", lines)
        if self.decimal_commas or self._has_minus_signs:
            lines = [self._plain(line) for line in lines]
        compared = self._comparing.all(lines)
        if self._stale:
            compared = ["" if start + at in self._stale else line for at, line in enumerate(compared)]
        return compared

    def compared(self, at: int) -> str:
        """Return the line with this index in the form in which it is compared: in a log, without what depends on the
        machine or the time.
        """
        if not self._is_log:
            return self.lines[at]
        if at in self._stale:
            return ""
        line = labelled(self.lines[at - 1], self.lines[at]) if at else self.lines[at]
        return self._comparing.one(self._plain(line))

    def pointed(self, at: int) -> str:
        """Return the line with this index, with its numbers in the usual notation: a decimal point, `-` for minus."""
        return self._plain(self.lines[at])

    def _plain(self, line: str) -> str:
        line = line.replace(_MINUS, "-") if self._has_minus_signs else line
        return with_points(line) if self.decimal_commas else line

    @cached_property
    def _columns(self) -> _Columns:
        shapes: dict[str, int] = {}
        forms: dict[str, int] = {}
        read = _Shapes(forms, [], [], _Kinds())
        chunks = [self._read(start, shapes, read) for start in range(0, len(self.lines), _CHUNK)]
        form_of_shape = np.array(read.form, np.int32)
        shape_of, counts, values, decimals = (
            np.concatenate(column) for column in zip(*chunks, _NOTHING, strict=True)
        )
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return _Columns(list(shapes), list(forms), form_of_shape, shape_of, starts, values, decimals)

    def _read(
        self, start: int, shapes: dict[str, int], read: "_Shapes"
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]:
        """Return, for the next _CHUNK lines from `start` on: the index of each line's shape, each line's number of
        values, all values, and each value's number of decimals.
        """
        lines = self._compared(start)
        rows = DigitGroups("\n".join(lines))
        for shape in rows.shapes:
            if shape not in shapes:
                shapes[shape] = len(shapes)
                read.add(shape)
        shape_of = np.fromiter(map(shapes.__getitem__, rows.shapes), np.int32, len(lines))
        present, local = np.unique(shape_of, return_inverse=True)
        counts = np.array([len(read.values[shape]) for shape in present], np.int64)
        of_line = counts[local]
        line = np.repeat(np.arange(len(lines)), of_line)
        place = np.arange(len(line)) - np.repeat(np.cumsum(of_line) - of_line, of_line)
        begins = np.cumsum(counts) - counts
        kinds = np.concatenate([read.values[shape] for shape in present] or [np.empty(0, np.int32)])
        values, decimals, hard = _numbers(read.kinds, kinds, begins, begins[local][line] + place, rows, line)
        for at in hard:
            values[at] = _number(VALUE.findall(lines[line[at]])[place[at]])
        return shape_of, of_line, values, decimals

    @property
    def forms(self) -> list[str]:
        """The distinct forms of all lines, in order of first appearance; a form is a line with `#` for each value."""
        return self._columns.forms

    @cached_property
    def form_of(self) -> NDArray[np.int32]:
        """The index of the form of each line."""
        columns = self._columns
        return columns.form_of_shape[columns.shape_of] if self.lines else columns.shape_of

    @property
    def shapes(self) -> list[str]:
        """The distinct shapes of all lines, in order of first appearance."""
        return self._columns.shapes

    @property
    def shape_of(self) -> NDArray[np.int32]:
        """The index of the shape of each line."""
        return self._columns.shape_of

    @property
    def form_of_shape(self) -> NDArray[np.int32]:
        """The index of the form of each shape."""
        return self._columns.form_of_shape

    @property
    def starts(self) -> NDArray[np.int64]:
        """The position in `values` at which the values of each line begin. One more entry, at the end, is the number
        of all values.
        """
        return self._columns.starts

    @property
    def values(self) -> NDArray[np.float64]:
        """All values of all lines, in order; NaN for a `torch.Size` or a `tensor`. A percentage is stored without its
        `%`: 97 for `97%`.
        """
        return self._columns.values

    @property
    def decimals(self) -> NDArray[np.uint8]:
        """The number of decimals of each value, or NO_DECIMALS; EXPONENT is added if the value has an exponent."""
        return self._columns.decimals

    @cached_property
    def _by_form(self) -> tuple[dict[str, int], NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.form_of, kind="stable")
        bounds = np.searchsorted(self.form_of[order], np.arange(len(self.forms) + 1))
        return {form: at for at, form in enumerate(self.forms)}, order, bounds

    def lines_of(self, form: str) -> NDArray[np.int64]:
        """Return the indices of the lines of a form, in order."""
        index, order, bounds = self._by_form
        at = index.get(form)
        return np.empty(0, np.int64) if at is None else order[bounds[at] : bounds[at + 1]]

    def table(self, lines: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of lines of one form, as lines × values."""
        width = int(self.starts[lines[0] + 1] - self.starts[lines[0]]) if len(lines) else 0
        table: NDArray[np.float64] = self.values[self.starts[lines][:, None] + np.arange(width)]
        return table

    def lines_with(self, shapes: Sequence[int]) -> NDArray[np.int64]:
        """Return the indices of the lines of these shapes, in order."""
        if not shapes:
            return np.empty(0, np.int64)
        wanted = np.zeros(len(self.shapes), bool)
        wanted[list(shapes)] = True
        return np.flatnonzero(wanted[self.shape_of])

    def shapes_with(self, words: Iterable[str]) -> list[int]:
        """Return the indices of the shapes whose form contains one of these words, given in lower case, in order."""
        is_wanted = np.zeros(len(self.forms), bool)
        is_wanted[containing(self.forms, words)] = True
        found: list[int] = np.flatnonzero(is_wanted[self.form_of_shape]).tolist()
        return found

    def by_shape(self, lines: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Split line indices into one array for each shape."""
        order = np.argsort(self.shape_of[lines], kind="stable")
        return np.split(lines[order], np.flatnonzero(np.diff(self.shape_of[lines[order]])) + 1)

    def column_of(self, lines: NDArray[np.int64], shape: str) -> Callable[[int, int], NDArray[np.float64] | None]:
        """Return a function that takes the start and end of a value in `shape`, and returns this value in each of
        `lines`, which all have this shape.

        A sign before the value, or a `%` after it, may be left out of the positions. The function returns None if
        there is no value at these positions.
        """
        starts = self.starts[lines]
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for place, found in enumerate(VALUE.finditer(shape)):
            start, end = found.start(), found.end() - found[0].endswith("%")
            spans[start, end] = place, 1
            if found[0][0] in "+-":
                spans[start + 1, end] = place, -1 if found[0][0] == "-" else 1

        def column(start: int, end: int) -> NDArray[np.float64] | None:
            place, sign = spans.get((start, end), (-1, 1))
            return None if place < 0 else sign * self.values[starts + place]

        return column


class _Shapes(NamedTuple):
    """The form of each shape, and how to read its values."""

    forms: dict[str, int]
    form: list[int]
    values: list[NDArray[np.int32]]
    """Rows of `kinds` for the values of each shape."""
    kinds: _Kinds

    def add(self, shape: str) -> None:
        """Add one new shape."""
        form, values = _taken_apart(shape)
        self.form.append(self.forms.setdefault(form, len(self.forms)))
        self.values.append(self.kinds.rows(values))


_NOTHING = (np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8))


def _kind_of(value: str) -> tuple[int, int, int, int, float, bool]:
    read = _PARTS.fullmatch(value)
    rows = len(_ROW.findall(value))
    if read is None:
        return rows, 1, 0, 0, _number(value), True
    exponent = 0 if not read["exponent"] else -1 if read["below"] else 1
    return rows, -1 if read["sign"] == "-" else 1, int(bool(read["fraction"])), exponent, 0.0, False


def _numbers(  # noqa: PLR0913 (columns of one table)
    known: _Kinds,
    kinds: NDArray[np.int32],
    begins: NDArray[np.int64],
    part: NDArray[np.int64],
    rows: DigitGroups,
    line: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return the values, their numbers of decimals, and the indices of the values that have too many digits to be
    read in this way.

    `kinds` holds the rows of `known` for the values of all shapes, and `begins` the position at which each shape
    starts in `kinds`; `part` is the position of each value in `kinds`.
    """
    if not len(part):
        return np.empty(0), np.empty(0, np.uint8), np.empty(0, np.int64)
    taken, sign, has_fraction, exponent, constant, is_constant = (column[kinds] for column in known.columns())
    before = np.cumsum(taken) - taken
    run = before - np.repeat(before[np.minimum(begins, len(kinds) - 1)], np.diff([*begins, len(kinds)]))
    run, sign, has_fraction, exponent, constant, is_constant = (
        column[part] for column in (run, sign, has_fraction, exponent, constant, is_constant)
    )
    # There may be no groups of digits after a value, or none at all: the padding keeps the indices valid.
    numbers, lengths = (np.append(column, [0, 0, 0]) for column in (rows.numbers, rows.lengths))
    at = np.where(is_constant, len(rows.numbers), rows.first[line] + run)
    behind = np.where(has_fraction, lengths[at + 1], 0)
    hard = (lengths[at] + behind > np.where(has_fraction | (exponent != 0), _EXACT, LONGEST)) & ~is_constant
    hard |= (exponent != 0) & (lengths[at + 1 + has_fraction] > LONGEST)
    scale = 10 ** np.minimum(behind, _EXACT)
    whole = np.where(hard, 0, numbers[at]) * scale + np.where(hard | (has_fraction == 0), 0, numbers[at + 1])
    values = np.where(is_constant, constant, sign * whole / scale)
    for one in np.flatnonzero((exponent != 0) & ~hard):
        power = exponent[one] * numbers[at[one] + 1 + has_fraction[one]] - behind[one]
        values[one] = float(f"{'-' if sign[one] < 0 else ''}{whole[one]}e{power}")
    decimals = np.minimum(behind, EXPONENT - 1) + np.where(exponent != 0, EXPONENT, 0)
    decimals = np.where(is_constant, NO_DECIMALS, decimals)
    return values, decimals.astype(np.uint8), np.flatnonzero(hard)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(text[:-1]) if text.endswith("%") else float("nan")
