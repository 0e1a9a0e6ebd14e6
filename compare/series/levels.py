"""Defines the significance levels of all tests. Their sum is at most .05."""

PRIMARY_LEVEL = 0.02
"""Level of the primary endpoint: the last value of one metric."""
# With 7 real and 3 imagined runs, the lowest p of a permutation test is 1/120 = .0083. METRICS_LEVEL and OTHERS_LEVEL
# are just above it, so that a difference can be found.
METRICS_LEVEL = 0.0084
"""Level shared by all metrics other than the primary endpoint: for all their values, and for the smoothness of
their curves.
"""
OTHERS_LEVEL = 0.0084
"""Level shared by all series that are not metrics.

Values that depend on the environment (times, speeds, memory) are not tested.
"""
OUTLIER_LEVEL = 0.01
"""Level shared by the tests of whether single imagined runs are outliers at the primary endpoint."""
OTHER_OUTLIERS_LEVEL = 0.003
"""Level shared by the tests of whether single imagined runs are outliers in any other metric."""
NO_METRIC_LEVEL = 0.0252
"""Level shared by all series if there is no metric and thus no primary endpoint."""


def is_significant(p: float | None, level: float = PRIMARY_LEVEL) -> bool:
    """Return whether a p-value is so low that the difference is reported."""
    # The tolerance allows for the rounding of fractions such as 1/120.
    return p is not None and p <= level * (1 + 1e-9)
