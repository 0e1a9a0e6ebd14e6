"""Tells fast which of many words a long text contains."""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_MIN_INDEXED_LENGTH = 1 << 14
"""In a text with fewer characters, each word is searched for directly."""


def word_predicate(text: str) -> Callable[[str], bool]:
    """Return a function that tells whether the text contains a word. The word must be ASCII."""
    if len(text) < _MIN_INDEXED_LENGTH or not text.isascii():
        return text.__contains__
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.uint16)
    has_pair = np.zeros(1 << 16, bool)
    has_pair[(codes[:-1] << 8) | codes[1:]] = True
    # In a log of many lines with few words, nearly every word has a pair of letters that the log lacks.
    return lambda word: bool(has_pair[_letter_pairs(word)].all()) and word in text


@lru_cache(maxsize=1024)
def _letter_pairs(word: str) -> NDArray[np.uint16]:
    return np.array([ord(letter) << 8 | ord(next_letter) for letter, next_letter in pairwise(word)], np.uint16)
