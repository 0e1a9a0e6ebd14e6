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
    """A queue of requests for cores, stored in a file. When a process dies, its requests and its cores are
    released.
    """

    def __init__(self, count: float | None = None, file: Path | None = None, poll_seconds: float = 0.2) -> None:
        """Share `count` cores by means of the file `file`.

        By default, these are all cores that this process may use, and a file in the cache.
        """
        self.count = float(count or len(os.sched_getaffinity(0)))
        self._file = file
        self._poll_seconds = poll_seconds
        self._queue_lock = asyncio.Lock()

    @asynccontextmanager
    async def take(self, requested: float, waiting: Callable[[int], None]) -> AsyncIterator[float]:
        """Hold `requested` cores during the `with` block, or all cores if there are fewer; yield the seconds spent
        waiting for them.

        While this request waits, `waiting` is called from time to time with the number of requests that are before it
        in the queue.
        """
        if not requested:
            yield 0.0
            return
        requested_at = time.monotonic()
        ticket = _Ticket(id=uuid.uuid4().hex, owner="", cores=min(requested, self.count), held=False)
        try:
            async with self._queue_lock:  # threads are not served in order
                await off_loop(self._enqueue, ticket)
            await self._wait(ticket, waiting)
            yield time.monotonic() - requested_at
        finally:
            await off_loop(self._dequeue, ticket)

    def _enqueue(self, ticket: _Ticket) -> None:
        ticket["owner"] = this_owner()
        with self._tickets() as tickets:
            tickets.append(ticket)

    def _dequeue(self, ticket: _Ticket) -> None:
        with self._tickets() as tickets:
            tickets[:] = [queued for queued in tickets if queued["id"] != ticket["id"]]

    async def _wait(self, ticket: _Ticket, waiting: Callable[[int], None]) -> None:
        last_reported = time.monotonic()
        while (ahead := await off_loop(self._queue_position, ticket)) is not None:
            if time.monotonic() - last_reported >= HEARTBEAT_SECONDS:
                last_reported = time.monotonic()
                waiting(ahead)
            await asyncio.sleep(self._poll_seconds)

    def _queue_position(self, ticket: _Ticket) -> int | None:
        """Give free cores to waiting requests. Return how many requests are before `ticket` in the queue; None if it
        has its cores.
        """
        with self._tickets() as tickets:
            # In order, so that small requests cannot starve a large one.
            self._grant_cores(tickets)
            ahead = next((index for index, queued in enumerate(tickets) if queued["id"] == ticket["id"]), None)
            if ahead is None:  # the queue was lost
                tickets.append(ticket)
                ahead = len(tickets) - 1
            return None if tickets[ahead]["held"] else ahead

    def _grant_cores(self, tickets: list[_Ticket]) -> None:
        tickets[:] = [ticket for ticket in tickets if not is_dead(ticket["owner"])]
        for ticket in tickets:
            if ticket["held"]:
                continue
            # A running sum of fractions would drift, and a request for all cores might then wait forever.
            if (
                math.fsum([ticket["cores"], *(running["cores"] for running in tickets if running["held"])])
                > self.count
            ):
                return
            ticket["held"] = True

    @contextmanager
    def _tickets(self) -> Iterator[list[_Ticket]]:
        """Read the queue from the file, yield it, and write it back, all under an exclusive lock."""
        path = self._file or cache_folder() / "cores.json"
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            old_text = path.read_text() if path.exists() else "[]"
            try:
                tickets: list[_Ticket] = json.loads(old_text)
            except ValueError:  # edited by somebody, or left by a crashed machine
                tickets = []
            yield tickets
            new_text = json.dumps(tickets)
            if new_text != old_text:
                new_file = path.with_suffix(".new")
                new_file.write_text(new_text)
                new_file.rename(path)
        finally:
            os.close(lock)
