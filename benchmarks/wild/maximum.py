"""The highest possible power of a permutation test for one shifted series among several."""

from functools import cache
from itertools import combinations

import numpy

REAL, IMAGINED = 7, 3
LEVEL = 2 / 120
TRIES = 4000


@cache
def most_power(series: int, shift: float) -> float:
    """Return the power of a permutation test for one shifted series among several, estimated by simulation.

    The series are normal and independent. One is shifted by `shift` standard deviations in 3 imagined runs, but not
    in 7 real ones. There are 120 ways to label 3 of the 10 runs as imagined. For each labelling, the statistic of a
    series is the difference of the two groups' means, divided by the standard deviation within the groups. The shift
    counts as found if the largest statistic of all series under the true labelling is among the 2 largest of the 120.
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
