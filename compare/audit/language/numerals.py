"""Reads the numbers in sentences, whether written as digits or as words."""

import re
from decimal import Decimal

NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "both": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "zero": 0,
    "no": 0,
    "none": 0,
    "zwei": 2,
    "beide": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "sechs": 6,
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "keine": 0,
    "aucun": 0,
    "aucune": 0,
    "ninguna": 0,
    "ningún": 0,
}
GROUP_SEPARATORS = r",\u202f\u00a0\u2009'’_"
"""Characters that may separate groups of three digits. The plain space is missing, because it may also separate two
numbers.
"""
_SEPARATOR = r"[\x20\u202f\u00a0\u2009'’_]"
NOT_END_OF_LONGER = (
    rf"(?!(?<=\d{_SEPARATOR})(?<!\d{{4}}{_SEPARATOR})"
    rf"(?<![A-Za-z]\d{_SEPARATOR})(?<![A-Za-z]\d\d{_SEPARATOR})(?<![A-Za-z]\d{{3}}{_SEPARATOR})\d{{3}}(?!\d))"
)
"""Pattern that is put in front of a number's pattern, so that the end of a longer number does not match: the 345
of `12 345` does not, but that of `p95 345` does.
"""
COUNT_PATTERN = (
    rf"(?:{NOT_END_OF_LONGER}(?:\d{{1,3}}(?:[{GROUP_SEPARATORS}]\d{{3}}){{1,3}}(?!\d)|"
    r"\d{1,7}(?![\d.,]*\d)(?!\x20\d{3}(?!\d))))"
)
"""Pattern for a whole number, with or without thousands separators."""
COUNT_OR_WORD = (
    rf"(?:{COUNT_PATTERN}|\b(?:{'|'.join(word for word in NUMBER_WORDS if word not in ('no', 'none', 'zero'))})\b)"
)
VALUE_PATTERN = (
    r"[-+]?(?:\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,12})?|\d{1,15}(?:[.,]\d{1,12})?|\.\d{1,12})(?:[eE][-+]?\d{1,3})?"
)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(rf"\d{{1,3}}(?:[{GROUP_SEPARATORS}]\d{{3}})+(?:\.\d+)?")
_POWER_OF_TEN = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?[eE][-+]?\d{1,2}")


def parse_count(text: str) -> int | None:
    """Return the whole number that a word or digits stand for; None if the text is not a number."""
    lowered = text.strip().lower()
    if lowered in NUMBER_WORDS:
        return NUMBER_WORDS[lowered]
    digits = re.sub(rf"[{GROUP_SEPARATORS}\s]", "", lowered)
    return int(digits) if digits.isdecimal() and len(digits) < 16 else None


def normalize_number(text: str) -> str:
    """Return a number as programs write it: without thousands separators or powers of ten, and with a
    decimal point.
    """
    number = text.strip().lstrip("+")
    if _THOUSANDS.fullmatch(number.lstrip("-")):
        return re.sub(rf"[{GROUP_SEPARATORS}]", "", number)
    if _POWER_OF_TEN.fullmatch(number):
        return format(Decimal(number), "f")
    return number.replace(",", ".") if number.count(",") == 1 else number
