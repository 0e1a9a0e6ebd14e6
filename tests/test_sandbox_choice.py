"""Whole runs in each sandbox: the result says which it was, what it could not hold, and what was asked of it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from test_run_scripted import GOOD, Scripted, experiment, replies

# The host needs the environment that bubblewrap's tests need.
MARKS = {"docker": "docker", "podman": "podman", "bubblewrap": "bubblewrap", "host": "bubblewrap"}
EVERY = [pytest.param(name, marks=getattr(pytest.mark, mark)) for name, mark in MARKS.items()]
SAVES = GOOD + "open('weights.pt', 'w').write('w' * 100)\n"


def run(gedanken: Cli, *arguments: object) -> Any:
    done = gedanken("run", *arguments, "--real", 1, "--imagined", 1, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("sandbox", EVERY)
def test_every_sandbox_runs_an_experiment_and_says_what_it_could_not_hold(
    gedanken: Cli, scripted: Scripted, tmp_path: Path, sandbox: str
) -> None:
    trust = ["--i-trust-this-code"] if sandbox == "host" else []
    model = scripted(replies(SAVES))
    out = tmp_path / "out"
    result = run(gedanken, experiment(tmp_path), "--model", model, "--sandbox", sandbox, *trust, "--out", out)
    trained = [one for one in result["real"] if one["program"]]
    assert [(one["machine"], one["seed"], one["exit_code"]) for one in trained] == [(sandbox, 0, 0), (sandbox, 1, 0)]
    assert trained[0]["stdout"] != trained[1]["stdout"]
    not_enforced = {line.split(":")[0] for line in result["machine"]["not_enforced"]}
    assert trained[0]["not_enforced"] == result["machine"]["not_enforced"]
    expected = {"docker": set(), "podman": set(), "bubblewrap": {"host files"}}
    assert not_enforced >= {"network", "memory"} if sandbox == "host" else not_enforced == expected[sandbox]
    kept = trained[0]["artifacts"][0]
    content = (out / "artifacts" / kept["path"]).read_bytes()
    assert (kept["bytes"], kept["sha256"]) == (100, hashlib.sha256(content).hexdigest())


@pytest.mark.docker
def test_limits_of_the_file_hold_and_flags_go_before_them(gedanken: Cli, scripted: Scripted, tmp_path: Path) -> None:
    path = experiment(tmp_path, limits={"memory_mib": 256, "processes": 64})
    model = scripted(replies(GOOD))
    asked = ["--limit", "memory_mib=300", "--limit", "wall_seconds=77.5"]
    limits = run(gedanken, path, "--model", model, *asked)["limits"]
    assert (limits["memory_mib"], limits["processes"], limits["wall_seconds"]) == (300, 64, 77.5)


@pytest.mark.docker
@pytest.mark.parametrize("gpus", ["all", "2", "0,1", "device=1"])
def test_gpus_that_no_engine_here_can_give_are_refused_before_anything_runs(
    gedanken: Cli, scripted: Scripted, tmp_path: Path, gpus: str
) -> None:
    if list(Path("/dev").glob("nvidia*")):
        pytest.skip("there are GPUs here")
    model = scripted(replies(GOOD))
    done = gedanken("run", experiment(tmp_path), "--model", model, "--sandbox", "docker", "--gpus", gpus)
    assert done.returncode == 3
    assert f"--gpus {gpus}" in done.stderr and "nvidia-container-toolkit" in done.stderr


@pytest.mark.docker
def test_auto_asks_for_no_gpu_where_there_is_none(gedanken: Cli, scripted: Scripted, tmp_path: Path) -> None:
    if list(Path("/dev").glob("nvidia*")):
        pytest.skip("there are GPUs here")
    result = run(gedanken, experiment(tmp_path), "--model", scripted(replies(GOOD)), "--gpus", "auto")
    assert (result["machine"]["gpus_asked"], result["machine"]["gpus"]["count"]) == ("auto", 0)
    assert "gpus not seen" not in {finding["kind"] for finding in result["findings"]}
