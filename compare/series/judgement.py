"""Defines the data types of the results of testing series. `tested_series.py` creates them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.results import Doubt, Endpoint, SeriesResult
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_significant
from gedanken.compare.series.series import Series
from gedanken.compare.stats.measures import Matrix


class Judgement(NamedTuple):
    """The results of testing all series."""

    tested: "tuple[TestedSeries, ...]" = ()
    """All series with their results: the primary endpoint first, if there is one."""
    undecided: tuple[str, ...] = ()
    endpoint: Endpoint | None = None
    outliers: "tuple[Outlier, ...]" = ()
    """Imagined runs that are outliers at the primary endpoint."""
    other_outliers: "tuple[tuple[TestedSeries, Outlier], ...]" = ()
    """Outliers in metrics other than the primary endpoint."""
    uncompared: Doubt | None = None
    """Why no number could be compared, although the real runs show numbers; None otherwise."""


class Outlier(NamedTuple):
    """An imagined run whose last value of a metric is an outlier."""

    imagined: int
    """Index of the run, counted from 0, among the imagined runs that are compared."""
    value: float
    deviations: float
    """Distance of the value from the mean of the real runs, in standard deviations of the real runs."""
    p: float
    """p-value, adjusted by Holm's method for all values that are tested together."""


@dataclass(frozen=True)
class TestedSeries:
    """A series with its test results."""

    judged: SeriesResult
    series: Series
    """The series, reduced to the points that a report shows."""
    distances: Matrix | None
    """Distances between the tested runs (runs × runs); None if the series could not be tested."""
    runs: tuple[int, ...]
    """Indices of the tested runs among all runs that are compared. Real runs come first."""
    tested: Matrix | None = None
    """The tested values (runs × points); NaN for a run that is not tested.

    None if the series could not be tested.
    """
    level: float = PRIMARY_LEVEL
    """Significance level: the series is reported if its adjusted p is at most this."""

    @property
    def is_significant(self) -> bool:
        """True if the imagined runs differ significantly from the real ones; the series is then reported."""
        return is_significant(self.judged.p_adjusted, self.level)


def differ_in(name: str, imagined: int) -> str:
    """Return a clause that says what the test of a series would find.

    For example: `the imagined runs, taken together, differ in the last loss`. `imagined` is the number of imagined
    runs.
    """
    subject = "the imagined run differs" if imagined == 1 else "the imagined runs, taken together, differ"
    return f"{subject} in the {name}"


def values_by_run(values: Matrix, shown: NDArray[np.bool_]) -> tuple[tuple[float | None, ...], ...]:
    """For each run, return its value at each point; None where `shown` is False."""
    return tuple(
        tuple(row)
        if all(is_shown)
        else tuple(value if is_value_shown else None for value, is_value_shown in zip(row, is_shown, strict=True))
        for row, is_shown in zip(values.tolist(), shown.tolist(), strict=True)
    )
