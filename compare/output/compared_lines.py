"""Converts log lines to the form in which they are compared, with masks in place of times and paths."""

import re
from collections import Counter
from collections.abc import Sequence

from gedanken.compare.output.edited_line import Edited, Pieces, Rule, Traced, made_of
from gedanken.compare.output.key_order import order_depends_on_digits, sort_keys
from gedanken.compare.output.masking import (
    LONGEST,
    MASK,
    Before,
    alike_in_digits,
    are_long,
    depends_on_digits,
    mask,
    masked_together,
)
from gedanken.compare.output.plain_numbers import complete, may_lack_digits
from gedanken.compare.output.progress_bars import unfill
from gedanken.compare.output.wrapped_numbers import may_be_wrapped, unwrap

MOST_KNOWN = 1 << 15
"""Maximum number of lines whose result is cached, to limit the memory if all lines have different words."""
_ONCE: Pieces = ("\n",)
"""Cache entry for a line that was seen once. It holds no result yet, because most lines never occur again."""


_MAY_BE_EDITED = re.compile(r"\{|%\||[-=]>|\[[=>#.█\-]{3}|\|[#=]{3}|[\[(=] |\d {1,20}\]|[^\x00-\x19\x1b-\x7f]")
"""Matches each line that may need more changes than masks, such as a line with a JSON object or a progress bar."""
_SIGNS = ("{", "|", "[", "(", "]", "=", ">", MASK)
"""Characters of lines that `_MAY_BE_EDITED` matches. An ASCII text without any of them is not searched."""
_BLANKS = Rule(re.compile(MASK), (" ",))
"""Replaces the mask of a progress bar by a space, so that the mask does not count as a word."""
_DRAWN = Rule(re.compile(r"(?<=\|)[-=]{1,400}(?=>\s*$)"), ("",))
"""Removes a drawn bar at the end of a line, as in `loss=0.5 |---->`. The length of the bar depends on a value."""
_PADDING = Rule(re.compile(r"(?:(?<=[\[(])|(?<=\w=))[ ]{1,20}(?=[-+]?\.?\d)"), ("",))
"""Removes the spaces that a format such as `[{step:3d}/400]` puts before a short number, as in `[ 10/400]`."""
_PADDING_BEHIND = Rule(re.compile(r"(?<=\d)[ ]{1,20}(?=\])"), ("",))
"""Removes the spaces that NumPy puts behind a number with fewer digits than usual: `[0.86 ]` beside `[0.762]`."""


class ComparedLines:
    """Converts lines for the comparison. Lines that differ only in their digits share one entry of the cache."""

    def __init__(self, before: Before) -> None:
        self._before = before
        self._known: dict[str, Pieces | None] = {}

    def all(self, lines: Sequence[str]) -> list[str]:
        """Convert all lines, and return them in the same order. No line may contain a line break."""
        # Of a million log lines, only a few dozen differ in more than their digits.
        keys = _keys(lines)
        known = self._known
        times = Counter([key for key in keys if key not in known])
        new = [at for at, key in enumerate(keys) if times[key] == 1] if times else []
        together = dict(zip(new, self._together([lines[at] for at in new]), strict=True))
        for at, compared in together.items():
            self._remember(lines[at], keys[at], compared)
        # Most lines are known, and need no change; a call for each of a million lines would take most of the time.
        return [
            together[at] if at in together else line if known.get(key, _ONCE) is None else self._one(line, key)
            for at, (line, key) in enumerate(zip(lines, keys, strict=False))
        ]

    def _together(self, lines: Sequence[str]) -> list[str]:
        """Convert several lines together, which is faster than one by one. No two lines may be equal."""
        is_edited = _may_be_edited(lines)
        masked = iter(
            masked_together([line for line, edit in zip(lines, is_edited, strict=True) if not edit], self._before)
        )
        return [self.one(line) if edit else next(masked) for line, edit in zip(lines, is_edited, strict=True)]

    def one(self, line: str) -> str:
        """Convert one line, without using the cache."""
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
        self._remember(line, key, compared)
        return compared

    def _remember(self, line: str, key: str, compared: str) -> None:
        is_second = key in self._known
        is_known = len(self._known) < MOST_KNOWN or is_second
        is_fixed = len(line) <= LONGEST and not depends_on_digits(line)
        if is_known and is_fixed and not ("{" in line and order_depends_on_digits(line)):
            self._known[key] = None if compared == line else self._pieces(line) if is_second else _ONCE

    def _pieces(self, line: str) -> Pieces:
        traced = Traced(line)
        self._edit(traced)
        return traced.pieces()

    def _edit(self, line: Edited) -> None:
        unwrap(line)
        complete(line)
        sort_keys(line)
        if unfill(line):
            line.replace(_BLANKS)
        if "|" in line.text and line.text.rstrip().endswith(">"):
            line.replace(_DRAWN)
        if any(padded in line.text for padded in ("[ ", "( ", "= ")):
            line.replace(_PADDING)
        if " ]" in line.text:
            line.replace(_PADDING_BEHIND)
        mask(line, self._before)


def _keys(lines: Sequence[str]) -> list[str]:
    """Return for each line the line with `1` in place of each digit. A line that is too long to be cached may be
    returned as it is."""
    text = "\n".join(lines)
    if are_long(len(lines), len(text)):
        return [line if len(line) > LONGEST else alike_in_digits(line) for line in lines]
    return alike_in_digits(text).split("\n")


def _may_be_edited(lines: Sequence[str]) -> list[bool]:
    """Return, for each line, whether the line may need more changes than masks."""
    text = "\n".join(lines)
    # The pattern is slow, and no ASCII text without one of `_SIGNS` has a match.
    is_plain = text.isascii() and not any(sign in text for sign in _SIGNS)
    is_edited = [not is_plain and _MAY_BE_EDITED.search(line) is not None for line in lines]
    for may_be in (may_be_wrapped, may_lack_digits):
        if may_be(text):
            is_edited = [edit or may_be(line) for line, edit in zip(lines, is_edited, strict=True)]
    return is_edited
