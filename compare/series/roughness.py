"""How much a curve scatters from point to point: imagined ones are often far too smooth."""

import numpy as np

from gedanken.compare.stats.measures import Matrix, is_tame

ORDER = 4
"""Of the differences that are taken: they grow with noise, and vanish for a curve that only bends."""
FEWEST_POINTS = 8
SMALLEST = 1e-12
"""Of the range of all values: a curve whose differences are all zero scatters by so little."""


def roughness(values: Matrix) -> Matrix | None:
    """Of curves (runs × points) the logarithm of the median absolute fourth difference (runs × 1); None if too short.

    A median, as a single leap is no scatter. Rows that are not in a test are NaN, and stay so.
    """
    there = ~np.isnan(values).all(axis=1)
    if values.shape[1] < FEWEST_POINTS or not there.any() or not is_tame(values[there]).all():
        return None
    scatter = np.median(np.abs(np.diff(values, n=ORDER, axis=1)), axis=1, keepdims=True)
    floor = SMALLEST * float(np.ptp(values[there]))
    return np.asarray(np.log(np.maximum(scatter, floor))) if floor > 0 else None
