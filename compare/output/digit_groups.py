"""Finds the groups of digits in many lines at once: `0` and `53` in `loss 0.53`."""

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_DIGITS = 18
"""Every integer with at most this many digits fits into 64 bits."""
_MINUS = ord("-")


class DigitGroups:
    """The groups of digits in a text, as arrays with one element for each group. `shapes` contains each line with
    `0` in place of each group.

    Of a longer group, only the first `MAX_DIGITS` digits are read; its shape has `MAX_DIGITS` + 1 zeros.
    """

    def __init__(self, text: str) -> None:
        coding, width = ("ascii", np.uint8) if text.isascii() else ("utf-32-le", np.uint32)
        if not text.isascii():
            foreign_digits = {letter for letter in set(text) if letter.isdecimal() and not letter.isascii()}
            text = text.translate({ord(letter): str(unicodedata.decimal(letter)) for letter in foreign_digits})
        codes: NDArray[Any] = np.frombuffer(text.encode(coding, "surrogatepass"), width)
        # Unsigned: a character before `0` becomes a large number.
        digits: NDArray[Any] = codes - width(48)
        is_digit = digits < 10
        padded = np.concatenate([[False], is_digit, [False]])
        borders = np.flatnonzero(padded[1:] != padded[:-1])
        starts, ends = borders[::2], borders[1::2]
        self.lengths = ends - starts
        self.negative = (codes[starts - 1] == _MINUS) & (starts > 0)
        """For each group of digits, whether a minus sign stands before it."""
        self.numbers = np.zeros(len(starts), np.int64)
        read_lengths = np.minimum(self.lengths, MAX_DIGITS).astype(np.uint8)
        for length in np.flatnonzero(np.bincount(read_lengths)).tolist():
            rows = np.flatnonzero(read_lengths == length)
            positions = starts[rows]
            numbers = digits[positions].astype(np.int64)
            for offset in range(1, length):
                numbers = numbers * 10 + digits[positions + offset]
            self.numbers[rows] = numbers
        line_starts = np.concatenate([[0], np.flatnonzero(codes == 10) + 1])
        self.first = np.searchsorted(starts, line_starts)
        """For each line, the index of its first group of digits."""
        is_kept = ~is_digit
        is_kept[starts] = True
        for start in starts[self.lengths > MAX_DIGITS]:
            is_kept[start : start + MAX_DIGITS + 1] = True
        masked_codes = (codes - digits * is_digit)[is_kept]
        self.shapes = masked_codes.tobytes().decode(coding, "surrogatepass").split("\n")
