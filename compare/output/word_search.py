"""Tells which of many words a text holds. A long text is read once, and not once for each word."""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_LONG = 1 << 14
"""Minimum number of characters of a text that is read for its pairs of characters first."""


def search_in(text: str) -> Callable[[str], bool]:
    """Return a function that tells whether the text holds a word. The word must be ASCII, with two letters or more.

    A word of which two neighbouring letters are nowhere neighbours in the text is not searched for: in a log of many
    lines with few words, that is nearly every word.
    """
    if len(text) < _LONG or not text.isascii():
        return text.__contains__
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.uint16)
    is_there = np.zeros(1 << 16, bool)
    is_there[(codes[:-1] << 8) | codes[1:]] = True
    return lambda word: bool(is_there[_pairs_of(word)].all()) and word in text


@lru_cache(maxsize=1024)
def _pairs_of(word: str) -> NDArray[np.uint16]:
    return np.array([ord(one) << 8 | ord(other) for one, other in pairwise(word)], np.uint16)
