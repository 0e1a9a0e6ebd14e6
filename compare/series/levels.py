"""How often a comparison of runs that are alike may still say that they differ, and what each test may take of it.

The levels add up to at most .05. At 7 real and 3 imagined runs levels of permutation tests are multiples of 1/120.
"""

PRIMARY_LEVEL = 0.02
"""Of the primary endpoint: the last value of one metric."""
METRICS_LEVEL = 0.0084
"""Of all other metrics together, their curves and how smooth these are."""
OTHERS_LEVEL = 0.0084
"""Of everything else together that is no environment."""
FAR_LEVEL = 0.01
"""Of single imagined runs whose last value lies far outside those of the real ones."""
FAR_BESIDE_LEVEL = 0.003
"""The same of all other metrics together."""
ALONE_LEVEL = 0.0252
"""Of everything together where there is no metric, and so no primary endpoint."""


def is_told(p: float | None, level: float = PRIMARY_LEVEL) -> bool:
    """Whether a p is low enough to be told; multiples of 1/120 may come to a little more in a float."""
    return p is not None and p <= level * (1 + 1e-9)
