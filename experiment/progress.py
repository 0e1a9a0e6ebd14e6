"""The interface through which long work reports its progress, independent of how the progress is displayed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Update = Callable[[float], None]


class Progress(Protocol):
    """Interface for showing the progress of long steps."""

    def step(self, title: str, total: float, unit: str = "bytes") -> AbstractContextManager[Update]:
        """Show a step of `total` units (`bytes` or `seconds`) during the `with` block.

        The block receives a function; call it with the number of units done so far.
        """
        ...

    def say(self, text: str) -> None:
        """Print one line."""
        ...


class Silent:
    """A Progress that shows nothing."""

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Update]:  # noqa: ARG002
        yield lambda _done: None

    def say(self, text: str) -> None: ...


@contextmanager
def show_progress(
    progress: Progress, title: str, total: float, units_done: Callable[[], float], unit: str = "bytes"
) -> Iterator[None]:
    """Show the progress of a step during the `with` block. `units_done` is called twice a second."""
    with progress.step(title, total, unit) as update, call_repeatedly(0.5, lambda: update(min(units_done(), total))):
        yield


@contextmanager
def call_repeatedly(seconds: float, call: Callable[[], object]) -> Iterator[None]:
    """Call a function every `seconds` seconds during the `with` block, in a thread."""
    stop_event = threading.Event()

    def call_repeatedly() -> None:
        while not stop_event.wait(seconds):
            call()

    thread = threading.Thread(target=call_repeatedly, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop_event.set()
        thread.join()


def seconds_since(start: float) -> Callable[[], float]:
    """Return a clock that counts seconds from `start`, a value of time.monotonic()."""
    return lambda: time.monotonic() - start
