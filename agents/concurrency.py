"""Runs coroutines concurrently, with a limit on how many run at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from gedanken.experiment.errors import BudgetSpent, Interrupted

Result = TypeVar("Result")


async def at_once(work: Iterable[Callable[[], Awaitable[Result]]], most: int) -> list[Result]:
    """Run the functions in `work` concurrently, at most `most` at a time; return their results in the same order.

    If a function raises an error, all others are cancelled before the error is raised. After BudgetSpent or
    Interrupted, the running ones finish, because they are paid for.
    """
    places = asyncio.Semaphore(most)

    async def one(piece: Callable[[], Awaitable[Result]]) -> Result:
        async with places:
            return await piece()

    tasks = [asyncio.ensure_future(one(piece)) for piece in work]
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
