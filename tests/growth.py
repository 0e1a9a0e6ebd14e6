"""Tells work whose time grows as its input does from work that takes a square of it, on any machine."""

import time
from collections.abc import Callable

_UNNOTICED_SECONDS = 1.0
_LARGEST_RATIO = 10
"""Four times the input takes about 4 times as long if the time is linear, and 16 times if it is quadratic."""


def assert_time_is_linear(do_work: Callable[[int], object], size: int) -> None:
    """Do the work for a quarter of the size and for the whole, and compare the processor times."""
    quarter = min(_seconds(do_work, size // 4) for _attempt in range(2))
    whole = _seconds(do_work, size)
    assert whole < _UNNOTICED_SECONDS or whole < _LARGEST_RATIO * quarter, (quarter, whole)


def _seconds(do_work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    do_work(size)
    return time.process_time() - start
