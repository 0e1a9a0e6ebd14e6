"""Tests whether a few real and a few imagined runs differ, by permutation. `westfall_young.py` tests many series at
once.
"""

import math
from functools import lru_cache
from itertools import combinations

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_computable

MOST_LABELLINGS = 10_000
"""Maximum number of labellings that are tested. If there are more, this many are drawn at random.

A labelling says which of the runs are treated as imagined.
"""


def distances(curves: Matrix) -> Matrix:
    """Compute Euclidean distances between runs (runs × runs), with each point divided by its standard deviation.

    Points at which all runs agree are left out. If any value is not finite, all values are replaced by their ranks at
    each point, where NaN has the highest rank.
    """
    if not is_computable(curves).all():
        from scipy.stats import rankdata

        # A run that diverged ranks last, however far it diverged.
        curves = rankdata(np.nan_to_num(curves, nan=np.inf, posinf=np.inf, neginf=-np.inf), axis=0)
    curves = curves[:, np.ptp(curves, axis=0) > 0]
    curves = curves - curves.mean(axis=0)
    # Standard deviations and ranks do not depend on which runs are real, so a permutation test stays exact.
    scale = curves.std(axis=0)
    curves = curves[:, scale > 0] / scale[scale > 0]
    return np.sqrt([((curves - curve) ** 2).sum(axis=1) for curve in curves])


def energy_p_value(run_distances: Matrix, n_real: int) -> float:
    """Compute the p-value of the energy distance (Székely and Rizzo, 2013) between real and imagined runs.

    `run_distances` is a matrix of runs × runs, in which the first `n_real` runs are real. If there are at most
    MOST_LABELLINGS labellings, all are tested and p is exact. Otherwise, B random labellings are tested, b of them
    have at least the energy distance of the true labelling, and p is (b + 1) / (B + 1).
    """
    n, m = n_real, len(run_distances) - n_real
    imagined = labellings(len(run_distances), m)
    within_imagined = ((imagined @ run_distances) * imagined).sum(axis=1)
    across = imagined @ run_distances.sum(axis=1) - within_imagined
    within_real = run_distances.sum() - 2 * across - within_imagined
    energy = 2 * across / (n * m) - within_real / n**2 - within_imagined / m**2
    # Floating-point sums of the same numbers in another order differ in their last digits.
    extreme = int((energy >= energy[0] - 1e-9 * run_distances.max(initial=0.0)).sum())
    return extreme / len(energy)


@lru_cache(maxsize=1)
def labellings(runs: int, imagined: int) -> Matrix:
    """Return a read-only matrix of labellings × runs: 1 where a run counts as imagined, otherwise 0. In the first
    row, the last runs are imagined."""
    labels = _make_labellings(runs, imagined)
    labels.flags.writeable = False
    return labels


def _make_labellings(runs: int, imagined: int) -> Matrix:
    if math.comb(runs, imagined) > MOST_LABELLINGS:
        drawn = np.random.default_rng(0).random((MOST_LABELLINGS, runs))
        drawn[0] = np.arange(runs)[::-1]
        thresholds = np.partition(drawn, imagined - 1, axis=1)[:, imagined - 1 : imagined]
        return np.less_equal(drawn, thresholds, out=drawn)
    # Combinations come in lexical order; reversed, the first one selects the last runs.
    chosen = np.array(list(combinations(range(runs - 1, -1, -1), imagined)), np.int64)
    labels = np.zeros((len(chosen), runs))
    np.put_along_axis(labels, chosen, 1.0, axis=1)
    return labels


def smallest_p(n_real: int, n_imagined: int) -> float:
    """Return the smallest p-value that a permutation test of this many runs can have; 1 if either group is empty."""
    if not n_real or not n_imagined:
        return 1.0
    # Swapping two groups of the same size gives the same distance: at least two labellings then have the largest one.
    return (1 + (n_real == n_imagined)) / min(math.comb(n_real + n_imagined, n_imagined), MOST_LABELLINGS)


def runs_needed(other_count: int, alpha: float) -> int:
    """Return the smallest number of real runs with which a permutation test can reach a p-value of at most `alpha`.

    `other_count` is the number of imagined runs. The function also works with the two groups exchanged.
    """
    return next(
        count for count in range(1, math.ceil(2 / alpha) + 1) if smallest_p(count, max(other_count, 1)) <= alpha
    )
