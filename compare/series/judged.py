"""Data types for tested series; `tested_series.py` creates them."""

from dataclasses import dataclass
from typing import NamedTuple

from gedanken.compare.results import Endpoint, SeriesResult
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.series.series import Series
from gedanken.compare.stats.measures import Matrix


class Judgement(NamedTuple):
    """The results of testing all series."""

    tested: "tuple[TestedSeries, ...]" = ()
    """The primary endpoint first, if there is one."""
    undecided: tuple[str, ...] = ()
    endpoint: Endpoint | None = None
    outliers: "tuple[Outlier, ...]" = ()
    """Imagined runs whose last value lies significantly far outside those of the real ones."""
    other_outliers: "tuple[tuple[TestedSeries, Outlier], ...]" = ()
    """Outliers at other metrics than the primary endpoint."""


class Outlier(NamedTuple):
    """An imagined run that is an outlier at an endpoint."""

    imagined: int
    """Index among the measured imagined runs, from 0."""
    value: float
    deviations: float
    """Distance from the real runs' mean, in their standard deviations."""
    p: float
    """p-value, adjusted by Holm's method for all imagined runs."""


@dataclass(frozen=True)
class TestedSeries:
    """A series with its test results."""

    judged: SeriesResult
    series: Series
    """The series at the points that are shown."""
    apart: Matrix | None
    """Distances between the tested runs, runs × runs; None if it could not be tested."""
    runs: tuple[int, ...]
    """Indices of the tested runs, real ones first."""
    tested: Matrix | None = None
    """The tested values: all runs × points, NaN throughout for runs that are not tested."""
    level: float = PRIMARY_LEVEL
    """The level that its adjusted p must not exceed to be reported."""

    @property
    def is_told(self) -> bool:
        """True if the imagined runs differ from the real ones by more than real runs do among themselves."""
        return is_told(self.judged.p_adjusted, self.level)
