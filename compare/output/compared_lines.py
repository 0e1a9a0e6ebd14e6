"""Converts log lines to the form in which they are compared, with masks in place of times and paths."""

import re
from collections import Counter
from collections.abc import Sequence

from gedanken.compare.output.edited_line import EditableLine, Pieces, Rule, TracedLine, build_line
from gedanken.compare.output.key_order import order_depends_on_digits, sort_keys
from gedanken.compare.output.masking import (
    MASK,
    MAX_LINE_LENGTH,
    IdContexts,
    depends_on_digits,
    is_long_on_average,
    mask,
    mask_digits,
    masked_lines,
)
from gedanken.compare.output.plain_numbers import may_need_normalizing, normalize_numbers
from gedanken.compare.output.progress_bars import mask_bar
from gedanken.compare.output.wrapped_numbers import may_be_wrapped, unwrap_numbers

MAX_CACHED_LINES = 1 << 15
"""Maximum number of lines whose result is cached. It limits the memory that is used if all lines have different
words.
"""
_SEEN_ONCE: Pieces = ("\n",)
"""Cache entry of a line that was seen only once. It contains no result, because most lines do not occur again."""


_MAY_BE_EDITED = re.compile(r"\{|%\||[-=]>|\[[=>#.█\-]{3}|\|[#=]{3}|[\[(=] |\d {1,20}\]|[^\x00-\x19\x1b-\x7f]")
"""Matches each line that may need more changes than masks, such as a line with a JSON object or a progress bar."""
_EDIT_SIGNS = ("{", "|", "[", "(", "]", "=", ">", MASK)
"""Every line in ASCII that `_MAY_BE_EDITED` matches contains one of these characters. A text without them is not
searched.
"""
_LEADING_ZERO = re.compile(r"(?<!\d)0(?:[xX]|\d{0,2}_\d)", re.ASCII)
"""Matches a zero because of which a line is converted differently: as in `0x7f`, an address, and `0_234`."""
_MAY_HAVE_LEADING_ZERO = re.compile(_LEADING_ZERO.pattern.replace("0", "1", 1), re.ASCII)
"""Matches the keys of lines that `_LEADING_ZERO` may match. A key has `1` in place of each digit."""
_MASK_TO_SPACE = Rule(re.compile(MASK), (" ",))
"""Replaces the mask of a progress bar by a space, so that the mask does not count as a word."""
_DRAWN_BAR = Rule(re.compile(r"(?<=\|)[-=]{1,400}(?=>\s*$)"), ("",))
"""Removes a drawn bar at the end of a line, as in `loss=0.5 |---->`. The length of the bar depends on a value."""
_PADDING = Rule(re.compile(r"(?:(?<=[\[(])|(?<=\w=))[ ]{1,20}(?=[-+]?\.?\d)"), ("",))
"""Removes the spaces that a format such as `[{step:3d}/400]` puts before a short number, as in `[ 10/400]`."""
_PADDING_AFTER = Rule(re.compile(r"(?<=\d)[ ]{1,20}(?=\])"), ("",))
"""Removes the spaces that NumPy puts after a number with fewer digits than the others: `[0.86 ]` below `[0.762]`."""


