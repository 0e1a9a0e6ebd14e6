"""After one Ctrl-C, what runs comes to its end, what only waits does not begin, and `resume` does it."""

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
from busy import Refusal, Server, serving
from conftest import GEDANKEN, Cli

from gedanken.agents.concurrency import at_once
from gedanken.agents.messages import Message
from gedanken.agents.model import Reply, Sampling
from gedanken.agents.rate_limits import Bucket, Pace
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
SAID = f"```python{PROGRAM}```\n"


def requested(server: Server, folder: Path, pace: Pace, interrupted_after: float) -> list[Reply | BaseException]:
    """What each of six requests comes to, if nothing more may begin after so many seconds."""

    async def main() -> list[Reply | BaseException]:
        named = ModelSpec(name="openai:small", base_url=server.address)
        async with open_model(named, Silent()) as opened:
            model = keep_replies(replace(opened, pace=pace), Ledger(folder), lambda _note: None)

            async def ask(number: int) -> Reply:
                return await model.reply([Message("user", "hello")], Sampling(number, 16), role="test")

            loop = asyncio.get_running_loop()
            loop.call_later(interrupted_after, model.pace.stop, Interrupted(folder))
            return await asyncio.gather(*(ask(at) for at in range(6)), return_exceptions=True)

    return asyncio.run(main())


def test_a_request_that_was_sent_gets_its_reply_and_one_that_waits_for_its_place_is_not_sent(tmp_path: Path) -> None:
    with serving(Server(seconds=0.4)) as server:
        came = requested(server, tmp_path, Pace(2), 0.3)
        assert (len(server.came), server.replies) in ((1, 1), (2, 2))  # the first is sent alone, for a moment
    assert sum(isinstance(one, Reply) for one in came) == server.replies
    assert all(isinstance(one, Reply | Interrupted) for one in came)


def test_a_request_that_was_turned_down_and_waits_for_its_next_try_does_not_wait_for_it(tmp_path: Path) -> None:
    later = Refusal(429, "later", (("retry-after", "60"),))
    began = time.monotonic()
    with serving(Server(lambda _number, _request: later)) as server:
        came = requested(server, tmp_path, Pace(6, bucket=Bucket(first_wait=60.0)), 1.0)
    assert all(isinstance(one, Interrupted) for one in came)
    assert time.monotonic() - began < 10
    assert not list((tmp_path / "sent").glob("*"))  # or else its reply would be called a second draw


def test_what_waits_for_room_in_the_budget_does_not_begin_and_no_execution_does(tmp_path: Path) -> None:
    spec = RunSpec(experiment=load_experiment("mnist"), persona=load_persona("matched"), budget=Budget(tokens=1_000))

    async def main(meter: RunMeter) -> None:
        first = await meter.reserve(100, 900)
        second = asyncio.ensure_future(meter.reserve(100, 900))
        await asyncio.sleep(0)
        meter.begin_nothing()
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
    done: list[int] = []

    async def piece(number: int) -> None:
        if number:
            await asyncio.sleep(0.1)
            done.append(number)
        else:
            raise error

    with pytest.raises(type(error)):
        asyncio.run(at_once([partial(piece, number) for number in range(3)], 3))
    assert done == [1, 2]


def outputs(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for part in ("outputs", "programs") for path in (run / part).iterdir()}


def seeds_of(run: Path) -> set[int | None]:
    return {one.seed for one in read_run(run).executions if one.program and not one.imagined}


@pytest.mark.bubblewrap
def test_after_ctrl_c_nothing_that_waits_begins_and_resume_does_it_as_an_undisturbed_run_would(
    gedanken: Cli, tmp_path: Path
) -> None:
    script = [{"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}}, "python3 train.py"]
    asked = {"name": "small", "script": script}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(asked))
    env = {**os.environ, "OPENAI_API_KEY": "none"}
    with serving(Server(seconds=0.1, text=SAID)) as server:
        named = ["--model", "openai:small", "--base-url", server.address, "--parallel", "1", "--no-surprisal"]
        asks = ["run", "small.yaml", *named, "--sandbox", "bubblewrap", "--real", "8", "--imagined", "12", "--out"]
        ended = gedanken(*asks, "undisturbed", env=env)
        assert ended.returncode == 0, ended.stderr
        in_all, server.replies = server.replies, 0
        server.seconds, before = 0.5, len(server.came)
        victim = subprocess.Popen([*GEDANKEN, *asks, "run"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
        log = tmp_path / "run" / "log.jsonl"
        while not (log.exists() and "train-v1-real-1.txt" in log.read_text()):
            assert victim.poll() is None, victim.communicate()
            time.sleep(0.02)
        sent, ended_before = len(server.came) - before, seeds_of(tmp_path / "run")
        victim.send_signal(signal.SIGINT)
        _out, errors = victim.communicate(timeout=60)
        assert victim.returncode == 130
        assert errors.strip().endswith("gedanken: interrupted; to continue: gedanken resume run")
        assert server.replies == len(server.came) - before <= sent + 1
        halted = read_run(tmp_path / "run")
        assert halted.outcome == "interrupted"
        cores = len(os.sched_getaffinity(0))
        assert len(seeds_of(tmp_path / "run")) <= len(ended_before) + cores
        assert not [run for run in halted.executions if run.imagined and run.cause == "no reply"]
        kept, server.seconds = outputs(tmp_path / "run"), 0.1
        ended = gedanken("resume", "run", env=env)
    assert ended.returncode == 0, ended.stderr
    assert server.replies == in_all
    assert outputs(tmp_path / "run") == outputs(tmp_path / "undisturbed")
    assert kept.items() <= outputs(tmp_path / "run").items()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    told = [event["files"]["stdout"] for event in events if event.get("kind") == "execution"]
    assert len(told) == len(set(told))
    assert not [note for note in read_run(tmp_path / "run").notes if "drawn at random" in note]
