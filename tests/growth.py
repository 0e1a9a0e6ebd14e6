"""Checks that the time of some work grows in proportion to its input and not with its square, on any machine."""

import time
from collections.abc import Callable

_UNNOTICED_SECONDS = 1.0
_LARGEST_RATIO = 10
"""Four times the input takes about 4 times as long if time grows in proportion, and 16 times as long if it grows with
the square.
"""


def assert_time_is_linear(do_work: Callable[[int], object], size: int) -> None:
    """Do the work for a quarter of the size and for the whole size, and compare the processor times."""
    quarter = min(_seconds(do_work, size // 4) for _attempt in range(2))
    whole = _seconds(do_work, size)
    assert whole < _UNNOTICED_SECONDS or whole < _LARGEST_RATIO * quarter, (quarter, whole)


def _seconds(do_work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    do_work(size)
    return time.process_time() - start
