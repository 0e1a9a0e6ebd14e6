"""Finds lists of numbers in a line: `(3, 224, 224)`, `[64, 128]`, and `3, 64` in `Conv2d(3, 64, bias=0)`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.output.phrases import NAME_DELIMITERS, trailing_name

_OPENING_BRACKET = {")": "(", "]": "[", "}": "{"}
_NON_NUMBER = re.compile(r"None|True|False")
"""Matches members of a list that are not numbers, as in `(None, 26, 26, 32)`."""


class NumberList(NamedTuple):
    """Numbers in brackets, without words."""

    columns: tuple[int, ...]
    """Indices of the list's numbers, among all values of the line."""
    indices: tuple[tuple[int, ...], ...]
    """For each number, its index in the nested lists: (1,) for the 2 in `(1, 2)`, and (1, 0) for the 3 in `((1,
    2), (3, 4))`.
    """
    start: int
    """Position of its first bracket in the line."""


class _Open:
    """A bracket that has not been closed so far."""

    def __init__(self, sign: str, start: int) -> None:
        self.sign = sign
        self._start = start
        self._is_numeric = True
        """True as long as the bracket holds only numbers, commas, spaces, quotes and lists of numbers."""
        self._separator = ","
        """The sign before the next number: a comma, a space, or an empty text directly behind a number."""
        self._has_commas = False
        self._count = 0
        self._entries: list[tuple[int, tuple[int, ...]]] = []
        self.inner: list[NumberList] = []

    def read(self, sign: str) -> None:
        """Read a character that is neither a bracket nor a part of a number."""
        if self._is_numeric and not (sign.isspace() or sign in ",'\""):
            # A comma behind the numbers: they are the first arguments of a call.
            self.inner = self._as_list() if self._separator == "," and self._count > 1 else self.inner
            self._is_numeric = False
        self._has_commas |= sign == ","
        self._separator = "," if sign == "," else self._separator or " "

    def take_number(self, column: int | None) -> None:
        """Add the number with the index `column`, or a member that is not a number, such as `None`."""
        if not self._separator:
            self._is_numeric = False
        self._separator = ""
        self._add([] if column is None else [(column, ())])

    def take(self, closed: "_Open") -> None:
        """Add the content of a bracket inside this one that has been closed."""
        self.inner += closed.lists()
        self._is_numeric &= closed._is_numeric
        self._separator = ""
        self._add(closed._entries)

    def _add(self, entries: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        self._entries += [(column, (self._count, *path)) for column, path in entries]
        self._count += 1

    def lists(self) -> list[NumberList]:
        """If this bracket is a list of numbers, return it; otherwise return the lists inside it."""
        return (self._as_list() if self._is_numeric else []) or self.inner

    def _as_list(self) -> list[NumberList]:
        if not self._entries or (len(self._entries) < 2 and not self._has_commas):
            return []
        columns, places = zip(*self._entries, strict=True)
        return [NumberList(columns, places, self._start)]


def number_lists(line: str, spans: Sequence[tuple[int, int]]) -> list[NumberList]:
    """Return the outermost lists of numbers in a line. `spans` are the start and end of each value."""
    lists: list[NumberList] = []
    if not any(map(line.__contains__, "([{")):
        return lists
    open_brackets: list[_Open] = []
    position = 0
    for column, (start, end) in enumerate((*spans, (len(line), len(line)))):
        lists += _read_between(line, position, start, open_brackets)
        if open_brackets and column < len(spans):
            open_brackets[-1].take_number(column)
        position = end
    return [*lists, *(number_list for bracket in open_brackets for number_list in bracket.inner)]


def _read_between(line: str, position: int, end: int, open_brackets: list[_Open]) -> list[NumberList]:
    """Read the text between two numbers; return the lists that end in this text."""
    lists: list[NumberList] = []
    while position < end:
        sign = line[position]
        empty = _NON_NUMBER.match(line, position, end) if open_brackets else None
        if empty:
            open_brackets[-1].take_number(None)
        elif sign in "([{":
            open_brackets.append(_Open(sign, position))
        elif open_brackets and _OPENING_BRACKET.get(sign) == open_brackets[-1].sign:
            closed = open_brackets.pop()
            if open_brackets:
                open_brackets[-1].take(closed)
            else:
                lists += closed.lists()
        elif open_brackets:
            open_brackets[-1].read(sign)
        position = empty.end() if empty else position + 1
    return lists


def name_before(line: str, spans: Sequence[tuple[int, int]], numbers: NumberList) -> str:
    """Return the name before a list, such as `milestones` in `milestones: [30, 60]`; empty without a name."""
    first = numbers.columns[0]
    return trailing_name(line[spans[first - 1][1] if first else 0 : numbers.start].rstrip(f"{NAME_DELIMITERS}["))


def index_in(numbers: NumberList, column: int) -> str:
    """Return the index of a number in the list, as Python writes it: `[1]`, `[1][0]`. `column` is the index of the
    number among all values of the line.
    """
    return "".join(f"[{index}]" for index in numbers.indices[numbers.columns.index(column)])
