"""The lines of a log as they are compared: without what the machine and the hour wrote, and without bars; the keys of
an object of JSON in one order.

What is set aside does not depend on which digits stand in a line, so it is looked for once in all lines that differ
in their digits alone: a million steps of a training are a few dozen lines of other lengths.
"""

import re
from collections.abc import Sequence

from gedanken.compare.output.edited import Edited, Pieces, Rule, Traced, made_of
from gedanken.compare.output.environment import LONGEST, MASK, Before, alike_in_digits, depends_on_digits, mask
from gedanken.compare.output.key_order import order_depends_on_digits, sort_keys
from gedanken.compare.output.progress_bars import unfill

MOST_KNOWN = 1 << 15
"""Lines that are kept; a log in which each has other letters would fill the memory."""
_ONCE: Pieces = ("\n",)
"""Stands for what a line became that was seen once: most of those are never seen again."""


_BLANKS = Rule(re.compile(MASK), (" ",))
"""A bar's fill is no word of any kind."""
_PADDING = Rule(re.compile(r"(?:(?<=[\[(])|(?<=\w=))[ ]{1,20}(?=[-+]?\.?\d)"), ("",))
"""What a width such as `[{step:3d}/400]` puts before a short number: `[ 10/400]` is the same print as `[100/400]`."""


class ComparedLines:
    """Makes lines what they are compared as."""

    def __init__(self, before: Before) -> None:
        self._before = before
        self._known: dict[str, Pieces | None] = {}

    def all(self, lines: Sequence[str]) -> list[str]:
        """Return each of these lines; none of them holds a line's end."""
        keys = alike_in_digits("\n".join(lines)).split("\n")
        return [self._one(line, key) for line, key in zip(lines, keys, strict=False)]

    def one(self, line: str) -> str:
        """One line."""
        edited = Edited(line.replace(MASK, " "))
        self._edit(edited)
        return edited.text

    def _one(self, line: str, key: str) -> str:
        pieces = self._known.get(key, ())
        if pieces is None:
            return line
        if pieces and pieces is not _ONCE:
            return made_of(line, pieces)
        compared = self.one(line)
        is_known = len(self._known) < MOST_KNOWN or pieces is _ONCE
        if is_known and len(line) <= LONGEST and not (depends_on_digits(line) or order_depends_on_digits(line)):
            self._known[key] = None if compared == line else self._pieces(line) if pieces is _ONCE else _ONCE
        return compared

    def _pieces(self, line: str) -> Pieces:
        traced = Traced(line)
        self._edit(traced)
        return traced.pieces()

    def _edit(self, line: Edited) -> None:
        sort_keys(line)
        if unfill(line):
            line.replace(_BLANKS)
        if any(padded in line.text for padded in ("[ ", "( ", "= ")):
            line.replace(_PADDING)
        mask(line, self._before)
