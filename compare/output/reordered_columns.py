"""Rearranges the columns of tables, because the same columns may have another order in another log."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from gedanken.compare.output.masking import MAX_LINE_LENGTH, is_long_on_average, mask_digits
from gedanken.compare.output.table_cells import Cell
from gedanken.compare.output.table_columns import cells_of_row, header_of_row, is_rule
from gedanken.compare.output.vocabulary import Role, meaning_of

Names = tuple[str, ...]
"""The names of the columns of a table, in order."""
Compare = Callable[[Sequence[str]], list[str]]
"""A function that brings lines of a log into the form in which they are compared."""

_MAX_SHAPES = 20_000
"""Maximum number of lines among which headers are looked for. Lines that differ only in digits count once."""
_MAX_CANDIDATES = 500
"""Maximum number of lines of a log that are examined as headers."""
_NOT_IN_HEADER = re.compile(r"(?<![\w@.,:])[-+]?1*\.1+(?![\w.:])|[{}=]")
"""Matches what no header contains: a number with decimals, or one of `{}=`. Expects a line in which each digit was
replaced by `1`.
"""
_TWO_WORDS = re.compile(r"[^\W\d_].*[\s,;|│┃║].*[^\W\d_]")


class Table(NamedTuple):
    """One kind of table in a log."""

    header: str
    """The header as the log shows it, but with `1` in place of each digit."""
    names: Names


class TargetOrder(NamedTuple):
    """The order in which the columns of a table are to be arranged."""

    names: Names
    reorders_header: bool
    """True if the header is rearranged as well, because real logs differ in the order of its names."""


def tables_in(lines: Sequence[str], compared: Compare) -> list[Table]:
    """Return each kind of table in a log once. Tables in which two columns have the same name are left out."""
    shapes = _shapes(lines)
    # The last index that a dict gets for a shape is kept: of all lines backwards, that of the first.
    first_index = dict(zip(reversed(shapes), range(len(shapes) - 1, -1, -1), strict=True))
    distinct_lines = sorted(first_index.values())[:_MAX_SHAPES]
    candidates = list(islice((index for index in distinct_lines if _may_be_header(shapes[index])), _MAX_CANDIDATES))
    headers = zip(candidates, _parse_headers(lines, candidates, compared), strict=True)
    return [Table(shapes[index], tuple(name for _low, _high, name in cells)) for index, cells in headers if cells]


def sort_columns(names: Names) -> Names:
    """Sort the names of columns: counters such as `epoch` first, then all others."""
    return tuple(sorted(names, key=lambda name: (meaning_of(name).role is not Role.COUNTER, name)))


class Reordering:
    """Rearranges the columns of the tables in a log."""

    def __init__(
        self,
        lines: Sequence[str],
        tables: Sequence[Table],
        target_orders: Mapping[Names, TargetOrder],
        compare_lines: Compare,
    ) -> None:
        """Store a log. `target_orders` maps the column names of a table, in their order in the log, to their new
        order.
        """
        self._lines, self._tables, self._target_orders, self._compare_lines = (
            lines,
            tables,
            target_orders,
            compare_lines,
        )

    @cached_property
    def _headers(self) -> tuple[list[int], list[Names]]:
        """Return the line index and the column names of each header in the log."""
        shapes = {table.header for table in self._tables}
        cache: dict[str, Names] = {}
        header_lines, names = [], []
        for index, shape in enumerate(_shapes(self._lines)):
            if shape not in shapes:
                continue
            if (line := self._lines[index]) not in cache:
                (cells,) = _parse_headers(self._lines, [index], self._compare_lines)
                cache[line] = tuple(name for _low, _high, name in cells or ())
            header_lines.append(index)
            names.append(cache[line])
        return header_lines, names

    def reorder_lines(self, lines: Sequence[str], start: int) -> list[str]:
        """Rearrange the columns in consecutive lines, given in the form in which lines are compared.

        `start` is the index of the first line.
        """
        return [self.reorder_line(line, start + offset) for offset, line in enumerate(lines)]

    def reorder_line(self, line: str, index: int) -> str:
        """Rearrange the columns in the line with this index, given in the form in which lines are compared."""
        return self._reorder(line, index, with_all_headers=False)

    def with_header(self, line: str, index: int) -> str:
        """Do the same as `reorder_line`, but rearrange every header as well."""
        return self._reorder(line, index, with_all_headers=True)

    def _reorder(self, line: str, index: int, with_all_headers: bool) -> str:
        header_lines, names = self._headers
        header_index = bisect_right(header_lines, index) - 1
        target = self._target_orders.get(names[header_index]) if header_index >= 0 else None
        if target is None or (
            index == header_lines[header_index] and not (target.reorders_header or with_all_headers)
        ):
            return line
        is_header = index == header_lines[header_index]
        context = self._compare_lines(list(_lines_around(self._lines, index))) if is_header else []
        cells = _header_cells(line, context) if is_header else cells_of_row(line)
        order = [names[header_index].index(name) for name in target.names]
        return _reorder_cells(line, cells, order) if cells and len(cells) == len(order) else line


def _shapes(lines: Sequence[str]) -> list[str]:
    """Return each line with `1` in place of each digit. Lines that are too long for a header may become empty."""
    if not lines:
        return []
    text = "\n".join(lines)
    if is_long_on_average(len(lines), len(text)):
        text = "\n".join(line if len(line) <= MAX_LINE_LENGTH else "" for line in lines)
    return mask_digits(text).split("\n")


def _may_be_header(shape: str) -> bool:
    return len(shape) <= MAX_LINE_LENGTH and not _NOT_IN_HEADER.search(shape) and _TWO_WORDS.search(shape) is not None


def _lines_around(lines: Sequence[str], index: int) -> Iterator[str]:
    """Yield the line above a header (an empty text if there is none), and then the first line below it that is not
    a rule.
    """
    yield lines[index - 1] if index else ""
    for line in lines[index + 1 : index + 3]:
        if not is_rule(line):
            yield line
            return


def _parse_headers(lines: Sequence[str], indices: Sequence[int], compare_lines: Compare) -> list[list[Cell] | None]:
    """Return the cells of the header at each line index; None for a line that is not a header."""
    groups = [[lines[index], *_lines_around(lines, index)] for index in indices]
    compared_lines = iter(compare_lines([line for group in groups for line in group]) if groups else ())
    headers = [list(islice(compared_lines, len(group))) for group in groups]
    return [_header_cells(header[0], header[1:]) for header in headers]


def _header_cells(line: str, context: Sequence[str]) -> list[Cell] | None:
    return header_of_row(line, context[0], context[1]) if len(context) > 1 else None


def _reorder_cells(line: str, cells: Sequence[Cell], order: Sequence[int]) -> str:
    """Put the cells of a line into another order. The text between cells stays where it is."""
    pieces, end = [], 0
    for cell, source in zip(cells, (cells[index] for index in order), strict=True):
        pieces += [line[end : cell[0]], line[source[0] : source[1]]]
        end = cell[1]
    return "".join(pieces) + line[end:]
