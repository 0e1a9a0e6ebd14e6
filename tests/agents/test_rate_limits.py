"""How fast and how often requests are sent to a busy server, and when they are given up, over HTTP."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from openai_server import Refusal, RefusalRule, Server, fixed_window, serving, sliding_window, token_bucket

from gedanken.agents.messages import Message
from gedanken.agents.model import Model, Reply, Sampling
from gedanken.agents.model_errors import NoReply
from gedanken.agents.rate_limits import FIRST_TRIES, TRIES, Bucket, RequestQueue
from gedanken.agents.registry import open_model
from gedanken.experiment.errors import NoModel
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec

FIRST_WAIT_SECONDS = 0.1
"""Seconds before the second try. Like the server's limits in these tests, it is a twentieth of the usual value."""
SAMPLES = 40


@dataclass
class RecordingProgress(Silent):
    lines: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.lines.append(text)


@contextmanager
def serving_judge(judge: RefusalRule, **settings: float) -> Iterator[Server]:
    with serving(Server(judge=judge, **settings)) as server:  # type: ignore[arg-type]
        yield server


@asynccontextmanager
async def open_paced(
    server: Server, progress: RecordingProgress | None = None, first_wait: float = FIRST_WAIT_SECONDS
) -> AsyncIterator[Model]:
    async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
        yield replace(model, pace=RequestQueue(8, progress or RecordingProgress(), Bucket(first_wait=first_wait)))


async def ask(model: Model, number: int = 1) -> Reply:
    return await model.reply([Message("user", "hello")], Sampling(seed=number, max_tokens=16), role="test")


def ask_together(
    server: Server, samples: int, progress: RecordingProgress | None = None
) -> list[Reply | BaseException]:
    """The replies or errors for this number of samples, all requested at the same time."""

    async def main() -> list[Reply | BaseException]:
        async with open_paced(server, progress) as model:
            return await asyncio.gather(*(ask(model, seed) for seed in range(samples)), return_exceptions=True)

    return asyncio.run(main())


LIMITS = {
    "any half second, says when": sliding_window(3, 0.5),
    "any half second, says nothing": sliding_window(3, 0.5, says_when=False),
    "each half second by its own clock": fixed_window(3, 0.5),
    "a bucket that is refilled": token_bucket(3, 6),
}


def test_forty_samples_are_all_kept_where_three_at_a_time_are_taken() -> None:
    async def samples(server: Server) -> list[Reply]:
        async with open_paced(server) as model:
            return await asyncio.gather(*(ask(model, seed) for seed in range(SAMPLES)))

    async def main(servers: dict[str, Server]) -> list[list[Reply]]:
        return await asyncio.gather(*(samples(server) for server in servers.values()))

    with ExitStack() as stack:
        servers = {limit: stack.enter_context(serving_judge(judge)) for limit, judge in LIMITS.items()}
        replies_by_limit = asyncio.run(main(servers))
    assert [len(replies) for replies in replies_by_limit] == [SAMPLES] * len(LIMITS)
    for limit, server in servers.items():
        assert len(server.came) <= 1.2 * server.replies == 1.2 * SAMPLES, limit


@pytest.mark.parametrize("embedded", [False, True], ids=["hosted", "embedded"])
def test_so_many_requests_are_under_way_at_a_time_and_no_more(embedded: bool) -> None:
    async def main(server: Server) -> None:
        async with open_paced(server) as model:
            sequential_model = replace(model, pace=RequestQueue())  # as the embedded model has it
            await asyncio.gather(*(ask(sequential_model if embedded else model, seed) for seed in range(20)))

    with serving(Server(seconds=0.1)) as server:
        asyncio.run(main(server))
    assert server.most_at_once == (1 if embedded else 8)


def test_eighteen_requests_of_some_time_each_take_three_times_that() -> None:
    with serving(Server(seconds=1.0)) as server:
        start = time.monotonic()
        assert len(ask_together(server, 18)) == server.replies == 18
    assert (
        time.monotonic() - start < 4 + 1.5
    )  # more than three times, because the first request is sent alone for a moment


