"""Reads the values of many lines at once, as columns, from the groups of digits in the lines."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.digit_groups import LONGEST, DigitGroups

NO_DECIMALS = 255
"""Column entry for a value that has no decimals to count: `nan`, `inf`, a `torch.Size` or a `tensor`."""
EXPONENT = 100
"""Added to the number of decimals of a value with an exponent: 103 for `1.019e-01`."""
_PARTS = re.compile(r"[-+]?\d+(?P<fraction>\.\d+)?(?P<exponent>[eE](?P<below>-?)\+?\d+)?%?")
_ROW = re.compile(r"\d+")
_EXACT = 15
"""A double represents every whole number with at most this many digits exactly."""
_POWERS = 10 ** np.arange(_EXACT + 1)
"""Powers of ten: looking one up is many times as fast as computing it."""


class Kinds:
    """How to read values: one row for each kind of value, such as `-0.0%`, with columns for its properties."""

    def __init__(self) -> None:
        self._row: dict[str, int] = {}
        self._told: list[tuple[int, int, int, float, bool]] = []
        self._rows = [np.empty(0, np.int32)]

    def add(self, values: Sequence[str]) -> None:
        """Append these values, as a shape writes them (`-0.0%`). New kinds of value get a row."""
        for value in dict.fromkeys(values):
            if value not in self._row:
                self._row[value] = len(self._row)
                self._told.append(_kind_of(value))
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
        return tuple(np.array(column) for column in zip(*self._told, strict=True))


def _kind_of(value: str) -> tuple[int, int, int, float, bool]:
    read = _PARTS.fullmatch(value)
    rows = len(_ROW.findall(value))
    if read is None:
        return rows, 0, 0, number_in(value), True
    exponent = 0 if not read["exponent"] else -1 if read["below"] else 1
    return rows, int(bool(read["fraction"])), exponent, 0.0, False


def values_of(
    known: Kinds,
    begins: NDArray[np.int64],
    part: NDArray[np.int64],
    groups: DigitGroups,
    first: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.int64]]:
    """Read the values of many lines. Return three arrays: the values, the number of decimals of each value, and the
    indices of values with too many digits to be read here.

    `known` holds the values of each shape, which begin at `begins`. For each value to be read, `part` is its position
    in `known`, and `first` the row in `groups` at which its line begins.
    """
    if not len(part):
        return np.empty(0), np.empty(0, np.uint8), np.empty(0, np.int64)
    kinds = known.rows()
    taken, *others = known.columns()
    before = np.cumsum(taken[kinds]) - taken[kinds]
    run = before - np.repeat(before[np.minimum(begins, len(kinds) - 1)], np.diff([*begins, len(kinds)]))
    kind = kinds[part]
    has_fraction, exponent, constant, is_constant = (column[kind] for column in others)
    # A size may be all that there is, and then there are no digits to look at.
    numbers, lengths, negative = (
        np.append(column, np.zeros(3, column.dtype)) for column in (groups.numbers, groups.lengths, groups.negative)
    )
    at = np.where(is_constant, len(groups.numbers), first + run[part])
    sign = 1 - 2 * negative[at]
    behind = np.where(has_fraction, lengths[at + 1], 0)
    hard = (lengths[at] + behind > np.where(has_fraction | (exponent != 0), _EXACT, LONGEST)) & ~is_constant
    hard |= (exponent != 0) & (lengths[at + 1 + has_fraction] > LONGEST)
    scale = _POWERS[np.minimum(behind, _EXACT)]
    whole = np.where(hard, 0, numbers[at]) * scale + np.where(hard | (has_fraction == 0), 0, numbers[at + 1])
    values = np.where(is_constant, constant, sign * whole / scale)
    for one in np.flatnonzero((exponent != 0) & ~hard):
        power = exponent[one] * numbers[at[one] + 1 + has_fraction[one]] - behind[one]
        values[one] = float(f"{'-' if sign[one] < 0 else ''}{whole[one]}e{power}")
    decimals = np.minimum(behind, EXPONENT - 1) + np.where(exponent != 0, EXPONENT, 0)
    decimals = np.where(is_constant, NO_DECIMALS, decimals)
    return values, decimals.astype(np.uint8), np.flatnonzero(hard)


def number_in(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(text[:-1]) if text.endswith("%") else float("nan")
