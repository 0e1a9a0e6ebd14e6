"""Stores the lines of a text as one string and their positions, in half the memory of separate strings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

LONGEST_LINE = 1 << 14
"""Only this many characters of a line are read. Longer lines are not for people, and may slow the comparison down."""
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Matches control sequences of a terminal (ECMA-48), such as colours and cursor movements."""
_PART = 1 << 20
"""Approximate number of characters that are split into lines at a time."""


def uncoloured(text: str) -> str:
    """Return a text without the control sequences of a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


class Lines(Sequence[str]):
    """The lines of a text as `str.splitlines` returns them. Long lines are cut, and then end in `…`."""

    def __init__(self, text: str) -> None:
        self._text = text
        lengths = [np.zeros(1, np.int64)]
        for part in _parts(text):
            lengths.append(np.fromiter(map(len, part.splitlines(keepends=True)), np.int64))
        whole = np.concatenate(lengths)
        self._bounds: NDArray[np.int64] = np.cumsum(whole)
        self._is_short = bool(whole.max() <= LONGEST_LINE)
        """True if no line is cut, so that lines need not be measured one by one."""

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def as_many_as(self, characters: int, most: int) -> int:
        """Return how many lines of average length have this many characters together: at least 1, at most `most`."""
        return max(1, min(most, characters * len(self) // max(1, len(self._text))))

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
            return text.splitlines() if self._is_short else list(map(_short, text.splitlines()))
        index = range(len(self))[at]
        (line,) = self._text[self._bounds[index] : self._bounds[index + 1]].splitlines()
        return _short(line)

    def at(self, rows: NDArray[np.int64]) -> Iterator[str]:
        """Yield the lines with these indices."""
        if len(rows) > len(self) / 2 and bool((np.diff(rows) > 0).all()):
            # Splitting the whole text is faster than cutting most lines out of it.
            is_asked = np.zeros(len(self), bool)
            is_asked[rows] = True
            yield from compress(self, is_asked.tolist())
            return
        for begin, end in zip(self._bounds[rows].tolist(), self._bounds[rows + 1].tolist(), strict=True):
            yield _short(self._text[begin:end].splitlines()[0])

    def __iter__(self) -> Iterator[str]:
        parts = map(str.splitlines, _parts(self._text))
        lines = chain.from_iterable(parts)
        return lines if self._is_short else map(_short, lines)


class Texts:
    """Many texts without line breaks, searched as one text, which is much faster than one by one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._whole = "\n".join(texts).lower()

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        texts = self._whole.split("\n")
        lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        return np.cumsum(lengths) - lengths

    def containing(self, words: Iterable[str]) -> list[int]:
        """Return the indices of the texts that contain one of these words, in order. The words must be in lower case;
        in the texts, case is ignored.
        """
        places = [
            found.start()
            for word in words
            # A letter is looked for many times as fast as a word, and rows of numbers lack most letters.
            if all(map(self._whole.__contains__, word)) and (first := self._whole.find(word)) >= 0
            for found in re.compile(re.escape(word)).finditer(self._whole, first)
        ]
        if not places:
            return []
        found: list[int] = np.unique(np.searchsorted(self._starts, places, side="right") - 1).tolist()
        return found


def containing(texts: Sequence[str], words: Iterable[str]) -> list[int]:
    """Return the indices of the texts that contain one of these words; see `Texts.containing`."""
    return Texts(texts).containing(words)


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
