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

MAX_WAIT = 600.0
"""Longest waiting time in seconds.

If a server asks for a longer wait, or refuses all requests for longer, the run gives up the model.
"""
TRIES = 5
"""Maximum number of tries for a request that fails temporarily."""
FIRST_TRIES = 2
"""Maximum number of tries until the model has replied for the first time.

It is low because the address may be wrong, or the server may not be running.
"""
MAX_TRYING = 900.0
"""When the tries of a request took this many seconds in total, it is not tried again."""
FIRST_WAIT = 2.0
"""Seconds before the second try if the server does not say how long to wait. The wait doubles with each further
try.
"""
MAX_BACKOFF = 60.0
MIN_REPORTED_WAIT = 1.0
"""Shortest wait in seconds that is reported."""

_MARGIN = 0.9
"""Fraction of the measured rate at which requests are sent. It is below 1 because servers count requests in time
windows of their own.
"""
_MIN_FIRST_RATE = 0.1
"""Minimum rate, in requests per second, that is tried as long as no request was accepted."""
_GROW_AFTER, _GROWTH = 20, 0.1
"""Each time that 20 requests of an epoch (see Bucket) were accepted, the rate grows: by 10 %, then by 20, 40 and
80 %.
"""
_SPACED_REQUESTS = 10

Result = TypeVar("Result")


