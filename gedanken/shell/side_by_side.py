"""Pairs the lines of two answers to one command, and lays them out in two columns."""

from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import Literal, NamedTuple

from prompt_toolkit.utils import get_cwidth
from rapidfuzz.distance import LCSseq

MARK_WIDTH = 3
MAX_ALIGNED_LINES = 5000
"""Maximum number of lines of an answer that are aligned, not counting equal lines at both ends.

If there are more, the lines are paired in order, because aligning would need one bit for each pair of lines.
"""

Sides = Literal["same", "differ", "left", "right"]


class Row(NamedTuple):
    """One row of two columns."""

    left: str
    right: str
    sides: Sides
    """Says whether the two lines are equal or differ, or whether there is a line only on the left or only on the
    right.
    """


def pair_lines(left: str, right: str) -> list[Row]:
    """Pair the lines of two answers so that equal lines are in one row. Trailing spaces are ignored."""
    left_lines, right_lines = _lines(left), _lines(right)
    left_keys, right_keys = ([line.rstrip() for line in side] for side in (left_lines, right_lines))
    prefix_length = _common_prefix_length(left_keys, right_keys)
    suffix_length = _common_prefix_length(left_keys[prefix_length:][::-1], right_keys[prefix_length:][::-1])
    left_end, right_end = len(left_lines) - suffix_length, len(right_lines) - suffix_length
    return [
        *map(_row, left_lines[:prefix_length], right_lines[:prefix_length]),
        *_align(left_lines[prefix_length:left_end], right_lines[prefix_length:right_end]),
        *map(_row, left_lines[left_end:], right_lines[right_end:]),
    ]


def lay_out_columns(rows: list[Row], width: int) -> Iterator[Row]:
    """Arrange the rows in two padded columns, MARK_WIDTH cells apart, that fit into `width` terminal cells.

    A line that is too long continues in the next row.
    """
    cells = column_width(width)
    for row in rows:
        for left, right in zip_longest(_wrap_cells(row.left, cells), _wrap_cells(row.right, cells), fillvalue=""):
            yield Row(_pad(left, cells), _pad(right, cells), row.sides)


def column_width(width: int) -> int:
    """Return the width of one of two columns, in terminal cells; at least 2, for characters two cells wide."""
    return max(2, (width - MARK_WIDTH) // 2)


def _common_prefix_length(left_lines: list[str], right_lines: list[str]) -> int:
    numbered_pairs = enumerate(zip(left_lines, right_lines, strict=False))
    return next(
        (index for index, (left_line, right_line) in numbered_pairs if left_line != right_line),
        min(len(left_lines), len(right_lines)),
    )


def _align(left_lines: list[str], right_lines: list[str]) -> Iterator[Row]:
    """Align the lines by their longest common subsequence. The lines between two common lines are paired in order."""
    if max(len(left_lines), len(right_lines)) > MAX_ALIGNED_LINES:
        yield from (_row(left_line, right_line) for left_line, right_line in zip_longest(left_lines, right_lines))
        return
    left_keys, right_keys = ([line.rstrip() for line in side] for side in (left_lines, right_lines))
    for _is_equal, group in groupby(LCSseq.opcodes(left_keys, right_keys), lambda opcode: opcode.tag == "equal"):
        opcodes = list(group)
        left_group = left_lines[opcodes[0].src_start : opcodes[-1].src_end]
        right_group = right_lines[opcodes[0].dest_start : opcodes[-1].dest_end]
        yield from (_row(left_line, right_line) for left_line, right_line in zip_longest(left_group, right_group))


def _row(left: str | None, right: str | None) -> Row:
    if left is None or right is None:
        return Row(left or "", right or "", "right" if left is None else "left")
    return Row(left, right, "same" if left.rstrip() == right.rstrip() else "differ")


def _lines(text: str) -> list[str]:
    lines = text.expandtabs().split("\n")
    return lines if lines[-1] else lines[:-1]


def _wrap_cells(line: str, cells: int) -> list[str]:
    """Split a line into pieces that are at most `cells` terminal cells wide; an empty line gives one empty piece."""
    pieces, used_cells = [""], 0
    for character in line:
        width = get_cwidth(character)
        if used_cells + width > cells:
            pieces.append("")
            used_cells = 0
        pieces[-1] += character
        used_cells += width
    return pieces


def _pad(text: str, cells: int) -> str:
    return text + " " * (cells - get_cwidth(text))
