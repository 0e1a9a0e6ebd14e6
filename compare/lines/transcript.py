"""An output read once: its lines, the form of each, and the numbers in it, as columns."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

VALUE = re.compile(
    r"torch\.Size\([^()\n]*\)|tensor\([^()\n]*\)"
    r"|[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?|(?<![^\W\d])(?:nan|inf)(?![^\W\d]))",
    re.IGNORECASE,
)
_CHUNK = 1 << 14
"""Lines that are searched at a time: one search in a long text is faster than many in short ones."""


def skeleton(line: str) -> str:
    """The form of a line: its words, with `#` for each value."""
    return " ".join(VALUE.sub("#", line).split())


class Transcript:
    """The lines of one output, by number; forms and numbers are columns, so that a million lines fit."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()

    @cached_property
    def _columns(self) -> tuple[list[str], NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]]:
        raw_ids: dict[str, int] = {}
        forms: dict[str, int] = {}
        form_of = np.empty(len(self.lines), np.int32)
        counts = np.empty(len(self.lines), np.int64)
        values: list[NDArray[np.float64]] = []
        for start in range(0, len(self.lines), _CHUNK):
            chunk = self.lines[start : start + _CHUNK]
            text = "\n".join(chunk)
            values.append(_numbers(VALUE.findall(text)))
            masked = VALUE.sub("\0", text).split("\n")
            for at, raw in enumerate(masked, start=start):
                found = raw_ids.get(raw)
                if found is None:
                    found = raw_ids[raw] = forms.setdefault(" ".join(raw.replace("\0", "#").split()), len(forms))
                form_of[at] = found
                counts[at] = raw.count("\0")
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return list(forms), form_of, np.concatenate(values) if values else np.empty(0), starts

    @property
    def forms(self) -> list[str]:
        """Every form that a line has, in the order of first appearance."""
        return self._columns[0]

    @property
    def form_of(self) -> NDArray[np.int32]:
        """For each line the index of its form."""
        return self._columns[1]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where the numbers of each line begin in `values`; one more than there are lines."""
        return self._columns[3]

    @property
    def values(self) -> NDArray[np.float64]:
        """Every value of every line, in order; NaN for a `torch.Size` or a `tensor`. A percentage is its number."""
        return self._columns[2]

    def first_with(self, form: int) -> int:
        """Index of the first line that has this form."""
        return int(np.argmax(self.form_of == form))


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([_number(text) for text in texts], np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(text[:-1]) if text.endswith("%") else float("nan")
