"""Decides what commas between digits mean in a set of logs: `0,5` and `1,234.5` may be one number each, or two."""

import re
from collections.abc import Iterable
from enum import StrEnum

from gedanken.compare.output.decimal_commas import has_decimal_commas, with_points


class Commas(StrEnum):
    """What the commas of a log mean that stand between two digits."""

    BETWEEN = "between numbers"
    DECIMAL = "before decimals"
    THOUSANDS = "between the thousands of a number with decimals"


_SAMPLE = 1 << 16
"""Number of characters, from the start of a text, that are searched for such numbers."""
_PLACE = re.compile(
    r"(?<![\w.,])(?:(?P<name>[A-Za-z_@%]{1,30})[\"')\]]?[ ]{0,4}[:= ][ ]{0,12}|(?<=[|\s])\|? {1,12})[-+$]?"
    r"(?P<number>\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)+)(?![\w.,])",
    re.ASCII,
)
"""Matches numbers with commas between them, and the word before them. A row of a CSV table is none, because it begins
a line; nor is a tuple."""
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?P<decimals>\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"(?<=[\s|=:$+-])[1-9]\d{0,2}(?:,\d{3})+\.\d+(?![\w.,])", re.ASCII)


def has_grouped_decimals(texts: Iterable[str]) -> bool:
    """Return whether these texts write numbers such as `1,234.5`: wherever several numbers with commas between them
    stand behind the same word as such a number, each has exactly three digits behind every comma.
    """
    grouped: set[str] = set()
    apart: set[str] = set()
    for text in texts:
        for found in _PLACE.finditer(text[:_SAMPLE]) if "," in text else ():
            number = _GROUPED.fullmatch(found["number"])
            if number is None:
                apart.add(found["name"] or "")
            elif number["decimals"]:
                grouped.add(found["name"] or "")
    return bool(grouped) and grouped.isdisjoint(apart)


def commas_in(texts: Iterable[str]) -> Commas:
    """Return what commas between digits mean in these texts."""
    texts = list(texts)
    if has_decimal_commas(texts):
        return Commas.DECIMAL
    return Commas.THOUSANDS if has_grouped_decimals(texts) else Commas.BETWEEN


def without_commas(line: str, commas: Commas) -> str:
    """Return a line with its numbers in the usual notation: `1,234.5`, if it is one number, as `1234.5`, and `0,5` as
    `0.5`."""
    if "," not in line or commas is Commas.BETWEEN:
        return line
    if commas is Commas.DECIMAL:
        return with_points(line)
    return _NUMBER.sub(lambda found: found[0].replace(",", ""), line)
