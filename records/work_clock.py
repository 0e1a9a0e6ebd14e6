"""Measures how long a process works on a run. The process regularly records that it is still working, so that its
time counts even if it is killed.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

MIN_SECONDS_AHEAD, FRACTION_AHEAD = 3.0, 0.02
"""Each record counts some working time in advance: this many seconds or, in a long run, this fraction of the time
worked so far. A long run therefore makes fewer records.
"""


class WorkClock:
    """Measures how many seconds this process has worked, without the time in which it waits for a person."""

    def __init__(self) -> None:
        """Start to measure."""
        self._started_at = time.monotonic()
        self._waiting_since: float | None = None
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        with self._lock:
            return (self._waiting_since or time.monotonic()) - self._started_at

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time during the `with` block."""
        with self._lock:
            waiting_since = self._waiting_since = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._started_at += time.monotonic() - waiting_since
                self._waiting_since = None


def counted_until(worked: float) -> float:
    """Return how many seconds count if a process is killed after recording `worked` seconds."""
    return worked + max(MIN_SECONDS_AHEAD, FRACTION_AHEAD * worked)


@contextmanager
def call_repeatedly(record: Callable[[], float]) -> Iterator[None]:
    """Call `record` repeatedly, in a thread, during the `with` block.

    `record` returns how many seconds it has counted in advance. It is called again when half of them are over.
    """
    finished = threading.Event()

    def repeat() -> None:
        seconds_ahead = MIN_SECONDS_AHEAD
        while not finished.wait(seconds_ahead / 2):
            with suppress(OSError):  # such as a full disk: storing a result raises it too
                seconds_ahead = record()

    thread = threading.Thread(target=repeat, name="still-works", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
