"""Reads numbers that consist of several values, or have a unit: `12,345,678`, `224x224`, `11.2M`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gedanken.compare.output.named_numbers import NamedNumber, named_numbers
from gedanken.compare.output.vocabulary import Role, meaning_of

_THOUSANDS = r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?![\d%]|[.,]\d)"
_SIZES = r"\d+(?:[x×]\d+)+(?!\w|\.\d)"
_MULTIPLES = r"(?:[KMGT](?:i?B)?|k)(?![\w/])"
_UNIT = rf"(?:{_MULTIPLES}|B(?![\w/])|\s{_MULTIPLES}(?!\s{{0,20}}[@:=]?\s{{0,20}}[-+]?\.?\d))"
_JOINED = re.compile(
    rf"(?<![\w.,+-])(?:(?P<thousands>{_THOUSANDS})|(?P<sizes>{_SIZES})|\d+(?:\.\d+)?)(?P<unit>{_UNIT})?", re.ASCII
)
_WORDS_AFTER = re.compile(r"\s{1,20}(?P<name>(?:[A-Za-z][A-Za-z_-]{2,30}[ ]?){1,4})")
_DECISIVE_ROLES = (Role.SETTING, Role.COUNTER, Role.ENVIRONMENT)


class JoinedNumber(NamedTuple):
    """A number that consists of several values, such as `12,345`, or has a unit, such as `11.2M`."""

    columns: tuple[int, ...]
    """Indices of the values of this number, among all values of the line."""
    start: int
    end: int
    """Position in the line at which the number and its unit end."""
    has_unit: bool
    has_thousands: bool
    """True for a number with commas between its thousands."""
    is_size: bool
    """True for a number such as `224x224`."""


def joined_numbers(line: str, spans: Sequence[tuple[int, int]]) -> list[JoinedNumber]:
    """Return numbers such as `12,345`, `11.2M` and `224x224` in a line. `spans` holds each value's start and end."""
    joined: list[JoinedNumber] = []
    for number in _JOINED.finditer(line):
        if not (number["thousands"] or number["sizes"] or number["unit"]):
            continue
        columns = tuple(index for index, (start, _end) in enumerate(spans) if number.start() <= start < number.end())
        if columns:  # none within a `torch.Size([3,224])`, which is one value
            kinds = (number[kind] is not None for kind in ("unit", "thousands", "sizes"))
            joined.append(JoinedNumber(columns, *number.span(), *kinds))
    return joined


def names_of_joined(line: str, joined: Sequence[JoinedNumber]) -> list[NamedNumber]:
    """Return the name and role of each of these numbers. They are found as if the line contained `12345` in place
    of `12,345`.
    """
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    end_of_last = length = 0
    for number in joined:
        before = line[end_of_last : number.start]
        digits = line[number.start : number.end].partition(".")[0]
        plain = "".join(filter(str.isdigit, digits)) or "0"
        start = length + len(before)
        parts += [before, plain]
        spans.append((start, start + len(plain)))
        length, end_of_last = start + len(plain), number.end
    plain_line = "".join([*parts, line[end_of_last:]])
    numbers = named_numbers(plain_line, spans)
    return [
        _with_words_after(named_number, plain_line, end)
        for named_number, (_start, end) in zip(numbers, spans, strict=True)
    ]


def _with_words_after(named_number: NamedNumber, line: str, end: int) -> NamedNumber:
    """If words after the number name it, as in `11.2M trainable params`, return their name and role; otherwise
    return `named_number`.
    """
    words = _WORDS_AFTER.match(line, end)
    if words is None or named_number.role in (Role.METRIC, *_DECISIVE_ROLES) or named_number.is_part_of_name:
        return named_number
    role = meaning_of(words["name"]).role
    return (
        NamedNumber(words["name"].strip(), role) if role in _DECISIVE_ROLES or not named_number.name else named_number
    )
