"""Finds decimal commas, as in `0,6931`, and replaces them by points."""

import re
from collections.abc import Iterable

_SAMPLE = 1 << 16
"""Number of characters at the beginning of a text that are searched for decimal commas."""
_MIN_NUMBERS = 3
"""A text uses decimal commas only if at least this many of its numbers certainly contain one."""
_NUMBER_WITH_COMMA = re.compile(
    r"(?<![\w.,(\[])[-+]?(?P<whole>\d{1,12}),(?P<fraction>\d{1,18})(?![\w.,])(?!\s?[)\]])"
)
"""Matches a number with a comma between digits, outside lists and tuples."""
_NUMBER_WITH_POINT = re.compile(r"(?<![\w.,])[-+]?\d{1,12}\.\d{1,18}(?![\w.])")
_PAIR_OF_INTEGERS = re.compile(r"^\s*\d+,\d+\s*$", re.MULTILINE)
"""Matches a line that consists of two whole numbers with a comma between them."""
_COMMA_BETWEEN_DIGITS = re.compile(r"(?<![\d,.])(\d{1,12}),(\d{1,18}%?)(?![\d,]|\.\d)")


def has_decimal_commas(texts: Iterable[str]) -> bool:
    """Return whether all these texts use decimal commas, as in `0,6931`; False if there are no texts."""
    uses_commas = [_has_comma_majority(text[:_SAMPLE]) for text in texts]
    return bool(uses_commas) and all(uses_commas)


def _has_comma_majority(text: str) -> bool:
    # A line `3,14` may be two numbers.
    if "," not in text or _PAIR_OF_INTEGERS.search(text):
        return False
    numbers = [(numbers["whole"], numbers["fraction"]) for numbers in _NUMBER_WITH_COMMA.finditer(text)]
    # `12,345` may be thousands.
    certain_count = sum(integer_part == "0" or len(fraction) != 3 for integer_part, fraction in numbers)
    point_count = sum(1 for _point in _NUMBER_WITH_POINT.finditer(text))
    return certain_count >= _MIN_NUMBERS and 2 * certain_count > len(numbers) and point_count < len(numbers)


def replace_decimal_commas(line: str) -> str:
    """Return a line with a point in place of each decimal comma; its length stays the same."""
    return _COMMA_BETWEEN_DIGITS.sub(r"\1.\2", line) if "," in line else line
