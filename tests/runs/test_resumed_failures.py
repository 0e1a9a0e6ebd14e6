"""Runs that ended with failures of the model, and are resumed when the model can be reached again."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli
from openai_server import Refusal, Server, serving

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.registry import open_model
from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec
from gedanken.records.kept_model import keep_replies
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.sent_mark import REPLY_LOST_NOTE
from gedanken.resuming import replay
from gedanken.terminal.screen import Screen

ENV = {**os.environ, "OPENAI_API_KEY": "none"}
BUSY = Refusal(500, "overloaded", (("retry-after-ms", "1"),))
SCRIPT = ["date +%Y", {"give": "walk.py", "source": "import random\nprint(random.random())\n"}, "python3 walk.py"]
FailureRule = Callable[[str, int], bool]
"""Takes the last line of a request and its seed; returns whether the server fails."""


def fail_at(server: Server, fails: FailureRule) -> None:
    """Make a server fail at the requests that the rule names."""

    def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
        text = request["messages"][-1]["content"]
        return BUSY if fails(text, request["seed"]) else None

    server.judge = judge


def run_of(gedanken: Cli, folder: Path, server: Server, *more_lines: object) -> Path:
    (folder / "walk.yaml").write_text(yaml.safe_dump({"name": "walk", "script": [*SCRIPT, *more_lines]}))
    options = ["--model", "openai:small", "--base-url", server.address, "--sandbox", "bubblewrap", "--no-surprisal"]
    arguments = ["run", "walk.yaml", *options, "--real", "1", "--imagined", "3", "--out", "run"]
    completed = gedanken(*arguments, env=ENV)
    assert completed.returncode == 0, completed.stderr
    return folder / "run"


def failed_in(run: Path) -> list[str]:
    return [execution.label for execution in read_run(run).executions if execution.cause in RETRIED_CAUSES]


def answers_by_label(run: Path) -> dict[str, Execution]:
    return {
        execution.label: execution for execution in read_run(run).executions if execution.cause not in RETRIED_CAUSES
    }


@pytest.mark.bubblewrap
def test_nothing_is_drawn_twice_because_an_earlier_line_gets_its_reply_now(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        fail_at(server, lambda text, seed: "date" in text or ("walk" in text and seed == 2))
        run = run_of(gedanken, tmp_path, server)
        trunk, sample = failed_in(run)
        before, replies = answers_by_label(run), server.replies
        fail_at(server, lambda _said, _seed: False)
        resumed = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert resumed.returncode == 0, resumed.stderr
        assert server.replies == replies + 1
        after = answers_by_label(run)
        assert failed_in(run) == [trunk] and after == before | {sample: after[sample]}
        notes = read_run(run).notes
        assert [note for note in notes if "was not asked again" in note] and "stored before" not in str(notes)
        resumed_again = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert "there is nothing to resume" in resumed_again.stderr and server.replies == replies + 1
        extended = gedanken("extend", run, "--imagined", "4", "--base-url", server.address, env=ENV)
        assert extended.returncode == 0, extended.stderr
        assert server.replies == replies + 2 and read_run(run).notes[: len(notes)] == notes
        fail_at(server, lambda _said, _seed: True)
        forked = gedanken(
            *("fork", run, "--at", 4, "--script", write_other_end(tmp_path), "--out", "fork"),
            *("--base-url", server.address),
            env=ENV,
        )
        assert forked.returncode == 0, forked.stderr
    assert answers_by_label(tmp_path / "fork").keys() >= after.keys()
    copy = asyncio.run(replay(run, Screen(), tmp_path / "copy")).log
    assert {execution.label for execution in copy.executions if execution.cause in RETRIED_CAUSES} == {trunk}


def write_other_end(folder: Path) -> Path:
    experiment = yaml.safe_load((folder / "walk.yaml").read_text())
    (folder / "other.yaml").write_text(yaml.safe_dump(experiment | {"script": [*SCRIPT, "uptime"]}))
    return folder / "other.yaml"


@pytest.mark.bubblewrap
def test_what_failed_from_a_line_on_is_all_asked_again(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        fail_at(server, lambda text, _seed: "date" in text or "walk" in text)
        run = run_of(gedanken, tmp_path, server)
        assert len(failed_in(run)) == 5
        fail_at(server, lambda _said, _seed: False)
        resumed = gedanken("resume", run, "--base-url", server.address, env=ENV)
    assert resumed.returncode == 0, resumed.stderr
    assert failed_in(run) == [] and "stored before" not in str(read_run(run).notes)


@pytest.mark.bubblewrap
def test_what_came_again_names_what_it_may_depend_on(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        run = run_of(gedanken, tmp_path, server, "uptime")
        trunk = next(
            execution.label for execution in read_run(run).executions if execution.imagined and execution.line == 0
        )
        entries = [path for path in (run / "ledger" / "replies").glob("*.json") if _contains_reply(path, run, trunk)]
        assert len(entries) == 1
        entries[0].unlink()
        server.text = "0.7\n"
        extended = gedanken("extend", run, "--imagined", "4", "--base-url", server.address, env=ENV)
    assert extended.returncode == 0, extended.stderr
    stored_notes = [note for note in read_run(run).notes if "stored before" in note]
    first, *others = stored_notes
    assert first.startswith(trunk) and "can depend" not in first
    assert others and all(f"can depend on {trunk}" in note for note in others)


def _contains_reply(path: Path, run: Path, label: str) -> bool:
    """Whether an entry of the ledger contains the reply of an execution."""
    seal = next(execution.seal for execution in read_run(run).executions if execution.label == label)
    entry = json.loads(path.read_bytes().partition(b"\n")[2])
    return bool(seal and entry["reply"] and entry["reply"]["seal"]["sha256"] == seal.sha256)


def test_a_request_counts_as_sent_when_it_leaves_the_queue_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    notes: list[str] = []

    async def ask(server: Server, *, dies: bool) -> None:
        spec = ModelSpec(name="openai:small", base_url=server.address, parallel=1)
        async with open_model(spec, Silent()) as model:
            kept_model = keep_replies(model, Ledger(tmp_path), notes.append)
            tasks = [
                asyncio.ensure_future(
                    kept_model.reply([Message("user", "go")], Sampling(seed=seed, max_tokens=8), role="test")
                )
                for seed in range(4)
            ]
            while dies and not server.came:
                await asyncio.sleep(0.01)
            if dies:
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with serving(Server(seconds=0.5)) as server:
        asyncio.run(ask(server, dies=True))
        assert len(server.came) == len(list(tmp_path.glob("ledger/replies/*.asked"))) == 1
        server.seconds = 0.0
        asyncio.run(ask(server, dies=False))
    assert server.replies == 5 and notes == [REPLY_LOST_NOTE]


FIVE = ["date +%Y", "ls", "uptime", "cal", "pwd"]


def make_run_of_five(gedanken: Cli, folder: Path, server: Server) -> tuple[Path, list[object]]:
    """A run with five commands, and the options that must be repeated when it is resumed."""
    (folder / "five.yaml").write_text(yaml.safe_dump({"name": "five", "script": FIVE}))
    server_options: list[object] = ["--base-url", server.address]
    arguments = [
        "run",
        "five.yaml",
        "--model",
        "openai:small",
        "--sandbox",
        "bubblewrap",
        "--no-surprisal",
        *server_options,
    ]
    completed = gedanken(*arguments, "--real", "0", "--imagined", "0", "--out", "five", env=ENV)
    assert completed.returncode == 0, completed.stderr
    return folder / "five", server_options


def write_other_five(folder: Path, *lines: str) -> Path:
    (folder / "other.yaml").write_text(yaml.safe_dump({"name": "five", "script": lines}))
    return folder / "other.yaml"


KILLED_SCRIPT = """
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
        fail_at(server, lambda text, _seed: text.endswith("ls"))
        run, server_options = make_run_of_five(gedanken, tmp_path, server)
        (failed,) = failed_in(run)
        before = answers_by_label(run)
        fail_at(server, lambda _said, _seed: False)
        arguments = [
            "fork",
            run,
            "--at",
            5,
            "--script",
            write_other_five(tmp_path, *FIVE[:4], "id"),
            *server_options,
            "--out",
            "fork",
        ]
        command = [sys.executable, "-c", KILLED_SCRIPT, *map(str, arguments)]
        killed = subprocess.run(command, cwd=tmp_path, env=ENV, check=False, capture_output=True, timeout=300)
        assert killed.returncode == -9, killed.stderr
        requests_before = len(server.came)
        completed = gedanken("resume", "fork", *server_options, env=ENV)
        assert completed.returncode == 0, completed.stderr
        assert len(server.came) == requests_before + 1
    assert failed_in(tmp_path / "fork") == [failed]
    answers = {
        label: execution
        for label, execution in answers_by_label(tmp_path / "fork").items()
        if execution.line < 4 and execution.imagined
    }
    assert answers == {
        label: execution for label, execution in before.items() if execution.line < 4 and execution.imagined
    }


