"""Reads an output once: its lines, the form of each line, and all values as arrays."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.compared_lines import ComparedLines
from gedanken.compare.output.digit_groups import DigitGroups
from gedanken.compare.output.labels_above import with_label_above, with_labels_above
from gedanken.compare.output.log_changes import NO_CHANGES, LogChanges
from gedanken.compare.output.masking import MASK, IdContexts, find_id_contexts
from gedanken.compare.output.number_commas import Commas, normalize_commas
from gedanken.compare.output.plain_numbers import normalized_numbers
from gedanken.compare.output.progress_bars import may_hold_bars, redrawn_lines
from gedanken.compare.output.text_lines import Lines, Texts, indices_containing
from gedanken.compare.output.value_columns import ValueKinds, parse_number, values_of
from gedanken.compare.output.wrapped_numbers import unwrapped

VALUE = re.compile(
    r"torch\.Size\([^()\n]*\)|tensor\([^()\n]*\)"
    r"|[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?|(?<![^\W\d])(?-i:[nN][aA][nN]|[iI][nN][fF])(?![^\W\d]))",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?)")
"""Matches the values of a line that contains only simple numbers; twice as fast as `VALUE`."""
_SPECIAL_VALUES = ("nan", "inf", "torch.size", "tensor(")
"""A line with a value that is not a simple number contains one of these texts, in upper or lower case."""
_UNICODE_MINUS = "−"
_SIGNED_ZERO, _UNSIGNED_ZERO = " -0", " 0"
_ESCAPED_SHARP = "\ufdd0"
"""Replaces a printed `#` in forms, where `#` stands for a value. This invalid character occurs in no line."""
_MAX_CHUNK_LINES = 1 << 15
"""Maximum number of lines read at a time, so that the arrays of their values fit into a processor's cache."""
_MAX_CHUNK_CHARACTERS = 1 << 19
"""Approximate maximum number of characters that are read at a time, because a line may hold hundreds of numbers."""


def form_of_line(line: str) -> str:
    """Return the form of a line: `epoch # loss #` for `epoch 12 loss 0.25`. A printed `#` becomes another sign."""
    return _parse_line(line)[0]


def _parse_line(line: str) -> tuple[str, list[str]]:
    """Return the form of a line, and its values as texts."""
    if "#" in line:
        line = line.replace("#", _ESCAPED_SHARP)
    if line.isascii():
        lower = line.lower()
        if not _has_special_values(lower):
            parts = _NUMBERS.split(line)
            return " ".join("#".join(parts[::2]).split()), parts[1::2]
    return " ".join(VALUE.sub("#", line).split()), VALUE.findall(line)


def _parse_lines(lines: Sequence[str]) -> tuple[list[str], list[str], list[int]]:
    """Return the form of each line, all values as texts, and the number of values of each line."""
    # Simple lines are taken apart as one text, which is several times as fast.
    special = {
        *indices_containing(lines, ("#", *_SPECIAL_VALUES)),
        *(index for index, line in enumerate(lines) if not line.isascii()),
    }
    text = "\n".join(["" if index in special else line for index, line in enumerate(lines)] if special else lines)
    parts = _NUMBERS.split(text)
    forms = [" ".join(form.split()) for form in "#".join(parts[::2]).split("\n")] if lines else []
    values, counts = parts[1::2], [form.count("#") for form in forms]
    if special:
        ends = list(accumulate(counts))
        values_of_line = [values[end - count : end] for end, count in zip(ends, counts, strict=True)]
        for index in special:
            forms[index], values_of_line[index] = _parse_line(lines[index])
        values, counts = list(chain.from_iterable(values_of_line)), list(map(len, values_of_line))
    return forms, values, counts


def _has_special_values(text: str) -> bool:
    return any(map(text.__contains__, _SPECIAL_VALUES))


def template_of(form: str, hole: str) -> str:
    """Turn a form into a template, with `hole` in place of each value and each masked text."""
    return form.replace("#", hole).replace(MASK, hole).replace(_ESCAPED_SHARP, "#")


class _Columns(NamedTuple):
    shapes: list[str]
    forms: list[str]
    form_of_shape: NDArray[np.int32]
    shape_of: NDArray[np.int32]
    starts: NDArray[np.int64]
    values: NDArray[np.float64]
    decimals: NDArray[np.uint8]


