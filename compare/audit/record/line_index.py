"""Searches all outputs for the lines that claims quote. Differences in white space are ignored."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gedanken.compare.audit.record.record import Output

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_MAX_OUTPUT = 5_000_000


class LinePosition(NamedTuple):
    """The position of a line: its event, and its offset in the event's text."""

    event: int
    offset: int


@dataclass(slots=True)
class LineIndex:
    """The positions, in all outputs, of the lines that claims quote."""

    positions: dict[str, list[LinePosition]] = field(default_factory=dict)
    """For each line, as `normalize_line` returns it: its first position in each output that contains it."""

    def before(self, line: str, event: int) -> LinePosition | None:
        """Return the last position of a line before an event; None if the line does not occur before it."""
        positions = self.positions.get(normalize_line(line), [])
        index = bisect_left(positions, event, key=lambda position: position.event)
        return positions[index - 1] if index else None

    def after(self, line: str, event: int) -> LinePosition | None:
        """Return the first position of a line after an event; None if the line does not occur after it."""
        positions = self.positions.get(normalize_line(line), [])
        index = bisect_left(positions, event, key=lambda position: position.event)
        return positions[index] if index < len(positions) else None


def normalize_line(line: str) -> str:
    """Return a line with its white space collapsed, and without the `=` signs around a title."""
    text = " ".join(line.split())
    return text.strip("=").strip() or text


def line_form(line: str) -> str:
    """Return a line in lower case, with `#` in place of each number."""
    return _DIGITS.sub("#", normalize_line(line)).lower()


def index_lines(lines: Iterable[str], outputs: Sequence[Output]) -> LineIndex:
    """Return the positions of these lines in the outputs."""
    quoted_lines = {normalize_line(line) for line in lines}
    quoted_lines.discard("")
    index = LineIndex({line: [] for line in quoted_lines})
    if not quoted_lines:
        return index
    for output in outputs:
        offset = 0
        for line in output.text[:_MAX_OUTPUT].splitlines(keepends=True):
            key = normalize_line(line) if len(line) < 2_000 else ""
            if key in quoted_lines:
                positions = index.positions[key]
                if not positions or positions[-1].event != output.event:
                    positions.append(LinePosition(output.event, offset))
            offset += len(line)
    return index
