"""Decides what commas between digits mean in logs. For example, `0,5` may be one number or two."""

import re
from collections.abc import Iterable
from enum import StrEnum

from gedanken.compare.output.decimal_commas import has_decimal_commas, replace_decimal_commas


class Commas(StrEnum):
    """The meaning of commas between digits in a log."""

    BETWEEN = "between numbers"
    DECIMAL = "before decimals"
    THOUSANDS = "between the thousands of a number with decimals"


_SAMPLE = 1 << 16
"""Number of characters at the beginning of a text that are searched for numbers with commas."""
_NUMBER_AFTER_NAME = re.compile(
    r"(?<![\w.,])(?:(?P<name>[A-Za-z_@%]{1,30})[\"')\]]?[ ]{0,4}[:= ][ ]{0,12}|(?<=[|\s])\|? {1,12})[-+$]?"
    r"(?P<number>\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)+)(?![\w.,])",
    re.ASCII,
)
"""Matches numbers with commas between them, together with the word before them. It does not match rows of CSV
tables, or tuples.
"""
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?P<decimals>\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"(?<=[\s|=:$+-])[1-9]\d{0,2}(?:,\d{3})+\.\d+(?![\w.,])", re.ASCII)


def has_thousands_commas(texts: Iterable[str]) -> bool:
    """Return whether these texts write numbers such as `1,234.5`.

    False if the word before such a number is also found before separate numbers, such as `0.5,0.7`.
    """
    grouped_names: set[str] = set()
    separate_names: set[str] = set()
    for text in texts:
        for match in _NUMBER_AFTER_NAME.finditer(text[:_SAMPLE]) if "," in text else ():
            number = _GROUPED.fullmatch(match["number"])
            if number is None:
                separate_names.add(match["name"] or "")
            elif number["decimals"]:
                grouped_names.add(match["name"] or "")
    return bool(grouped_names) and grouped_names.isdisjoint(separate_names)


def commas_in(texts: Iterable[str]) -> Commas:
    """Return what commas between digits mean in these texts."""
    texts = list(texts)
    if has_decimal_commas(texts):
        return Commas.DECIMAL
    return Commas.THOUSANDS if has_thousands_commas(texts) else Commas.BETWEEN


def normalize_commas(line: str, commas: Commas) -> str:
    """Return a line with its numbers in the usual notation. Depending on `commas`, `1,234.5` becomes `1234.5`, or
    `0,5` becomes `0.5`."""
    if "," not in line or commas is Commas.BETWEEN:
        return line
    if commas is Commas.DECIMAL:
        return replace_decimal_commas(line)
    return _NUMBER.sub(lambda match: match[0].replace(",", ""), line)
