"""Lets a process record that it still works on a run, so that its minutes count after a kill."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SHORTEST, SHARE = 3.0, 0.02
"""Each record counts SHORTEST seconds in advance, or the fraction SHARE of the time worked if that is longer: a long
run makes fewer records."""


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
