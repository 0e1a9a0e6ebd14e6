"""Runs the sandbox's blocking calls in its own threads, so that killing a program never waits for a free thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Threads that other code uses may all be busy.
_THREADS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="sandbox")


async def run_in_thread(
    function: Callable[Parameters, Result], *arguments: Parameters.args, **keywords: Parameters.kwargs
) -> Result:
    """Run a blocking call in a thread. If the calling task is cancelled, it stops waiting, but the call goes on."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(function, *arguments, **keywords))


async def run_to_end(function: Callable[[], Result]) -> Result:
    """Run a blocking call in a thread, and wait for its end even if the calling task is cancelled.

    If the task was cancelled, CancelledError is raised after the call has ended.
    """
    future = asyncio.wrap_future(_THREADS.submit(function))
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        future.exception()  # otherwise asyncio would print the future's error
        raise cancelled
    return future.result()


async def start_or_undo(function: Callable[[], Result], undo: Callable[[Result], object]) -> Result:
    """Run a blocking call in a thread.

    If the calling task is cancelled, `undo` is called with the result when the call has ended.
    """
    started = _THREADS.submit(function)
    future = asyncio.wrap_future(started)
    try:
        await asyncio.wait([future])
        return future.result()
    except asyncio.CancelledError:
        future.add_done_callback(lambda finished: finished.cancelled() or finished.exception())
        # A thread calls `undo`, because the event loop may close before the call ends.
        with suppress(asyncio.CancelledError):
            await run_to_end(partial(_undo_call, started, undo))
        raise


def _undo_call(started: "Future[Result]", undo: Callable[[Result], object]) -> None:
    if started.exception() is None:
        undo(started.result())