def test_what_may_pass_is_asked_again_and_not_for_ever() -> None:
    def fails(number: int, _request: object) -> Refusal | None:
        return Refusal(500, "a hiccup") if number == 1 else None

    with serving_judge(fails) as server:
        (reply,) = ask_together(server, 1)
    assert isinstance(reply, Reply) and len(server.came) == 2

    async def ask_twice(server: Server) -> None:
        async with open_paced(server, first_wait=0.02) as model:
            await ask(model)
            with pytest.raises(NoReply, match="down"):
                await ask(model)

    with serving_judge(lambda number, _request: Refusal(500, "down") if number > 1 else None) as server:
        asyncio.run(ask_twice(server))
    assert len(server.came) == 1 + TRIES
    waits = [later - earlier for earlier, later in pairwise(server.came[1:])]
    assert all(wait > 0.02 * 2**number * 0.75 for number, wait in enumerate(waits))


def test_a_server_that_never_replied_is_soon_given_up() -> None:
    with serving_judge(lambda *_: Refusal(500, "down")) as server:
        (error,) = ask_together(server, 1)
    assert isinstance(error, NoReply) and len(server.came) == FIRST_TRIES


@pytest.mark.parametrize(
    ("status", "message", "tries"),
    [
        (401, "invalid key", 1),
        (429, "You exceeded your current quota (insufficient_quota), please check your plan and billing", 1),
        (402, "payment required", 1),
    ],
)
def test_a_model_that_is_gone_for_all_is_asked_once(status: int, message: str, tries: int) -> None:
    with serving_judge(lambda *_: Refusal(status, message)) as server:
        outcomes = ask_together(server, 30)
    assert all(type(outcome) is NoModel for outcome in outcomes)
    assert len(server.came) <= 8, "only what was under way when the first was turned down"
    with serving_judge(lambda *_: Refusal(status, message)) as server:
        ask_together(server, 1)
    assert len(server.came) == tries


def test_a_request_that_is_wrong_by_itself_leaves_the_others_alone() -> None:
    def refuse_third(_number: int, request: dict[str, Any]) -> Refusal | None:
        return Refusal(413, "too large") if request["seed"] == 3 else None

    with serving_judge(refuse_third) as server:
        outcomes = ask_together(server, 6)
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [True, True, True, False, True, True]
    assert isinstance(outcomes[3], NoReply)
    assert len(server.came) == 6


def one_hour_from_now() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ((("Retry-After", "3600"),), ""),
        ((("Retry-After", "{:%a, %d %b %Y %H:%M:%S GMT}"),), ""),
        ((("retry-after-ms", "3600000"),), ""),
        ((("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1h0m3s")), ""),
        ((("anthropic-ratelimit-requests-reset", "{:%Y-%m-%dT%H:%M:%SZ}"),), ""),
        ((), '"retryDelay": "3600s"'),
        ((), "Please try again in 60m0s."),
    ],
    ids=["seconds", "date", "milliseconds", "reset", "anthropic", "google", "text"],
)
def test_who_is_to_come_again_in_an_hour_is_told_when_and_does_not_ask_before(
    headers: tuple[tuple[str, str], ...], message: str
) -> None:
    request_time = datetime.now()
    headers = tuple((name, value.format(one_hour_from_now())) for name, value in headers)
    with serving_judge(lambda *_: Refusal(429, f"slow down. {message}", headers)) as server:
        outcomes = ask_together(server, 20)
    assert len(server.came) <= 8
    for outcome in outcomes:
        assert type(outcome) is NoModel
        match = re.search(r"asks to wait until (.*?\d\d:\d\d:\d\d), but gedanken waits at most 10 min", str(outcome))
        assert match
        named_time = datetime.combine(request_time, datetime.strptime(match[1][-8:], "%H:%M:%S").time())
        named_time += timedelta(days=1) if named_time < request_time else timedelta()
        assert abs(named_time - (request_time + timedelta(hours=1))) <= timedelta(seconds=90)


def test_one_line_says_what_is_waited_for_and_until_when() -> None:
    progress = RecordingProgress()
    with serving_judge(sliding_window(2, 1.5)) as server:
        outcomes = ask_together(server, 4, progress)
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert len(progress.lines) == 1
    retry_pattern = r"too many requests \(429\).*; the request is sent again at \d\d:\d\d:\d\d, in [12] s$"
    assert re.search(retry_pattern, progress.lines[0])
