"""Callbacks that report on a node to the graph's stream: waiting for cores, and text as a model writes it."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from gedanken.graphs.context import Context

Emit = Callable[[str], None]


def queue_reporter(runtime: Runtime[Context], node: str, subject: str) -> Callable[[int], None]:
    """Return a callback that reports how many other requests for cores come first.

    The callback raises Interrupted if nothing more may begin.
    """

    def wait(ahead: int) -> None:
        runtime.context.check_may_start()
        runtime.heartbeat()
        runtime.stream_writer({"node": node, "who": subject, "ahead": ahead})

    return wait


def text_reporter(runtime: Runtime[Context], node: str, subject: str, limit: int | None = None) -> Emit:
    """Return a callback that sends text to the graph's stream. It sends one empty text at once, to show that work has
    begun.
    """

    def emit(text: str) -> None:
        runtime.heartbeat()
        runtime.stream_writer({"node": node, "who": subject, "text": text, "limit": limit})

    emit("")  # the work has begun
    return emit
