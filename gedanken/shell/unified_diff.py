"""Writes a unified diff of two answers to one command."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from gedanken.shell.side_by_side import Row

CONTEXT_LINES = 3


def unified_diff(rows: Sequence[Row], names: tuple[str, str]) -> Iterator[str]:
    """Yield the lines of a unified diff: rows that differ, with a few equal rows around them. Yield nothing if all
    rows are equal."""
    lefts = [0, *accumulate(row.sides != "right" for row in rows)]
    rights = [0, *accumulate(row.sides != "left" for row in rows)]
    for number, (start, stop) in enumerate(_hunks(rows)):
        if number == 0:
            yield from (f"--- {names[0]}", f"+++ {names[1]}")
        yield f"@@ -{_line_range(lefts[start], lefts[stop])} +{_line_range(rights[start], rights[stop])} @@"
        for is_equal, group in groupby(rows[start:stop], lambda row: row.sides == "same"):
            block = list(group)
            if is_equal:
                yield from (f" {row.left}" for row in block)
            else:
                yield from (f"-{row.left}" for row in block if row.sides != "right")
                yield from (f"+{row.right}" for row in block if row.sides != "left")


def _hunks(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows (end exclusive) that differ or are close to a row that differs."""
    start = stop = 0
    for index, row in enumerate(rows):
        if row.sides == "same":
            continue
        if index - CONTEXT_LINES > stop:
            if stop:
                yield start, stop
            start = index - CONTEXT_LINES
        stop = min(len(rows), index + 1 + CONTEXT_LINES)
    if stop:
        yield start, stop


def _line_range(start: int, stop: int) -> str:
    """Format a range of lines as in a unified diff: first line and number of lines, for example `3,7`."""
    return f"{start + 1 if stop > start else start},{stop - start}"
