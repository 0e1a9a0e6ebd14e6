"""If a process ends after it has stored a result, the command is not run again just to restore its workspace."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gedanken.experiment.execution import Limits
from gedanken.records.kept_machine import REPEATED, KeptMachine, keep_executions, reserve_nothing
from gedanken.records.ledger import Kind, Ledger
from gedanken.sandbox.host_engine import HostEngine
from gedanken.sandbox.machine import SandboxMachine

TRAIN = "echo trained >> file"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxMachine]:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    machine = SandboxMachine.open(HostEngine(Path(sys.prefix)), tmp_path, Limits(), run_id="stamped")
    yield machine
    machine.session.close()


def run_in_new_process(workspace: SandboxMachine, run: Path, *commands: str, notes: list[str]) -> list[str]:
    """The outputs of the commands, as a new process would get them."""

    async def run_commands(kept_machine: KeptMachine) -> list[str]:
        kept_machine.write("begun", "begun\n")
        return [(await kept_machine.run(command, label="line")).stdout for command in commands]

    return asyncio.run(run_commands(keep_executions(workspace, Ledger(run), print, notes.append, reserve_nothing)))


def fail_before_stamping(workspace: SandboxMachine, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original_stamp = KeptMachine._write_state

    def failing_stamp(self: KeptMachine, state: str | None, doing: str = "") -> None:
        if state is not None and self._steps[-1].command == TRAIN:
            raise OSError("No space left on device")
        original_stamp(self, state, doing)

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(KeptMachine, "_write_state", failing_stamp)
        run_in_new_process(workspace, run, TRAIN, notes=[])


def test_the_workspace_is_gone_on_with_after_a_result_was_stored(
    tmp_path: Path, workspace: SandboxMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_before_stamping(workspace, tmp_path, monkeypatch)
    notes: list[str] = []
    assert run_in_new_process(workspace, tmp_path, TRAIN, "cat begun file", notes=notes) == ["", "begun\ntrained\n"]
    assert notes == []


def test_it_is_restored_where_the_result_was_lost(
    tmp_path: Path, workspace: SandboxMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_before_stamping(workspace, tmp_path, monkeypatch)
    for entry in (tmp_path / "ledger/executions").glob("*.json"):
        entry.unlink()
    assert run_in_new_process(workspace, tmp_path, TRAIN, "cat begun file", notes=[]) == ["", "begun\ntrained\n"]


def test_another_command_that_was_cut_off_is_restored_as_before(
    tmp_path: Path, workspace: SandboxMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    run_in_new_process(workspace, tmp_path, TRAIN, notes=notes)
    original_put = Ledger.put

    def failing_put(self: Ledger, kind: Kind, key: str, value: dict[str, Any]) -> dict[str, Any]:
        if kind == "executions":
            raise OSError("No space left on device")
        return original_put(self, kind, key, value)

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(Ledger, "put", failing_put)
        run_in_new_process(workspace, tmp_path, TRAIN, "echo more >> file", notes=notes)
    assert run_in_new_process(workspace, tmp_path, TRAIN, "cat begun file", notes=notes)[1] == "begun\ntrained\n"
    assert not [note for note in notes if REPEATED in note]
