"""The highest possible rate at which one shifted series of several is reported, by a test over all labellings."""

from functools import cache
from itertools import combinations

import numpy

REAL, IMAGINED = 7, 3
LEVEL = 2 / 120
TRIES = 4000


@cache
def most_power(series: int, shift: float) -> float:
    """Return the power for one of several independent normal series, shifted by `shift` standard deviations.

    There are 7 real runs and 3 imagined ones. The statistic of each labelling is the difference of means over the
    standard deviation within the two groups. A series is reported if the largest statistic of the family is among the
    2 largest of the 120 labellings.
    """
    rng = numpy.random.default_rng(1)
    runs = rng.normal(size=(TRIES, series, REAL + IMAGINED))
    runs[:, 0, REAL:] += shift
    labels = [
        numpy.isin(range(REAL + IMAGINED), indices) for indices in combinations(range(REAL + IMAGINED), IMAGINED)
    ]
    largest = numpy.stack([_largest(runs, label) for label in labels])
    own = _largest(runs, numpy.arange(REAL + IMAGINED) >= REAL)
    p = (largest >= own - 1e-9).mean(axis=0)
    return float((p <= LEVEL + 1e-9).mean())


def _largest(runs: "numpy.ndarray", label: "numpy.ndarray") -> "numpy.ndarray":
    theirs, ours = runs[:, :, label], runs[:, :, ~label]
    within = theirs.var(axis=2) * IMAGINED + ours.var(axis=2) * REAL
    apart = numpy.abs(theirs.mean(axis=2) - ours.mean(axis=2)) / numpy.sqrt(within)
    largest: numpy.ndarray = apart.max(axis=1)
    return largest
