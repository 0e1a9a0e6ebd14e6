"""Several pieces of work side by side, so many at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Result = TypeVar("Result")


async def at_once(work: Iterable[Callable[[], Awaitable[Result]]], most: int) -> list[Result]:
    """What each piece comes to, in the order given; each begins in that order, with `most` under way at a time.

    Where one fails, the others are ended before its error is raised.
    """
    places = asyncio.Semaphore(most)

    async def one(piece: Callable[[], Awaitable[Result]]) -> Result:
        async with places:
            return await piece()

    tasks = [asyncio.ensure_future(one(piece)) for piece in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
