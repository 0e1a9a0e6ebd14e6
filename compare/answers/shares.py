"""Computes the share of exact answers. Each item has the same weight, however many samples of it there are."""

from collections.abc import Sequence
from math import ceil, comb, floor
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t

from gedanken.compare.stats.proportions import wilson_share


class Exactness(NamedTuple):
    """The share of exact answers, averaged over items, with a 95 % confidence interval."""

    mean: float
    low: float
    high: float
    items: int


def mean_exactness(shares: Sequence[float]) -> Exactness | None:
    """Average the items' shares of exact answers, with a 95 % confidence interval; None if there are no items.

    The interval is Student's t over items, or Wilson's if all shares are equal.
    """
    if not shares:
        return None
    mean, count = fmean(shares), len(shares)
    spread = stdev(shares) if count > 1 else 0.0
    if not spread:
        right_items = round(mean * count, 6)  # with several samples an item, this may lie between two whole numbers
        low, high = wilson_share(floor(right_items), count).low, wilson_share(ceil(right_items), count).high
        return Exactness(mean, min(mean, low), max(mean, high), count)
    half_width = float(t.ppf(0.975, count - 1)) * spread / count**0.5
    return Exactness(mean, max(0.0, mean - half_width), min(1.0, mean + half_width), count)


def pass_at(k: int, counts: Sequence[tuple[int, int]]) -> float | None:
    """Return pass@k: the mean over items of the probability that at least one of k samples is right.

    `counts` contains (samples, right samples) for each item. The result is None if an item has fewer than k samples,
    or if there are no items.
    """
    if not counts or any(samples < k for samples, _ in counts):
        return None
    return fmean(1 - comb(samples - right, k) / comb(samples, k) for samples, right in counts)
