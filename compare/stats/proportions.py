"""Computes confidence intervals of proportions."""

from typing import NamedTuple


class Share(NamedTuple):
    """A proportion, with its Wilson score interval at 95 %."""

    successes: int
    trials: int
    low: float
    high: float

    def __str__(self) -> str:
        """Return, for example, `12 of 20 (.39 to .78)`."""
        if not self.trials:
            return "0 of 0"
        low, high = (f"{bound:.2f}".removeprefix("0") for bound in (self.low, self.high))
        return f"{self.successes} of {self.trials} ({low} to {high})"


def wilson_share(successes: int, trials: int) -> Share:
    """Return the share of successes with Wilson's score interval (1927). Without trials, the interval is 0 to 1."""
    if not trials:
        return Share(0, 0, 0.0, 1.0)
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    return Share(successes, trials, float(interval.low), float(interval.high))
