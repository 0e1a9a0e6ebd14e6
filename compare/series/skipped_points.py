"""Counts the values of a series that an imagined log skips, so that the values after them keep their places. A log
skips values in a gap, where its count jumps, for example from epoch 3 to epoch 9."""

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
    """For each value, how many values with the same counters a real run shows in the parts that correspond to the
    gaps before this value. A gap is counted only if the log shows fewer of these values inside it."""
    is_placed: NDArray[np.bool_]
    """For each value, whether its place is known. It is not known inside a gap, if the log shows some but not all of
    the values that a real run shows there."""


def skipped_points(shown: Shown, gaps: Sequence[Gap], real: Mapping[int, Shown]) -> Skipped:
    """Compare a log that has gaps with the real runs. `real` holds the values of each real run, by the `id` of the
    run."""
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
    """Find the combinations of counter values, such as epoch 3 and step 100, that a log shows, but less often inside
    a gap than a real run shows them in the same part. For each combination, yield a mask of the log's values that
    have these counter values, and the number of the real run's values that have them.

    `keys` holds the counter values of the log, `there` those of the real run in this part.
    """
    for key, times in zip(*np.unique(there, axis=0, return_counts=True), strict=True):
        same = (keys == key).all(axis=1)
        if same.any() and int((same & inside).sum()) < times:
            yield same, int(times)
