"""Rearranges the columns of tables, because the same columns may have another order in another log."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from gedanken.compare.output.masking import LONGEST, alike_in_digits, are_long
from gedanken.compare.output.table_columns import Cell, cells_of_row, header_of_row, is_rule
from gedanken.compare.output.vocabulary import Role, meaning_of

Names = tuple[str, ...]
"""The names of the columns of a table, in order."""
Compare = Callable[[Sequence[str]], list[str]]
"""Brings lines of a log into the form in which they are compared."""

_MOST_READ = 20_000
"""Maximum number of lines among which headers are looked for. Lines that differ only in digits count once."""
_MOST = 500
"""Maximum number of lines of a log that are examined as headers."""
_MEASURED = re.compile(r"(?<![\w@.,:])[-+]?1*\.1+(?![\w.:])|[{}=]")
"""Matches a number with decimals, or a sign that no header has, in a line with `1` in place of each digit."""
_WORDS = re.compile(r"[^\W\d_].*[\s,;|│┃║].*[^\W\d_]")


class Table(NamedTuple):
    """One kind of table in a log."""

    header: str
    """The header as the log shows it, but with `1` in place of each digit."""
    names: Names


class Wanted(NamedTuple):
    """The order that the columns of a table get."""

    names: Names
    with_header: bool
    """True if the header is rearranged too, because real logs differ in the order of its names."""


def tables_in(lines: Sequence[str], compared: Compare) -> list[Table]:
    """Return each kind of table in a log once, without tables in which two columns have the same name."""
    shapes = _shapes(lines)
    # The last index that a dict gets for a shape is kept: of all lines backwards, that of the first.
    first = dict(zip(reversed(shapes), range(len(shapes) - 1, -1, -1), strict=True))
    some = sorted(first.values())[:_MOST_READ]
    maybe = list(islice((at for at in some if _may_be_header(shapes[at])), _MOST))
    found = zip(maybe, _headers_at(lines, maybe, compared), strict=True)
    return [Table(shapes[at], tuple(name for _low, _high, name in cells)) for at, cells in found if cells]


def in_order(names: Names) -> Names:
    """Sort the names of columns: counters such as `epoch` first, then all others."""
    return tuple(sorted(names, key=lambda name: (meaning_of(name).role is not Role.COUNTER, name)))


class Reordering:
    """Rearranges the columns of the tables in a log."""

    def __init__(
        self, lines: Sequence[str], tables: Sequence[Table], wanted: Mapping[Names, Wanted], compared: Compare
    ) -> None:
        """Store a log. `wanted` maps the names of a table's columns, in their order in this log, to the new order."""
        self._lines, self._tables, self._wanted, self._compared = lines, tables, wanted, compared

    @cached_property
    def _headers(self) -> tuple[list[int], list[Names]]:
        """The line index and the column names of each header in the log."""
        shapes = {table.header for table in self._tables}
        known: dict[str, Names] = {}
        places, names = [], []
        for at, shape in enumerate(_shapes(self._lines)):
            if shape not in shapes:
                continue
            if (line := self._lines[at]) not in known:
                (cells,) = _headers_at(self._lines, [at], self._compared)
                known[line] = tuple(name for _low, _high, name in cells or ())
            places.append(at)
            names.append(known[line])
        return places, names

    def all(self, lines: Sequence[str], start: int) -> list[str]:
        """Rearrange the columns in lines that already have the form for the comparison; `start` is the first line's
        index."""
        return [self.one(line, start + at) for at, line in enumerate(lines)]

    def one(self, line: str, at: int) -> str:
        """Rearrange the columns in a line that already has the form for the comparison; `at` is the line's index."""
        return self._rearranged(line, at, with_kept=False)

    def with_header(self, line: str, at: int) -> str:
        """Like `one`, but rearrange every header too."""
        return self._rearranged(line, at, with_kept=True)

    def _rearranged(self, line: str, at: int, with_kept: bool) -> str:
        places, names = self._headers
        nth = bisect_right(places, at) - 1
        wanted = self._wanted.get(names[nth]) if nth >= 0 else None
        if wanted is None or (at == places[nth] and not (wanted.with_header or with_kept)):
            return line
        is_header = at == places[nth]
        below = self._compared(list(_row_below(self._lines, at))) if is_header else []
        cells = _header_cells(line, below) if is_header else cells_of_row(line)
        order = [names[nth].index(name) for name in wanted.names]
        return _rearranged(line, cells, order) if cells and len(cells) == len(order) else line


def _shapes(lines: Sequence[str]) -> list[str]:
    """Return for each line the line with `1` in place of each digit. A line that is too long for a header may be
    empty instead."""
    if not lines:
        return []
    text = "\n".join(lines)
    if are_long(len(lines), len(text)):
        text = "\n".join(line if len(line) <= LONGEST else "" for line in lines)
    return alike_in_digits(text).split("\n")


def _may_be_header(shape: str) -> bool:
    return len(shape) <= LONGEST and not _MEASURED.search(shape) and _WORDS.search(shape) is not None


def _row_below(lines: Sequence[str], at: int) -> Iterator[str]:
    """Yield the line above a header, or an empty text, and then the first line below the header that is no rule."""
    yield lines[at - 1] if at else ""
    for line in lines[at + 1 : at + 3]:
        if not is_rule(line):
            yield line
            return


def _headers_at(lines: Sequence[str], places: Sequence[int], compared: Compare) -> list[list[Cell] | None]:
    """Return the cells of the header at each line index; None for a line that is no header."""
    parts = [[lines[at], *_row_below(lines, at)] for at in places]
    read = iter(compared([line for part in parts for line in part]) if parts else ())
    headers = [list(islice(read, len(part))) for part in parts]
    return [_header_cells(header[0], header[1:]) for header in headers]


def _header_cells(line: str, around: Sequence[str]) -> list[Cell] | None:
    return header_of_row(line, around[0], around[1]) if len(around) > 1 else None


def _rearranged(line: str, cells: Sequence[Cell], order: Sequence[int]) -> str:
    """Put the cells of a line in another order. The text between cells stays where it is."""
    pieces, end = [], 0
    for cell, other in zip(cells, (cells[at] for at in order), strict=True):
        pieces += [line[end : cell[0]], line[other[0] : other[1]]]
        end = cell[1]
    return "".join(pieces) + line[end:]
