"""Roughness: how much a curve scatters from point to point. Imagined curves are often far too smooth."""

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

ORDER = 2
"""Order of the differences that are taken: they grow with noise, and are small if a curve only bends slightly."""
FEWEST_POINTS = 5
SMALLEST = 1e-12
"""Lower bound, relative to the usual scatter, for a curve that does not scatter at all."""


def roughness(values: Matrix) -> Matrix | None:
    """Compute the logarithm of how much each curve (runs × points) scatters (runs × 1); None if the curves are too
    short.

    The mean curve of all runs is subtracted first, because a common shape is not scatter; it does not depend on which
    runs are real. Then second differences are taken, each relative to its mean over all runs, because curves usually
    scatter more where they are steep. Rows that take no part in a test are NaN, and stay so.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    leaps = np.abs(np.diff(values - values[there].mean(axis=0), n=ORDER, axis=1))
    usual = leaps[there].mean(axis=0)
    if not (usual > 0).any():
        return None
    scatter = (leaps[:, usual > 0] / usual[usual > 0]).mean(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(scatter, SMALLEST)))
