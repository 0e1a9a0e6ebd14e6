"""Finds the groups of digits in many lines at once: `0` and `53` in `loss 0.53`."""

import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 18
"""Every integer with at most this many digits fits into 64 bits."""
_MINUS = ord("-")


class DigitGroups:
    """The groups of digits in a text, as columns with one row for each group. `shapes` holds each line with `0` in
    place of each group.

    Of a group with more than LONGEST digits, only the first LONGEST are read; its shape has LONGEST + 1 zeros.
    """

    def __init__(self, text: str) -> None:
        coding, width = ("ascii", np.uint8) if text.isascii() else ("utf-32-le", np.uint32)
        if not text.isascii():
            others = {letter for letter in set(text) if letter.isdecimal() and not letter.isascii()}
            text = text.translate({ord(letter): str(unicodedata.decimal(letter)) for letter in others})
        codes: NDArray[Any] = np.frombuffer(text.encode(coding, "surrogatepass"), width)
        # Unsigned: a character before `0` becomes a large number.
        digits: NDArray[Any] = codes - width(48)
        digit = digits < 10
        padded = np.concatenate([[False], digit, [False]])
        border = np.flatnonzero(padded[1:] != padded[:-1])
        begins, ends = border[::2], border[1::2]
        self.lengths = ends - begins
        self.negative = (codes[begins - 1] == _MINUS) & (begins > 0)
        """For each group of digits, whether a minus sign stands before it."""
        self.numbers = np.zeros(len(begins), np.int64)
        counted = np.minimum(self.lengths, LONGEST).astype(np.uint8)
        for length in np.flatnonzero(np.bincount(counted)).tolist():
            some = np.flatnonzero(counted == length)
            at = begins[some]
            numbers = digits[at].astype(np.int64)
            for step in range(1, length):
                numbers = numbers * 10 + digits[at + step]
            self.numbers[some] = numbers
        line_begins = np.concatenate([[0], np.flatnonzero(codes == 10) + 1])
        self.first = np.searchsorted(begins, line_begins)
        """For each line, the index of its first group of digits."""
        kept = ~digit
        kept[begins] = True
        for begin in begins[self.lengths > LONGEST]:
            kept[begin : begin + LONGEST + 1] = True
        left = (codes - digits * digit)[kept]
        self.shapes = left.tobytes().decode(coding, "surrogatepass").split("\n")
