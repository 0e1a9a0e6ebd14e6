"""Two answers to one command, held against each other line by line."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, NamedTuple

from prompt_toolkit.utils import get_cwidth

MARK_WIDTH = 3
MOST_LINES_ALIGNED = 2000
"""Longer answers are held against each other by line number: alignment takes the square of that."""

Sides = Literal["same", "differ", "left", "right"]


class Row(NamedTuple):
    """One row of two columns."""

    left: str
    right: str
    sides: Sides
    """Whether the lines are equal, differ, or stand on one side only."""


def pairs(left: str, right: str) -> list[Row]:
    """The lines of two answers, equal ones on one row; blank ends of lines make no difference."""
    lines, others = _lines(left), _lines(right)
    if max(len(lines), len(others)) > MOST_LINES_ALIGNED:
        return [_row(one, other) for one, other in zip_longest(lines, others)]
    keys, other_keys = ([line.rstrip() for line in side] for side in (lines, others))
    rows: list[Row] = []
    for _tag, at, end, other_at, other_end in SequenceMatcher(None, keys, other_keys, autojunk=False).get_opcodes():
        rows += [_row(one, other) for one, other in zip_longest(lines[at:end], others[other_at:other_end])]
    return rows


def columns(rows: list[Row], width: int) -> Iterator[Row]:
    """The same rows, cut to columns that fit side by side into `width` cells with MARK_WIDTH cells between them.

    Every column is filled up with blanks. A line that is too long goes on in the row below; none is shortened.
    """
    cells = column_width(width)
    for row in rows:
        for left, right in zip_longest(_cut(row.left, cells), _cut(row.right, cells), fillvalue=""):
            yield Row(_filled(left, cells), _filled(right, cells), row.sides)


def column_width(width: int) -> int:
    """Cells for each of two columns; two at least, for there are characters as wide as that."""
    return max(2, (width - MARK_WIDTH) // 2)


def _row(left: str | None, right: str | None) -> Row:
    if left is None or right is None:
        return Row(left or "", right or "", "right" if left is None else "left")
    return Row(left, right, "same" if left.rstrip() == right.rstrip() else "differ")


def _lines(text: str) -> list[str]:
    lines = text.expandtabs().split("\n")
    return lines if lines[-1] else lines[:-1]


def _cut(line: str, cells: int) -> list[str]:
    """A line in pieces of at most so many cells; at least one piece."""
    pieces, used = [""], 0
    for character in line:
        wide = get_cwidth(character)
        if used + wide > cells:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += wide
    return pieces


def _filled(text: str, cells: int) -> str:
    return text + " " * (cells - get_cwidth(text))
