"""Controls the requests to one model: how many run at a time, at which rate, and which are retried."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from gedanken.agents.model_errors import ModelBusy, NoReply
from gedanken.experiment.errors import GedankenError, NoModel
from gedanken.experiment.execution import Cause
from gedanken.experiment.progress import Progress, Silent

PARALLEL = 8
"""Default number of concurrent requests to a hosted model."""
LONGEST_WAIT = 600.0
"""Longest waiting time in seconds. If a server asks for a longer wait, or refuses requests for longer, the run gives
up the model.
"""
TRIES = 5
"""Maximum number of tries for a request that fails temporarily."""
FIRST_TRIES = 2
"""Maximum number of tries as long as the model has not replied once: the address may be wrong, or the server not
running.
"""
LONGEST_TRYING = 900.0
"""A request is tried again only if its tries so far took less than this many seconds together."""
FIRST_WAIT = 2.0
"""Seconds before the second try, if the server names no time. The wait doubles with each further try."""
LONGEST_BACKOFF = 60.0
TOLD_FROM = 1.0
"""Shortest wait in seconds that is reported."""

_MARGIN = 0.9
"""Fraction of the accepted request rate that is used, because servers count in their own time windows."""
_SLOWEST_START = 0.1
"""Minimum rate, in requests per second, that is tried as long as no request was accepted."""
_GROW_AFTER, _GROWTH = 20, 0.1
"""The rate grows each time that 20 requests of an epoch (see Bucket) were accepted: by 10, 20, 40, then 80 %."""
_FIRST = 10

Result = TypeVar("Result")


@dataclass(slots=True)
class Bucket:
    """A rate limiter: it lets requests through one by one, at the rate that the server last accepted.

    After a refusal, no request is let through for a while. An epoch is the time from the end of one such pause to the
    end of the next. The rate is the number of an epoch's accepted requests, divided by its duration, less a margin.
    """

    first_wait: float = FIRST_WAIT
    spacing: float = 0.1
    """Seconds between the very first requests, so that a refusal does not hit all of them."""
    rate: float | None = None
    """Requests per second; None until a request was refused."""
    opens: float = 0.0
    """Time at which requests are let through again, on the monotonic clock."""
    refused_since: float | None = None
    """Time since which every request was refused; None if the last request was accepted."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run gives up the model: requests then stop waiting."""
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)
    _epoch: int = 0
    _is_closed: bool = False
    _guessed: bool = False
    _streak: int = 0
    """Number of refusals in a row without an accepted request in between."""
    _last: float = 0.0
    _since: float | None = None
    _sent: int = 0
    _refused: int = 0
    _taken: int = 0
    _measured: tuple[float, int] | None = None
    """The last epoch in which requests were accepted: its start, and the number of accepted requests."""

    def renew(self) -> None:
        """Create the event and the lock anew, for a new event loop."""
        # No request waits for the old ones: the requests of the previous loop no longer exist.
        self.over, self._line = asyncio.Event(), asyncio.Lock()

    async def turn(self) -> int:
        """Wait until the next request may be sent; return the number of the current epoch."""
        async with self._line:
            while (wait := self._free_at() - time.monotonic()) > 0 and not self.over.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.over.wait(), wait)
            now = time.monotonic()
            if self._is_closed:
                self._reopen(now)
            self._since = now if self._since is None else self._since
            self._last = now
            self._sent += 1
            return self._epoch

    def refuse(self, epoch: int, retry_after: float | None) -> None:
        """Record that a request, sent in the epoch `epoch`, was refused because of a rate limit.

        `retry_after` is the wait in seconds that the server asks for; None if it names no wait.
        """
        if epoch != self._epoch:
            return  # it was closed and opened again since
        now = time.monotonic()
        self._refused += 1
        wait = retry_after or 0.0
        if not self._is_closed:
            self._is_closed = True
            self._streak += 1
            self.refused_since = self.refused_since or now
            if retry_after is None or self._streak > 1:
                wait = max(wait, self.first_wait * 2 ** (self._streak - 1))
        # Random delay, so that other clients with the same waiting time do not all return at the same moment.
        self.opens = max(self.opens, now + wait + random.uniform(0, min(5.0, wait / 10)))

    def take(self, epoch: int) -> None:
        """Record that a request, sent in the epoch `epoch`, was not refused because of a rate limit."""
        if epoch != self._epoch or self._is_closed:
            return
        self._streak, self.refused_since = 0, None
        self._taken += 1
        if self.rate is None:
            return
        if self._guessed:
            self.rate *= 2
        elif self._taken % _GROW_AFTER == 0:
            self.rate *= 1 + _GROWTH * 2 ** min(3, self._taken // _GROW_AFTER - 1)

    def _free_at(self) -> float:
        if self._is_closed:
            return self.opens
        if self.rate is None:
            return self._last + (self.spacing if self._sent < _FIRST else 0.0)
        return self._last + 1 / self.rate

    def _reopen(self, now: float) -> None:
        begun = now if self._since is None else self._since
        if taken := self._sent - self._refused:
            self._measured = (begun, taken)
        since, taken = self._measured or (begun, 0)
        self._guessed = not taken
        # Every server accepts requests that come evenly at this rate, whether it counts with a fixed window, a
        # sliding window or a token bucket.
        self.rate = max(_SLOWEST_START, 1 / (now - since)) if self._guessed else _MARGIN * taken / (now - since)
        self._is_closed = False
        self._epoch += 1
        self._since, self._sent, self._refused, self._taken = now, 0, 0, 0


@dataclass(slots=True)
class Pace:
    """Schedules all requests of a run to one model."""

    parallel: int = 1
    progress: Progress = field(default_factory=Silent)
    """Receives messages about waits, each with the time at which the wait ends."""
    bucket: Bucket = field(default_factory=Bucket)
    begins_anew: bool = True
    """True if an interrupted reply is requested again; False if a person has read its beginning while it streamed."""
    gone: GedankenError | None = None
    """The error because of which no more requests are sent; None as long as the model is used."""
    _slots: asyncio.Semaphore = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = None
    _told_until: float = 0.0
    _has_replied: bool = False

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.parallel)

    async def ask(self, once: Callable[[], Awaitable[Result]]) -> Result:
        """Call `once`, which sends one request, and return its result; call it again while a retry may help.

        Raises NoReply if this request gets no reply, NoModel if no request will get one.
        """
        self._come_into_this_loop()
        tries, trying = 0, 0.0
        while True:
            async with self._slots:
                epoch = await self.bucket.turn()
                if self.gone:
                    raise self.gone
                began = time.monotonic()
                try:
                    result = await once()
                except ModelBusy as busy:
                    if busy.limited:
                        self._refused(epoch, busy)
                        continue
                    self.bucket.take(epoch)
                    tries += 1
                    trying += time.monotonic() - began
                    failed = busy
                except NoReply:
                    self.bucket.take(epoch)
                    raise
                except NoModel as error:
                    self.stop(error)
                    raise
                else:
                    self.bucket.take(epoch)
                    self._has_replied = True
                    return result
            await self._back_off(failed, tries, trying)

    def _come_into_this_loop(self) -> None:
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop, self._slots = loop, asyncio.Semaphore(self.parallel)
            self.bucket.renew()
            if self.gone:
                self.bucket.over.set()

    def stop(self, error: GedankenError) -> None:
        """Send no more requests: those that wait raise `error`. Requests that were sent still get their replies."""
        self.gone = self.gone or error
        self.bucket.over.set()

    def forget(self) -> None:
        """Use the model again if the run gave it up: a person may have fixed the cause."""
        if self.gone:
            self.gone, self._told_until = None, 0.0
            self.bucket = Bucket(self.bucket.first_wait, self.bucket.spacing)

    def _refused(self, epoch: int, busy: ModelBusy) -> None:
        self.bucket.refuse(epoch, busy.retry_after)
        refused_since = self.bucket.refused_since or time.monotonic()
        if self.bucket.opens - refused_since > LONGEST_WAIT:
            self.stop(_too_long(busy, self.bucket.opens))
        if self.gone:
            raise self.gone from busy
        self._tell(busy, self.bucket.opens)

    async def _back_off(self, busy: ModelBusy, tries: int, trying: float) -> None:
        broke_off = busy.cause is Cause.BROKEN_OFF
        if (
            tries >= (TRIES if self._has_replied else FIRST_TRIES)
            or trying >= LONGEST_TRYING
            or (broke_off and not self.begins_anew)
        ):
            raise busy
        wait = min(LONGEST_BACKOFF, self.bucket.first_wait * 2 ** (tries - 1)) * random.uniform(0.75, 1.25)
        until = time.monotonic() + (wait if busy.retry_after is None else busy.retry_after)
        if until - time.monotonic() > LONGEST_WAIT:
            raise _too_long(busy, until) from busy
        self._tell(busy, until)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.bucket.over.wait(), until - time.monotonic())

    def _tell(self, busy: ModelBusy, until: float) -> None:
        """Report a wait, once for all requests that wait until about the same time."""
        if until - time.monotonic() < TOLD_FROM or until < self._told_until + TOLD_FROM:
            return
        self._told_until = until
        again = f"the request is sent again at {_clock(until)}, in {_span(until - time.monotonic())}"
        self.progress.say(f"{busy}; {again}")


def _too_long(busy: ModelBusy, until: float) -> NoModel:
    longest = _span(LONGEST_WAIT)
    return NoModel(f"{busy}; the server asks to wait until {_clock(until)}, but gedanken waits at most {longest}")


def _clock(moment: float) -> str:
    at = datetime.now().astimezone() + timedelta(seconds=moment - time.monotonic())
    return at.strftime("%H:%M:%S" if at.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M:%S")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