class ComparedLines:
    """Converts lines to the form in which they are compared. Lines that differ only in their digits share an entry
    of the cache.
    """

    def __init__(self, before: IdContexts) -> None:
        self._before = before
        self._cache: dict[str, Pieces | None] = {}

    def all(self, lines: Sequence[str]) -> list[str]:
        """Convert all lines, and return them in the same order. No line may contain a line break."""
        # Of a million log lines, only a few dozen differ in more than their digits.
        keys = _keep_leading_zeros(_keys(lines), lines)
        cache = self._cache
        counts = Counter([key for key in keys if key not in cache])
        new_indices = [index for index, key in enumerate(keys) if counts[key] == 1] if counts else []
        converted = dict(
            zip(new_indices, self._convert_together([lines[index] for index in new_indices]), strict=True)
        )
        for index, converted_line in converted.items():
            self._remember(lines[index], keys[index], converted_line)
        # Most lines are known, and need no change; a call for each of a million lines would take most of the time.
        return [
            converted[index]
            if index in converted
            else line
            if cache.get(key, _SEEN_ONCE) is None
            else self._convert_cached(line, key)
            for index, (line, key) in enumerate(zip(lines, keys, strict=False))
        ]

    def _convert_together(self, lines: Sequence[str]) -> list[str]:
        """Convert several lines together, which is faster than one by one. No two lines may be equal."""
        is_edited = _may_be_edited(lines)
        masked = iter(
            masked_lines(
                [line for line, is_edited_line in zip(lines, is_edited, strict=True) if not is_edited_line],
                self._before,
            )
        )
        return [
            self.one(line) if is_edited_line else next(masked)
            for line, is_edited_line in zip(lines, is_edited, strict=True)
        ]

    def one(self, line: str) -> str:
        """Convert one line, without using the cache."""
        edited = EditableLine(line.replace(MASK, " "))
        self._edit(edited)
        return edited.text

    def _convert_cached(self, line: str, key: str) -> str:
        pieces = self._cache.get(key, ())
        if pieces is None:
            return line
        if pieces and pieces is not _SEEN_ONCE:
            return build_line(line, pieces)
        converted = self.one(line)
        self._remember(line, key, converted)
        return converted

    def _remember(self, line: str, key: str, converted: str) -> None:
        is_second = key in self._cache
        is_known = len(self._cache) < MAX_CACHED_LINES or is_second
        is_fixed = len(line) <= MAX_LINE_LENGTH and not depends_on_digits(line)
        if is_known and is_fixed and not ("{" in line and order_depends_on_digits(line)):
            self._cache[key] = None if converted == line else self._pieces(line) if is_second else _SEEN_ONCE

    def _pieces(self, line: str) -> Pieces:
        traced = TracedLine(line)
        self._edit(traced)
        return traced.pieces()

    def _edit(self, line: EditableLine) -> None:
        unwrap_numbers(line)
        normalize_numbers(line)
        sort_keys(line)
        if mask_bar(line):
            line.replace(_MASK_TO_SPACE)
        if "|" in line.text and line.text.rstrip().endswith(">"):
            line.replace(_DRAWN_BAR)
        if any(opening in line.text for opening in ("[ ", "( ", "= ")):
            line.replace(_PADDING)
        if " ]" in line.text:
            line.replace(_PADDING_AFTER)
        mask(line, self._before)


def _keys(lines: Sequence[str]) -> list[str]:
    """Return each line with `1` in place of each digit. A line that is too long to be cached may stay unchanged."""
    text = "\n".join(lines)
    if is_long_on_average(len(lines), len(text)):
        return [line if len(line) > MAX_LINE_LENGTH else mask_digits(line) for line in lines]
    return mask_digits(text).split("\n")


def _keep_leading_zeros(keys: list[str], lines: Sequence[str]) -> list[str]:
    """Return the keys. If a leading zero decides how a line is converted, its key is the line itself.

    For example, `0x7f3a` is an address but `3x7f3a` is not, and `1_234` is a single number but `0_234` is not.
    """
    candidates = {key for key in set(keys) if _MAY_HAVE_LEADING_ZERO.search(key)}
    if not candidates:
        return keys
    return [
        line if key in candidates and _LEADING_ZERO.search(line) else key
        for key, line in zip(keys, lines, strict=False)
    ]


def _may_be_edited(lines: Sequence[str]) -> list[bool]:
    text = "\n".join(lines)
    # The pattern is slow, and no ASCII text without one of `_SIGNS` has a match.
    is_plain = text.isascii() and not any(sign in text for sign in _EDIT_SIGNS)
    is_edited = [not is_plain and _MAY_BE_EDITED.search(line) is not None for line in lines]
    for predicate in (may_be_wrapped, may_need_normalizing):
        if predicate(text):
            is_edited = [
                is_edited_line or predicate(line) for line, is_edited_line in zip(lines, is_edited, strict=True)
            ]
    return is_edited
