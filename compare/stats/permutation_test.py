"""Tests a few runs against a few others by permutation: distances, p-values, and the smallest p that is possible.

For many series at once (Westfall and Young), see `westfall_young.py`.
"""

import math
from functools import lru_cache
from itertools import combinations

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

MOST_LABELLINGS = 10_000
"""Maximum number of labellings that are tested. A labelling is a choice of the runs that count as imagined. All
labellings are tested if there are at most this many, otherwise the true one and a random sample of the others."""


def distances(curves: Matrix) -> Matrix:
    """Compute Euclidean distances between runs (runs × runs), after dividing each point by its standard deviation
    over all runs.

    Points at which all runs agree are left out; all distances are zero if no point is left. If any value is not a
    finite number, all values are replaced by their ranks at each point, with NaN ranked highest: a run that diverged
    then ranks last, however far it diverged. Standard deviations and ranks are taken over all runs together and do
    not depend on which runs are real, so a permutation test stays exact.
    """
    if not is_tame(curves).all():
        from scipy.stats import rankdata

        curves = rankdata(np.nan_to_num(curves, nan=np.inf, posinf=np.inf, neginf=-np.inf), axis=0)
    curves = curves[:, np.ptp(curves, axis=0) > 0]
    curves = curves - curves.mean(axis=0)
    scale = curves.std(axis=0)
    curves = curves[:, scale > 0] / scale[scale > 0]
    return np.sqrt([((curves - curve) ** 2).sum(axis=1) for curve in curves])


def energy_p(apart: Matrix, n_real: int) -> float:
    """Compute the p-value of the energy distance (Székely and Rizzo, 2013) between the first `n_real` runs and the
    others.

    `apart` holds the distances, runs × runs. If there are at most MOST_LABELLINGS ways to choose the imagined runs,
    all are tested, and p is exact. Otherwise B random ways are tested beside the true one, and p is
    (b + 1) / (B + 1), where b is the number of random ways in which the two groups lie at least as far apart as in
    truth.
    """
    n, m = n_real, len(apart) - n_real
    imagined = labellings(len(apart), m)
    within = ((imagined @ apart) * imagined).sum(axis=1)
    across = imagined @ apart.sum(axis=1) - within
    rest = apart.sum() - 2 * across - within
    energy = 2 * across / (n * m) - rest / n**2 - within / m**2
    # Floating-point sums of the same numbers in another order differ in their last digits.
    as_far = int((energy >= energy[0] - 1e-9 * apart.max(initial=0.0)).sum())
    return as_far / len(energy)


@lru_cache(maxsize=1)
def labellings(runs: int, imagined: int) -> Matrix:
    """Return a matrix of labellings × runs: 1 where a run counts as imagined, otherwise 0.

    The first row is the true labelling, in which the last runs are the imagined ones. The matrix is kept for the next
    test of as many runs, and must not be changed.
    """
    if math.comb(runs, imagined) > MOST_LABELLINGS:
        drawn = np.random.default_rng(0).random((MOST_LABELLINGS, runs))
        drawn[0] = np.arange(runs)[::-1]
        most = np.partition(drawn, imagined - 1, axis=1)[:, imagined - 1 : imagined]
        return np.less_equal(drawn, most, out=drawn)
    # Combinations come in lexical order; reversed, the first one selects the last runs.
    chosen = np.array(list(combinations(range(runs - 1, -1, -1), imagined)), np.int64)
    labels = np.zeros((len(chosen), runs))
    np.put_along_axis(labels, chosen, 1.0, axis=1)
    return labels


def smallest_p(n_real: int, n_imagined: int) -> float:
    """Return the smallest p that a test of this many real and imagined runs can have; 1 if one side has no runs.

    If both groups have the same size, swapping them gives the same distance. At least two labellings then have the
    largest distance, so the smallest p is twice as large.
    """
    if not n_real or not n_imagined:
        return 1.0
    return (1 + (n_real == n_imagined)) / min(math.comb(n_real + n_imagined, n_imagined), MOST_LABELLINGS)


def runs_needed(others: int, alpha: float) -> int:
    """Return the smallest number of runs of one kind (real or imagined) with which p can be at most `alpha`, if there
    are `others` runs of the other kind.
    """
    return next(count for count in range(1, math.ceil(2 / alpha) + 1) if smallest_p(count, max(others, 1)) <= alpha)
