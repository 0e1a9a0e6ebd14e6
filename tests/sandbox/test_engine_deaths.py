"""A Docker engine that stops in the middle of a run."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import GEDANKEN
from relay import Relay
from small_run import PROGRAM, small_run_command

from gedanken.experiment.execution import Cause
from gedanken.records.read_run import read_run
from gedanken.runner import run_id_of
from gedanken.sandbox.connect import connect_docker


@pytest.mark.docker
def test_a_run_whose_engine_went_while_the_last_seed_ran_is_not_done_and_goes_on_later(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "docker.sock")
    arguments = small_run_command(
        tmp_path, PROGRAM + "import time; time.sleep(3)\n", "--sandbox", "docker", "--real", "1", "--no-simulate"
    )
    run = tmp_path / "run"
    first = subprocess.Popen(
        [*GEDANKEN, *arguments],
        cwd=tmp_path,
        env={**os.environ, "DOCKER_HOST": f"unix://{relay.path}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not _is_seed_running(run):
        assert first.poll() is None
        time.sleep(0.05)
    time.sleep(1)  # the engine answers the start of a container only after the container runs
    relay.cut()
    error_lines = first.communicate(timeout=120)[1].strip().splitlines()
    assert first.returncode == 3 and error_lines[-1].startswith("gedanken: the engine was lost: ")
    assert [execution.cause for execution in read_run(run).executions if execution.seed == 1] == [Cause.ENGINE_LOST]

    resumed = subprocess.run([*GEDANKEN, "resume", "run"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    assert [execution.cause for execution in read_run(run).executions if execution.seed == 1] == [Cause.FINISHED]
    assert _find_containers(run) == []


def _is_seed_running(run: Path) -> bool:
    try:
        events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    except (OSError, ValueError):
        return False
    is_replicated = any(event.get("node") == "replicate" for event in events)
    return is_replicated and any(
        container.status == "running" and container.name.endswith("-s1") for container in _find_containers(run)
    )


def _find_containers(run: Path) -> list[Any]:
    filters = {"label": f"gedanken.run={run_id_of(run)}"}
    containers: list[Any] = connect_docker().containers.list(all=True, filters=filters, ignore_removed=True)
    return containers
