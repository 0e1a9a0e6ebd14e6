"""Stores a text as one string with the positions of its lines, in half the memory of separate strings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

MAX_LINE_LENGTH = 1 << 14
"""Maximum number of characters of a line that are read. Longer lines are not meant for people, and may slow the
comparison down.
"""
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Matches control sequences of a terminal (ECMA-48), such as colours and cursor movements."""
_CHUNK_SIZE = 1 << 20
"""Approximate number of characters that are split into lines at a time."""


def without_control_sequences(text: str) -> str:
    """Return a text without the control sequences of a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


class Lines(Sequence[str]):
    """The lines of a text as `str.splitlines` returns them. Long lines are cut, and then end in `…`."""

    def __init__(self, text: str) -> None:
        self._text = text
        lengths = [np.zeros(1, np.int64)]
        for chunk in _chunks(text):
            lengths.append(np.fromiter(map(len, chunk.splitlines(keepends=True)), np.int64))
        all_lengths = np.concatenate(lengths)
        self._bounds: NDArray[np.int64] = np.cumsum(all_lengths)
        self._is_short = bool(all_lengths.max() <= MAX_LINE_LENGTH)
        """True if no line is cut, so that lines need not be measured one by one."""

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def lines_per_chunk(self, characters: int, limit: int) -> int:
        """Return how many lines of average length have about this many characters: at least 1, at most `limit`."""
        return max(1, min(limit, characters * len(self) // max(1, len(self._text))))

    @property
    def is_torn(self) -> bool:
        """True if the last line has no line break, for example because a process was stopped while it wrote."""
        return self._text[-1:] not in ("", "\n", "\r")

    @overload
    def __getitem__(self, key: SupportsIndex) -> str: ...

    @overload
    def __getitem__(self, key: slice) -> list[str]: ...

    def __getitem__(self, key: SupportsIndex | slice) -> str | list[str]:
        if isinstance(key, slice):
            rows = range(len(self))[key]
            if rows.step != 1:
                return [self[row] for row in rows]
            text = self._text[self._bounds[rows.start] : self._bounds[max(rows.start, rows.stop)]]
            return text.splitlines() if self._is_short else list(map(_cut, text.splitlines()))
        index = range(len(self))[key]
        (line,) = self._text[self._bounds[index] : self._bounds[index + 1]].splitlines()
        return _cut(line)

    def lines_at(self, rows: NDArray[np.int64]) -> Iterator[str]:
        """Yield the lines with these indices."""
        if len(rows) > len(self) / 2 and bool((np.diff(rows) > 0).all()):
            # Splitting the whole text is faster than cutting most lines out of it.
            is_requested = np.zeros(len(self), bool)
            is_requested[rows] = True
            yield from compress(self, is_requested.tolist())
            return
        for start, end in zip(self._bounds[rows].tolist(), self._bounds[rows + 1].tolist(), strict=True):
            yield _cut(self._text[start:end].splitlines()[0])

    def __iter__(self) -> Iterator[str]:
        chunks = map(str.splitlines, _chunks(self._text))
        lines = chain.from_iterable(chunks)
        return lines if self._is_short else map(_cut, lines)


class Texts:
    """Many texts, joined so that one search covers all of them. No text may contain a line break."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._joined = "\n".join(texts).lower()

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        texts = self._joined.split("\n")
        lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        return np.cumsum(lengths) - lengths

    def containing(self, words: Iterable[str]) -> list[int]:
        """Return the sorted indices of the texts that contain at least one of these words. The words must be in lower
        case; the case of the texts does not matter.
        """
        positions = [
            match.start()
            for word in words
            # A letter is looked for many times as fast as a word, and rows of numbers lack most letters.
            if all(map(self._joined.__contains__, word)) and (first := self._joined.find(word)) >= 0
            for match in re.compile(re.escape(word)).finditer(self._joined, first)
        ]
        if not positions:
            return []
        indices: list[int] = np.unique(np.searchsorted(self._starts, positions, side="right") - 1).tolist()
        return indices


def indices_containing(texts: Sequence[str], words: Iterable[str]) -> list[int]:
    """Return the sorted indices of the texts that contain at least one of these words; see `Texts.containing`."""
    return Texts(texts).containing(words)


def _chunks(text: str) -> Iterator[str]:
    """Yield the text in parts of whole lines."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _CHUNK_SIZE) + 1 or len(text)
        yield text[start:end]
        start = end


def _cut(line: str) -> str:
    if len(line) <= MAX_LINE_LENGTH:
        return line
    # A line that is only `…` would say that the log leaves lines out.
    visible = line[:MAX_LINE_LENGTH]
    return visible if visible.isspace() else f"{visible}…"
