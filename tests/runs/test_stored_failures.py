"""A failed reply is kept if later replies were requested without it, even after the process was killed and in a
fork.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli
from folders import make_run
from openai_server import Refusal, Server, serving
from test_resumed_failures import (
    BUSY,
    ENV,
    FIVE,
    KILLED_SCRIPT,
    answers_by_label,
    fail_at,
    failed_in,
    make_run_of_five,
    run_of,
    write_other_five,
)

from gedanken.experiment.budget import Budget
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import RETRIED_CAUSES
from gedanken.experiment.run_spec import ModelSpec
from gedanken.forking import Changes, fork
from gedanken.loading.experiments_and_personas import load_experiment
from gedanken.records.kept_failures import BEFORE_FORK_NOTE
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_lock import locked_log
from gedanken.records.run_store import reopen_store
from gedanken.records.sent_mark import REPLY_LOST_NOTE
from gedanken.resuming import ResumeOptions, resume
from gedanken.terminal.screen import Screen

KILLED_BEFORE_LOG = """
import os
from gedanken.experiment.execution import Cause
from gedanken.records.run_store import RunStore
keep_execution, keep_answer = RunStore.keep_execution, RunStore.keep_answer
failed = set()
def dying(self, execution):
    if execution.imagined and execution.line == 2:
        os.kill(os.getpid(), 9)
    keep_execution(self, execution)
def answering(self, answer):
    if failed & set(answer.question.before) and answer.execution.cause is not Cause.NO_REPLY:
        os.kill(os.getpid(), 9)
    if answer.execution.cause is Cause.NO_REPLY:
        failed.add(answer.question.item)
    keep_answer(self, answer)
