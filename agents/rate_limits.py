"""How fast one model is asked: so many requests at once, no faster than its server takes them, and again where that
may help. The one place that asks again: the clients of providers are told not to.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from gedanken.agents.model_errors import ModelBusy, NoReply
from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import Cause
from gedanken.experiment.progress import Progress, Silent

PARALLEL = 8
"""Requests at a time to a hosted model."""
LONGEST_WAIT = 600.0
"""Seconds. A server that asks for more, or turns requests down for longer, is gone for this run."""
TRIES = 5
"""Of one request that fails in a way that may pass."""
FIRST_TRIES = 2
"""The same as long as the model has not replied once: the address may be wrong, or its server not running."""
LONGEST_TRYING = 900.0
"""Seconds in which such a request is begun once more: each try may last as long as a reply may take to begin."""
FIRST_WAIT = 2.0
"""Seconds before a second try where the server names none; doubled each time."""
LONGEST_BACKOFF = 60.0
TOLD_FROM = 1.0
"""Seconds; of a shorter wait nothing is said."""

_MARGIN = 0.9
"""Of the rate at which requests were taken: servers count in windows of their own."""
_SLOWEST_START = 0.1
"""Requests a second, where the first of all was turned down: nothing is known of the rate then."""
_GROW_AFTER, _GROWTH = 20, 0.1
"""Requests taken in a row after which the rate grows by so much of it; by twice as much each further time."""
_FIRST = 10

Result = TypeVar("Result")


@dataclass(slots=True)
class Bucket:
    """Lets requests through one by one, as fast as the server took them before it turned one down.

    An epoch is the time from one opening of the door to the next. Of the requests sent in one, those that were not
    turned down tell the rate: spaced evenly, that many are taken by a fixed window, a sliding one, or a token bucket.
    """

    first_wait: float = FIRST_WAIT
    spacing: float = 0.1
    """Seconds between the very first requests, so that not all of them are turned down where one is."""
    rate: float | None = None
    """Requests a second; None until one was turned down."""
    opens: float = 0.0
    """When the door opens again, on the monotonic clock."""
    refused_since: float | None = None
    """Since when nothing but refusals came."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the model is gone: nobody need wait any longer."""
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)
    _epoch: int = 0
    _is_closed: bool = False
    _guessed: bool = False
    _streak: int = 0
    """How often in a row the door was closed with nothing taken in between."""
    _last: float = 0.0
    _since: float | None = None
    _sent: int = 0
    _refused: int = 0
    _taken: int = 0
    _measured: tuple[float, int] | None = None
    """When the last epoch began in which requests were taken, and how many were."""

    def renew(self) -> None:
        """Start anew in another event loop: what waited in the last one is gone with it."""
        self.over, self._line = asyncio.Event(), asyncio.Lock()

    async def turn(self) -> int:
        """Wait in line until the next request may be sent; return the number of the epoch in which it is."""
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
        """Take in that a request of this epoch was turned down for coming too fast."""
        if epoch != self._epoch:
            return  # its door was closed and opened again since
        now = time.monotonic()
        self._refused += 1
        wait = retry_after or 0.0
        if not self._is_closed:
            self._is_closed = True
            self._streak += 1
            self.refused_since = self.refused_since or now
            if retry_after is None or self._streak > 1:
                wait = max(wait, self.first_wait * 2 ** (self._streak - 1))
        # Others who were told the same need not all come in the same moment.
        self.opens = max(self.opens, now + wait + random.uniform(0, min(5.0, wait / 10)))

    def take(self, epoch: int) -> None:
        """Take in that a request of this epoch was answered, even with an error."""
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
        self.rate = max(_SLOWEST_START, 1 / (now - since)) if self._guessed else _MARGIN * taken / (now - since)
        self._is_closed = False
        self._epoch += 1
        self._since, self._sent, self._refused, self._taken = now, 0, 0, 0


@dataclass(slots=True)
class Pace:
    """Asks one model for all who want a reply of it in a run."""

    parallel: int = 1
    progress: Progress = field(default_factory=Silent)
    """Told what is waited for, and until when."""
    bucket: Bucket = field(default_factory=Bucket)
    begins_anew: bool = True
    """Whether a reply that broke off is asked for once more: not where a person has read it as it came."""
    gone: NoModel | None = None
    """Why nobody need ask any more."""
    _slots: asyncio.Semaphore = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = None
    _told_until: float = 0.0
    _has_replied: bool = False

    def __post_init__(self) -> None:
        """Make as many places as there may be requests at a time."""
        self._slots = asyncio.Semaphore(self.parallel)

    async def ask(self, once: Callable[[], Awaitable[Result]]) -> Result:
        """What `once` comes to, called again while that may help.

        Raises NoReply where it gets none, after as many tries as may help, and NoModel where nobody will.
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
                    self._lose(error)
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

    def forget(self) -> None:
        """Ask once more where the model was gone: a person may have seen to it since."""
        if self.gone:
            self.gone, self._told_until = None, 0.0
            self.bucket = Bucket(self.bucket.first_wait, self.bucket.spacing)

    def _refused(self, epoch: int, busy: ModelBusy) -> None:
        self.bucket.refuse(epoch, busy.retry_after)
        refused_since = self.bucket.refused_since or time.monotonic()
        if self.bucket.opens - refused_since > LONGEST_WAIT:
            self._lose(_too_long(busy, self.bucket.opens))
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

    def _lose(self, error: NoModel) -> None:
        self.gone = self.gone or error
        self.bucket.over.set()

    def _tell(self, busy: ModelBusy, until: float) -> None:
        """One line for all that wait until about then."""
        if until - time.monotonic() < TOLD_FROM or until < self._told_until + TOLD_FROM:
            return
        self._told_until = until
        self.progress.say(f"{busy}; asked again at {_clock(until)}, in {_span(until - time.monotonic())}")


def _too_long(busy: ModelBusy, until: float) -> NoModel:
    longest = _span(LONGEST_WAIT)
    return NoModel(f"{busy}; it asks to wait until {_clock(until)}, and the longest wait is {longest}")


def _clock(moment: float) -> str:
    at = datetime.now().astimezone() + timedelta(seconds=moment - time.monotonic())
    return at.strftime("%H:%M:%S" if at.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M:%S")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