@dataclass(slots=True)
class Bucket:
    """Lets requests through one by one, at the rate that the server last accepted.

    After a refusal, no request is let through for a while. An epoch is the time from the end of one such pause to the
    end of the next. The rate is the number of requests that were accepted in an epoch, divided by its duration, and
    reduced by a margin.
    """

    first_wait: float = FIRST_WAIT
    spacing: float = 0.1
    """Seconds between requests until the first one was refused. Without this spacing, a refusal would hit all of
    them.
    """
    rate: float | None = None
    """Requests per second; None until a request was refused."""
    opens: float = 0.0
    """Time at which requests are let through again, on the monotonic clock."""
    refused_since: float | None = None
    """Time since which every request was refused; None if the last request was accepted."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run gives up the model. Requests then stop waiting."""
    _queue_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _epoch: int = 0
    _is_closed: bool = False
    _is_rate_guessed: bool = False
    _refusals_in_a_row: int = 0
    _last_sent_at: float = 0.0
    _epoch_started: float | None = None
    _sent: int = 0
    _refused_count: int = 0
    _accepted: int = 0
    _last_measured: tuple[float, int] | None = None
    """The last epoch in which requests were accepted: its start, and the number of accepted requests."""

    def renew(self) -> None:
        """Create a new event and a new lock, because those of another event loop cannot be used."""
        # No request waits for the old ones: the requests of the previous loop no longer exist.
        self.stopped, self._queue_lock = asyncio.Event(), asyncio.Lock()

    async def wait_for_turn(self) -> int:
        """Wait until the next request may be sent; return the number of the current epoch."""
        async with self._queue_lock:
            while (wait := self._next_send_time() - time.monotonic()) > 0 and not self.stopped.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.stopped.wait(), wait)
            now = time.monotonic()
            if self._is_closed:
                self._reopen(now)
            self._epoch_started = now if self._epoch_started is None else self._epoch_started
            self._last_sent_at = now
            self._sent += 1
            return self._epoch

    def refuse(self, epoch: int, retry_after: float | None) -> None:
        """Record that a request, sent in the epoch `epoch`, was refused because of a rate limit.

        `retry_after` is the wait in seconds that the server asks for; None if it names no wait.
        """
        if epoch != self._epoch:
            return  # it was closed and opened again since
        now = time.monotonic()
        self._refused_count += 1
        wait = retry_after or 0.0
        if not self._is_closed:
            self._is_closed = True
            self._refusals_in_a_row += 1
            self.refused_since = self.refused_since or now
            if retry_after is None or self._refusals_in_a_row > 1:
                wait = max(wait, self.first_wait * 2 ** (self._refusals_in_a_row - 1))
        # Random delay, so that other clients with the same waiting time do not all return at the same moment.
        self.opens = max(self.opens, now + wait + random.uniform(0, min(5.0, wait / 10)))

    def accept(self, epoch: int) -> None:
        """Record that a request, sent in the epoch `epoch`, was not refused because of a rate limit."""
        if epoch != self._epoch or self._is_closed:
            return
        self._refusals_in_a_row, self.refused_since = 0, None
        self._accepted += 1
        if self.rate is None:
            return
        if self._is_rate_guessed:
            self.rate *= 2
        elif self._accepted % _GROW_AFTER == 0:
            self.rate *= 1 + _GROWTH * 2 ** min(3, self._accepted // _GROW_AFTER - 1)

    def _next_send_time(self) -> float:
        if self._is_closed:
            return self.opens
        if self.rate is None:
            return self._last_sent_at + (self.spacing if self._sent < _SPACED_REQUESTS else 0.0)
        return self._last_sent_at + 1 / self.rate

    def _reopen(self, now: float) -> None:
        epoch_started = now if self._epoch_started is None else self._epoch_started
        if accepted := self._sent - self._refused_count:
            self._last_measured = (epoch_started, accepted)
        started, accepted = self._last_measured or (epoch_started, 0)
        self._is_rate_guessed = not accepted
        # Every server accepts requests that come evenly at this rate, whether it counts with a fixed window, a
        # sliding window or a token bucket.
        self.rate = (
            max(_MIN_FIRST_RATE, 1 / (now - started))
            if self._is_rate_guessed
            else _MARGIN * accepted / (now - started)
        )
        self._is_closed = False
        self._epoch += 1
        self._epoch_started, self._sent, self._refused_count, self._accepted = now, 0, 0, 0


@dataclass(slots=True)
class RequestQueue:
    """Schedules all requests of a run to one model."""

    parallel: int = 1
    progress: Progress = field(default_factory=Silent)
    """Receives messages about waits, each with the time at which the wait ends."""
    bucket: Bucket = field(default_factory=Bucket)
    retries_interrupted: bool = True
    """True if an interrupted reply is requested again.

    It is False if a person has read the beginning of the reply while it streamed.
    """
    final_error: GedankenError | None = None
    """The error because of which no further requests are sent; None as long as the model is used."""
    _slots: asyncio.Semaphore = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = None
    _reported_until: float = 0.0
    _has_replied: bool = False

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.parallel)

    async def ask(self, send_request: Callable[[], Awaitable[Result]]) -> Result:
        """Call `send_request`, which sends one request, and return its result.

        It is called again as long as a retry may help. Raises NoReply if this request gets no reply, NoModel if no
        request will get one.
        """
        self._adopt_event_loop()
        tries, seconds_tried = 0, 0.0
        while True:
            async with self._slots:
                epoch = await self.bucket.wait_for_turn()
                if self.final_error:
                    raise self.final_error
                started = time.monotonic()
                try:
                    result = await send_request()
                except ModelBusy as busy:
                    if busy.limited:
                        self._handle_rate_limit(epoch, busy)
                        continue
                    self.bucket.accept(epoch)
                    tries += 1
                    seconds_tried += time.monotonic() - started
                    failure = busy
                except NoReply:
                    self.bucket.accept(epoch)
                    raise
                except NoModel as error:
                    self.stop(error)
                    raise
                else:
                    self.bucket.accept(epoch)
                    self._has_replied = True
                    return result
            await self._back_off(failure, tries, seconds_tried)

    def _adopt_event_loop(self) -> None:
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop, self._slots = loop, asyncio.Semaphore(self.parallel)
            self.bucket.renew()
            if self.final_error:
                self.bucket.stopped.set()

    def stop(self, error: GedankenError) -> None:
        """Send no more requests. Those that are waiting raise `error`; those that were already sent still get
        their replies.
        """
        self.final_error = self.final_error or error
        self.bucket.stopped.set()

    def reset(self) -> None:
        """Use the model again after the run gave it up, because a person may have removed the cause."""
        if self.final_error:
            self.final_error, self._reported_until = None, 0.0
            self.bucket = Bucket(self.bucket.first_wait, self.bucket.spacing)

    def _handle_rate_limit(self, epoch: int, busy: ModelBusy) -> None:
        self.bucket.refuse(epoch, busy.retry_after)
        refused_since = self.bucket.refused_since or time.monotonic()
        if self.bucket.opens - refused_since > MAX_WAIT:
            self.stop(_wait_too_long(busy, self.bucket.opens))
        if self.final_error:
            raise self.final_error from busy
        self._report_wait(busy, self.bucket.opens)

    async def _back_off(self, busy: ModelBusy, tries: int, seconds_tried: float) -> None:
        broke_off = busy.cause is Cause.BROKEN_OFF
        if (
            tries >= (TRIES if self._has_replied else FIRST_TRIES)
            or seconds_tried >= MAX_TRYING
            or (broke_off and not self.retries_interrupted)
        ):
            raise busy
        wait = min(MAX_BACKOFF, self.bucket.first_wait * 2 ** (tries - 1)) * random.uniform(0.75, 1.25)
        end = time.monotonic() + (wait if busy.retry_after is None else busy.retry_after)
        if end - time.monotonic() > MAX_WAIT:
            raise _wait_too_long(busy, end) from busy
        self._report_wait(busy, end)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.bucket.stopped.wait(), end - time.monotonic())

    def _report_wait(self, busy: ModelBusy, end: float) -> None:
        """Report a wait once for all requests that wait until about the same time."""
        if end - time.monotonic() < MIN_REPORTED_WAIT or end < self._reported_until + MIN_REPORTED_WAIT:
            return
        self._reported_until = end
        note = f"the request is sent again at {_format_time(end)}, in {_format_duration(end - time.monotonic())}"
        self.progress.say(f"{busy}; {note}")


def _wait_too_long(busy: ModelBusy, end: float) -> NoModel:
    max_wait = _format_duration(MAX_WAIT)
    return NoModel(
        f"{busy}; the server asks to wait until {_format_time(end)}, but gedanken waits at most {max_wait}"
    )


def _format_time(moment: float) -> str:
    local_time = datetime.now().astimezone() + timedelta(seconds=moment - time.monotonic())
    return local_time.strftime(
        "%H:%M:%S" if local_time.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M:%S"
    )


def _format_duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
