"""When work was cancelled, it has ended together with everything that it began, before anything is cleaned up."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
import typer

from gedanken.agents.concurrency import run_concurrently
from gedanken.cli.errors import handle_errors
from gedanken.cli.execute_run import execute_and_show
from gedanken.experiment.blocking import off_loop
from gedanken.sandbox.threads import run_to_end, start_or_undo


def cancel_repeatedly(work: Callable[[], Coroutine[Any, Any, object]], times: int = 3) -> None:
    """Start a coroutine, cancel its task several times, and assert that it ends as cancelled."""

    async def cancel() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0.02)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0.02)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())


def test_work_that_must_finish_has_finished_however_often_it_is_cancelled() -> None:
    finished: list[str] = []
    wait = threading.Event()

    def work() -> None:
        wait.wait(0.3)
        finished.append("work")

    cancel_repeatedly(partial(run_to_end, work))
    assert finished == ["work"]


def test_what_was_begun_when_it_was_cancelled_is_undone_before_the_task_ends() -> None:
    events: list[str] = []

    def begin() -> str:
        threading.Event().wait(0.3)
        events.append("begun")
        return "container"

    cancel_repeatedly(lambda: start_or_undo(begin, lambda made: events.append(f"{made} removed")))
    assert events == ["begun", "container removed"]


def test_an_error_after_the_cancellation_is_not_printed_by_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        threading.Event().wait(0.2)
        raise OSError("no container")

    cancel_repeatedly(lambda: start_or_undo(fail, lambda _made: None))
    cancel_repeatedly(partial(run_to_end, fail))
    gc.collect()
    assert not caplog.records


def test_a_blocking_call_of_a_cancelled_caller_ends_before_it_and_its_error_is_not_printed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events: list[str] = []

    def fail() -> None:
        threading.Event().wait(0.3)
        events.append("the call")
        raise OSError("no space")

    async def work() -> None:
        try:
            await off_loop(fail)
        finally:
            events.append("its caller")

    cancel_repeatedly(work)
    gc.collect()
    assert events == ["the call", "its caller"]
    assert "never retrieved" not in caplog.text


def test_without_a_cancellation_the_result_or_the_error_comes_back() -> None:
    def fail() -> None:
        raise OSError("no container")

    assert asyncio.run(start_or_undo(lambda: 3, lambda _made: None)) == 3
    assert asyncio.run(run_to_end(lambda: 4)) == 4
    for work in (partial(run_to_end, fail), partial(start_or_undo, fail, lambda _made: None)):
        with pytest.raises(OSError, match="no container"):
            asyncio.run(work())


def test_of_several_at_once_none_is_interrupted_while_it_cleans_up() -> None:
    cleaned: list[int] = []

    async def piece(number: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05 * number)
            cleaned.append(number)

    cancel_repeatedly(lambda: run_concurrently([partial(piece, number) for number in range(4)], 4), times=1)
    assert sorted(cleaned) == [0, 1, 2, 3]


def test_of_several_at_once_the_others_have_cleaned_up_when_the_error_of_one_is_raised() -> None:
    cleaned: list[int] = []

    async def piece(number: int) -> None:
        if number == 0:
            await asyncio.sleep(0.02)
            raise OSError("the first")
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05 * number)
            cleaned.append(number)

    with pytest.raises(OSError, match="the first"):
        asyncio.run(run_concurrently([partial(piece, number) for number in range(4)], 4))
    assert sorted(cleaned) == [1, 2, 3]


@pytest.mark.parametrize("ctrl_c", [signal.SIG_IGN, signal.default_int_handler])
def test_sigterm_stops_a_command_also_where_ctrl_c_is_ignored_as_in_the_background_of_a_script(ctrl_c: Any) -> None:
    cleaned: list[str] = []

    async def run_long() -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("up")

    def run() -> None:
        execute_and_show(run_long(), as_json=False)

    def stop_at_once() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(60)

    handlers_before = signal.signal(signal.SIGINT, ctrl_c), signal.getsignal(signal.SIGTERM)
    try:
        for work in (run, stop_at_once):
            with pytest.raises(typer.Exit) as raised, handle_errors():
                work()
            assert raised.value.exit_code == 130
    finally:
        signal.signal(signal.SIGINT, handlers_before[0])
        signal.signal(signal.SIGTERM, handlers_before[1])
    assert cleaned == ["up"]
