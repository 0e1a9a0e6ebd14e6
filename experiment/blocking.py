"""Between code that awaits and code that blocks, either way.

Coroutines called from code that does not await have an event loop in a thread of its own.

So they can be called where a loop runs already, as in a notebook. It is one loop for the whole process: the clients
of a model keep their connections in the loop that opened them.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from gedanken.experiment.execution import Execution, Machine, OnOutput

Result = TypeVar("Result")
Given = ParamSpec("Given")


async def off_loop(call: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """What a blocking call returns, made in a thread: others go on meanwhile.

    It is not cut off: whoever waits for it and is cancelled goes when it has come to its end.
    """
    work = asyncio.ensure_future(asyncio.to_thread(call, *arguments, **named))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        work.exception()  # nobody is there to be told
        raise


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="gedanken", daemon=True).start()
    return loop


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine. Ctrl-C has it end in order, and raises KeyboardInterrupt with what it said then.

    Raises RuntimeError where it would wait for itself.
    """
    loop = _loop()
    if _runs_here(loop):
        work.close()
        raise RuntimeError("this would wait for its own event loop: use `await`")
    done: Future[Result] = Future()
    tasks: list[asyncio.Task[None]] = []
    loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(_kept(work, done))))
    try:
        return done.result()
    except KeyboardInterrupt:
        if done.done():
            raise
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        why = done.exception()
        raise KeyboardInterrupt(str(why or "")) from why


async def _kept(work: Coroutine[Any, Any, Result], done: "Future[Result]") -> None:
    try:
        done.set_result(await work)
    except BaseException as error:  # also what ends a thread: whoever waits is told
        done.set_exception(error)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


@dataclass(frozen=True, slots=True)
class BlockingMachine:
    """An open machine for code that does not await: what `with DockerMachine() as machine:` gives."""

    machine: Machine
    """The same for code that does."""

    @property
    def name(self) -> str:
        """What kind of machine it is: `docker`, or `imagined`."""
        return self.machine.name

    def run(self, command: str, *, on_output: OnOutput | None = None) -> Execution:
        """Type one command and return what it did; see `Machine.run`. Raises NoSandbox or NoModel."""
        return wait_for(self.machine.run(command, on_output=on_output))


class Blocking:
    """Lets a machine that opens with `async with` be opened with `with` too."""

    def __enter__(self) -> BlockingMachine:
        """Open it. Raises what `async with` would."""
        opening = cast(AbstractAsyncContextManager[Machine], self)
        return BlockingMachine(wait_for(_opened(opening)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close it."""
        opening = cast(AbstractAsyncContextManager[Machine], self)
        wait_for(_closed(opening, kind, error, at))


async def _opened(opening: AbstractAsyncContextManager[Machine]) -> Machine:
    return await opening.__aenter__()


async def _closed(opening: AbstractAsyncContextManager[Machine], *exc: Any) -> None:
    await opening.__aexit__(*exc)
