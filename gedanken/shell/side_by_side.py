"""Pairs the lines of two answers to one command, and lays them out in two columns."""

from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import Literal, NamedTuple

from prompt_toolkit.utils import get_cwidth
from rapidfuzz.distance import LCSseq

MARK_WIDTH = 3
MOST_LINES_ALIGNED = 5000
"""Maximum number of lines of an answer that are aligned, not counting equal lines at both ends. More lines are paired
in order: aligning would need one bit for each pair of lines."""

Sides = Literal["same", "differ", "left", "right"]


class Row(NamedTuple):
    """One row of two columns."""

    left: str
    right: str
    sides: Sides
    """Whether the lines are equal, differ, or exist only on the left or right side."""


def pairs(left: str, right: str) -> list[Row]:
    """Pair the lines of two answers so that equal lines are in one row. Trailing spaces are ignored."""
    lines, others = _lines(left), _lines(right)
    keys, other_keys = ([line.rstrip() for line in side] for side in (lines, others))
    first = _equal_lines(keys, other_keys)
    last = _equal_lines(keys[first:][::-1], other_keys[first:][::-1])
    end, other_end = len(lines) - last, len(others) - last
    return [
        *map(_row, lines[:first], others[:first]),
        *_aligned(lines[first:end], others[first:other_end]),
        *map(_row, lines[end:], others[other_end:]),
    ]


def columns(rows: list[Row], width: int) -> Iterator[Row]:
    """Lay the rows out as two columns that fit into `width` terminal cells, MARK_WIDTH cells apart and padded with
    blanks. A line that is too long continues in the next row."""
    cells = column_width(width)
    for row in rows:
        for left, right in zip_longest(_cut(row.left, cells), _cut(row.right, cells), fillvalue=""):
            yield Row(_filled(left, cells), _filled(right, cells), row.sides)


def column_width(width: int) -> int:
    """Return the width of one of two columns, in terminal cells; at least 2, for characters two cells wide."""
    return max(2, (width - MARK_WIDTH) // 2)


def _equal_lines(lines: list[str], others: list[str]) -> int:
    """Return how many equal lines two answers begin with."""
    pairs = enumerate(zip(lines, others, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(lines), len(others)))


def _aligned(lines: list[str], others: list[str]) -> Iterator[Row]:
    """Align the lines by their longest common subsequence. Lines between two common lines are put side by side."""
    if max(len(lines), len(others)) > MOST_LINES_ALIGNED:
        yield from (_row(one, other) for one, other in zip_longest(lines, others))
        return
    keys, other_keys = ([line.rstrip() for line in side] for side in (lines, others))
    for _same, group in groupby(LCSseq.opcodes(keys, other_keys), lambda step: step.tag == "equal"):
        steps = list(group)
        here = lines[steps[0].src_start : steps[-1].src_end]
        there = others[steps[0].dest_start : steps[-1].dest_end]
        yield from (_row(one, other) for one, other in zip_longest(here, there))


def _row(left: str | None, right: str | None) -> Row:
    if left is None or right is None:
        return Row(left or "", right or "", "right" if left is None else "left")
    return Row(left, right, "same" if left.rstrip() == right.rstrip() else "differ")


def _lines(text: str) -> list[str]:
    lines = text.expandtabs().split("\n")
    return lines if lines[-1] else lines[:-1]


def _cut(line: str, cells: int) -> list[str]:
    """Split a line into pieces that are at most `cells` terminal cells wide; an empty line gives one empty piece."""
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
