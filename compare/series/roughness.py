"""How much a curve scatters from point to point: imagined ones are often far too smooth."""

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

ORDER = 2
"""Of the differences that are taken: they grow with noise, and are small where a curve only bends a little."""
FEWEST_POINTS = 5
SMALLEST = 1e-12
"""Of the usual scatter: a curve without any scatters by so little."""


def roughness(values: Matrix) -> Matrix | None:
    """Of curves (runs × points) the logarithm of how much each scatters (runs × 1); None where they are too short.

    What all runs have in common says nothing of scatter, so their mean curve is taken off first: it knows nothing of
    who is real. Of what is left the second differences count, each in units of its mean over all runs, as curves
    mostly scatter more where they are steep. Rows that are not in a test are NaN, and stay so.
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
