"""The numbers that all real runs show alike: counters, totals, sizes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript

ENOUGH = 4
"""Times that a number must have been the same in another real run, to be held for no chance."""


class Invariants:
    """For each form that all runs show equally often, the numbers in it that never differ between them.

    A number is steady in all lines of its form, or in none: one that happens to agree once is none.
    """

    def __init__(self, runs: Sequence[Transcript]) -> None:
        self._runs = runs
        self._known: dict[str, NDArray[np.float64] | None] = {}

    def numbers(self, form: str) -> NDArray[np.float64] | None:
        """Lines × values, NaN where a value is not steady; None if nothing is."""
        if form not in self._known:
            self._known[form] = self._read(form)
        return self._known[form]

    def _read(self, form: str) -> NDArray[np.float64] | None:
        if len(self._runs) < 2:
            return None
        lines = [run.lines_of(form) for run in self._runs]
        count = len(lines[0])
        if any(len(line) != count for line in lines) or count * (len(lines) - 1) < ENOUGH:
            return None
        first = self._runs[0].table(lines[0])
        alike = np.isfinite(first).all(axis=0)
        for run, its in zip(self._runs[1:], lines[1:], strict=True):
            alike &= (run.table(its) == first).all(axis=0)
        return np.where(alike, first, np.nan) if alike.any() else None