RunStore.keep_execution, RunStore.keep_answer = dying, answering
from gedanken.cli.main import main
main()
"""
"""Runs `gedanken`, and kills it when the first reply after a failed one is in the ledger but not yet in the log."""


def run_until_killed(code: str, folder: Path, *command: object) -> None:
    words = [sys.executable, "-c", code, *map(str, command)]
    result = subprocess.run(words, cwd=folder, env=ENV, check=False, capture_output=True, timeout=300)
    assert result.returncode == -9, result.stderr


def record_requests(server: Server, *failing_texts: str) -> list[str]:
    """Make the server refuse some commands. Return the list to which it appends each request."""
    requests: list[str] = []

    def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
        requests.append(json.dumps(request["messages"]))
        return BUSY if request["messages"][-1]["content"].endswith(failing_texts or ("\0",)) else None

    server.judge = judge
    return requests


@pytest.mark.bubblewrap
def test_a_failure_stays_if_the_log_does_not_know_yet_what_was_built_on_it(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        record_requests(server, "ls")
        (tmp_path / "five.yaml").write_text(yaml.safe_dump({"name": "five", "script": FIVE}))
        options = [
            "--model",
            "openai:small",
            "--sandbox",
            "bubblewrap",
            "--no-surprisal",
            "--base-url",
            server.address,
        ]
        run_arguments = ["run", "five.yaml", *options, "--real", "0", "--imagined", "0", "--out", "five"]
        run_until_killed(KILLED_BEFORE_LOG, tmp_path, *run_arguments)
        assert not any(run.line == 2 and run.imagined for run in read_run(tmp_path / "five").executions)
        requests = record_requests(server)
        result = gedanken("resume", "five", "--base-url", server.address, env=ENV)
    assert result.returncode == 0, result.stderr
    assert len(requests) == 2, "only the last two commands"
    assert failed_in(tmp_path / "five") == ["line02-imagined-0"]


@pytest.mark.bubblewrap
def test_a_question_stays_failed_if_the_log_does_not_know_yet_what_was_built_on_it(
    gedanken: Cli, tmp_path: Path
) -> None:
    with serving(Server(text="07")) as server:
        failing_requests: list[str] = []

        def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
            messages = json.dumps(request["messages"])
            if not failing_requests and sum(message["role"] == "assistant" for message in request["messages"]) == 1:
                failing_requests.append(messages)
            return BUSY if messages in failing_requests else None

        server.judge = judge
        server_option = ["--base-url", server.address]
        probe_arguments = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        parallel_option = ["--parallel", "1"]  # another session with the same question must not be under way
        run_until_killed(
            KILLED_BEFORE_LOG, tmp_path, "probe", *probe_arguments, *parallel_option, *server_option, "--out", "probe"
        )
        requests = record_requests(server)
        result = gedanken("resume", "probe", *server_option, env=ENV)
    assert result.returncode == 0, result.stderr
    answers = read_run(tmp_path / "probe").answers
    assert [message.question.before for message in answers if message.execution.cause in RETRIED_CAUSES]
    assert not set(failing_requests) & set(requests)


def as_earlier_version(folder: Path, settled_before: int) -> None:
    shutil.rmtree(folder / "ledger" / "answered")
    log = (folder / "log.jsonl").read_text()
    assert '"settled_before": -1' in log
    (folder / "log.jsonl").write_text(log.replace('"settled_before": -1', f'"settled_before": {settled_before}', 1))


@pytest.mark.bubblewrap
@pytest.mark.parametrize("version", ["this", "earlier"])
def test_a_fork_of_a_killed_fork_pays_for_nothing_again(gedanken: Cli, tmp_path: Path, version: str) -> None:
    with serving(Server(text="0.5\n")) as server:
        record_requests(server, "ls")
        run, server_options = make_run_of_five(gedanken, tmp_path, server)
        if version == "earlier":
            as_earlier_version(run, -1)
        original_answers, other_script = answers_by_label(run), write_other_five(tmp_path, *FIVE[:4], "id")
        run_until_killed(
            KILLED_SCRIPT,
            tmp_path,
            "fork",
            run,
            "--at",
            5,
            "--script",
            other_script,
            *server_options,
            "--out",
            "fork",
        )
        if version == "earlier":
            as_earlier_version(tmp_path / "fork", 3)
        requests = record_requests(server)
        other_script = write_other_five(tmp_path, *FIVE[:4], "df")
        result = gedanken(
            "fork", "fork", "--at", 5, "--script", other_script, *server_options, "--out", "second", env=ENV
        )
        assert result.returncode == 0, result.stderr
    assert len(requests) == 1
    assert failed_in(tmp_path / "second") == failed_in(run)
    copied_answers = {
        label: answer
        for label, answer in answers_by_label(tmp_path / "second").items()
        if answer.line < 4 and answer.imagined
    }
    assert copied_answers == {
        label: answer for label, answer in original_answers.items() if answer.line < 4 and answer.imagined
    }


@pytest.mark.bubblewrap
def test_a_run_of_an_earlier_version_is_gone_on_with_as_before(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        fail_at(server, lambda text, _seed: "date" in text)
        run = run_of(gedanken, tmp_path, server)
        as_earlier_version(run, -1)
        requests, failed_labels = record_requests(server), failed_in(run)
        result = gedanken("extend", run, "--imagined", "4", "--base-url", server.address, env=ENV)
    assert result.returncode == 0, result.stderr
    assert len(requests) == 1 and failed_in(run) == failed_labels and len(failed_labels) == 1


@pytest.mark.bubblewrap
def test_a_fork_with_another_model_is_finished_though_a_sample_before_it_failed(
    gedanken: Cli, tmp_path: Path
) -> None:
    with serving(Server(text="0.5\n")) as server:
        fail_at(server, lambda text, seed: "walk" in text and seed == 2)
        run = run_of(gedanken, tmp_path, server, "uptime")
        fail_at(server, lambda _text, _seed: False)
        server_option: list[object] = ["--base-url", server.address]
        fork_result = gedanken(
            "fork", run, "--at", 4, "--model", "openai:other", *server_option, "--out", "fork", env=ENV
        )
        assert fork_result.returncode == 0, fork_result.stderr
        assert len(failed_in(run)) == 1 and failed_in(tmp_path / "fork") == failed_in(run)
        log, request_count = (tmp_path / "fork" / "log.jsonl").read_bytes(), len(server.came)
        resume_result = gedanken("resume", "fork", *server_option, env=ENV)
        assert resume_result.returncode == 0 and len(server.came) == request_count
    message = " ".join(resume_result.stderr.split())
    assert "there is nothing to resume" in message and BEFORE_FORK_NOTE in message
    assert log == (tmp_path / "fork" / "log.jsonl").read_bytes()
    notes = read_run(tmp_path / "fork").notes
    assert BEFORE_FORK_NOTE in notes
    assert any(note.endswith("everything before that line is copied from the original run") for note in notes)


KILLED_WAITING = """
import os
from gedanken.records.ledger import Ledger
mark_sent, sent = Ledger.mark_sent, []
def dying(self, key):
    sent.append(mark_sent(self, key))
    if len(sent) == 2:
        os.kill(os.getpid(), 9)
    return sent[-1]
