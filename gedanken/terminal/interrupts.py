"""Handles Ctrl-C during a run: the first one lets running work finish, the second one stops it at once."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from gedanken.experiment.progress import Progress


class Drains(Protocol):
    """An object that can be asked to start nothing new."""

    def request_drain(self, reason: str = ...) -> None:
        """Let running work finish, and start nothing else."""
        ...


@contextmanager
def interruptible(control: Drains, begin_nothing: Callable[[], None], progress: Progress) -> Iterator[None]:
    """On the first Ctrl-C, start nothing new. On a second one, or on SIGTERM, stop the running work.

    `control` makes the graph stop after the nodes that are running. `begin_nothing` stops the work that waits inside
    these nodes.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    is_draining = False

    def cancel() -> None:
        if task is not None:
            task.cancel()

    def drain() -> None:
        nonlocal is_draining
        if is_draining:
            cancel()
            return
        # running work may finish, because it is paid for
        is_draining = True
        control.request_drain("interrupted")
        begin_nothing()
        progress.say("finishing what is running, then stopping; press Ctrl-C again to stop at once")

    previous_handlers = {
        signal_number: signal.getsignal(signal_number) for signal_number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        loop.add_signal_handler(signal.SIGINT, drain)
        loop.add_signal_handler(signal.SIGTERM, cancel)
    except (
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):  # only the main thread can handle signals
        yield
        return
    try:
        yield
    finally:
        for signal_number, handler in previous_handlers.items():
            loop.remove_signal_handler(signal_number)
            signal.signal(signal_number, handler)
