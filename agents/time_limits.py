"""Enforces the time limits of a reply: to connect, to the first piece, between pieces, and in total."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

Piece = TypeVar("Piece")


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits in seconds. The limit for the first piece is long, because a model may reason for minutes
    without sending anything.
    """

    connect: float = 30
    """Time for connecting to the server, including TLS. It is enforced by the client of each provider."""
    first: float = 600
    """Time from the request to the first piece, and between two pieces until the answer begins."""
    between: float = 300
    """Time between two pieces of the answer."""
    unstreamed: float = 1500
    """Time from the request to the whole reply, if the reply is not streamed."""
    total: float = 3600
    """Time from the request to the end of the reply."""


USUAL_LIMITS = TimeLimits()


class TooSlow(TimeoutError):
    """A time limit was exceeded; the message names the limit."""


async def enforce_limits(
    pieces: AsyncIterator[Piece], limits: TimeLimits, *, streamed: bool = True, answers: Callable[[], bool]
) -> AsyncIterator[Piece]:
    """Pass pieces on as long as each arrives in time. Raises TooSlow.

    `answers` returns whether the answer has begun. Until then, a model may reason without sending anything.
    """
    started = time.monotonic()
    allowed, awaited = (limits.first, "first piece") if streamed else (limits.unstreamed, "reply")
    while True:
        remaining = started + limits.total - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, min(allowed, remaining))):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):  # our limit, not the client's own
                raise TooSlow(_describe_timeout(awaited, allowed, remaining, limits)) from error
            raise
        yield piece
        if streamed and answers():
            allowed, awaited = limits.between, "next piece"


def _describe_timeout(awaited: str, allowed: float, remaining: float, limits: TimeLimits) -> str:
    if remaining < allowed:
        return f"the reply was not complete within {limits.total:g} s, the limit for a whole reply"
    return f"no {awaited} within {allowed:g} s, the limit for the {awaited}"
