"""A run has a single trace tree, even if its process was killed and other processes resumed it."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import GEDANKEN, Cli
from scripted_runs import GOOD_PROGRAM, WriteReplies, scripted_replies, write_experiment

from gedanken.records.trace import read_trace
from gedanken.traces.attempts import DIED
from gedanken.traces.cleaning import attempt_of
from gedanken.traces.run_tree import TracedRun

PROGRAM_SLOW_AT_FIRST = (
    GOOD_PROGRAM
    + """
import pathlib, time
if not pathlib.Path("went").exists():
    pathlib.Path("went").touch()
    time.sleep(3)
"""
)


@pytest.fixture
def killed(scripted: WriteReplies, tmp_path: Path) -> Path:
    """The folder of a run whose process was killed while its program ran."""
    out = tmp_path / "out"
    arguments = [
        write_experiment(tmp_path),
        "--model",
        scripted(scripted_replies(PROGRAM_SLOW_AT_FIRST)),
        "--sandbox",
        "bubblewrap",
    ]
    command = [*GEDANKEN, "run", *map(str, arguments), "--real", "1", "--imagined", "1", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not [
            open_run
            for open_run in open_runs_in(out)
            if open_run.fields["inputs"].get("command") == "python3 train.py"
        ]:
            assert process.poll() is None, "it never came there"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    return out


def open_runs_in(folder: Path) -> list[TracedRun]:
    if not (folder / "trace.jsonl").exists():
        return []
    return [run for root in read_trace(folder) for run in root.walk() if run.end is None]


@pytest.mark.bubblewrap
def test_killed_and_gone_on_with_it_is_one_tree_in_which_what_was_cut_off_says_so(
    gedanken: Cli, killed: Path
) -> None:
    (root_before,) = read_trace(killed)
    open_ids = {run.id for run in open_runs_in(killed)}
    assert {run.name for run in open_runs_in(killed)} == {"gedanken small", "execute", "terminal"}
    resume_result = gedanken("resume", killed)
    assert resume_result.returncode == 0, resume_result.stderr
    (root,) = read_trace(killed)
    runs = list(root.walk())
    assert root.id == root_before.id and root.start == root_before.start and root.error is None
    assert [run for run in runs if run.end is None] == []
    interrupted_runs = [run for run in runs if run.id in open_ids - {root.id}]
    assert len(interrupted_runs) == 2 and all((run.error or "").startswith(DIED) for run in interrupted_runs)
    last_end = max(run.end for run in root_before.walk() if run.end)
    assert all(run.end and run.start and last_end <= run.end and run.start <= run.end for run in interrupted_runs)
    assert {attempt_of(run.fields) for run in root.children} == {1, 2} and attempt_of(root.fields) == 2
    commands = [run for run in runs if run.run_type == "tool" and attempt_of(run.fields) == 2]
    stored_commands = {
        run.fields["inputs"]["command"] for run in commands if run.fields["outputs"]["output"]["from_ledger"]
    }
    assert "cat train.py" in stored_commands and "python3 train.py" not in stored_commands
    assert root.fields["outputs"]["outcome"] == "done"
    lines = [json.loads(line) for line in (killed / "trace.jsonl").read_text().splitlines()]
    posts = [line["post"]["id"] for line in lines if "post" in line]
    assert sorted(posts) == sorted(run.id for run in runs), "each run is posted once"
    parents = {run.fields["dotted_order"] for run in runs}
    assert all(run is root or run.fields["dotted_order"].rpartition(".")[0] in parents for run in runs)
    show_result = gedanken("traces", "show", killed)
    assert f"{len(runs)} runs" in show_result.stdout and "still open" not in show_result.stdout
    assert "process 2" in show_result.stdout and DIED in show_result.stdout
