"""Ctrl-C while a run goes on: first it comes to a stop in order, then at once."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from gedanken.experiment.progress import Progress


class Drains(Protocol):
    """What can be asked to begin nothing new."""

    def request_drain(self, reason: str = ...) -> None:
        """Let what is under way come to its end, and begin nothing else."""
        ...


@contextmanager
def interruptible(control: Drains, progress: Progress) -> Iterator[None]:
    """The first Ctrl-C lets what is under way come to its end: it is paid for. A second one, or SIGTERM, ends it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def end() -> None:
        if task is not None:
            task.cancel()

    def drain() -> None:
        nonlocal asked
        if asked:
            end()
            return
        asked = True
        control.request_drain("interrupted")
        progress.say("stopping when what is under way has come to its end; Ctrl-C once more stops it now")

    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        loop.add_signal_handler(signal.SIGINT, drain)
        loop.add_signal_handler(signal.SIGTERM, end)
    except (
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):  # another thread than the main one has no signals
        yield
        return
    try:
        yield
    finally:
        for name, handler in before.items():
            loop.remove_signal_handler(name)
            signal.signal(name, handler)
