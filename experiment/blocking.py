"""Calls blocking code from coroutines, and coroutines from blocking code."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from gedanken.experiment.execution import Execution, Machine, OnOutput

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


async def off_loop(
    call: Callable[Parameters, Result], *arguments: Parameters.args, **options: Parameters.kwargs
) -> Result:
    """Run a blocking call in a thread, so that the event loop can go on.

    If the caller is cancelled, it gets CancelledError only after the call has finished.
    """
    task = asyncio.ensure_future(asyncio.to_thread(call, *arguments, **options))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # the caller has gone: there is nobody to report to
        raise


@lru_cache(maxsize=1)  # one loop for the process: a model's client keeps its connections in the loop that opened them
def _background_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="gedanken", daemon=True).start()
    return loop


def wait_for(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine from blocking code, in an event loop of gedanken's own. The calling thread may have a
    running event loop, as in a notebook.

    Ctrl-C cancels the coroutine, waits for its cleanup, and raises KeyboardInterrupt with the message of the
    coroutine's exception. Raises RuntimeError if called in gedanken's own event loop, which would then wait for
    itself.
    """
    loop = _background_loop()
    if _is_running_loop(loop):
        coroutine.close()
        raise RuntimeError("a blocking call here would wait for its own event loop: use `await`")
    future: Future[Result] = Future()
    tasks: list[asyncio.Task[None]] = []
    loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(_complete_future(coroutine, future))))
    try:
        return future.result()
    except KeyboardInterrupt:
        if future.done():
            raise
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        error = future.exception()
        raise KeyboardInterrupt(str(error or "")) from error


async def _complete_future(coroutine: Coroutine[Any, Any, Result], future: "Future[Result]") -> None:
    try:
        future.set_result(await coroutine)
    except BaseException as error:  # also exceptions that end a thread: they must reach the waiting caller
        future.set_exception(error)


def _is_running_loop(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


@dataclass(frozen=True, slots=True)
class BlockingMachine:
    """An open machine for blocking code: the value of `machine` in `with DockerMachine() as machine:`."""

    machine: Machine
    """The asynchronous machine that runs the commands."""

    @property
    def name(self) -> str:
        """The kind of machine, `docker` or `imagined` for example."""
        return self.machine.name

    def run(self, command: str, *, on_output: OnOutput | None = None) -> Execution:
        """Run one command and return its execution; see `Machine.run`. Raises NoSandbox or NoModel."""
        return wait_for(self.machine.run(command, on_output=on_output))


class Blocking:
    """Base class that lets a machine written for `async with` also be opened by a plain `with`."""

    def __enter__(self) -> BlockingMachine:
        """Open the machine. Raises the same errors as a machine that is opened with `async with`."""
        opening = cast(AbstractAsyncContextManager[Machine], self)
        return BlockingMachine(wait_for(_enter(opening)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        opening = cast(AbstractAsyncContextManager[Machine], self)
        wait_for(_exit(opening, kind, error, traceback))


async def _enter(opening: AbstractAsyncContextManager[Machine]) -> Machine:
    return await opening.__aenter__()


async def _exit(opening: AbstractAsyncContextManager[Machine], *exc: Any) -> None:
    await opening.__aexit__(*exc)
