"""What was found of series: the values that `tested_series.py` makes."""

from dataclasses import dataclass
from typing import NamedTuple

from gedanken.compare.results import Endpoint, SeriesResult
from gedanken.compare.series.levels import PRIMARY_LEVEL, is_told
from gedanken.compare.series.series import Series
from gedanken.compare.stats.measures import Matrix


class Judgement(NamedTuple):
    """What the numbers come to."""

    tested: "tuple[TestedSeries, ...]" = ()
    """The primary endpoint first, where there is one."""
    undecided: tuple[str, ...] = ()
    endpoint: Endpoint | None = None
    far: "tuple[FarRun, ...]" = ()
    """Imagined runs whose last value lies far outside those of the real ones, where that is told."""
    far_beside: "tuple[tuple[TestedSeries, FarRun], ...]" = ()
    """The same of other metrics."""


class FarRun(NamedTuple):
    """An imagined run that lies far out at the primary endpoint."""

    imagined: int
    """Which of the imagined runs that are measured, from 0."""
    value: float
    deviations: float
    """Standard deviations of the real runs from their mean."""
    p: float
    """Adjusted after Holm for all imagined runs."""


@dataclass(frozen=True)
class TestedSeries:
    """A series with what was found of it."""

    judged: SeriesResult
    series: Series
    """At the points that are shown."""
    apart: Matrix | None
    """Distances of the runs in the test, runs × runs; None where it could not be tested."""
    runs: tuple[int, ...]
    """Which runs are in the test, real ones first."""
    tested: Matrix | None = None
    """What is tested: all runs × points, NaN throughout for runs that are not in the test."""
    level: float = PRIMARY_LEVEL
    """That its adjusted p must not exceed to be told."""

    @property
    def is_told(self) -> bool:
        """Whether it differs by more than real runs do."""
        return is_told(self.judged.p_adjusted, self.level)
