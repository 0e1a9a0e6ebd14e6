"""What the first process in a sandbox must do, tested outside any sandbox."""

import os
import resource
import subprocess
from pathlib import Path

import pytest

from gedanken.sandbox.engine import FIRST_SCRIPT


def run(command: str, folder: Path, seconds: int) -> tuple[int, float]:
    """Run a command as a sandbox does; return its exit code and the processor seconds of all its processes."""
    usage_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    completed = subprocess.run(
        ["bash", FIRST_SCRIPT, str(seconds), "1", command],
        env={**os.environ, "GEDANKEN_SESSION": str(folder)},
        stdout=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    usage_after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        completed.returncode,
        usage_after.ru_utime + usage_after.ru_stime - usage_before.ru_utime - usage_before.ru_stime,
    )


@pytest.mark.parametrize("whom", ["$PPID", "0"], ids=["its clock", "its group, clock and all"])
def test_a_command_that_stops_its_own_clock_is_ended_all_the_same(whom: str, tmp_path: Path) -> None:
    code, _processor = run(f"kill -STOP {whom}; sleep 60", tmp_path, seconds=2)

    assert code == 124


def test_waiting_for_a_stopped_command_takes_no_processor(tmp_path: Path) -> None:
    _code, processor = run("kill -STOP 0", tmp_path, seconds=3)

    assert processor < 1
