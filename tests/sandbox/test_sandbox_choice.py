"""Whole runs in each sandbox. The result names the sandbox, its limits, and what it could not enforce."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from scripted_runs import GOOD_PROGRAM, WriteReplies, scripted_replies, write_experiment

# The host needs the environment that bubblewrap's tests need.
MARKS = {"docker": "docker", "podman": "podman", "bubblewrap": "bubblewrap", "host": "bubblewrap"}
ALL_SANDBOXES = [pytest.param(name, marks=getattr(pytest.mark, mark)) for name, mark in MARKS.items()]
SAVING_PROGRAM = GOOD_PROGRAM + "open('weights.pt', 'w').write('w' * 100)\n"


def run_json(gedanken: Cli, *arguments: object) -> Any:
    result = gedanken("run", *arguments, "--real", 1, "--imagined", 1, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("sandbox", ALL_SANDBOXES)
def test_every_sandbox_runs_an_experiment_and_says_what_it_could_not_hold(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path, sandbox: str
) -> None:
    trust = ["--i-trust-this-code"] if sandbox == "host" else []
    model = scripted(scripted_replies(SAVING_PROGRAM))
    out = tmp_path / "out"
    result = run_json(
        gedanken, write_experiment(tmp_path), "--model", model, "--sandbox", sandbox, *trust, "--out", out
    )
    training_runs = [run_values for run_values in result["real"] if run_values["program"]]
    assert [(run_values["machine"], run_values["seed"], run_values["exit_code"]) for run_values in training_runs] == [
        (sandbox, 0, 0),
        (sandbox, 1, 0),
    ]
    assert training_runs[0]["stdout"] != training_runs[1]["stdout"]
    not_enforced = {line.split(":")[0] for line in result["machine"]["not_enforced"]}
    assert training_runs[0]["not_enforced"] == result["machine"]["not_enforced"]
    expected = {"docker": set(), "podman": set(), "bubblewrap": {"host files"}}
    assert not_enforced >= {"network", "memory"} if sandbox == "host" else not_enforced == expected[sandbox]
    artifact = training_runs[0]["artifacts"][0]
    content = (out / "artifacts" / artifact["path"]).read_bytes()
    assert (artifact["bytes"], artifact["sha256"]) == (100, hashlib.sha256(content).hexdigest())


@pytest.mark.docker
def test_limits_of_the_file_hold_and_flags_go_before_them(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path
) -> None:
    path = write_experiment(tmp_path, limits={"memory_mib": 256, "processes": 64})
    model = scripted(scripted_replies(GOOD_PROGRAM))
    limit_options = ["--limit", "memory_mib=300", "--limit", "wall_seconds=77.5"]
    limits = run_json(gedanken, path, "--model", model, *limit_options)["limits"]
    assert (limits["memory_mib"], limits["processes"], limits["wall_seconds"]) == (300, 64, 77.5)


@pytest.mark.docker
@pytest.mark.parametrize("gpus", ["all", "2", "0,1", "device=1"])
def test_gpus_that_no_engine_here_can_give_are_refused_before_anything_runs(
    gedanken: Cli, scripted: WriteReplies, tmp_path: Path, gpus: str
) -> None:
    if list(Path("/dev").glob("nvidia*")):
        pytest.skip("there are GPUs here")
    model = scripted(scripted_replies(GOOD_PROGRAM))
    result = gedanken("run", write_experiment(tmp_path), "--model", model, "--sandbox", "docker", "--gpus", gpus)
    assert result.returncode == 3
    assert f"--gpus {gpus}" in result.stderr and "nvidia-container-toolkit" in result.stderr


@pytest.mark.docker
def test_auto_asks_for_no_gpu_where_there_is_none(gedanken: Cli, scripted: WriteReplies, tmp_path: Path) -> None:
    if list(Path("/dev").glob("nvidia*")):
        pytest.skip("there are GPUs here")
    result = run_json(
        gedanken, write_experiment(tmp_path), "--model", scripted(scripted_replies(GOOD_PROGRAM)), "--gpus", "auto"
    )
    assert (result["machine"]["gpus_asked"], result["machine"]["gpus"]["count"]) == ("auto", 0)
    assert "gpus not seen" not in {finding["kind"] for finding in result["findings"]}
