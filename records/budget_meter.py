"""Accounts for the budget of a run, over all its processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from gedanken.experiment.blocking import off_loop
from gedanken.experiment.budget import Budget, Price, Tokens, Used
from gedanken.experiment.errors import BadInput, BudgetSpent, Interrupted
from gedanken.experiment.use_events import Reserved, Settled
from gedanken.records.run_store import RunStore

OVERTIME_FRACTION = 0.1
"""Extra time, as a fraction of the allowed minutes, in which running work may still finish."""


class RunMeter:
    """Reserves the maximum usage of a request or an execution before it starts, and records the real usage.

    A budget is exceeded by at most one reply or execution.
    """

    def __init__(self, store: RunStore, price: Price | None) -> None:
        """Count the usage of the run in `store`.

        Raises BadInput for a budget in dollars if the price is not known.
        """
        self.gpus = 0
        """Number of GPUs that each execution uses."""
        self._store = store
        self._price = price
        self._reservations: dict[str, tuple[int, int, float]] = {}
        self._usage_changed = asyncio.Condition()
        self._is_stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        if self.budget.usd is not None and price is None:
            raise BadInput(
                "--budget usd=…: the price of this model is not known; set GEDANKEN_PRICES to a file that "
                "contains it, or limit tokens instead"
            )

    @property
    def budget(self) -> Budget:
        return self._store.spec.budget

    def seconds_left(self) -> float | None:
        """Return the seconds until the allowed minutes are over; None if they are not limited."""
        if self.budget.minutes is None:
            return None
        return 60 * self.budget.minutes - self._seconds

    def stop_starting(self) -> None:
        """Start no new requests or executions: from now on, reserving raises Interrupted. Running ones may finish."""
        self._is_stopping = True

    def check_may_start(self) -> None:
        """Raise Interrupted if `stop_starting` was called before."""
        if self._is_stopping:
            raise Interrupted(self._store.folder)

    def budget_error(self, *, but_gpus: bool = False) -> BudgetSpent | None:
        """Return an error that names the used-up limits; None if there are none. With `but_gpus`, the limit of
        GPU-seconds is ignored.
        """
        used = self._amounts(self._store.used)
        exceeded = [
            f"{name} {used[name]:,.6g} of {limit:,.6g}"
            for name, limit in self.budget.limits.items()
            if limit is not None and used[name] >= limit and not (but_gpus and name == "gpu-seconds")
        ]
        return BudgetSpent(", ".join(exceeded), self._store.folder) if exceeded else None

    async def reserve(self, read: int, written: int) -> str:
        """Reserve tokens for a request, and return the name of the reservation; see Meter.reserve."""
        return await self._reserve_when_possible(Reserved(name=uuid4().hex, read=read, written=written))

    def settle(self, name: str, read: int, written: int, *, estimated: bool) -> None:
        """Record the tokens that a request really used; see Meter.settle."""
        self._settle_event(Settled(name=name, read=read, written=written, calls=1, estimated=estimated))

    @asynccontextmanager
    async def execution(
        self, name: str, most_seconds: float, has_begun: Callable[[], bool]
    ) -> AsyncIterator[Callable[[float], None]]:
        """Reserve GPUs for an execution. Call the yielded function with the seconds that the execution took.

        If `has_begun` returns False, GPU-seconds that were recorded under `name` before belong to a lost execution,
        and still count. Raises BudgetSpent if a limit is used up, BadInput if the run folder has no room, and
        Interrupted after `stop_starting`.
        """
        self.check_may_start()
        self._store.check_room()
        if not self.gpus:
            if spent := self.budget_error():
                raise spent
            yield lambda _seconds: None
            return
        gpu_seconds, is_new = self.gpus * most_seconds, not await off_loop(has_begun)
        await self._reserve_when_possible(Reserved(name=name, gpu_seconds=gpu_seconds, anew=is_new))
        try:
            yield lambda seconds: self._settle_event(Settled(name=name, gpu_seconds=round(self.gpus * seconds, 3)))
        finally:
            self._release(name)

    def withdraw(self, name: str) -> None:
        """Record that a request was not sent; see Meter.withdraw."""
        self._settle_event(Settled(name=name))

    async def _reserve_when_possible(self, event: Reserved) -> str:
        is_continued = event.gpu_seconds > 0 and not event.anew
        async with self._usage_changed:
            while True:
                if spent := self.budget_error(but_gpus=is_continued):
                    raise spent
                if is_continued or self._has_room(event.gpu_seconds > 0):
                    break
                await self._usage_changed.wait()
                self.check_may_start()
            self._store.reserve(event)
            self._reservations[event.name] = (event.read, event.written, event.gpu_seconds)
        return event.name

    def _has_room(self, wants_gpus: bool) -> bool:  # else the work waits, so that a budget can be used completely
        if not self._reservations:
            return True
        used = self._amounts(self._store.used)
        reads, writes, seconds = (sum(column) for column in zip(*self._reservations.values(), strict=True))
        reserved = self._amounts(Used(Tokens(int(reads), int(writes), 0), seconds))
        return all(
            limit is None or used[name] + reserved[name] < limit
            for name, limit in self.budget.limits.items()
            if name in (("gpu-seconds",) if wants_gpus else ("usd", "tokens"))
        )

    def _settle_event(self, event: Settled) -> None:
        try:
            self._store.settle(event)
        finally:
            self._release(event.name)

    def _release(self, name: str) -> None:
        self._reservations.pop(name, None)
        task = asyncio.ensure_future(self._notify_waiting())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify_waiting(self) -> None:
        async with self._usage_changed:
            self._usage_changed.notify_all()

    def _amounts(self, used: Used) -> dict[str, float]:
        tokens = used.tokens
        return {
            "usd": self._price.of(tokens.read, tokens.written) if self._price else 0.0,
            "tokens": tokens.read + tokens.written,
            "minutes": self._seconds / 60,
            "gpu-seconds": used.gpu_seconds,
        }

    @property
    def _seconds(self) -> float:
        return self._store.seconds_worked + self._store.clock.seconds
