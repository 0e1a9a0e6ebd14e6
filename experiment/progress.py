"""How long work reports on itself, without knowing who shows it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Update = Callable[[float], None]


class Progress(Protocol):
    """Shows steps that take more than a moment."""

    def step(self, title: str, total: float, unit: str = "bytes") -> AbstractContextManager[Update]:
        """Open a step of `total` units (`bytes` or `seconds`); call what it yields with the amount done."""
        ...

    def say(self, text: str) -> None:
        """Tell one line."""
        ...


class Silent:
    """A Progress that shows nothing."""

    @contextmanager
    def step(self, title: str, total: float, unit: str = "bytes") -> Iterator[Update]:  # noqa: ARG002
        """Open a step that nobody sees."""
        yield lambda _done: None

    def say(self, text: str) -> None:
        """Tell nobody."""


@contextmanager
def watched(
    progress: Progress, title: str, total: float, done: Callable[[], float], unit: str = "bytes"
) -> Iterator[None]:
    """Show a step whose amount done has to be looked up from outside, twice a second."""
    with progress.step(title, total, unit) as update, repeated(0.5, lambda: update(min(done(), total))):
        yield


@contextmanager
def repeated(seconds: float, call: Callable[[], object]) -> Iterator[None]:
    """Call again and again, so many seconds apart, in a thread that ends with the context."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(seconds):
            call()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def seconds_since(start: float) -> Callable[[], float]:
    """A clock that starts at `start`, of time.monotonic()."""
    return lambda: time.monotonic() - start
