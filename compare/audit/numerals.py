"""The forms in which sentences write numbers."""

import re

WORDS = {
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
COUNT = r"(?:\d{1,3}(?:[,\u202f]\d{3}){1,3}(?!\d)|\d{1,7}(?![\d.,]*\d))"
"""A whole number, with or without thousands separators."""
COUNT_OR_WORD = rf"(?:{COUNT}|\b(?:{'|'.join(word for word in WORDS if word not in ('no', 'none', 'zero'))})\b)"
VALUE = r"[-+]?(?:\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,12})?|\d{1,15}(?:[.,]\d{1,12})?|\.\d{1,12})(?:[eE][-+]?\d{1,3})?"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*")
"""A number in a line of output."""
_THOUSANDS = re.compile(r"\d{1,3}(?:[,\u202f]\d{3})+(?:\.\d+)?")


def count_of(text: str) -> int | None:
    """Return the whole number that a word or digits mean; None if they mean none."""
    low = text.strip().lower()
    if low in WORDS:
        return WORDS[low]
    digits = re.sub(r"[,\u202f\s]", "", low)
    return int(digits) if digits.isdecimal() and len(digits) < 16 else None


def plain_number(text: str) -> str:
    """Return a number as programs write it: without thousands separators, and with a decimal point."""
    bare = text.strip().lstrip("+")
    if _THOUSANDS.fullmatch(bare.lstrip("-")):
        return re.sub(r"[,\u202f]", "", bare)
    return bare.replace(",", ".") if bare.count(",") == 1 else bare
