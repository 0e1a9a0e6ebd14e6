"""Executes the run that a command starts or continues, prints its result, and exits."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gedanken.runner import RunResult


def execute_and_show(coroutine: "Coroutine[Any, Any, RunResult]", as_json: bool) -> None:
    """Execute a run, print its result, and exit with its exit code."""
    from gedanken.cli.result_output import exit_code_of, print_run

    try:
        result = asyncio.run(_cancel_on_sigterm(coroutine))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    print_run(result, as_json)
    raise typer.Exit(exit_code_of(result))


async def _cancel_on_sigterm(coroutine: "Coroutine[Any, Any, RunResult]") -> "RunResult":
    """Execute a run. SIGTERM cancels it, even where Ctrl-C is ignored."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    # elsewhere SIGTERM acts as Ctrl-C, which asyncio makes a cancellation; where Ctrl-C is ignored, it does not
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and task is not None:
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
    return await coroutine
