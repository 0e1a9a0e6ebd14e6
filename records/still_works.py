"""Lets a process record repeatedly that it still works on a run, so that its minutes also count if it is killed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SHORTEST, SHARE = 3.0, 0.02
"""How far ahead a process is counted: so many seconds, or this share of what it has worked, so that the log of a long
run stays short."""


def counted_until(worked: float) -> float:
    """Return the seconds of work for which a process counts if it is killed after this record of it."""
    return worked + max(SHORTEST, SHARE * worked)


@contextmanager
def repeating(record: Callable[[], float]) -> Iterator[None]:
    """Within the context, call `record` repeatedly, in a thread. It returns for how many more seconds the process is
    counted; it is called again when half of them have passed. A full disk is reported by what stores a result."""
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
