"""Finds decimal commas, as in `0,6931`, and replaces them by points."""

import re
from collections.abc import Iterable

_SAMPLE = 1 << 16
"""Number of characters, from the start of a text, that are searched for decimal commas."""
_FEWEST = 3
"""A text uses decimal commas only if at least this many of its numbers certainly have one."""
_COMMA = re.compile(r"(?<![\w.,(\[])[-+]?(?P<whole>\d{1,12}),(?P<fraction>\d{1,18})(?![\w.,])(?!\s?[)\]])")
"""Matches a number with a comma between digits, outside lists and tuples."""
_POINT = re.compile(r"(?<![\w.,])[-+]?\d{1,12}\.\d{1,18}(?![\w.])")
_PAIR = re.compile(r"^\s*\d+,\d+\s*$", re.MULTILINE)
"""Matches a line of two whole numbers that a comma separates."""
_BETWEEN = re.compile(r"(?<![\d,.])(\d{1,12}),(\d{1,18}%?)(?![\d,]|\.\d)")


def has_decimal_commas(texts: Iterable[str]) -> bool:
    """Return whether all these texts use decimal commas, as in `0,6931`; False if there are no texts."""
    told = [_writes_commas(text[:_SAMPLE]) for text in texts]
    return bool(told) and all(told)


def _writes_commas(text: str) -> bool:
    # A line `3,14` may be two numbers.
    if "," not in text or _PAIR.search(text):
        return False
    found = [(found["whole"], found["fraction"]) for found in _COMMA.finditer(text)]
    # `12,345` may be thousands.
    certain = sum(whole == "0" or len(fraction) != 3 for whole, fraction in found)
    points = sum(1 for _point in _POINT.finditer(text))
    return certain >= _FEWEST and 2 * certain > len(found) and points < len(found)


def with_points(line: str) -> str:
    """Return a line with a point in place of each decimal comma; its length stays the same."""
    return _BETWEEN.sub(r"\1.\2", line) if "," in line else line
