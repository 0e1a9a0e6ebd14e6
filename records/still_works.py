"""Measures how long a process works on a run, and lets it record that it still works, so that its minutes count after
a kill."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SHORTEST, SHARE = 3.0, 0.02
"""Each record counts SHORTEST seconds in advance, or the fraction SHARE of the time worked if that is longer: a long
run makes fewer records."""


class WorkClock:
    """Measures how many seconds this process has worked, without the time in which it waits for a person."""

    def __init__(self) -> None:
        """Start to measure."""
        self._began = time.monotonic()
        self._waits_since: float | None = None
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """The seconds worked so far."""
        with self._lock:
            return (self._waits_since or time.monotonic()) - self._began

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Leave out the time in this context."""
        with self._lock:
            began = self._waits_since = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._began += time.monotonic() - began
                self._waits_since = None


def counted_until(worked: float) -> float:
    """Return how many seconds count if a process is killed after recording `worked` seconds."""
    return worked + max(SHORTEST, SHARE * worked)


@contextmanager
def repeating(record: Callable[[], float]) -> Iterator[None]:
    """Call `record` repeatedly, in a thread, while the context lasts.

    `record` returns how many seconds it has counted in advance. After half of these, it is called again.
    """
    over = threading.Event()

    def repeat() -> None:
        ahead = SHORTEST
        while not over.wait(ahead / 2):
            with suppress(OSError):  # such as a full disk: storing a result raises it too
                ahead = record()

    thread = threading.Thread(target=repeat, name="still-works", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