@pytest.mark.bubblewrap
@pytest.mark.parametrize("lines", [(*FIVE[:2], "id", "df", "who"), (*FIVE[:4], "id")], ids=["new", "the same"])
def test_a_fork_asks_again_for_a_failure_on_which_no_line_of_it_depends(
    gedanken: Cli, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with serving(Server(text="0.5\n")) as server:
        fail_at(server, lambda text, _seed: text.endswith("ls"))
        run, server_options = make_run_of_five(gedanken, tmp_path, server)
        fail_at(server, lambda _said, _seed: False)
        requests_before, is_new = len(server.came), "df" in lines
        arguments = [
            "fork",
            run,
            "--at",
            3,
            "--script",
            write_other_five(tmp_path, *lines),
            *server_options,
            "--out",
            "fork",
        ]
        completed = gedanken(*arguments, env=ENV)
        assert completed.returncode == 0, completed.stderr
        assert len(server.came) == requests_before + (4 if is_new else 1)
    assert len(failed_in(tmp_path / "fork")) == (0 if is_new else 1)
    notes = str(read_run(tmp_path / "fork").notes)
    assert ("was not asked again" in notes) is not is_new
    assert ("and runs or requests the others" in notes) is is_new


@pytest.mark.bubblewrap
def test_a_run_and_a_probe_with_a_failure_that_stays_are_finished_and_say_so(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        fail_at(server, lambda text, _seed: text.endswith("ls"))
        run, server_options = make_run_of_five(gedanken, tmp_path, server)
        assert failed_in(run)
        middle: list[str] = []

        def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
            text = request["messages"][-1]["content"]
            if not middle and sum(message["role"] == "assistant" for message in request["messages"]) == 1:
                middle.append(text)
            is_in_session = any(message["role"] == "assistant" for message in request["messages"])
            return BUSY if is_in_session and text in middle else None

        server.judge = judge
        arguments = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        probed = gedanken("probe", *arguments, *server_options, "--out", "probe", env=ENV)
        assert probed.returncode == 0, probed.stderr
        probe = tmp_path / "probe"
        failed = [answer for answer in read_run(probe).answers if answer.execution.cause in RETRIED_CAUSES]
        assert failed and all(answer.question.arm != "later" for answer in failed)
        fail_at(server, lambda _said, _seed: False)
        requests_before, logs = len(server.came), [(folder / "log.jsonl").read_bytes() for folder in (run, probe)]
        for folder in (run, probe):
            completed = gedanken("resume", folder, *server_options, env=ENV)
            assert completed.returncode == 0, completed.stderr
            message = " ".join(completed.stderr.split())
            assert "there is nothing to resume" in message and "was not asked again" in message
            assert "was not asked again" in (folder / "report.html").read_text()
        assert len(server.came) == requests_before
        assert logs == [(folder / "log.jsonl").read_bytes() for folder in (run, probe)]
