"""Runs that ended with failures of the model, and are gone on with when the model can be reached again."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from busy import Refusal, Server, serving
from conftest import Cli

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.budget import Tokens
from gedanken.experiment.execution import MAY_COME, Execution
from gedanken.experiment.persona import Persona
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.records.budget_meter import RunMeter
from gedanken.records.kept_model import keep_replies
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_store import RunStore, open_store
from gedanken.records.sent_mark import DISCARDED
from gedanken.resuming import replay
from gedanken.terminal.screen import Screen

ENV = {**os.environ, "OPENAI_API_KEY": "none"}
BUSY = Refusal(500, "overloaded", (("retry-after-ms", "1"),))
SCRIPT = ["date +%Y", {"give": "walk.py", "source": "import random\nprint(random.random())\n"}, "python3 walk.py"]
Fails = Callable[[str, int], bool]
"""Given the last line of a request and its seed: whether the server fails."""


def failing(server: Server, fails: Fails) -> None:
    """Have a server fail at some requests."""

    def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
        said = request["messages"][-1]["content"]
        return BUSY if fails(said, request["seed"]) else None

    server.judge = judge


def run_of(gedanken: Cli, folder: Path, server: Server, *more: object) -> Path:
    (folder / "walk.yaml").write_text(yaml.safe_dump({"name": "walk", "script": [*SCRIPT, *more]}))
    named = ["--model", "openai:small", "--base-url", server.address, "--sandbox", "bubblewrap", "--no-surprisal"]
    asked = ["run", "walk.yaml", *named, "--real", "1", "--imagined", "3", "--out", "run"]
    ended = gedanken(*asked, env=ENV)
    assert ended.returncode == 0, ended.stderr
    return folder / "run"


def failed_in(run: Path) -> list[str]:
    return [one.label for one in read_run(run).executions if one.cause in MAY_COME]


def answered_in(run: Path) -> dict[str, Execution]:
    return {one.label: one for one in read_run(run).executions if one.cause not in MAY_COME}


@pytest.mark.bubblewrap
def test_nothing_is_drawn_twice_because_an_earlier_line_gets_its_reply_now(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        failing(server, lambda said, seed: "date" in said or ("walk" in said and seed == 2))
        run = run_of(gedanken, tmp_path, server)
        trunk, sample = failed_in(run)
        before, replies = answered_in(run), server.replies
        failing(server, lambda _said, _seed: False)
        healed = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert healed.returncode == 0, healed.stderr
        assert server.replies == replies + 1
        after = answered_in(run)
        assert failed_in(run) == [trunk] and after == before | {sample: after[sample]}
        notes = read_run(run).notes
        assert [note for note in notes if "was not asked again" in note] and "stored before" not in str(notes)
        again = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert "there is nothing to resume" in again.stderr and server.replies == replies + 1
        more = gedanken("extend", run, "--imagined", "4", "--base-url", server.address, env=ENV)
        assert more.returncode == 0, more.stderr
        assert server.replies == replies + 2 and read_run(run).notes[: len(notes)] == notes
        failing(server, lambda _said, _seed: True)
        forked = gedanken(
            *("fork", run, "--at", 4, "--script", other_end(tmp_path), "--out", "fork"),
            *("--base-url", server.address),
            env=ENV,
        )
        assert forked.returncode == 0, forked.stderr
    assert answered_in(tmp_path / "fork").keys() >= after.keys()
    copy = asyncio.run(replay(run, Screen(), tmp_path / "copy")).log
    assert {one.label for one in copy.executions if one.cause in MAY_COME} == {trunk}


def other_end(folder: Path) -> Path:
    asked = yaml.safe_load((folder / "walk.yaml").read_text())
    (folder / "other.yaml").write_text(yaml.safe_dump(asked | {"script": [*SCRIPT, "uptime"]}))
    return folder / "other.yaml"


@pytest.mark.bubblewrap
def test_what_failed_from_a_line_on_is_all_asked_again(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        failing(server, lambda said, _seed: "date" in said or "walk" in said)
        run = run_of(gedanken, tmp_path, server)
        assert len(failed_in(run)) == 5
        failing(server, lambda _said, _seed: False)
        healed = gedanken("resume", run, "--base-url", server.address, env=ENV)
    assert healed.returncode == 0, healed.stderr
    assert failed_in(run) == [] and "stored before" not in str(read_run(run).notes)


@pytest.mark.bubblewrap
def test_what_came_again_names_what_it_may_depend_on(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        run = run_of(gedanken, tmp_path, server, "uptime")
        trunk = next(one.label for one in read_run(run).executions if one.imagined and one.line == 0)
        kept = [path for path in (run / "ledger" / "replies").glob("*.json") if _reply_to(path, run, trunk)]
        assert len(kept) == 1
        kept[0].unlink()
        server.text = "0.7\n"
        healed = gedanken("extend", run, "--imagined", "4", "--base-url", server.address, env=ENV)
    assert healed.returncode == 0, healed.stderr
    told = [note for note in read_run(run).notes if "stored before" in note]
    first, *others = told
    assert first.startswith(trunk) and "can depend" not in first
    assert others and all(f"can depend on {trunk}" in note for note in others)


def _reply_to(path: Path, run: Path, label: str) -> bool:
    """Whether an entry of the ledger holds the reply of an execution."""
    seal = next(one.seal for one in read_run(run).executions if one.label == label)
    entry = json.loads(path.read_bytes().partition(b"\n")[2])
    return bool(seal and entry["reply"] and entry["reply"]["seal"]["sha256"] == seal.sha256)


def test_a_request_counts_as_sent_when_it_leaves_the_queue_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool) -> None:
        named = ModelSpec(name="openai:small", base_url=server.address, parallel=1)
        async with open_model(named, Silent()) as model:
            kept = keep_replies(model, Ledger(tmp_path), notes.append)
            asked = [
                asyncio.ensure_future(
                    kept.reply([Message("user", "go")], Sampling(seed=seed, max_tokens=8), role="test")
                )
                for seed in range(4)
            ]
            while dies and not server.came:
                await asyncio.sleep(0.01)
            if dies:
                for one in asked:
                    one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    with serving(Server(seconds=0.5)) as server:
        asyncio.run(ask(server, dies=True))
        assert len(server.came) == len(list(tmp_path.glob("ledger/replies/*.asked"))) == 1
        server.seconds = 0.0
        asyncio.run(ask(server, dies=False))
    assert server.replies == 5 and notes == [DISCARDED]


FIVE = ["date +%Y", "ls", "uptime", "cal", "pwd"]


def five_of(gedanken: Cli, folder: Path, server: Server) -> tuple[Path, list[object]]:
    """A run of five commands, and the options that are given once more."""
    (folder / "five.yaml").write_text(yaml.safe_dump({"name": "five", "script": FIVE}))
    again: list[object] = ["--base-url", server.address]
    asked = ["run", "five.yaml", "--model", "openai:small", "--sandbox", "bubblewrap", "--no-surprisal", *again]
    ended = gedanken(*asked, "--real", "0", "--imagined", "0", "--out", "five", env=ENV)
    assert ended.returncode == 0, ended.stderr
    return folder / "five", again


def other_five(folder: Path, *lines: str) -> Path:
    (folder / "other.yaml").write_text(yaml.safe_dump({"name": "five", "script": lines}))
    return folder / "other.yaml"


KILLED = """
import os
from gedanken.records.run_store import RunStore
note = RunStore.note
def dying(self, what):
    note(self, what)
    if what.startswith("forked from"):
        os.kill(os.getpid(), 9)
