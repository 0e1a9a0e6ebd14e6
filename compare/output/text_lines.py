"""Stores the lines of a text as one string and the positions at which lines begin, because separate strings need
twice the memory.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

LONGEST_LINE = 1 << 14
"""Maximum number of characters of a line that are read. Longer lines are not meant for readers, and may be an attempt
to slow the comparison down; differences beyond this limit are not found.
"""
_PART = 1 << 20
"""Number of characters that are split at a time, extended to the end of a line."""


class Lines(Sequence[str]):
    """The lines of a text as `str.splitlines` returns them; long ones are cut and end in `…`."""

    def __init__(self, text: str) -> None:
        self._text = text
        lengths = [np.zeros(1, np.int64)]
        for part in _parts(text):
            lengths.append(np.fromiter(map(len, part.splitlines(keepends=True)), np.int64))
        self._bounds: NDArray[np.int64] = np.cumsum(np.concatenate(lengths))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @property
    def is_torn(self) -> bool:
        """True if the last line has no line break, for example because a process was stopped while it wrote."""
        return self._text[-1:] not in ("", "\n", "\r")

    @overload
    def __getitem__(self, at: SupportsIndex) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: SupportsIndex | slice) -> str | list[str]:
        if isinstance(at, slice):
            rows = range(len(self))[at]
            if rows.step != 1:
                return [self[row] for row in rows]
            text = self._text[self._bounds[rows.start] : self._bounds[max(rows.start, rows.stop)]]
            return list(map(_short, text.splitlines()))
        index = range(len(self))[at]
        (line,) = self._text[self._bounds[index] : self._bounds[index + 1]].splitlines()
        return _short(line)

    def at(self, rows: NDArray[np.int64]) -> Iterator[str]:
        """Yield the lines with these indices."""
        for begin, end in zip(self._bounds[rows].tolist(), self._bounds[rows + 1].tolist(), strict=True):
            yield _short(self._text[begin:end].splitlines()[0])

    def __iter__(self) -> Iterator[str]:
        for part in _parts(self._text):
            yield from map(_short, part.splitlines())


def containing(texts: Sequence[str], words: Iterable[str]) -> list[int]:
    """Return the indices of the texts that contain one of these words, in order.

    The words must be in lower case; in the texts, case is ignored. No text may contain a line break. All texts are
    searched as one, which is much faster than to search each of them.
    """
    whole = "\n".join(texts).lower()
    starts: list[int] | None = None
    found: set[int] = set()
    for word in words:
        at = whole.find(word)
        while at >= 0:
            if starts is None:
                starts = list(accumulate((len(text) + 1 for text in whole.split("\n")), initial=0))
            index = bisect_right(starts, at) - 1
            found.add(index)
            at = whole.find(word, starts[index + 1])
    return sorted(found)


def _parts(text: str) -> Iterator[str]:
    """Yield the text in parts of whole lines."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PART) + 1 or len(text)
        yield text[start:end]
        start = end


def _short(line: str) -> str:
    if len(line) <= LONGEST_LINE:
        return line
    # A line that is only `…` would say that the log leaves lines out.
    begin = line[:LONGEST_LINE]
    return begin if begin.isspace() else f"{begin}…"
