"""Lets a process record repeatedly that it still works on a run, so that its minutes also count if it is killed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SHORTEST, SHARE = 3.0, 0.02
"""Each record that a process still works counts some time in advance: SHORTEST seconds, or the fraction SHARE of the
time worked so far if that is longer. So a long run makes fewer records, and its log stays short."""


def counted_until(worked: float) -> float:
    """Return how many seconds of work are counted if a process records now that it has worked `worked` seconds, and
    is killed before its next record."""
    return worked + max(SHORTEST, SHARE * worked)


@contextmanager
def repeating(record: Callable[[], float]) -> Iterator[None]:
    """Within the context, call `record` repeatedly, in a thread. `record` returns how many seconds it has counted in
    advance; it is called again when half of them have passed. An OSError, for example of a full disk, is ignored:
    storing a result raises it too."""
    over = threading.Event()

    def repeat() -> None:
        ahead = SHORTEST
        while not over.wait(ahead / 2):
            with suppress(OSError):
                ahead = record()

    thread = threading.Thread(target=repeat, name="still-works", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
