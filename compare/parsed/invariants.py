"""Finds numbers that are equal in all real runs: counters, totals, sizes."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.transcript import Transcript

MIN_LINES = 4
"""A form is considered only if all real runs after the first have, together, at least this many lines of it.

Fewer lines may be equal by chance.
"""


class Invariants:
    """Numbers that are the same in all real runs: the n-th line of a form shows the same number in each run, for
    every n.

    Only forms that all runs show equally often are considered.
    """

    def __init__(self, runs: Sequence[Transcript]) -> None:
        self._runs = runs
        self._cache: dict[str, NDArray[np.float64] | None] = {}

    def numbers(self, form: str) -> NDArray[np.float64] | None:
        """Return the numbers that all runs share in a form: one row per line, one column per value. Columns in which
        runs differ are NaN.

        None if no number is shared.
        """
        if form not in self._shared_forms:
            return None
        if form not in self._cache:
            self._cache[form] = self._shared_numbers(form)
        return self._cache[form]

    @cached_property
    def _shared_forms(self) -> frozenset[str]:
        """The forms that all runs show equally often, and often enough (see `MIN_LINES`)."""
        if len(self._runs) < 2:
            return frozenset()
        first, *others = (
            dict(zip(run.forms, np.bincount(run.form_of, minlength=len(run.forms)).tolist(), strict=True))
            for run in self._runs
        )
        return frozenset(
            form
            for form, count in first.items()
            if count * len(others) >= MIN_LINES and all(counts.get(form) == count for counts in others)
        )

    def _shared_numbers(self, form: str) -> NDArray[np.float64] | None:
        lines = [run.lines_of(form) for run in self._runs]
        first = self._runs[0].table(lines[0])
        is_equal = np.isfinite(first).all(axis=0)
        for run, run_lines in zip(self._runs[1:], lines[1:], strict=True):
            is_equal &= (run.table(run_lines) == first).all(axis=0)
        return np.where(is_equal, first, np.nan) if is_equal.any() else None
