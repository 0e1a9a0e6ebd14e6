"""Finds lists of numbers in a line: `(3, 224, 224)`, `[64, 128]`, and `3, 64` in `Conv2d(3, 64, bias=0)`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.output.phrases import ENDS, phrase

_PARTNER = {")": "(", "]": "[", "}": "{"}
_EMPTY = re.compile(r"None|True|False")
"""Matches members of a list that are no numbers, as in `(None, 26, 26, 32)`."""


class NumberList(NamedTuple):
    """Numbers in brackets, without words."""

    columns: tuple[int, ...]
    """Indices of the list's numbers, among all values of the line."""
    places: tuple[tuple[int, ...], ...]
    """The place of each number: (1,) for the 2 in `(1, 2)`, and (1, 0) for the 3 in `((1, 2), (3, 4))`."""
    start: int
    """Position in the line at which its first bracket stands."""


class _Open:
    """A bracket that is not closed yet."""

    def __init__(self, sign: str, start: int) -> None:
        self.sign = sign
        self._start = start
        self._is_pure = True
        """True as long as the bracket holds only numbers, commas, spaces, quotes and lists of numbers."""
        self._before = ","
        """The sign before the next number: a comma, a space, or an empty text directly behind a number."""
        self._has_commas = False
        self._count = 0
        self._found: list[tuple[int, tuple[int, ...]]] = []
        self.inner: list[NumberList] = []

    def read(self, sign: str) -> None:
        """Read a character that is neither a bracket nor part of a number."""
        if self._is_pure and not (sign.isspace() or sign in ",'\""):
            # A comma behind the numbers: they are the first arguments of a call.
            self.inner = self._list() if self._before == "," and self._count > 1 else self.inner
            self._is_pure = False
        self._has_commas |= sign == ","
        self._before = "," if sign == "," else self._before or " "

    def take_number(self, column: int | None) -> None:
        """Add the number of a column, or a member such as `None` that is no number."""
        if not self._before:
            self._is_pure = False
        self._before = ""
        self._take([] if column is None else [(column, ())])

    def take(self, closed: "_Open") -> None:
        """Add the content of a bracket that was closed inside this one."""
        self.inner += closed.lists()
        self._is_pure &= closed._is_pure
        self._before = ""
        self._take(closed._found)

    def _take(self, found: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        self._found += [(column, (self._count, *place)) for column, place in found]
        self._count += 1

    def lists(self) -> list[NumberList]:
        """Return this bracket if it is a list of numbers, or else the lists inside the bracket."""
        return (self._list() if self._is_pure else []) or self.inner

    def _list(self) -> list[NumberList]:
        if not self._found or (len(self._found) < 2 and not self._has_commas):
            return []
        columns, places = zip(*self._found, strict=True)
        return [NumberList(columns, places, self._start)]


def number_lists(line: str, spans: Sequence[tuple[int, int]]) -> list[NumberList]:
    """Return the outermost lists of numbers of a line. `spans` are the start and end of each value."""
    found: list[NumberList] = []
    if not any(map(line.__contains__, "([{")):
        return found
    opened: list[_Open] = []
    at = 0
    for column, (start, end) in enumerate((*spans, (len(line), len(line)))):
        found += _read(line, at, start, opened)
        if opened and column < len(spans):
            opened[-1].take_number(column)
        at = end
    return [*found, *(numbers for one in opened for numbers in one.inner)]


def _read(line: str, at: int, end: int, opened: list[_Open]) -> list[NumberList]:
    """Read the text between two numbers; return the lists that end in this text."""
    found: list[NumberList] = []
    while at < end:
        sign = line[at]
        empty = _EMPTY.match(line, at, end) if opened else None
        if empty:
            opened[-1].take_number(None)
        elif sign in "([{":
            opened.append(_Open(sign, at))
        elif opened and _PARTNER.get(sign) == opened[-1].sign:
            closed = opened.pop()
            if opened:
                opened[-1].take(closed)
            else:
                found += closed.lists()
        elif opened:
            opened[-1].read(sign)
        at = empty.end() if empty else at + 1
    return found


def name_before(line: str, spans: Sequence[tuple[int, int]], numbers: NumberList) -> str:
    """Return the name before a list, such as `milestones` in `milestones: [30, 60]`; empty without a name."""
    first = numbers.columns[0]
    return phrase(line[spans[first - 1][1] if first else 0 : numbers.start].rstrip(f"{ENDS}["))


def index_in(numbers: NumberList, column: int) -> str:
    """Return the place in the list of the number with index `column`, as Python writes it: `[1]`, `[1][0]`."""
    return "".join(f"[{place}]" for place in numbers.places[numbers.columns.index(column)])
