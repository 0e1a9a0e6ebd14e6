"""Counts the values that an imagined log leaves out in a gap, so that later values are assigned to the right
points.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.gaps import Gap

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class ShownValues(NamedTuple):
    """The values of a series in one run."""

    lines: Indices
    """For each value, in order, the index of its line."""
    keys: Numbers
    """The counters of each value (values × counters)."""


class SkippedValues(NamedTuple):
    """The points to which the values of one series belong, in a log with gaps."""

    before: Indices
    """For each value, how many values with the same counters a real run shows in the gaps before it.

    A gap counts only if some of these values are missing in the log.
    """
    is_placed: NDArray[np.bool_]
    """False for a value in a gap of which the log shows only a part of the real run's values."""


def skipped_points(shown: ShownValues, gaps: Sequence[Gap], real: Mapping[int, ShownValues]) -> SkippedValues:
    """Count the values that a log with gaps leaves out, compared with real runs.

    `real` maps the `id` of each real run to its values.
    """
    skipped = SkippedValues(np.zeros(len(shown.lines), np.int64), np.ones(len(shown.lines), bool))
    for gap in gaps if shown.keys.shape[1] else ():
        real_values = real.get(id(gap.real_passage.run)) if gap.real_passage else None
        if gap.real_passage is None or real_values is None:
            continue
        inside = (shown.lines > gap.before) & (shown.lines < gap.after)
        real_keys = real_values.keys[
            (real_values.lines > gap.real_passage.before) & (real_values.lines < gap.real_passage.after)
        ]
        for same, times in _missing_keys(shown.keys, inside, real_keys):
            skipped.before[same & (shown.lines >= gap.after)] += times
            skipped.is_placed[same & inside] = False
    return skipped


def _missing_keys(
    keys: Numbers, inside: NDArray[np.bool_], real_keys: Numbers
) -> Iterator[tuple[NDArray[np.bool_], int]]:
    """Yield each key in `real_keys` that the log shows less often than the real run, within the gap.

    Each key is given as a mask of its values in the log, and the number of its values in the real run.
    """
    for key, times in zip(*np.unique(real_keys, axis=0, return_counts=True), strict=True):
        same = (keys == key).all(axis=1)
        if same.any() and int((same & inside).sum()) < times:
            yield same, int(times)
