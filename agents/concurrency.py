"""Runs coroutines concurrently, with a limit on how many run at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from gedanken.experiment.errors import BudgetSpent, Interrupted

Result = TypeVar("Result")


async def run_concurrently(functions: Iterable[Callable[[], Awaitable[Result]]], max_running: int) -> list[Result]:
    """Run `functions` concurrently, at most `max_running` at a time; return their results in the same order.

    If a function raises an error, all others are cancelled before the error is raised. After BudgetSpent or
    Interrupted, however, functions that are already running finish, because they are already paid for.
    """
    semaphore = asyncio.Semaphore(max_running)

    async def run_limited(function: Callable[[], Awaitable[Result]]) -> Result:
        async with semaphore:
            return await function()

    tasks = [asyncio.ensure_future(run_limited(function)) for function in functions]
    try:
        return await asyncio.gather(*tasks)
    except (BudgetSpent, Interrupted):
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    finally:
        for task in tasks:
            if not task.cancelling():  # a second cancellation would interrupt what it is cleaning up
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
