"""Reads the values of many lines at once into arrays, from the groups of digits in the lines: `12`, `0` and `25` in
`epoch 12 loss 0.25`.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.digit_groups import MAX_DIGITS, DigitGroups

NO_DECIMALS = 255
"""Stands for the number of decimals of a value that has none to count: `nan`, `inf`, a `torch.Size` or a `tensor`."""
EXPONENT = 100
"""Added to the number of decimals of a value with an exponent: 103 for `1.019e-01`."""
_NUMBER_PARTS = re.compile(r"[-+]?\d+(?P<fraction>\.\d+)?(?P<exponent>[eE](?P<below>-?)\+?\d+)?%?")
_DIGIT_GROUP = re.compile(r"\d+")
_MAX_EXACT_DIGITS = 15
"""A double represents every whole number with at most this many digits exactly."""
_POWERS_OF_TEN = 10 ** np.arange(_MAX_EXACT_DIGITS + 1)
"""Powers of ten: looking one up is many times as fast as computing it."""


class ValueKinds:
    """A table with one row for each kind of value, such as `-0.0%`. The columns say how to read such a value."""

    def __init__(self) -> None:
        self._row: dict[str, int] = {}
        self._properties: list[tuple[int, int, int, float, bool]] = []
        self._rows = [np.empty(0, np.int32)]

    def add(self, values: Sequence[str]) -> None:
        """Append these values, as a shape writes them (`-0.0%`). New kinds of value get a row."""
        for value in dict.fromkeys(values):
            if value not in self._row:
                self._row[value] = len(self._row)
                self._properties.append(_parse_kind(value))
        self._rows.append(np.fromiter(map(self._row.__getitem__, values), np.int32, len(values)))

    def rows(self) -> NDArray[np.int32]:
        """Return, for each value that was added, the row of its kind."""
        return np.concatenate(self._rows)

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Return five columns with one row for each kind of value:

        - the number of digit groups;
        - 1 if the value has a fraction, otherwise 0;
        - the sign of the exponent: 1, -1, or 0 without an exponent;
        - the value, if it is not read from the digits: `nan`, `inf`, and NaN for a size or a tensor; otherwise 0;
        - True if the fourth column holds the value.
        """
        return tuple(np.array(column) for column in zip(*self._properties, strict=True))


def _parse_kind(value: str) -> tuple[int, int, int, float, bool]:
    match = _NUMBER_PARTS.fullmatch(value)
    group_count = len(_DIGIT_GROUP.findall(value))
    if match is None:
        return group_count, 0, 0, parse_number(value), True
    exponent = 0 if not match["exponent"] else -1 if match["below"] else 1
    return group_count, int(bool(match["fraction"])), exponent, 0.0, False


def values_of(
    kinds: ValueKinds,
    begins: NDArray[np.int64],
    positions: NDArray[np.int64],
    groups: DigitGroups,
    first: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.int64]]:
    """Read the values of many lines. Return three arrays: the values, the number of decimals of each value, and the
    indices of values with too many digits to be read here.

    `kinds` holds the values of one shape after another; the values of the n-th shape begin at `begins[n]`. For each
    value to be read, `positions` holds its position in `kinds`, and `first` the row in `groups` at which its line
    begins.
    """
    if not len(positions):
        return np.empty(0), np.empty(0, np.uint8), np.empty(0, np.int64)
    kind_rows = kinds.rows()
    group_counts, *properties = kinds.columns()
    groups_before = np.cumsum(group_counts[kind_rows]) - group_counts[kind_rows]
    group_offset = groups_before - np.repeat(
        groups_before[np.minimum(begins, len(kind_rows) - 1)], np.diff([*begins, len(kind_rows)])
    )
    kind_of_value = kind_rows[positions]
    has_fraction, exponent, constant, is_constant = (column[kind_of_value] for column in properties)
    # A size may be all that there is, and then there are no digits to look at.
    numbers, lengths, negative = (
        np.append(column, np.zeros(3, column.dtype)) for column in (groups.numbers, groups.lengths, groups.negative)
    )
    group = np.where(is_constant, len(groups.numbers), first + group_offset[positions])
    sign = 1 - 2 * negative[group]
    decimal_digits = np.where(has_fraction, lengths[group + 1], 0)
    is_too_long = (
        lengths[group] + decimal_digits > np.where(has_fraction | (exponent != 0), _MAX_EXACT_DIGITS, MAX_DIGITS)
    ) & ~is_constant
    is_too_long |= (exponent != 0) & (lengths[group + 1 + has_fraction] > MAX_DIGITS)
    scale = _POWERS_OF_TEN[np.minimum(decimal_digits, _MAX_EXACT_DIGITS)]
    integers = np.where(is_too_long, 0, numbers[group]) * scale + np.where(
        is_too_long | (has_fraction == 0), 0, numbers[group + 1]
    )
    values = np.where(is_constant, constant, sign * integers / scale)
    for index in np.flatnonzero((exponent != 0) & ~is_too_long):
        power = exponent[index] * numbers[group[index] + 1 + has_fraction[index]] - decimal_digits[index]
        values[index] = float(f"{'-' if sign[index] < 0 else ''}{integers[index]}e{power}")
    decimals = np.minimum(decimal_digits, EXPONENT - 1) + np.where(exponent != 0, EXPONENT, 0)
    decimals = np.where(is_constant, NO_DECIMALS, decimals)
    return values, decimals.astype(np.uint8), np.flatnonzero(is_too_long)


def parse_number(text: str) -> float:
    """Return the value of a printed number: 97 for `97%`, and NaN for a text that is not a number."""
    try:
        return float(text)
    except ValueError:
        return float(text[:-1]) if text.endswith("%") else float("nan")
