"""Shows a message if work that is usually quick takes long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

DELAY_SECONDS = 2.0


@contextmanager
def show_if_slow(what: str) -> Iterator[None]:
    """Print `what` on standard error if the work inside the `with` block takes over two seconds."""
    from gedanken.experiment.escaping import harmless
    from gedanken.terminal.screen import Screen

    screen = Screen()
    status = screen.console.status(harmless(f"{what} …"))
    is_live = screen.console.is_terminal
    timer = threading.Timer(DELAY_SECONDS, status.start if is_live else lambda: screen.say(f"{what} …"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