# Patterns are applied to shapes, which are few, and not to lines. So every pattern in this package must treat groups
# of digits alike, whatever their length and value.
class Transcript:
    """The lines of one output, by index, each with its form, its shape and its values.

    A value is a number, a `torch.Size(…)` or a `tensor(…)`. The form of `epoch 12 loss 0.25` is `epoch # loss #`, its
    shape `epoch 0 loss 0.0`.
    """

    def __init__(
        self,
        text: str,
        is_log: bool = False,
        before_ids: IdContexts | None = None,
        commas: Commas = Commas.BETWEEN,
        changes: LogChanges = NO_CHANGES,
    ) -> None:
        """Read a text. In a log of an unknown program (`is_log`), text that depends on machine and time is masked,
        and a progress bar counts as one line.

        `before_ids` says what stands before ids (see `masking.IdContexts`); by default, it is found in the log
        itself. `commas` says what commas between digits mean. `changes` are made in the lines of a log.
        """
        self.lines = Lines(text)
        self.commas = commas
        self._has_minus_signs = is_log and not text.isascii() and _UNICODE_MINUS in text
        self._is_log = is_log
        contexts = find_id_contexts(text) if is_log and before_ids is None else before_ids
        self._renaming, self._reordering = changes
        self._compared_lines = ComparedLines(contexts or frozenset())
        self._redrawn_lines = redrawn_lines(self.lines) if is_log and may_hold_bars(text) else frozenset()

    def _compared(self, start: int, end: int) -> list[str]:
        """Return the lines with indices from `start` to `end - 1` as `compared` would return each of them."""
        lines = self.lines[start:end]
        if not self._is_log:
            return lines
        lines = with_labels_above(self.lines[start - 1] if start else "", lines)
        if self.commas is not Commas.BETWEEN or self._has_minus_signs:
            lines = [self._normalize_number(line) for line in lines]
        compared = self._compared_lines.all(lines)
        if self._renaming:
            compared = self._renaming.all(compared)
        if self._reordering:
            compared = self._reordering.reorder_lines(compared, start)
        if self._redrawn_lines:
            compared = ["" if start + offset in self._redrawn_lines else line for offset, line in enumerate(compared)]
        return compared

    def compared(self, index: int) -> str:
        """Return the line with this index as it is compared with other runs. Only lines of a log are changed.

        In a log, text that depends on machine or time is masked. A single number gets the label above it (`Validation
        loss: 0.53`). A line becomes empty if its progress bar is drawn again later.
        """
        if not self._is_log:
            return self.lines[index]
        if index in self._redrawn_lines:
            return ""
        compared = self._compared_unordered(index)
        return self._reordering.reorder_line(compared, index) if self._reordering else compared

    def _compared_unordered(self, index: int) -> str:
        """Return a line of a log as it is compared, but with the columns of a table in their original order."""
        line = with_label_above(self.lines[index - 1], self.lines[index]) if index else self.lines[index]
        compared = self._compared_lines.one(self._normalize_number(line))
        return self._renaming.one(compared) if self._renaming else compared

    def above(self, index: int, distance: int) -> str | None:
        """Return the line `distance` lines above this index, as it is compared; None if there is none.

        If the columns of a table are rearranged, its header is rearranged in the same way.
        """
        if index < distance:
            return None
        index -= distance
        return (
            self._reordering.with_header(self._compared_unordered(index), index)
            if self._reordering
            else self.compared(index)
        )

    def normalized_line(self, index: int) -> str:
        """Return the line with this index, with its numbers in the usual notation: `-0.5` for `−0,5`.

        In a log, other notations of programs are rewritten as well: `0.5` for `tensor(0.5)`, `1000` for `1_000`.
        """
        line = self._normalize_number(self.lines[index])
        return normalized_numbers(unwrapped(line)) if self._is_log else line

    def _normalize_number(self, line: str) -> str:
        line = line.replace(_UNICODE_MINUS, "-") if self._has_minus_signs else line
        return normalize_commas(line, self.commas)

    @cached_property
    def _columns(self) -> _Columns:
        shapes = _Shapes()
        step = self.lines.lines_per_chunk(_MAX_CHUNK_CHARACTERS, _MAX_CHUNK_LINES)
        chunks = [self._read_chunk(start, start + step, shapes) for start in range(0, len(self.lines), step)]
        shape_of, counts, values, decimals = (
            np.concatenate(column) for column in zip(*chunks, _NO_COLUMNS, strict=True)
        )
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return _Columns(
            list(shapes.index), list(shapes.forms), shapes.form_of_shape(), shape_of, starts, values, decimals
        )

    def _read_chunk(
        self, start: int, end: int, shapes: "_Shapes"
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]:
        """Read the lines with indices from `start` to `end - 1`, and add new shapes to `shapes`.

        Return four arrays: the shape index and the number of values of each line, all values, and their decimals.
        """
        lines = self._compared(start, end)
        groups = DigitGroups("\n".join(lines))
        shape_of = shapes.indices(groups.shapes)
        counts, values, decimals, unreadable = shapes.values(shape_of, groups)
        ends = np.cumsum(counts)
        for position in unreadable.tolist():
            line = int(np.searchsorted(ends, position, side="right"))
            values[position] = parse_number(VALUE.findall(lines[line])[position - ends[line]])
        return shape_of, counts, values, decimals

    @property
    def forms(self) -> list[str]:
        """The distinct forms of all lines, in order of first appearance."""
        return self._columns.forms

    @cached_property
    def form_of(self) -> NDArray[np.int32]:
        """For each line, the index of its form in `forms`."""
        columns = self._columns
        return columns.form_of_shape[columns.shape_of] if self.lines else columns.shape_of

    @property
    def shapes(self) -> list[str]:
        """The distinct shapes of all lines, in order of first appearance."""
        return self._columns.shapes

    @property
    def shape_of(self) -> NDArray[np.int32]:
        """For each line, the index of its shape in `shapes`."""
        return self._columns.shape_of

    @property
    def form_of_shape(self) -> NDArray[np.int32]:
        """For each shape, the index of its form in `forms`."""
        return self._columns.form_of_shape

    @property
    def starts(self) -> NDArray[np.int64]:
        """For each line, the position in `values` of its first value. The last element is the number of values."""
        return self._columns.starts

    @property
    def values(self) -> NDArray[np.float64]:
        """All values of all lines, in order: 97 for `97%`, and NaN for a `torch.Size` or a `tensor`."""
        return self._columns.values

    @property
    def decimals(self) -> NDArray[np.uint8]:
        """The number of decimals of each value, plus EXPONENT if the value has an exponent. NO_DECIMALS for `nan`,
        `inf`, a `torch.Size` and a `tensor`."""
        return self._columns.decimals

    @cached_property
    def _by_form(self) -> tuple[dict[str, int], NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.form_of, kind="stable")
        bounds = np.searchsorted(self.form_of[order], np.arange(len(self.forms) + 1))
        return {form: index for index, form in enumerate(self.forms)}, order, bounds

    def lines_of(self, form: str) -> NDArray[np.int64]:
        """Return the indices of the lines of a form, in order."""
        form_indices, order, bounds = self._by_form
        form_index = form_indices.get(form)
        return np.empty(0, np.int64) if form_index is None else order[bounds[form_index] : bounds[form_index + 1]]

    def table(self, lines: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of lines of one form: one row for each line, one column for each value."""
        width = int(self.starts[lines[0] + 1] - self.starts[lines[0]]) if len(lines) else 0
        table: NDArray[np.float64] = self.values[self.starts[lines][:, None] + np.arange(width)]
        return table

    def lines_with(self, shapes: Sequence[int]) -> NDArray[np.int64]:
        """Return the sorted indices of the lines that have one of these shapes, given as indices in `self.shapes`."""
        if not shapes:
            return np.empty(0, np.int64)
        is_wanted = np.zeros(len(self.shapes), bool)
        is_wanted[list(shapes)] = True
        return np.flatnonzero(is_wanted[self.shape_of])

    @cached_property
    def _form_index(self) -> Texts:
        return Texts(self.forms)

    def forms_with(self, words: Iterable[str]) -> list[int]:
        """Return the sorted indices of the forms that contain at least one of these lower-case words."""
        return self._form_index.containing(words)

    def shapes_with(self, words: Iterable[str]) -> list[int]:
        """Return the sorted indices of the shapes whose form contains at least one of these lower-case words."""
        has_words = np.zeros(len(self.forms), bool)
        has_words[self.forms_with(words)] = True
        indices: list[int] = np.flatnonzero(has_words[self.form_of_shape]).tolist()
        return indices

    def split_by_shape(self, lines: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Split line indices into one array for each shape."""
        order = np.argsort(self.shape_of[lines], kind="stable")
        return np.split(lines[order], np.flatnonzero(np.diff(self.shape_of[lines[order]])) + 1)

    def column_of(self, lines: NDArray[np.int64], shape: str) -> Callable[[int, int], NDArray[np.float64] | None]:
        """Return a function that reads the same value from each of these lines. The shape of each line must end with
        `shape`.

        The function takes the start and end of a value in `shape`, without a `%`, and returns this value of each
        line. It returns None if `shape` has no value there. If the start is behind a minus sign, the values are
        returned without it.
        """
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        values = list(VALUE.finditer(shape))
        starts = self.starts[lines + 1] - len(values)
        for position, match in enumerate(values):
            start, end = match.start(), match.end() - match[0].endswith("%")
            spans[start, end] = position, 1
            if match[0][0] in "+-":
                spans[start + 1, end] = position, -1 if match[0][0] == "-" else 1

        def column(start: int, end: int) -> NDArray[np.float64] | None:
            position, sign = spans.get((start, end), (-1, 1))
            return None if position < 0 else sign * self.values[starts + position]

        return column


_NO_COLUMNS = (np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8))


