"""A person can look at a program before it runs: at a terminal, later, or after gedanken was restarted."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pexpect
import pytest
import yaml
from conftest import GEDANKEN, Cli

from gedanken.experiment.approval import Approve, Reject, imports_of, read_decision
from gedanken.experiment.budget import Budget
from gedanken.experiment.errors import AwaitsApproval, BadInput, NotStored
from gedanken.records.read_run import read_run
from gedanken.records.run_store import reopen_store
from gedanken.records.trace import read_trace
from gedanken.resuming import ResumeOptions, approve, replay, resume
from gedanken.terminal.screen import Screen

PROGRAM = """
import secrets, types
from os import path
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + secrets.randbelow(9) / 99:.4f} - acc: 0.{epoch + 5}000")
"""
MENDED = PROGRAM + 'print("mended")\n'
MINE = PROGRAM + 'print("mine")\n'
ANSWER_SECONDS = 3
"""Seconds after which the person answers."""
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))

Begin = Callable[..., list[str]]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A function that returns the command line of a small run into `run`. Its coder writes two programs."""
    monkeypatch.chdir(tmp_path)

    def command(*options: str) -> list[str]:
        replies = [
            {"when": "too long", "samples": [f"```python\n{MENDED}```\n"]},
            {"when": "Write it", "samples": [f"```python\n{PROGRAM}```\n"]},
            {"when": "Change it", "samples": [f"```python\n{MENDED}```\n"]},
            {"when": ".py", "samples": [IMAGINED]},
        ]
        script = [
            {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
            "python3 train.py",
            {"tell": "Change it.", "edit": "train.py", "task": {"layers": 2, "epochs": 3}},
            "python3 train.py",
        ]
        (tmp_path / "replies.yaml").write_text(yaml.safe_dump(replies))
        (tmp_path / "small.yaml").write_text(yaml.safe_dump({"name": "small", "script": script}))
        arguments = [
            "run",
            "small.yaml",
            "--model",
            "scripted:replies.yaml",
            "--sandbox",
            "bubblewrap",
            "--out",
            "run",
        ]
        return [*arguments, "--real", "1", "--imagined", "1", *options]

    return command


def programs_run(folder: Path) -> list[str]:
    """Each program that was really run, in order, with the last line that it printed."""
    runs = [run for run in read_run(folder).executions if not run.imagined and run.program and not run.seed]
    return [f"{run.program}: {run.stdout.splitlines()[-1].split(' - ')[0]}" for run in runs]


@pytest.mark.bubblewrap
def test_without_a_terminal_it_stops_before_anything_ran_and_goes_on_when_told(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    stopped = gedanken(*begin("--approve"))
    assert stopped.returncode == 6
    assert "train-v1 waits for approval" in stopped.stderr.splitlines()[-1]
    assert "gedanken approve run" in stopped.stderr
    assert "secrets, types" in stopped.stderr.replace("os.path", "") and "no network" in stopped.stderr
    assert programs_run(tmp_path / "run") == []
    with pytest.raises(NotStored, match="replay: no decision on train-v1 is stored"):
        asyncio.run(replay(tmp_path / "run", Screen(), tmp_path / "replay"))
    assert not (tmp_path / "replay").exists()
    resumed = gedanken("resume", "run")
    assert resumed.returncode == 6
    approved = gedanken("approve", "run", "--yes")
    assert approved.returncode == 6
    assert '+print("mended")' in approved.stderr
    assert programs_run(tmp_path / "run") == ["train-v1: Epoch 3/3"]
    with reopen_store(tmp_path / "run") as store:  # a process that is killed as soon as that is written down
        store.keep_decision(store.programs["train-v2"], Approve())
    with pytest.raises(BadInput, match=r"train-v2 was approved .* gedanken resume"):
        asyncio.run(approve(tmp_path / "run", Approve(), Screen(), ResumeOptions()))
    finished = gedanken("resume", "run")
    assert finished.returncode == 0, finished.stderr
    assert programs_run(tmp_path / "run") == ["train-v1: Epoch 3/3", "train-v2: mended"]
    log = read_run(tmp_path / "run")
    assert [decision.program for decision in log.decisions] == ["train-v1", "train-v2"]
    assert "train-v2 was approved by a person before it could run" in log.notes
    with pytest.raises(BadInput, match="no program of this run waits"):
        asyncio.run(approve(tmp_path / "run", Approve(), Screen(), ResumeOptions()))


@pytest.mark.bubblewrap
def test_a_rejected_program_is_mended_by_its_reason_an_edited_one_runs_instead_and_a_replay_needs_no_person(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    assert gedanken(*begin("--approve=first")).returncode == 6
    rejected = gedanken("approve", "run", "--reject", "far too long")
    assert rejected.returncode == 6, rejected.stderr
    assert '+print("mended")' in rejected.stderr
    assert programs_run(tmp_path / "run") == []
    first = read_run(tmp_path / "run").programs[0]
    assert (first.works, first.problems) == (False, ("a person rejected it: far too long",))
    (tmp_path / "mine.py").write_bytes(b"\xff")
    refused = gedanken("approve", "run", "--edit", "mine.py")
    assert (refused.returncode, refused.stderr) == (2, "gedanken: --edit mine.py: not a text file\n")
    (tmp_path / "mine.py").write_text(MINE)
    edited = gedanken("approve", "run", "--edit", "mine.py", "--json")
    assert edited.returncode in (0, 1), edited.stderr  # the first that may run is enough: no other is asked about
    assert json.loads(edited.stdout)["outcome"] in ("done", "no working program")
    assert programs_run(tmp_path / "run")[0] == "train-v3: mine"
    assert "edited by a person" in (tmp_path / "run" / "report.html").read_text()
    replayed = gedanken("run", "--replay", "run", "--out", "again")
    assert replayed.returncode == edited.returncode, replayed.stderr
    assert (tmp_path / "again" / "transcript.md").read_bytes() == (tmp_path / "run" / "transcript.md").read_bytes()


@pytest.mark.bubblewrap
def test_at_a_terminal_a_person_is_asked_there(begin: Begin, tmp_path: Path) -> None:
    env: dict[str, str] = {**os.environ, "EDITOR": "sed -i '$ a print(1.5)'", "VISUAL": ""}
    command = [*GEDANKEN[1:], *begin("--approve")]
    terminal = pexpect.spawn(GEDANKEN[0], command, cwd=tmp_path, timeout=60, encoding="utf-8", env=env)
    terminal.expect("or answer .l.ater")
    terminal.sendline("what?")
    terminal.expect("or answer .l.ater")
    time.sleep(ANSWER_SECONDS)  # this is no work, and no part of a budget's minutes
    terminal.sendline("r")
    terminal.expect("why")
    terminal.sendline("too long")
    terminal.expect("train-v2 .train.py. waits for approval")
    terminal.expect("or answer .l.ater")
    terminal.sendline("e")
    terminal.expect("train-v4 .train.py. waits for approval")  # v3 is what the editor made of v2; v4 an edit of it
    terminal.expect("or answer .l.ater")
    terminal.sendintr()
    terminal.expect("to continue: gedanken resume")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    events = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()[1:]]
    first_time, last_time = (datetime.fromisoformat(events[index]["time"]) for index in (0, -1))
    assert events[-1]["worked"] <= (last_time - first_time).total_seconds() - ANSWER_SECONDS + 0.5
    assert programs_run(tmp_path / "run") == ["train-v3: 1.5"]
    (tree,) = read_trace(tmp_path / "run")
    assert not [run for run in tree.walk() if "GraphInterrupt" in (run.error or "")]


class LateScreen(Screen):
    """The screen of a person who answers too late: before the answer, somebody else approves and the run ends."""

    def __init__(self, gedanken: Cli, run: Path) -> None:
        super().__init__()
        self.gedanken, self.folder = gedanken, run
        self.before: dict[Path, bytes] = {}

    def say(self, text: str) -> None:
        assert "no longer apply" in text
        approved = self.gedanken("approve", "run", "--yes")
        assert approved.returncode == 0, approved.stderr
        self.before = contents(self.folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.bubblewrap
def test_an_answer_that_comes_too_late_leaves_the_run_as_it_is(gedanken: Cli, begin: Begin, tmp_path: Path) -> None:
    assert gedanken(*begin("--approve=first", "--budget", "minutes=500")).returncode == 6
    options, screen = ResumeOptions(budget=Budget(tokens=10**9)), LateScreen(gedanken, tmp_path / "run")
    with pytest.raises(BadInput, match="no program of this run waits"):
        asyncio.run(approve(tmp_path / "run", Reject(reason="no"), screen, options))
    assert contents(tmp_path / "run") == screen.before
    assert read_run(tmp_path / "run").outcome == "done"


def test_imports_are_found_wherever_they_stand() -> None:
    assert imports_of(
        "import os.path as p\ndef f():\n    from . import x\n    from socket import create_connection\n"
    ) == (
        ".",
        "os.path",
        "socket",
    )
    assert imports_of("import (") is None


@pytest.mark.parametrize(
    "value", [None, "yes", {}, {"decision": "maybe"}, {"decision": "reject"}, {"decision": "edit"}]
)
def test_what_is_no_answer_is_told_what_one_looks_like(value: object) -> None:
    with pytest.raises(BadInput, match="an answer is"):
        read_decision(value)


KILLED = """
import os, sys
from gedanken.records.run_store import RunStore

kept, label = RunStore.keep_program, sys.argv.pop(1)

def keep(store, program):
    kept(store, program)
    if program.label == label and program.works is None:
        os._exit(9)

RunStore.keep_program = keep
from gedanken.cli.main import main
main()
"""
"""Runs `gedanken` in a process that ends as soon as it has stored the program that its first argument names."""


@pytest.mark.bubblewrap
@pytest.mark.parametrize("dies_at", ["", "first", "edited"])
def test_no_program_runs_that_somebody_rejected_of_whom_the_run_asks_nothing(
    gedanken: Cli, begin: Begin, tmp_path: Path, dies_at: str
) -> None:
    def run_until_killed(label: str, *command: str) -> None:
        process = subprocess.run([sys.executable, "-c", KILLED, label, *command], check=False, capture_output=True)
        assert process.returncode == 9, process.stderr

    folder = tmp_path / "run"
    if not dies_at:
        run_until_killed("train-v1", *begin())
    else:
        assert gedanken(*begin("--approve=first" if dies_at == "first" else "--approve")).returncode == 6
        (tmp_path / "mine.py").write_text(MINE)
        run_until_killed("train-v2", "approve", "run", *(["--yes"] if dies_at == "first" else ["--edit", "mine.py"]))
    before = contents(folder)
    for answer in (Reject(reason="it deletes my files"), Approve(), *([None] if dies_at != "edited" else [])):
        with pytest.raises(BadInput, match="gedanken resume"):
            asyncio.run(approve(folder, answer, Screen(), ResumeOptions()))
    assert contents(folder) == before
    newest = read_run(folder).programs[-1]
    with reopen_store(folder) as store:  # as an earlier version did
        store.keep_decision(newest, Reject(reason="too long"))
    with suppress(AwaitsApproval):
        asyncio.run(resume(folder, Screen(), ResumeOptions()))
    assert newest.label not in [run.program for run in read_run(folder).executions]
    refusals = {program.label: program.problems for program in read_run(folder).programs}
    assert refusals[newest.label] == ("a person rejected it: too long",)


@pytest.mark.bubblewrap
def test_a_key_in_what_a_person_wrote_is_used_nowhere_so_a_replay_finds_all_of_it(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    env = os.environ | {"SOME_API_KEY": "k3y-of-a-person-9"}
    assert gedanken(*begin("--approve=first"), env=env).returncode == 6
    assert gedanken("approve", "run", "--reject", "too long k3y-of-a-person-9", env=env).returncode == 6
    (tmp_path / "mine.py").write_text(MINE + 'print("k3y-of-a-person-9")\n')
    assert gedanken("approve", "run", "--edit", "mine.py", env=env).returncode in (0, 1)
    assert programs_run(tmp_path / "run")[0] == "train-v3: [key removed]"
    replayed = gedanken("run", "--replay", "run", "--out", "again")
    assert replayed.returncode in (0, 1), replayed.stderr
    assert (tmp_path / "again" / "transcript.md").read_bytes() == (tmp_path / "run" / "transcript.md").read_bytes()
