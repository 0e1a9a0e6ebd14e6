"""The cores of this machine, shared out among what runs at the same time."""

import asyncio
import math
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

HEARTBEAT_SECONDS = 30.0


class Cores:
    """Whoever came first is served first: a large demand is not starved by small ones."""

    def __init__(self, count: int | None = None) -> None:
        """Share out `count` cores, by default all of this machine's."""
        self.count = float(count or os.cpu_count() or 1)
        self._held: list[float] = []
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, wanted: float, heartbeat: Callable[[], None]) -> AsyncIterator[None]:
        """Hold `wanted` cores, at most all there are; `heartbeat` is called from time to time while waiting."""
        cores = min(wanted, self.count)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((cores, turn))
        self._serve()
        try:
            while not turn.done():
                await asyncio.wait({turn}, timeout=HEARTBEAT_SECONDS)
                heartbeat()
            yield
        finally:
            if turn.done():
                self._held.remove(cores)
            else:
                self._waiting.remove((cores, turn))
            self._serve()

    def _serve(self) -> None:
        # A running balance of fractions would drift, and a demand for all cores then wait forever.
        while self._waiting and math.fsum([*self._held, self._waiting[0][0]]) <= self.count:
            cores, turn = self._waiting.popleft()
            self._held.append(cores)
            turn.set_result(None)
