"""Stores the points of a series and the epochs of lines as arrays, because there may be millions of them."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

NO_EPOCH = -1
"""Stands for the epoch of a point if neither its line nor an earlier line names an epoch."""


class Point(NamedTuple):
    """One point of a series: a number, and the line in which it is printed."""

    line: int
    """Index of the line, counted from 0."""
    epoch: int | None
    value: float


_Row = TypeVar("_Row")


class _Columns(Sequence[_Row]):
    """A sequence of rows. Each row is created only when it is accessed."""

    @abstractmethod
    def row(self, index: int) -> _Row:
        """Return the row with this index."""

    @overload
    def __getitem__(self, index: int) -> _Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Row]: ...
    def __getitem__(self, index: int | slice) -> _Row | list[_Row]:
        rows = range(len(self))[index]
        return self.row(rows) if isinstance(rows, int) else [self.row(row) for row in rows]


class Points(_Columns[Point]):
    """One series of an output, in the order in which it was printed."""

    def __init__(self, lines: NDArray[np.int64], epochs: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        self.lines = lines
        self.epochs = epochs
        """The epoch of each point; NO_EPOCH if no line up to the point names one."""
        self.values = values

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> Point:
        epoch = int(self.epochs[index])
        return Point(int(self.lines[index]), None if epoch == NO_EPOCH else epoch, float(self.values[index]))

    def last_finite(self) -> float | None:
        """Return the last finite value; None if there is none."""
        for value in self.values[::-1]:
            if math.isfinite(value):
                return float(value)
        return None


class Epochs(_Columns[tuple[int, int]]):
    """Pairs (line, epoch), one for each line that names an epoch."""

    def __init__(self, lines: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        self.lines = lines
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> tuple[int, int]:
        return int(self.lines[index]), int(self.numbers[index])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.lines.tolist(), self.numbers.tolist(), strict=True)

    def epochs_at(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each of these lines the last epoch that it or an earlier line names; NO_EPOCH if there is
        none.
        """
        above = np.searchsorted(self.lines, lines, side="right")
        return np.concatenate([[NO_EPOCH], self.numbers])[above]
