"""Counts the values that an imagined log skips in a gap, so that later values keep their places."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.gaps import Gap

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class Shown(NamedTuple):
    """The values of a series in one run."""

    lines: Indices
    """Index of the line of each value, in order."""
    keys: Numbers
    """The counters of each value (values × counters)."""


class Skipped(NamedTuple):
    """Where the values of one series belong, in a log with gaps."""

    before: Indices
    """For each value, how many values with the same counters a real run shows in the gaps before it. A gap counts
    only if the log lacks some of these values."""
    is_placed: NDArray[np.bool_]
    """False for a value in a gap where the log shows only some of the real run's values."""


def skipped_points(shown: Shown, gaps: Sequence[Gap], real: Mapping[int, Shown]) -> Skipped:
    """Count what a log with gaps skips, compared with real runs. `real` maps the `id` of each real run to its
    values."""
    found = Skipped(np.zeros(len(shown.lines), np.int64), np.ones(len(shown.lines), bool))
    for gap in gaps if shown.keys.shape[1] else ():
        theirs = real.get(id(gap.beside.run)) if gap.beside else None
        if gap.beside is None or theirs is None:
            continue
        inside = (shown.lines > gap.before) & (shown.lines < gap.after)
        there = theirs.keys[(theirs.lines > gap.beside.before) & (theirs.lines < gap.beside.after)]
        for same, times in _lacking(shown.keys, inside, there):
            found.before[same & (shown.lines >= gap.after)] += times
            found.is_placed[same & inside] = False
    return found


def _lacking(keys: Numbers, inside: NDArray[np.bool_], there: Numbers) -> Iterator[tuple[NDArray[np.bool_], int]]:
    """For each row of `there` that is rarer inside a gap, yield a mask of its places in `keys`, and its count."""
    for key, times in zip(*np.unique(there, axis=0, return_counts=True), strict=True):
        same = (keys == key).all(axis=1)
        if same.any() and int((same & inside).sum()) < times:
            yield same, int(times)