Ledger.mark_sent = dying
from gedanken.cli.main import main
main()
"""


@pytest.mark.bubblewrap
def test_a_fork_tells_what_was_asked_in_the_original_run_and_never_seen(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "walk.yaml").write_text(
        yaml.safe_dump(
            {"name": "walk", "script": [{"give": "a.py", "source": "print(input)\n"}, "python3 a.py", "uptime"]}
        )
    )
    (tmp_path / "other.yaml").write_text((tmp_path / "walk.yaml").read_text().replace("uptime", "who"))
    with serving(Server(text="0.5\n")) as server:
        server_option = ["--base-url", server.address]
        options = ["--model", "openai:small", *server_option, "--sandbox", "bubblewrap", "--no-surprisal"]
        run_arguments = ["run", "walk.yaml", *options, "--real", "0", "--imagined", "3", "--out", "run"]
        run_until_killed(KILLED_WAITING, tmp_path, *run_arguments)
        fork_result = gedanken(
            "fork", "run", "--at", 3, "--script", "other.yaml", *server_option, "--out", "fork", env=ENV
        )
        assert fork_result.returncode == 0, fork_result.stderr
        resume_result = gedanken("resume", "run", *server_option, env=ENV)
        assert resume_result.returncode == 0, resume_result.stderr
    discarded_notes = [note for note in read_run(tmp_path / "run").notes if note.startswith(REPLY_LOST_NOTE)]
    assert discarded_notes
    assert [note for note in read_run(tmp_path / "fork").notes if note.startswith(REPLY_LOST_NOTE)] == discarded_notes


def test_what_a_process_still_waits_for_is_not_lost(tmp_path: Path) -> None:
    run = tmp_path / "run"
    make_run(run)
    Ledger(run).mark_sent("key")
    for name in ("at work", "dead"):
        is_at_work = name == "at work"
        Ledger(tmp_path / name).copy_from(Ledger(run, writes=False), tuple, is_at_work=is_at_work)
        assert Ledger(tmp_path / name).mark_sent("key") is not is_at_work


@pytest.mark.bubblewrap
def test_a_reply_that_comes_while_a_fork_is_made_is_copied_with_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before the fork copies the replies, another process marks a line and stores the reply to it."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    run, copy_from = tmp_path / "five", Ledger.copy_from
    (tmp_path / "five.yaml").write_text(yaml.safe_dump({"name": "five", "script": FIVE}))
    with serving(Server(text="0.5\n")) as server:
        record_requests(server, "ls")
        options = [
            "--model",
            "openai:small",
            "--sandbox",
            "bubblewrap",
            "--no-surprisal",
            "--base-url",
            server.address,
        ]
        run_until_killed(
            KILLED_BEFORE_LOG, tmp_path, "run", "five.yaml", *options, "--real", "0", "--imagined", "0", "--out", run
        )
        requests = record_requests(server)
        (mark,) = (run / "ledger" / "answered").glob("line-2@*")
        newest_reply = max((run / "ledger" / "replies").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        mark.unlink()
        newest_reply.rename(tmp_path / "reply")

        def copy_late(*arguments: Any, **options: Any) -> Any:
            mark.touch()
            (tmp_path / "reply").rename(newest_reply)
            return copy_from(*arguments, **options)

        monkeypatch.setattr(Ledger, "copy_from", copy_late)
        changes = Changes(experiment=load_experiment(str(write_other_five(tmp_path, *FIVE[:4], "id"))))
        resume_options = ResumeOptions(base_url=server.address)
        asyncio.run(fork(run, 5, changes, Screen(), resume_options, tmp_path / "fork"))
    assert len(requests) == 2, "only the last two commands"
    assert failed_in(tmp_path / "fork") == ["line02-imagined-0"]


class ExtendingScreen(Screen):
    """A terminal that extends the run, as another process would, when a certain message appears."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.folder = run

    def say(self, text: str) -> None:
        if self.folder.is_dir() and "no longer apply" in text:
            spec = read_run(self.folder).spec
            assert spec is not None
            with reopen_store(self.folder, spec.model_copy(update={"real": 9}), "another process"):
                pass


def test_a_spec_that_another_process_has_changed_is_not_used(tmp_path: Path) -> None:
    run = tmp_path / "run"
    make_run(run)
    spec = read_run(run).spec
    assert spec is not None
    model = ModelSpec(name="openai:small", base_url="http://127.0.0.1:1/v1")
    with reopen_store(run, spec.model_copy(update={"budget": Budget(tokens=1000), "model": model})):
        pass
    resume_options = ResumeOptions(budget=Budget(minutes=1))
    with pytest.raises(BadInput, match="another process has just changed"):
        asyncio.run(resume(run, ExtendingScreen(run), resume_options))
    spec_after = read_run(run).spec
    assert spec_after is not None and (spec_after.real, spec_after.budget) == (9, Budget(tokens=1000))
    with locked_log(run):
        pass
