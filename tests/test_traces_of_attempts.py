"""One tree for a run, though its process was killed and others went on with it."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import GEDANKEN, Cli
from test_run_scripted import GOOD, Scripted, experiment, replies

from gedanken.records.trace import read_trace
from gedanken.traces.attempts import DIED
from gedanken.traces.cleaning import attempt_of
from gedanken.traces.run_tree import TracedRun

SLOW_AT_FIRST = (
    GOOD
    + """
import pathlib, time
if not pathlib.Path("went").exists():
    pathlib.Path("went").touch()
    time.sleep(3)
"""
)


@pytest.fixture
def killed(scripted: Scripted, tmp_path: Path) -> Path:
    """The folder of a run whose process was killed while its program ran."""
    out = tmp_path / "out"
    asked = [experiment(tmp_path), "--model", scripted(replies(SLOW_AT_FIRST)), "--sandbox", "bubblewrap"]
    command = [*GEDANKEN, "run", *map(str, asked), "--real", "1", "--imagined", "1", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
        while not [one for one in open_in(out) if one.fields["inputs"].get("command") == "python3 train.py"]:
            assert victim.poll() is None, "it never came there"
            time.sleep(0.05)
        victim.send_signal(signal.SIGKILL)
    return out


def open_in(folder: Path) -> list[TracedRun]:
    if not (folder / "trace.jsonl").exists():
        return []
    return [run for root in read_trace(folder) for run in root.walk() if run.end is None]


@pytest.mark.bubblewrap
def test_killed_and_gone_on_with_it_is_one_tree_in_which_what_was_cut_off_says_so(
    gedanken: Cli, killed: Path
) -> None:
    (before,) = read_trace(killed)
    left = {run.id for run in open_in(killed)}
    assert {run.name for run in open_in(killed)} == {"gedanken small", "execute", "terminal"}
    done = gedanken("resume", killed)
    assert done.returncode == 0, done.stderr
    (root,) = read_trace(killed)
    runs = list(root.walk())
    assert root.id == before.id and root.start == before.start and root.error is None
    assert [run for run in runs if run.end is None] == []
    cut_off = [run for run in runs if run.id in left - {root.id}]
    assert len(cut_off) == 2 and all((run.error or "").startswith(DIED) for run in cut_off)
    last = max(run.end for run in before.walk() if run.end)
    assert all(run.end and run.start and last <= run.end and run.start <= run.end for run in cut_off)
    assert {attempt_of(run.fields) for run in root.children} == {1, 2} and attempt_of(root.fields) == 2
    commands = [run for run in runs if run.run_type == "tool" and attempt_of(run.fields) == 2]
    kept = {run.fields["inputs"]["command"] for run in commands if run.fields["outputs"]["output"]["from_ledger"]}
    assert "cat train.py" in kept and "python3 train.py" not in kept
    assert root.fields["outputs"]["outcome"] == "done"
    lines = [json.loads(line) for line in (killed / "trace.jsonl").read_text().splitlines()]
    posts = [line["post"]["id"] for line in lines if "post" in line]
    assert sorted(posts) == sorted(run.id for run in runs), "each run is posted once"
    parents = {run.fields["dotted_order"] for run in runs}
    assert all(run is root or run.fields["dotted_order"].rpartition(".")[0] in parents for run in runs)
    shown = gedanken("traces", "show", killed)
    assert f"{len(runs)} runs" in shown.stdout and "still open" not in shown.stdout
    assert "process 2" in shown.stdout and DIED in shown.stdout
