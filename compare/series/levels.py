"""Significance levels: how often a comparison of equivalent runs may report a difference, split among the tests.

The levels add up to at most .05. With 7 real and 3 imagined runs, p-values of permutation tests are multiples of
1/120.
"""

PRIMARY_LEVEL = 0.02
"""Level of the primary endpoint: the last value of one metric."""
METRICS_LEVEL = 0.0084
"""Level of all other metrics together: their curves, and how smooth these are."""
OTHERS_LEVEL = 0.0084
"""Level of everything else together, except measurements of the environment (times, speeds, memory)."""
OUTLIER_LEVEL = 0.01
"""Level of the tests whether the last value of a single imagined run lies far outside those of the real runs."""
OTHER_OUTLIERS_LEVEL = 0.003
"""Level of the tests whether a single imagined run is an outlier in any other metric."""
ALONE_LEVEL = 0.0252
"""Level of everything together if there is no metric, and so no primary endpoint."""


def is_told(p: float | None, level: float = PRIMARY_LEVEL) -> bool:
    """Return whether p is low enough to be reported; a tolerance allows for the rounding of fractions such as
    1/120."""
    return p is not None and p <= level * (1 + 1e-9)
