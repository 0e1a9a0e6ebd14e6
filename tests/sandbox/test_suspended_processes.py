"""If a process was suspended for a while (SIGSTOP), it does not report that its commands took too long."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gedanken.experiment.execution import Cause, Limits
from gedanken.sandbox.capture import Capture
from gedanken.sandbox.engine import HOOK
from gedanken.sandbox.machine import SandboxMachine


class StandInJob:
    """A job that ended while the process was suspended, or that never ends by itself."""

    def __init__(self, ends: bool) -> None:
        self.noticed = threading.Event()
        self.signals: list[str] = []
        self._has_ended = ends

    def age(self) -> float:
        return 0.0

    def read(self) -> Iterator[tuple[bytes, bytes]]:
        self.noticed.wait()
        time.sleep(0.3)
        while not self._has_ended:
            time.sleep(0.05)
        yield b"", b""

    def signal(self, name: str) -> None:
        self.signals.append(name)
        self._has_ended = True


@pytest.mark.parametrize(("ends", "stopped", "signals"), [(True, None, []), (False, Cause.TIMED_OUT, ["SIGTERM"])])
def test_a_command_that_ended_while_its_watcher_was_stopped_did_not_take_too_long(
    ends: bool, stopped: Cause | None, signals: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gedanken.sandbox.machine.PATIENCE_SECONDS", 1.5)
    job = StandInJob(ends)

    async def watch() -> Cause | None:
        def block_loop() -> None:
            time.sleep(2)
            job.noticed.set()

        asyncio.get_running_loop().call_later(0.1, block_loop)
        machine = SimpleNamespace(limits=Limits(wall_seconds=1), _wait_until_too_large=asyncio.Event().wait)
        return await SandboxMachine._watch(cast(Any, machine), cast(Any, job), Capture(1000))

    assert asyncio.run(watch()) is stopped
    assert job.signals == signals


def test_a_program_of_a_batch_whose_runner_was_stopped_did_not_take_too_long(tmp_path: Path) -> None:
    programs = [("sleeps", "import time\ntime.sleep(3)\nprint('done')"), ("too long", "import time\ntime.sleep(60)")]
    batch = {"seconds": 5, "bytes": 1000, "within": 60, "programs": programs}
    (tmp_path / "programs.json").write_text(json.dumps(batch))
    runner = [sys.executable, str(HOOK / "gedanken_batch.py"), str(tmp_path / "programs.json")]
    with subprocess.Popen(runner, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGSTOP)
        time.sleep(7)
        process.send_signal(signal.SIGCONT)
        stdout, _errors = process.communicate(timeout=60)
    results = {result["name"]: (result["end"], result["stdout"]) for result in map(json.loads, stdout.splitlines())}
    assert results == {"sleeps": ("finished", "done\n"), "too long": ("too long", "")}