RunStore.note = dying
from gedanken.cli.main import main
main()
"""


@pytest.mark.bubblewrap
def test_a_fork_that_was_killed_pays_for_nothing_that_it_would_not_have_paid_for(
    gedanken: Cli, tmp_path: Path
) -> None:
    with serving(Server(text="0.5\n")) as server:
        failing(server, lambda said, _seed: said.endswith("ls"))
        run, again = five_of(gedanken, tmp_path, server)
        (failed,) = failed_in(run)
        before = answered_in(run)
        failing(server, lambda _said, _seed: False)
        asked = ["fork", run, "--at", 5, "--script", other_five(tmp_path, *FIVE[:4], "id"), *again, "--out", "fork"]
        command = [sys.executable, "-c", KILLED, *map(str, asked)]
        killed = subprocess.run(command, cwd=tmp_path, env=ENV, check=False, capture_output=True, timeout=300)
        assert killed.returncode == -9, killed.stderr
        sent = len(server.came)
        ended = gedanken("resume", "fork", *again, env=ENV)
        assert ended.returncode == 0, ended.stderr
        assert len(server.came) == sent + 1
    assert failed_in(tmp_path / "fork") == [failed]
    kept = {label: one for label, one in answered_in(tmp_path / "fork").items() if one.line < 4 and one.imagined}
    assert kept == {label: one for label, one in before.items() if one.line < 4 and one.imagined}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("lines", [(*FIVE[:2], "id", "df", "who"), (*FIVE[:4], "id")], ids=["new", "the same"])
def test_a_fork_asks_again_for_a_failure_on_which_no_line_of_it_depends(
    gedanken: Cli, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with serving(Server(text="0.5\n")) as server:
        failing(server, lambda said, _seed: said.endswith("ls"))
        run, again = five_of(gedanken, tmp_path, server)
        failing(server, lambda _said, _seed: False)
        sent, is_new = len(server.came), "df" in lines
        asked = ["fork", run, "--at", 3, "--script", other_five(tmp_path, *lines), *again, "--out", "fork"]
        ended = gedanken(*asked, env=ENV)
        assert ended.returncode == 0, ended.stderr
        assert len(server.came) == sent + (4 if is_new else 1)
    assert len(failed_in(tmp_path / "fork")) == (0 if is_new else 1)
    notes = str(read_run(tmp_path / "fork").notes)
    assert ("was not asked again" in notes) is not is_new
    assert ("and runs or requests the others" in notes) is is_new


@pytest.mark.bubblewrap
def test_a_run_and_a_probe_with_a_failure_that_stays_are_finished_and_say_so(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        failing(server, lambda said, _seed: said.endswith("ls"))
        run, again = five_of(gedanken, tmp_path, server)
        assert failed_in(run)
        middle: list[str] = []

        def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
            said = request["messages"][-1]["content"]
            if not middle and sum(one["role"] == "assistant" for one in request["messages"]) == 1:
                middle.append(said)
            is_in_session = any(one["role"] == "assistant" for one in request["messages"])
            return BUSY if is_in_session and said in middle else None

        server.judge = judge
        asked = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        probed = gedanken("probe", *asked, *again, "--out", "probe", env=ENV)
        assert probed.returncode == 0, probed.stderr
        probe = tmp_path / "probe"
        failed = [one for one in read_run(probe).answers if one.execution.cause in MAY_COME]
        assert failed and all(one.question.arm != "later" for one in failed)
        failing(server, lambda _said, _seed: False)
        sent, logs = len(server.came), [(one / "log.jsonl").read_bytes() for one in (run, probe)]
        for one in (run, probe):
            ended = gedanken("resume", one, *again, env=ENV)
            assert ended.returncode == 0, ended.stderr
            told = " ".join(ended.stderr.split())
            assert "there is nothing to resume" in told and "was not asked again" in told
            assert "was not asked again" in (one / "report.html").read_text()
        assert len(server.came) == sent
        assert logs == [(one / "log.jsonl").read_bytes() for one in (run, probe)]


def test_a_reply_that_nobody_saw_is_told_after_a_failure_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool = False) -> None:
        named, came = ModelSpec(name="openai:small", base_url=server.address), len(server.came)
        async with open_model(named, Silent()) as model:
            kept = keep_replies(model, Ledger(tmp_path), notes.append)
            sampling = Sampling(seed=1, max_tokens=8)
            one = asyncio.ensure_future(kept.reply([Message("user", "go")], sampling, role="test"))
            while dies and len(server.came) == came:
                await asyncio.sleep(0.01)
            if dies:
                one.cancel()
            await asyncio.gather(one, return_exceptions=True)

    with serving(Server()) as server:
        failing(server, lambda _said, _seed: True)
        asyncio.run(ask(server))
        asyncio.run(ask(server))
        assert notes == []
        failing(server, lambda _said, _seed: False)
        server.seconds = 0.5
        asyncio.run(ask(server, dies=True))
        assert notes == []
        asyncio.run(ask(server))
    assert notes == [DISCARDED]


@pytest.mark.parametrize(
    ("refusal", "dies"),
    [
        (Refusal(401, "this key has expired"), False),
        (Refusal(403, "not from here"), False),
        (Refusal(404, "no such model"), False),
        (Refusal(402, "out of credits"), False),
        (Refusal(429, "too many requests", (("retry-after-ms", "60000"),)), True),
        (Refusal(500, "overloaded", (("retry-after-ms", "60000"),)), True),
    ],
    ids=lambda given: str(given.status) if isinstance(given, Refusal) else "",
)
def test_a_refused_request_is_no_reply_that_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal, dies: bool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool) -> None:
        async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
            kept = keep_replies(model, Ledger(tmp_path), notes.append)
            one = asyncio.ensure_future(kept.reply([Message("user", "go")], Sampling(seed=1, max_tokens=8), role="t"))
            while dies and not (server.came and not list(tmp_path.glob("ledger/replies/*.asked"))):
                await asyncio.sleep(0.01)
            if dies:
                one.cancel()
            await asyncio.gather(one, return_exceptions=True)

    with serving(Server()) as server:
        server.judge = lambda number, _request: refusal if number == 1 else None
        asyncio.run(asyncio.wait_for(ask(server, dies=dies), 3))
        assert (len(server.came), server.replies) == (1, 0)
        asyncio.run(ask(server, dies=False))
        assert (server.replies, notes) == (1, [])


def test_a_request_that_could_not_be_sent_is_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    experiment, persona = Experiment.model_validate({"name": "one", "script": ["ls"]}), Persona(name="matched")

    async def ask(store: RunStore, server: Server) -> None:
        async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
            kept = keep_replies(model, Ledger(tmp_path), store.note, RunMeter(store, None))
            shutil.rmtree(tmp_path / "ledger" / "replies")
            await kept.reply([Message("user", "go")], Sampling(seed=1, max_tokens=8), role="test")

    with serving(Server()) as server, open_store(tmp_path, RunSpec(experiment=experiment, persona=persona)) as store:
        with pytest.raises(FileNotFoundError):
            asyncio.run(ask(store, server))
        assert (server.came, store.used.tokens) == ([], Tokens(0, 0, 0))
