"""A run stops when its budget is used up: a real server on loopback, real sandboxes, the real command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from conftest import Cli
from openai_server import Server, serving

from gedanken.agents.prices import price_of
from gedanken.experiment.budget import Budget, Tokens, format_cost, format_usage, parse_budget
from gedanken.experiment.errors import BadInput, BudgetSpent
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.records.budget_meter import RunMeter
from gedanken.records.read_run import read_run
from gedanken.records.run_store import open_store, reopen_store
from gedanken.records.work_clock import MIN_SECONDS_AHEAD, counted_until

PROGRAM = """
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + secrets.randbelow(9) / 99:.4f} - acc: 0.{epoch + 5}000")
"""
SLACK = 0.3
"""How long a busy machine may take to end requests that were broken off, as a share of twelve seconds."""
LATE_SECONDS = 2.5
"""How many seconds a busy machine may delay a process that has to record that it is still working."""
START_SECONDS = 3.0
"""How many seconds a busy machine may take to begin or end work on a run."""
REPLY = f"```python{PROGRAM}```\n"


def spec_of(**budget: float) -> RunSpec:
    return RunSpec(
        experiment=load_experiment("mnist"), persona=load_persona("matched"), budget=Budget.model_validate(budget)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usd",
        "usd=",
        "usd=-1",
        "usd=0",
        "tokens=0.5",
        "usd=1,usd=2",
        "euro=1",
        "usd=nan",
        "usd=inf",
        "tokens=1.5",
        "tokens=1.0001k",
    ],
)
def test_what_is_no_budget_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="--budget"):
        parse_budget(text)


@pytest.mark.parametrize("name", ["usd", "tokens", "minutes", "gpu-seconds"])
@pytest.mark.parametrize("number", ["9" * 400, "9" * 300 + "M", "0." + "0" * 400 + "1", "1000000000000001"])
def test_a_limit_that_cannot_be_counted_is_bad_input_which_says_what_can(name: str, number: str) -> None:
    with pytest.raises(BadInput, match=f"--budget {name}=.*: must be .* and at most 1e"):
        parse_budget(f"{name}={number}")
    with pytest.raises(ValueError, match="less than or equal"):
        Budget.model_validate({name.replace("-", "_"): 10**16})


def test_limits_that_a_new_budget_does_not_name_are_told() -> None:
    old_budget = Budget(usd=2, tokens=200_000, minutes=30)
    assert old_budget.dropped_in(parse_budget("usd=3")) == "tokens (200,000), minutes (30)"
    assert old_budget.dropped_in(old_budget) == ""


def test_a_budget_is_read_as_it_is_written() -> None:
    budget = parse_budget("usd=2, tokens=200k,minutes=1.5,gpu-seconds=600")
    assert budget == Budget(usd=2, tokens=200_000, minutes=1.5, gpu_seconds=600)


@pytest.mark.parametrize("parallel", [1, 4, 8, 32])
def test_side_by_side_requests_stop_at_what_is_allowed(tmp_path: Path, parallel: int) -> None:
    with open_store(tmp_path, spec_of(tokens=10_000)) as store:
        meter = RunMeter(store, None)

        async def ask() -> int:
            sent = 0
            while True:
                try:
                    name = await meter.reserve(100, 900)
                except BudgetSpent:
                    return sent
                await asyncio.sleep(0)
                meter.settle(name, 100, 300, estimated=False)
                sent += 1

        async def all_ask() -> list[int]:
            return await asyncio.gather(*(ask() for _ in range(parallel)))

        sent = sum(asyncio.run(all_ask()))
        assert 10_000 <= 400 * sent <= 11_000
        assert store.used.tokens == Tokens(100 * sent, 300 * sent, sent)


def test_what_a_killed_process_had_reserved_counts_as_used(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(tokens=5_000)) as store:
        asyncio.run(RunMeter(store, None).reserve(100, 900))
    with reopen_store(tmp_path) as store:
        assert store.used.tokens == Tokens(100, 900, 1, estimated=1)


WORKING_SCRIPT = """
import sys, time
from pathlib import Path
from gedanken.records.run_store import reopen_store
with reopen_store(Path(sys.argv[1])) as store:
    print("begun", flush=True)
    time.sleep(float(sys.argv[2]))
    {last}
    print("done", flush=True)
    time.sleep(60)
