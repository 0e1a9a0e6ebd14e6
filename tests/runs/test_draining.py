"""After one Ctrl-C, running work ends, waiting work does not begin, and `gedanken resume` does the rest later."""

import asyncio
import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml
from conftest import GEDANKEN, Cli
from openai_server import Refusal, Server, serving

from gedanken.agents.concurrency import run_concurrently
from gedanken.agents.messages import Message
from gedanken.agents.model import Reply, Sampling
from gedanken.agents.rate_limits import Bucket, RequestQueue
from gedanken.agents.registry import open_model
from gedanken.experiment.budget import Budget
from gedanken.experiment.errors import BudgetSpent, Interrupted
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.loading.experiments_and_personas import load_experiment, load_persona
from gedanken.records.budget_meter import RunMeter
from gedanken.records.kept_model import keep_replies
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_store import open_store

PROGRAM = """
import os, time, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
time.sleep(0.5)
for epoch in range(3):
    loss = 1 / (epoch + 1) + int(os.environ["GEDANKEN_SEED"]) / 100
    print(f"Epoch {epoch + 1}/3 - loss: {loss:.4f} - acc: 0.{epoch + 5}000")
"""
REPLY = f"```python{PROGRAM}```\n"


def send_requests(
    server: Server, folder: Path, pace: RequestQueue, interrupted_after: float
) -> list[Reply | BaseException]:
    """Send six requests. After `interrupted_after` seconds, no further request may begin.

    Return the reply or the error for each request.
    """

    async def main() -> list[Reply | BaseException]:
        spec = ModelSpec(name="openai:small", base_url=server.address)
        async with open_model(spec, Silent()) as opened_model:
            model = keep_replies(replace(opened_model, pace=pace), Ledger(folder), lambda _note: None)

            async def ask(number: int) -> Reply:
                return await model.reply([Message("user", "hello")], Sampling(number, 16), role="test")

            loop = asyncio.get_running_loop()
            loop.call_later(interrupted_after, model.pace.stop, Interrupted(folder))
            return await asyncio.gather(*(ask(number) for number in range(6)), return_exceptions=True)

    return asyncio.run(main())


def test_a_request_that_was_sent_gets_its_reply_and_one_that_waits_for_its_place_is_not_sent(tmp_path: Path) -> None:
    with serving(Server(seconds=0.4)) as server:
        results = send_requests(server, tmp_path, RequestQueue(2), 0.3)
        assert (len(server.came), server.replies) in ((1, 1), (2, 2))  # the first is sent alone, for a moment
    assert sum(isinstance(result, Reply) for result in results) == server.replies
    assert all(isinstance(result, Reply | Interrupted) for result in results)


def test_a_request_that_was_turned_down_and_waits_for_its_next_try_does_not_wait_for_it(tmp_path: Path) -> None:
    refusal = Refusal(429, "later", (("retry-after", "60"),))
    started = time.monotonic()
    with serving(Server(lambda _number, _request: refusal)) as server:
        results = send_requests(server, tmp_path, RequestQueue(6, bucket=Bucket(first_wait=60.0)), 1.0)
    assert all(isinstance(result, Interrupted) for result in results)
    assert time.monotonic() - started < 10
    assert not list((tmp_path / "sent").glob("*"))  # or else its reply would be called a second draw


def test_what_waits_for_room_in_the_budget_does_not_begin_and_no_execution_does(tmp_path: Path) -> None:
    spec = RunSpec(experiment=load_experiment("mnist"), persona=load_persona("matched"), budget=Budget(tokens=1_000))

    async def main(meter: RunMeter) -> None:
        first = await meter.reserve(100, 900)
        second = asyncio.ensure_future(meter.reserve(100, 900))
        await asyncio.sleep(0)
        meter.stop_starting()
        meter.settle(first, 100, 100, estimated=False)
        with pytest.raises(Interrupted, match="gedanken resume"):
            await second
        for meter.gpus in (0, 1):
            with pytest.raises(Interrupted):
                async with meter.execution("name", 10, lambda: False):
                    pytest.fail("it began")

    with open_store(tmp_path, spec) as store:
        asyncio.run(main(RunMeter(store, None)))
        assert store.used.tokens.calls == 1


@pytest.mark.parametrize("error", [Interrupted(), BudgetSpent("tokens 2 of 1", Path("run"))])
def test_of_several_at_once_those_that_run_come_to_their_end_where_one_must_not_begin(error: Exception) -> None:
    finished: list[int] = []

    async def piece(number: int) -> None:
        if number:
            await asyncio.sleep(0.1)
            finished.append(number)
        else:
            raise error

    with pytest.raises(type(error)):
        asyncio.run(run_concurrently([partial(piece, number) for number in range(3)], 3))
    assert finished == [1, 2]


def outputs(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for part in ("outputs", "programs") for path in (run / part).iterdir()}


def seeds_of(run: Path) -> set[int | None]:
    return {execution.seed for execution in read_run(run).executions if execution.program and not execution.imagined}


@pytest.mark.bubblewrap
def test_after_ctrl_c_nothing_that_waits_begins_and_resume_does_it_as_an_undisturbed_run_would(
    gedanken: Cli, tmp_path: Path
) -> None:
    script = [{"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}}, "python3 train.py"]
    experiment = {"name": "small", "script": script}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(experiment))
    env = {**os.environ, "OPENAI_API_KEY": "none"}
    with serving(Server(seconds=0.1, text=REPLY)) as server:
        model_options = ["--model", "openai:small", "--base-url", server.address, "--parallel", "1", "--no-surprisal"]
        arguments = [
            "run",
            "small.yaml",
            *model_options,
            "--sandbox",
            "bubblewrap",
            "--real",
            "8",
            "--imagined",
            "12",
            "--out",
        ]
        completed = gedanken(*arguments, "undisturbed", env=env)
        assert completed.returncode == 0, completed.stderr
        undisturbed_replies, server.replies = server.replies, 0
        server.seconds, requests_before = 0.5, len(server.came)
        victim = subprocess.Popen(
            [*GEDANKEN, *arguments, "run"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
        )
        log = tmp_path / "run" / "log.jsonl"
        while not (log.exists() and "train-v1-real-1.txt" in log.read_text()):
            assert victim.poll() is None, victim.communicate()
            time.sleep(0.02)
        requests_sent, seeds_before = len(server.came) - requests_before, seeds_of(tmp_path / "run")
        victim.send_signal(signal.SIGINT)
        _out, errors = victim.communicate(timeout=60)
        assert victim.returncode == 130
        assert errors.strip().endswith("gedanken: interrupted; to continue: gedanken resume run")
        assert server.replies == len(server.came) - requests_before <= requests_sent + 1
        interrupted_run = read_run(tmp_path / "run")
        assert interrupted_run.outcome == "interrupted"
        cores = len(os.sched_getaffinity(0))
        assert len(seeds_of(tmp_path / "run")) <= len(seeds_before) + cores
        assert not [run for run in interrupted_run.executions if run.imagined and run.cause == "no reply"]
        outputs_before, server.seconds = outputs(tmp_path / "run"), 0.1
        completed = gedanken("resume", "run", env=env)
    assert completed.returncode == 0, completed.stderr
    assert server.replies == undisturbed_replies
    assert outputs(tmp_path / "run") == outputs(tmp_path / "undisturbed")
    assert outputs_before.items() <= outputs(tmp_path / "run").items()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    recorded_files = [event["files"]["stdout"] for event in events if event.get("kind") == "execution"]
    assert len(recorded_files) == len(set(recorded_files))
    assert not [note for note in read_run(tmp_path / "run").notes if "drawn at random" in note]
