"""No finished work is lost or repeated, with real sandboxes, a scripted model and killed processes."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from conftest import GEDANKEN, Cli
from small_run import PROGRAM, small_run_command

from gedanken.experiment.errors import BadInput
from gedanken.experiment.probe_design import ProbeDesign
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.script import Experiment
from gedanken.forking import Changes, fork
from gedanken.listing import list_runs, remove_run
from gedanken.records.read_run import read_run
from gedanken.resuming import RESIZED_NOTE, ResumeOptions, extend, newest_unfinished, replay
from gedanken.runner import run_id_of
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.leftovers import list_leftovers
from gedanken.sandbox.owner import RUN_LABEL
from gedanken.terminal.screen import Screen

pytestmark = pytest.mark.bubblewrap

MakeCommand = Callable[..., list[str]]


@pytest.fixture
def begin(tmp_path: Path) -> MakeCommand:
    """A function that returns the command line of a small run into `run`."""
    return partial(small_run_command, tmp_path)


@pytest.fixture
def going_on(done: Path, tmp_path: Path) -> MakeCommand:
    """A function that returns the command line of a fork into `run`.

    The fork copies a finished run and adds two lines: a program, and the command that runs it.
    """
    done.rename(tmp_path / "before")

    def command(program: str) -> list[str]:
        base_experiment = yaml.safe_load((tmp_path / "small.yaml").read_text())
        script = [*base_experiment["script"], {"give": "slow.py", "source": program}, "python3 slow.py"]
        (tmp_path / "slow.yaml").write_text(yaml.safe_dump(base_experiment | {"script": script}))
        return ["fork", "before", "--at", "4", "--script", "slow.yaml", "--out", "run"]

    return command


def test_a_replay_is_the_same_to_the_byte_and_needs_neither_model_nor_engine(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.yaml").unlink()
    environment = {name: value for name, value in os.environ.items() if name not in ("DOCKER_HOST", "OPENAI_API_KEY")}
    environment |= {"GEDANKEN_CACHE": str(tmp_path / "empty"), "PATH": "/nonexistent"}
    result = gedanken("run", "--replay", "run", "--out", "again", env=environment)
    assert result.returncode == 0, result.stderr
    replay_folder = tmp_path / "again"
    assert (replay_folder / "transcript.md").read_bytes() == (done / "transcript.md").read_bytes()
    assert output_texts(replay_folder) == output_texts(done)
    assert results_of(replay_folder) == results_of(done)


def test_a_run_that_came_to_its_end_is_not_gone_on_with_and_says_so(
    gedanken: Cli, done: Path, tmp_path: Path
) -> None:
    (tmp_path / "replies.yaml").unlink()
    log_before = (done / "log.jsonl").read_bytes()
    result = gedanken("resume", done, env=os.environ | {"PATH": "/nonexistent"})
    assert result.returncode == 0, result.stderr
    assert "there is nothing to resume" in result.stderr
    assert "Confidence:" in result.stdout
    assert (done / "log.jsonl").read_bytes() == log_before


def test_a_run_whose_engine_cannot_be_opened_is_not_called_killed(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PATH": "/nonexistent"}
    extend_result = gedanken("extend", "run", "--real", "3", env=environment)
    assert (extend_result.returncode, read_run(done).outcome.split(" is ")[0]) == (3, "stopped: bubblewrap")
    assert [run.state.split(" is ")[0] for run in list_runs(tmp_path)] == ["stopped: bubblewrap"]
    resume_result = gedanken("resume", "run")
    assert resume_result.returncode == 0, resume_result.stderr
    assert read_run(done).outcome == "done" and "line03-train-v1-real-3.txt" in output_texts(done)


def test_what_a_replay_does_not_find_is_an_error_and_no_live_call(done: Path, tmp_path: Path) -> None:
    for kind in ("replies", "executions"):
        entry = max((done / "ledger" / kind).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        content = entry.read_bytes()
        entry.unlink()
        with pytest.raises(BadInput, match="ledger"):
            asyncio.run(replay(done, Screen(), tmp_path / "again"))
        assert not (tmp_path / "again").exists()
        entry.write_bytes(content)


def test_more_seeds_and_samples_run_only_what_is_new_and_the_report_says_so(gedanken: Cli, done: Path) -> None:
    texts_before = output_texts(done)
    result = gedanken("extend", "run", "--real", "4", "--imagined", "3")
    assert result.returncode == 0, result.stderr
    texts_after = output_texts(done)
    assert {name: texts_after[name] for name in texts_before} == texts_before
    assert len(texts_after) == len(texts_before) + 4
    assert files_logged_twice(done) == []
    assert "the sample size was changed after results could be seen" in (done / "report.html").read_text()


def test_a_replay_and_a_fork_say_too_that_the_sample_size_was_changed(done: Path, tmp_path: Path) -> None:
    asyncio.run(extend(done, None, 2, Screen(), ResumeOptions()))
    asyncio.run(replay(done, Screen(), tmp_path / "again"))
    experiment = yaml.safe_load((tmp_path / "small.yaml").read_text())
    changes = Changes(Experiment.model_validate(experiment | {"script": [*experiment["script"], "pwd"]}))
    asyncio.run(fork(done, 4, changes, Screen(), ResumeOptions(), tmp_path / "fork"))
    for run in ("run", "again", "fork"):
        (note,) = [note for note in read_run(tmp_path / run).notes if note.startswith(RESIZED_NOTE)]
        assert "1 imagined run; now: 2 real runs and 2 imagined runs" in note
        for name in ("report.html", "comparison.json"):
            assert "the sample size was changed after results could be seen" in (tmp_path / run / name).read_text()


def test_a_run_is_not_made_smaller(done: Path) -> None:
    with pytest.raises(BadInput, match="2 real runs"):
        asyncio.run(extend(done, 1, None, Screen(), ResumeOptions()))


def test_what_would_add_nothing_does_not_change_the_sample_size(done: Path) -> None:
    spec, log_before = json.loads((done / "spec.json").read_text()), (done / "log.jsonl").read_bytes()
    commands = {**spec["experiment"], "script": [{"type": "pwd"}]}
    probe_design = ProbeDesign(families=("linear algebra",), sizes=(1,), groups=1, arms=("direct",)).model_dump(
        mode="json"
    )
    for changes, samples, problem in (
        ({"simulate": False}, 3, "nothing is imagined"),
        ({"experiment": commands}, 3, "no line of its script runs a program"),
        ({"probe": probe_design}, None, "a probe has no real"),
    ):
        (done / "spec.json").write_text(json.dumps(spec | changes))
        with pytest.raises(BadInput, match=problem):
            asyncio.run(extend(done, 4, samples, Screen(), ResumeOptions()))
    script_change = Changes(Experiment.model_validate(spec["experiment"] | {"script": ["pwd"]}))
    with pytest.raises(BadInput, match="a probe has no script"):
        asyncio.run(fork(done, 1, script_change, Screen(), ResumeOptions()))
    assert (done / "log.jsonl").read_bytes() == log_before


def test_a_fork_goes_on_differently_and_pays_only_for_that(gedanken: Cli, done: Path, tmp_path: Path) -> None:
    experiment = yaml.safe_load((tmp_path / "small.yaml").read_text())
    for script in ([*experiment["script"][:2], "echo other", "python3 train.py"], experiment["script"]):
        changes = Changes(Experiment.model_validate(experiment | {"script": script}))
        for line in (1, 2, 9) if script == experiment["script"] else (4, 9):
            with pytest.raises(BadInput):
                asyncio.run(fork(done, line, changes, Screen(), ResumeOptions(), tmp_path / "fork"))
    script = [*experiment["script"], "cat begun.txt"]
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(experiment | {"script": script}))
    result = gedanken("fork", done, "--at", "4", "--script", "other.yaml", "--out", "fork")
    assert result.returncode == 0, result.stderr
    original_texts, fork_texts = output_texts(done), output_texts(tmp_path / "fork")
    assert {name: fork_texts[name] for name in original_texts} == original_texts
    assert fork_texts.keys() - original_texts.keys() == {"line04-real-0.txt", "line04-imagined-0.txt"}
    assert fork_texts["line04-real-0.txt"] == b"begun\n"  # the workspace is as it was there
    assert read_run(tmp_path / "fork").spec.parent == "run at line 4"  # type: ignore[union-attr]


def test_killed_in_the_middle_it_goes_on_with_what_it_had(gedanken: Cli, begin: MakeCommand, tmp_path: Path) -> None:
    slow_program = PROGRAM.replace("for epoch", "import time\ntime.sleep(2)\nfor epoch")
    kill_run(begin(slow_program), tmp_path, lambda log: any(run.seed == 1 for run in log.executions))
    texts_before = output_texts(tmp_path / "run")
    cut_file, lost_file = sorted((tmp_path / "run" / "outputs").glob("line*-real-*.txt"))[:2]
    cut_file.write_text(cut_file.read_text()[:3])  # as a power failure may leave what is not flushed
    lost_file.unlink()
    result = gedanken("resume", "run")
    assert result.returncode == 0, result.stderr
    texts_after = output_texts(tmp_path / "run")
    assert {name: texts_after[name] for name in texts_before} == texts_before
    assert set(files_logged_twice(tmp_path / "run")) == {f"outputs/{cut_file.name}", f"outputs/{lost_file.name}"}
    log = read_run(tmp_path / "run")
    assert Counter(run.seed for run in log.executions if run.program and not run.imagined) == {0: 1, 1: 1, 2: 1}
    assert leftovers_of(tmp_path / "run") == []


@pytest.mark.docker
def test_what_ended_with_its_engine_is_no_result_and_is_run_again_where_it_began(
    gedanken: Cli, begin: MakeCommand, tmp_path: Path
) -> None:
    slow_program = (
        PROGRAM + "\nimport time\nopen('ran.txt', 'a').write('x')\ntime.sleep(4)\nprint(open('ran.txt').read())\n"
    )
    process = start_run(begin(slow_program, "--sandbox", "docker", "--real", "1", "--no-simulate"), tmp_path)
    wait_for_log(process, tmp_path, lambda log: any(work.who.startswith("line 3, seed 0") for work in log.under_way))
    filters = {"label": f"{RUN_LABEL}={run_id_of(tmp_path / 'run')}", "status": "running"}
    deadline = time.monotonic() + 300
    while not (containers := connect_docker().containers.list(filters=filters)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    containers[0].kill()  # as a machine that goes down does
    result = gedanken("resume", "run")
    assert result.returncode == 0, result.stderr
    log = read_run(tmp_path / "run")
    assert [(run.exit_code, run.stdout.split()[-1]) for run in log.executions if run.program and run.seed == 0] == [
        (0, "x")
    ]
    assert any("while no process watched it, perhaps because its engine ended" in note for note in log.notes)


def test_a_command_that_was_cut_off_begins_again_in_the_workspace_that_it_began_in(
    gedanken: Cli, going_on: MakeCommand, tmp_path: Path
) -> None:
    counting_program = (
        PROGRAM + "\nimport time\nopen('ran.txt', 'a').write('x')\ntime.sleep(2)\nprint(open('ran.txt').read())\n"
    )
    kill_run(going_on(counting_program), tmp_path, runs_last_line, wait=1.2)
    result = gedanken("resume", "run")
    assert result.returncode == 0, result.stderr
    runs = [run for run in read_run(tmp_path / "run").executions if run.program == "slow-v1" and run.seed]
    assert [run.stdout.split()[-1] for run in runs] == ["x", "x"]
    assert "begun\n" in [run.stdout for run in read_run(tmp_path / "run").executions]


def test_where_the_workspace_is_gone_it_is_made_again_and_that_is_said(
    gedanken: Cli, going_on: MakeCommand, tmp_path: Path
) -> None:
    slow_program = PROGRAM.replace("for epoch", "import time\ntime.sleep(2)\nfor epoch")
    kill_run(going_on(slow_program), tmp_path, lambda log: any(work.node == "replicate" for work in log.under_way))
    assert gedanken("sandbox", "clean").returncode == 0
    result = gedanken("resume", "run")
    assert result.returncode == 0, result.stderr
    log = read_run(tmp_path / "run")
    notes_of_repeats = [note for note in log.notes if "was run again, to restore the workspace" in note]
    commands = {"echo begun >> begun.txt; cat begun.txt", "python3 train.py"}
    assert {note.split(" was run")[0] for note in notes_of_repeats} <= commands
    assert notes_of_repeats
    assert "begun\n" in [run.stdout for run in log.executions]


def test_interrupted_it_says_how_to_go_on(
    gedanken: Cli, going_on: MakeCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_program = PROGRAM.replace("for epoch", "import time\ntime.sleep(3)\nfor epoch")
    process = start_run(going_on(slow_program), tmp_path)
    # After the signal, a command that only waits for cores would not be started.
    wait_for_log(process, tmp_path, lambda log: runs_last_line(log) and is_running("python3 slow.py"))
    process.send_signal(signal.SIGINT)
    _stdout, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().endswith("gedanken: interrupted; to continue: gedanken resume run")
    log = read_run(tmp_path / "run")
    assert log.outcome == "interrupted"
    # The running command was allowed to finish.
    assert [run.exit_code for run in log.executions if run.program == "slow-v1" and run.seed == 0] == [0]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="no unfinished run under runs/"):
        newest_unfinished()
    assert gedanken("resume", "run").returncode == 0
    assert files_logged_twice(tmp_path / "run") == []


def test_two_processes_cannot_work_on_one_run(gedanken: Cli, going_on: MakeCommand, tmp_path: Path) -> None:
    slow_program = PROGRAM.replace("for epoch", "import time\ntime.sleep(20)\nfor epoch")
    first_process = start_run(going_on(slow_program), tmp_path)
    wait_for_log(first_process, tmp_path, runs_last_line)
    first_process.send_signal(signal.SIGSTOP)  # so that it stays at work
    run = tmp_path / "run"
    result = gedanken("resume", "run")
    assert (result.returncode, result.stderr.count("this run is in use by another process")) == (2, 1)
    with pytest.raises(BadInput, match="this run is in use by another process"):
        asyncio.run(extend(run, 9, None, Screen(), ResumeOptions()))
    with pytest.raises(BadInput, match="this run is in use by another process"):
        remove_run(run)
    first_process.send_signal(signal.SIGCONT)
    first_process.send_signal(signal.SIGTERM)
    first_process.communicate(timeout=60)
    assert gedanken("runs", "rm", "run").returncode == 0
    assert not (tmp_path / "run").exists()
    assert leftovers_of(tmp_path / "run") == []


def test_runs_are_listed_with_their_state(done: Path, tmp_path: Path) -> None:
    count = len(read_run(done).executions)
    (tmp_path / "runs").mkdir()
    done.rename(tmp_path / "runs" / "one")
    (listed_run,) = list_runs(tmp_path / "runs")
    assert (Path(listed_run.run).name, listed_run.state, listed_run.executions) == ("one", "done", count)


def start_run(command: list[str], folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*GEDANKEN, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def kill_run(command: list[str], folder: Path, when: Callable[[Any], bool], wait: float = 0.0) -> None:
    """Start a run, and kill it `wait` seconds after its log fulfills the condition `when`."""
    process = start_run(command, folder)
    wait_for_log(process, folder, when)
    time.sleep(wait)
    process.kill()
    process.communicate()


def runs_last_line(log: RunLog) -> bool:
    """Whether the program of the fixture `going_on` is running on the real machine."""
    return any(work.who.startswith("line 5, seed 0") for work in log.under_way)


def is_running(command: str) -> bool:
    return any(command in " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))


def wait_for_log(process: "subprocess.Popen[str]", folder: Path, when: Callable[[Any], bool]) -> None:
    deadline = time.monotonic() + 500
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        log = folder / "run" / "log.jsonl"
        if log.exists() and b'"spec"' in log.read_bytes() and when(read_run(folder / "run")):
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


def output_texts(run: Path) -> dict[str, bytes]:
    """Every output and program of a run, by file name."""
    return {path.name: path.read_bytes() for part in ("outputs", "programs") for path in (run / part).iterdir()}


def results_of(run: Path) -> Any:
    """All results of a run, without its tokens and its cost, which a replay does not have."""
    comparison = json.loads((run / "comparison.json").read_text())
    return {name: value for name, value in comparison.items() if name not in ("tokens", "cost")}


def files_logged_twice(run: Path) -> list[str]:
    """The files of executions that the log records more than once."""
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    counts = Counter(event["files"]["stdout"] for event in events if event.get("kind") == "execution")
    return [name for name, count in counts.items() if count > 1]


def leftovers_of(run: Path) -> list[str]:
    return [thing.name for thing in list_leftovers([]) if thing.run == run_id_of(run)]
