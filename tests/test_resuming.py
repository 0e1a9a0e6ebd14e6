"""Nothing that was paid for is lost, or paid for twice: real sandboxes, a scripted model, killed processes."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import GEDANKEN, Cli

from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.runner import run_id_of
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.leftovers import things
from gedanken.sandbox.owner import RUN_LABEL

pytestmark = pytest.mark.bubblewrap

PROGRAM = """
import secrets, types
nn = types.SimpleNamespace(Linear=lambda a, b: None)
layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
for epoch in range(3):
    print(f"Epoch {epoch + 1}/3 - loss: {1 / (epoch + 1) + secrets.randbelow(9) / 99:.4f} - acc: 0.{epoch + 5}000")
"""
IMAGINED = "".join(f"Epoch {n}/3 - loss: {0.9 - n / 10:.4f} - acc: 0.9000\n" for n in (1, 2, 3))

Begin = Callable[..., list[str]]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """The command line of a small run into `run`."""

    def command(program: str = PROGRAM, *options: str) -> list[str]:
        replies = [
            {"when": "Write it", "samples": [f"```python\n{program}```\n"]},
            {"when": ".py", "samples": [IMAGINED]},
        ]
        script = [
            {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}},
            "echo begun >> begun.txt; cat begun.txt",
            "python3 train.py",
        ]
        (tmp_path / "replies.yaml").write_text(yaml.safe_dump(replies))
        (tmp_path / "small.yaml").write_text(yaml.safe_dump({"name": "small", "script": script}))
        asked = ["run", "small.yaml", "--model", "scripted:replies.yaml", "--sandbox", "bubblewrap", "--out", "run"]
        return [*asked, "--real", "2", "--imagined", "1", *options]

    return command


@pytest.fixture
def done(gedanken: Cli, begin: Begin, tmp_path: Path) -> Path:
    """A run that came to its end."""
    ended = gedanken(*begin())
    assert ended.returncode == 0, ended.stderr
    return tmp_path / "run"


def test_a_replay_is_the_same_to_the_byte_and_needs_neither_model_nor_engine(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.yaml").unlink()
    nowhere = {name: value for name, value in os.environ.items() if name not in ("DOCKER_HOST", "OPENAI_API_KEY")}
    nowhere |= {"GEDANKEN_CACHE": str(tmp_path / "empty"), "PATH": "/nonexistent"}
    ended = gedanken("run", "--replay", "run", "--out", "again", env=nowhere)
    assert ended.returncode == 0, ended.stderr
    again = tmp_path / "again"
    assert (again / "transcript.md").read_bytes() == (done / "transcript.md").read_bytes()
    assert texts(again) == texts(done)
    assert findings(again) == findings(done)


def test_a_run_that_came_to_its_end_is_not_gone_on_with_and_says_so(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.yaml").unlink()
    told = (done / "log.jsonl").read_bytes()
    ended = gedanken("resume", done, env=os.environ | {"PATH": "/nonexistent"})
    assert ended.returncode == 0, ended.stderr
    assert "nothing of it is left to do" in ended.stderr
    assert "How sure:" in ended.stdout
    assert (done / "log.jsonl").read_bytes() == told


def test_what_a_replay_does_not_find_is_an_error_and_no_live_call(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    for kind in ("replies", "executions"):
        entry = max((done / "ledger" / kind).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        kept = entry.read_bytes()
        entry.unlink()
        ended = gedanken("run", "--replay", "run", "--out", "again")
        assert ended.returncode == 2
        assert "is not in the ledger" in ended.stderr
        assert not (tmp_path / "again").exists()
        entry.write_bytes(kept)


def test_more_seeds_and_samples_run_only_what_is_new_and_the_report_says_so(gedanken: Cli, done: Path) -> None:
    before = texts(done)
    ended = gedanken("extend", "run", "--real", "4", "--imagined", "3")
    assert ended.returncode == 0, ended.stderr
    after = texts(done)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 4
    assert told_more_than_once(done) == []
    assert "the sample size was changed after results could be seen" in (done / "report.html").read_text()


def test_a_run_is_not_made_smaller(gedanken: Cli, done: Path) -> None:
    ended = gedanken("extend", done, "--real", "1")
    assert ended.returncode == 2
    assert "2 real runs" in ended.stderr


def test_a_fork_goes_on_differently_and_pays_only_for_that(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    experiment = yaml.safe_load((tmp_path / "small.yaml").read_text())
    for script in ([*experiment["script"][:2], "echo other", "python3 train.py"], experiment["script"]):
        (tmp_path / "other.yaml").write_text(yaml.safe_dump(experiment | {"script": script}))
        for at in (1, 2, 9) if script == experiment["script"] else (4, 9):
            refused = gedanken("fork", done, "--at", at, "--script", "other.yaml", "--out", "fork")
            assert refused.returncode == 2, refused.stderr
    script = [*experiment["script"], "cat begun.txt"]
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(experiment | {"script": script}))
    ended = gedanken("fork", done, "--at", "4", "--script", "other.yaml", "--out", "fork")
    assert ended.returncode == 0, ended.stderr
    before, after = texts(done), texts(tmp_path / "fork")
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"line04-real-0.txt", "line04-imagined-0.txt"}
    assert after["line04-real-0.txt"] == b"begun\n"  # the workspace is as it was there
    assert read_run(tmp_path / "fork").spec.parent == "run at line 4"  # type: ignore[union-attr]


def test_killed_in_the_middle_it_goes_on_with_what_it_had(gedanken: Cli, begin: Begin, tmp_path: Path) -> None:
    slow = PROGRAM.replace("for epoch", "import time\ntime.sleep(2)\nfor epoch")
    killed(begin(slow), tmp_path, lambda log: any(run.seed == 1 for run in log.executions))
    before = texts(tmp_path / "run")
    ended = gedanken("resume", "run")
    assert ended.returncode == 0, ended.stderr
    after = texts(tmp_path / "run")
    assert {name: after[name] for name in before} == before
    assert told_more_than_once(tmp_path / "run") == []
    log = read_run(tmp_path / "run")
    assert Counter(run.seed for run in log.executions if run.program and not run.imagined) == {0: 1, 1: 1, 2: 1}
    assert left_of(tmp_path / "run") == []


@pytest.mark.docker
def test_what_ended_with_its_engine_is_no_result_and_is_run_again_where_it_began(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    slow = PROGRAM + "\nimport time\nopen('ran.txt', 'a').write('x')\ntime.sleep(4)\nprint(open('ran.txt').read())\n"
    victim = started(begin(slow, "--sandbox", "docker"), tmp_path)
    wait_for(tmp_path, lambda log: any(work.who.startswith("line 3, seed 0") for work in log.under_way))
    ours = {"label": f"{RUN_LABEL}={run_id_of(tmp_path / 'run')}", "status": "running"}
    deadline = time.monotonic() + 300
    while not (running := connect_docker().containers.list(filters=ours)) and time.monotonic() < deadline:
        time.sleep(0.05)
    victim.kill()
    victim.communicate()
    running[0].kill()  # as a machine that goes down does
    ended = gedanken("resume", "run")
    assert ended.returncode == 0, ended.stderr
    log = read_run(tmp_path / "run")
    assert [(run.exit_code, run.stdout.split()[-1]) for run in log.executions if run.program and run.seed == 0] == [
        (0, "x")
    ]
    assert any("while no process watched it, perhaps with its engine: it was run again" in note for note in log.notes)


def test_a_command_that_was_cut_off_begins_again_in_the_workspace_that_it_began_in(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    counts = (
        PROGRAM + "\nimport time\nopen('ran.txt', 'a').write('x')\ntime.sleep(2)\nprint(open('ran.txt').read())\n"
    )
    killed(begin(counts), tmp_path, lambda log: any(work.node == "execute" for work in log.under_way), wait=1.2)
    ended = gedanken("resume", "run")
    assert ended.returncode == 0, ended.stderr
    shown = [run.stdout.split()[-1] for run in read_run(tmp_path / "run").executions if run.program and run.seed]
    assert shown == ["x"] * len(shown)
    assert "begun\n" in [run.stdout for run in read_run(tmp_path / "run").executions]


def test_where_the_workspace_is_gone_it_is_made_again_and_that_is_said(
    gedanken: Cli, begin: Begin, tmp_path: Path
) -> None:
    slow = PROGRAM.replace("for epoch", "import time\ntime.sleep(2)\nfor epoch")
    killed(begin(slow), tmp_path, lambda log: any(work.node == "replicate" for work in log.under_way))
    assert gedanken("sandbox", "clean").returncode == 0
    ended = gedanken("resume", "run")
    assert ended.returncode == 0, ended.stderr
    log = read_run(tmp_path / "run")
    assert any("was run again, so that the workspace is as it was" in note for note in log.notes)
    assert "begun\n" in [run.stdout for run in log.executions]


def test_interrupted_it_says_how_to_go_on(gedanken: Cli, begin: Begin, tmp_path: Path) -> None:
    slow = PROGRAM.replace("for epoch", "import time\ntime.sleep(3)\nfor epoch")
    victim = started(begin(slow), tmp_path)
    wait_for(tmp_path, lambda log: any(work.who.startswith("line 3, seed 0") for work in log.under_way))
    victim.send_signal(signal.SIGINT)
    _out, errors = victim.communicate(timeout=60)
    assert victim.returncode == 130
    assert errors.strip().endswith("gedanken: interrupted; to go on: gedanken resume run")
    log = read_run(tmp_path / "run")
    assert log.outcome == "interrupted"
    assert [run.exit_code for run in log.executions if run.program and run.seed == 0] == [
        0
    ]  # it was let come to its end
    assert gedanken("resume").returncode == 2  # nothing lies under runs/
    assert gedanken("resume", "run").returncode == 0
    assert told_more_than_once(tmp_path / "run") == []


def test_two_processes_cannot_work_on_one_run(gedanken: Cli, begin: Begin, tmp_path: Path) -> None:
    slow = PROGRAM.replace("for epoch", "import time\ntime.sleep(20)\nfor epoch")
    first = started(begin(slow), tmp_path)
    wait_for(tmp_path, lambda log: any(work.node == "execute" for work in log.under_way))
    for command in (["resume", "run"], ["extend", "run", "--real", "9"], ["runs", "rm", "run"]):
        ended = gedanken(*command)
        assert ended.returncode == 2
        assert "this run is in use by another process" in ended.stderr
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert gedanken("runs", "rm", "run").returncode == 0
    assert not (tmp_path / "run").exists()
    assert left_of(tmp_path / "run") == []


def test_no_key_goes_to_an_address_that_a_folder_names_and_nothing_runs_unisolated_because_it_says_so(
    gedanken: Cli, done: Path
) -> None:
    asked = json.loads((done / "spec.json").read_text())
    log = done / "log.jsonl"  # without its end, as there is nothing to resume of a finished run
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"kind": "ended"' not in line))
    for change, why in (
        ({"model": {"name": "openai:any", "base_url": "https://elsewhere.example/v1"}}, "--base-url"),
        ({"sandbox": {"name": "host", "trusted": True}}, "--i-trust-this-code"),
    ):
        (done / "spec.json").write_text(json.dumps(asked | change))
        for command in (["resume", done], ["extend", done, "--real", "9"]):
            ended = gedanken(*command)
            assert ended.returncode == 2
            assert why in ended.stderr


def test_nothing_is_written_through_a_link_that_somebody_planted(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("outputs", "ledger/scores"):
        (done / name).rename(done / f"{name}.away")
        (done / name).symlink_to(tmp_path / "mine")
        ended = gedanken("extend", done, "--real", "9")
        assert ended.returncode == 2
        assert "holds links" in ended.stderr
        (done / name).unlink()
    assert list((tmp_path / "mine").iterdir()) == []


def test_an_entry_of_which_not_all_came_to_the_disk_is_none(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("replies", "key", {"text": "whole"})
    assert ledger.get("replies", "key") == {"text": "whole"}
    path = tmp_path / "ledger" / "replies" / "key.json"
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[: len(whole) // 2], b"", whole.replace(b"whole", b"wrong")):
        path.write_bytes(damaged)
        assert ledger.get("replies", "key") is None


def test_runs_are_listed_with_their_state(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    count = len(read_run(done).executions)
    (tmp_path / "runs").mkdir()
    done.rename(tmp_path / "runs" / "one")
    shown = json.loads(gedanken("runs", "--json").stdout)["runs"]
    assert [(run["run"], run["state"], run["executions"]) for run in shown] == [("runs/one", "done", count)]


def started(command: list[str], folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*GEDANKEN, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def killed(command: list[str], folder: Path, when: Callable[[Any], bool], wait: float = 0.0) -> None:
    """Begin a run, and kill it so many seconds after its log says what it is to say."""
    victim = started(command, folder)
    wait_for(folder, when)
    time.sleep(wait)
    victim.kill()
    victim.communicate()


def wait_for(folder: Path, when: Callable[[Any], bool]) -> None:
    deadline = time.monotonic() + 500
    while time.monotonic() < deadline:
        log = folder / "run" / "log.jsonl"
        if log.exists() and b'"spec"' in log.read_bytes() and when(read_run(folder / "run")):
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


def texts(run: Path) -> dict[str, bytes]:
    """Every output and program, by name."""
    return {path.name: path.read_bytes() for part in ("outputs", "programs") for path in (run / part).iterdir()}


def findings(run: Path) -> Any:
    """All that was concluded; what a replay takes is nothing."""
    found = json.loads((run / "comparison.json").read_text())
    return {name: value for name, value in found.items() if name not in ("tokens", "cost")}


def told_more_than_once(run: Path) -> list[str]:
    """Executions that the log tells of more than once."""
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    told = Counter(event["files"]["stdout"] for event in events if event.get("kind") == "execution")
    return [name for name, count in told.items() if count > 1]


def left_of(run: Path) -> list[str]:
    return [thing.name for thing in things([]) if thing.run == run_id_of(run)]
