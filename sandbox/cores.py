"""Shares the cores of this machine among all programs that one user's gedanken processes run at the same time."""

import asyncio
import fcntl
import json
import math
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypedDict

from gedanken.experiment.blocking import off_loop
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.owner import is_dead, this_owner

HEARTBEAT_SECONDS = 15.0


class _Ticket(TypedDict):
    id: str
    owner: str
    cores: float
    held: bool


class Cores:
    """A queue of requests for cores, stored in a file. A dead process loses its requests and its cores."""

    def __init__(self, count: float | None = None, file: Path | None = None, poll_seconds: float = 0.2) -> None:
        """Share `count` cores (by default all that this process may use) through `file` (by default in the cache)."""
        self.count = float(count or len(os.sched_getaffinity(0)))
        self._file = file
        self._poll_seconds = poll_seconds
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def take(self, wanted: float, waiting: Callable[[int], None]) -> AsyncIterator[float]:
        """Hold `wanted` cores, or all if there are fewer; yield the seconds spent waiting for them.

        While this request waits, `waiting` is called from time to time with the number of requests before it.
        """
        if not wanted:
            yield 0.0
            return
        asked = time.monotonic()
        ticket = _Ticket(id=uuid.uuid4().hex, owner="", cores=min(wanted, self.count), held=False)
        try:
            async with self._line:  # threads are not served in order
                await off_loop(self._join, ticket)
            await self._wait(ticket, waiting)
            yield time.monotonic() - asked
        finally:
            await off_loop(self._leave, ticket)

    def _join(self, ticket: _Ticket) -> None:
        ticket["owner"] = this_owner()
        with self._tickets() as tickets:
            tickets.append(ticket)

    def _leave(self, ticket: _Ticket) -> None:
        with self._tickets() as tickets:
            tickets[:] = [other for other in tickets if other["id"] != ticket["id"]]

    async def _wait(self, ticket: _Ticket, waiting: Callable[[int], None]) -> None:
        told = time.monotonic()
        while (ahead := await off_loop(self._ahead_of, ticket)) is not None:
            if time.monotonic() - told >= HEARTBEAT_SECONDS:
                told = time.monotonic()
                waiting(ahead)
            await asyncio.sleep(self._poll_seconds)

    def _ahead_of(self, ticket: _Ticket) -> int | None:
        """Give free cores to waiting requests; return how many are ahead of `ticket`, None if it has its cores."""
        with self._tickets() as tickets:
            # In order, so that small requests cannot starve a large one.
            self._serve(tickets)
            ahead = next((at for at, other in enumerate(tickets) if other["id"] == ticket["id"]), None)
            if ahead is None:  # the queue was lost
                tickets.append(ticket)
                ahead = len(tickets) - 1
            return None if tickets[ahead]["held"] else ahead

    def _serve(self, tickets: list[_Ticket]) -> None:
        tickets[:] = [ticket for ticket in tickets if not is_dead(ticket["owner"])]
        for ticket in tickets:
            if ticket["held"]:
                continue
            # A running sum of fractions would drift, and a request for all cores might then wait forever.
            if math.fsum([ticket["cores"], *(other["cores"] for other in tickets if other["held"])]) > self.count:
                return
            ticket["held"] = True

    @contextmanager
    def _tickets(self) -> Iterator[list[_Ticket]]:
        """Read the queue from the file, yield it, and write it back, all under an exclusive lock."""
        path = self._file or cache_folder() / "cores.json"
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = path.read_text() if path.exists() else "[]"
            try:
                tickets: list[_Ticket] = json.loads(before)
            except ValueError:  # edited by somebody, or left by a crashed machine
                tickets = []
            yield tickets
            after = json.dumps(tickets)
            if after != before:
                made = path.with_suffix(".new")
                made.write_text(after)
                made.rename(path)
        finally:
            os.close(lock)