class _Shapes:
    """The shapes of the lines that were read. Shapes that differ only in the signs of numbers share one entry."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        """The shapes, each with its index."""
        self.forms: dict[str, int] = {}
        self._entry_of: list[int] = []
        self._entry_of_unsigned: dict[str, int] = {}
        self._form_of_entry: list[int] = []
        self._value_counts: list[int] = []
        """The number of values in each entry."""
        self._kinds = ValueKinds()

    def form_of_shape(self) -> NDArray[np.int32]:
        """Return, for each shape, the index of its form."""
        return np.array(self._form_of_entry, np.int32)[np.array(self._entry_of, np.int64)]

    def indices(self, shapes: Sequence[str]) -> NDArray[np.int32]:
        """Return the index of each of these shapes, and add new shapes."""
        new_shapes: list[str] = []
        for shape in dict.fromkeys(shapes):
            if shape not in self.index:
                self.index[shape] = len(self.index)
                self._entry_of.append(self._entry_index(shape, new_shapes))
        forms, values, counts = _parse_lines(new_shapes)
        self._form_of_entry += [self.forms.setdefault(form, len(self.forms)) for form in forms]
        self._value_counts += counts
        self._kinds.add(values)
        return np.fromiter(map(self.index.__getitem__, shapes), np.int32, len(shapes))

    def _entry_index(self, shape: str, new_shapes: list[str]) -> int:
        """Return the index of the entry of a shape. A shape that needs a new entry is appended to `new_shapes`."""
        entry = len(self._form_of_entry) + len(new_shapes)
        # Otherwise, each line with hundreds of numbers would need an entry of its own.
        if _SIGNED_ZERO in shape:
            shape = shape.replace(_SIGNED_ZERO, _UNSIGNED_ZERO)
            known_entry = self._entry_of_unsigned.setdefault(shape, entry)
            if known_entry != entry:
                return known_entry
        new_shapes.append(shape)
        return entry

    def values(
        self, shape_of: NDArray[np.int32], groups: DigitGroups
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8], NDArray[np.int64]]:
        """Read the values of lines, given the shape index of each line.

        Return the number of values of each line, all values, the number of decimals of each value, and the indices of
        values with too many digits to be read here.
        """
        counts = np.array(self._value_counts, np.int64)
        begins = np.cumsum(counts) - counts
        entry = np.array(self._entry_of, np.int64)[shape_of]
        line_counts = counts[entry]
        ends = np.cumsum(line_counts)
        # Of each value, the position in its line, and so in its entry.
        positions = np.arange(ends[-1]) + np.repeat(begins[entry] - (ends - line_counts), line_counts)
        return line_counts, *values_of(self._kinds, begins, positions, groups, np.repeat(groups.first, line_counts))