"""


def work_and_be_killed(folder: Path, silent: float, last: str = "pass") -> float:
    """Let a process work on the run for `silent` seconds without recording anything, then execute `last`, and kill
    it.

    Return how many seconds it worked.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING_SCRIPT.format(last=last), str(folder), str(silent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    started = time.monotonic()
    assert process.stdout.readline() == "done\n"
    process.send_signal(signal.SIGKILL)
    worked = time.monotonic() - started
    process.communicate()
    return worked


@pytest.mark.parametrize(
    "kills, last",
    [((0.0,), "pass"), ((3.5,), "pass"), ((3.5, 0.5), "pass"), ((3.5,), "store.note('last')")],
    ids=["at once", "in the middle", "twice", "after an event"],
)
def test_minutes_of_killed_processes_count_until_they_died(
    tmp_path: Path, kills: tuple[float, ...], last: str
) -> None:
    with open_store(tmp_path, spec_of(minutes=9)) as store:
        store.end("stopped")
    with reopen_store(tmp_path) as store:
        store.end("stopped")
        before = store.seconds_worked
    worked = sum(work_and_be_killed(tmp_path, silent, last) for silent in kills)
    with reopen_store(tmp_path) as store:
        counted = store.seconds_worked - before
        store.end("stopped")
    assert worked - LATE_SECONDS * len(kills) <= counted <= worked + (MIN_SECONDS_AHEAD + START_SECONDS) * len(kills)
    for _ in range(3):  # nothing is left to do
        with reopen_store(tmp_path) as store:
            assert store.seconds_worked - before <= counted + START_SECONDS
            store.end("stopped")


def test_minutes_of_a_log_of_an_earlier_version_count_as_they_did(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(minutes=9)) as store:
        store.note("last")
    log = tmp_path / "log.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        event.pop("counted_until", None)
    events[-1]["worked"] = 1.25
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    with reopen_store(tmp_path) as store:
        assert store.seconds_worked == 1.25


def test_the_time_in_which_a_person_is_asked_is_none_of_the_minutes(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(minutes=0.03)) as store:
        meter = RunMeter(store, None)
        with store.clock.paused():
            time.sleep(2)
            assert meter.budget_error() is None
        assert meter.budget_error() is None
        assert 0 < (meter.seconds_left() or 0) < 1.8
        time.sleep(1.8)
        assert meter.budget_error() is not None
        with store.clock.paused():
            time.sleep(1)
        store.end("stopped")
    with reopen_store(tmp_path) as store:
        assert 1.8 <= store.seconds_worked < 2.7


def test_the_log_of_a_long_silent_run_stays_short() -> None:
    worked, records, month = 0.0, 0, 30 * 86_400
    while worked < month:
        until = counted_until(worked)
        assert worked + MIN_SECONDS_AHEAD <= until <= max(1.02 * worked, worked + MIN_SECONDS_AHEAD)
        worked, records = worked + (until - worked) / 2, records + 1
    assert records < 2_000


def test_gpus_are_counted_by_the_second_and_each(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(gpu_seconds=100)) as store:
        meter = RunMeter(store, None)
        meter.gpus = 2

        async def train(name: str, seconds: float) -> None:
            async with meter.execution(name, 600, lambda: False) as report_seconds:
                report_seconds(seconds)

        asyncio.run(train("a", 30))
        asyncio.run(train("b", 30))
        with pytest.raises(BudgetSpent, match="gpu-seconds 120 of 100"):
            asyncio.run(train("c", 30))


def test_an_unknown_price_is_said_and_never_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tokens = Tokens(1_000_000, 1_000_000, 3)
    assert price_of(ModelSpec(name="openai:nobody-knows")) is None
    assert price_of(ModelSpec(name="openai:gpt-4.1", base_url="http://127.0.0.1:9/v1")) is None
    assert format_cost(tokens, None) == "unknown price"
    assert format_usage(None, None) == "unknown number of tokens; unknown cost"
    price = price_of(ModelSpec(name="openai:gpt-4.1-2025-04-14"))
    assert price == price_of(ModelSpec(name="openai:gpt-4.1"))
    assert price is not None
    assert price.of(1_000_000, 0) > 0
    price_file = tmp_path / "prices.yaml"
    price_file.write_text('dated: "2030-01-01"\nmodels: {"openai:nobody-knows": {read: 1, written: 2}}\n')
    monkeypatch.setenv("GEDANKEN_PRICES", str(price_file))
    own_price = price_of(ModelSpec(name="openai:nobody-knows", base_url="http://127.0.0.1:9/v1"))
    assert own_price is not None
    assert format_cost(tokens, own_price) == f"$3.0000, by {price_file} of 2030-01-01"
    price_file.write_text("models: 3")
    with pytest.raises(BadInput, match="not a price table"):
        price_of(ModelSpec(name="openai:nobody-knows"))


def test_dollars_of_an_unknown_price_cannot_be_held(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of(usd=1)) as store, pytest.raises(BadInput, match="GEDANKEN_PRICES"):
        RunMeter(store, None)


def small_run_command(folder: Path) -> list[str]:
    script = [
        {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
        *[f"echo {n}" for n in range(3)],
        "python3 train.py",
    ]
    (folder / "small.yaml").write_text(yaml.safe_dump({"name": "small", "script": script}))
    (folder / "prices.yaml").write_text(
        'dated: "2030-01-01"\nmodels: {"openai:small": {read: 1000, written: 1000}}\n'
    )
    return [
        "run",
        "small.yaml",
        "--sandbox",
        "bubblewrap",
        "--real",
        "1",
        "--imagined",
        "40",
        "--no-surprisal",
        "--out",
        "run",
    ]


@pytest.mark.bubblewrap
def test_a_run_stops_at_its_budget_keeps_everything_and_goes_on_with_more(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(seconds=0.02, text=REPLY)) as server:
        options = ["--model", "openai:small", "--base-url", server.address, "--parallel", "8"]
        env = {**os.environ, "OPENAI_API_KEY": "none", "GEDANKEN_PRICES": str(tmp_path / "prices.yaml")}
        stopped = gedanken(*small_run_command(tmp_path), *options, "--budget", "usd=10,gpu-seconds=60", env=env)
        assert stopped.returncode == 7, stopped.stderr
        assert "the budget is used up (usd " in stopped.stderr.splitlines()[-1]
        tokens = read_run(tmp_path / "run").tokens
        assert tokens is not None
        assert 10_000 <= tokens.read + tokens.written <= 11_000  # a token costs a tenth of a cent
        options = ["--base-url", server.address]
        stopped = gedanken("resume", "run", *options, "--budget", "tokens=20k", env=env)
        assert stopped.returncode == 7, stopped.stderr
        assert "estimated before the start" in stopped.stderr
        assert "limits that no longer apply, because --budget does not name them: usd (10)" in stopped.stderr
        assert "gedanken resume run --budget" in stopped.stderr.splitlines()[-1]
        log, reply_count = read_run(tmp_path / "run"), server.replies
        assert log.tokens is not None
        assert log.tokens.calls == log.tokens.estimated == reply_count
        assert 20_000 <= log.tokens.read + log.tokens.written <= 22_000
        resumed = gedanken("resume", "run", "--base-url", server.address, env=env)
        assert (resumed.returncode, server.replies) == (7, reply_count)
        resume_options = ("--budget", "tokens=1M", "--base-url", server.address, "--json")
        finished = gedanken("resume", "run", *resume_options, env=env)
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["tokens"]["calls"] == server.replies
    assert report["cost"]["usd"] == pytest.approx((report["tokens"]["read"] + report["tokens"]["written"]) / 1000)
    assert "second draw" not in json.dumps(report["notes"])


@pytest.mark.bubblewrap
def test_when_its_minutes_are_over_nothing_more_begins_and_a_tenth_later_all_has_ended(
    gedanken: Cli, tmp_path: Path
) -> None:
    slow = Server(seconds=0.02, text=REPLY)
    with serving(slow) as server:
        options = ["--model", "openai:small", "--base-url", server.address, "--parallel", "8"]
        env = {**os.environ, "OPENAI_API_KEY": "none"}
        slow.seconds = 120
        stopped = gedanken(*small_run_command(tmp_path), *options, "--budget", "minutes=0.2", env=env)
        assert stopped.returncode == 7, stopped.stderr
        assert "the budget is used up (minutes " in stopped.stderr.splitlines()[-1]
        assert 1 <= minutes_worked(tmp_path / "run") / 0.2 <= 1.1 + SLACK
        slow.seconds = 0.02
        finished = gedanken("resume", "run", "--budget", "minutes=60", "--base-url", server.address, env=env)
    assert finished.returncode == 0, finished.stderr


def minutes_worked(run: Path) -> float:
    """Minutes from the first event of the log until the last work had ended."""
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    times = [datetime.fromisoformat(event["time"]) for event in events if event.get("kind") in ("started", "left")]
    return (times[-1] - times[0]).total_seconds() / 60
