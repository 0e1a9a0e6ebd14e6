"""A run writes no more than can be read again. Work that would exceed that is refused before it begins."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import real
from folders import spec_of

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.run_spec import RunSpec
from gedanken.records import folder_space as room
from gedanken.records.budget_meter import RunMeter
from gedanken.records.folder_space import MOST_PRINTED_BYTES
from gedanken.records.kept_machine import KeptMachine, keep_executions
from gedanken.records.ledger import MOST_BYTES, Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.runner import run
from gedanken.sandbox.host_engine import HostEngine
from gedanken.sandbox.machine import SandboxMachine
from gedanken.terminal.screen import Screen


def spec_with_output_limit(output_bytes: int) -> RunSpec:
    spec = spec_of()
    return spec.model_copy(
        update={"experiment": spec.experiment.model_copy(update={"limits": Limits(output_bytes=output_bytes)})}
    )


def test_an_output_that_could_not_be_read_again_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "replies.yaml").write_text("[]")
    with pytest.raises(BadInput, match="output_bytes: 150000000: a run stores at most"):
        asyncio.run(run(spec_with_output_limit(150_000_000), Screen(), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("piece", ["\0", "\x1b", "\\xff", '"', "\N{MATHEMATICAL BOLD CAPITAL A}"])
def test_the_longest_outputs_of_a_run_are_read_again_from_its_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: str
) -> None:
    r"""Both limits are 1,024 times smaller than usual. Each undecodable byte is stored as the four characters
    `\xff`.
    """
    monkeypatch.setattr("gedanken.records.ledger.MOST_BYTES", MOST_BYTES >> 10)
    is_undecodable = piece == "\\xff"
    length = (MOST_PRINTED_BYTES >> 10) // (1 if is_undecodable else len(piece.encode()))
    entry = asdict(real(piece * (length - 1), terminal=piece * length))
    Ledger(tmp_path).put("executions", "one", entry)
    stored_entry = Ledger(tmp_path).get("executions", "one")
    assert stored_entry is not None and (stored_entry["stdout"], stored_entry["terminal"]) == (
        entry["stdout"],
        entry["terminal"],
    )


def executions_in_ledger(folder: Path) -> list[dict[str, Any]]:
    return list(Ledger(folder, writes=False).undamaged_entries("executions"))


def run_two_commands(machine: KeptMachine) -> list[Execution]:
    async def run_both() -> list[Execution]:
        return [await machine.run(command, label="one") for command in ("echo 1", "echo 2; echo 3 >&2")]

    return asyncio.run(run_both())


def test_equal_texts_are_in_an_entry_once_and_older_entries_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    real_machine = SandboxMachine.open(HostEngine(Path(sys.prefix)), tmp_path, Limits(), run_id="once")

    def open_kept_machine(store: RunStore) -> KeptMachine:
        return keep_executions(
            real_machine, Ledger(tmp_path / "run"), print, store.note, RunMeter(store, None).execution
        )

    (tmp_path / "run").mkdir()
    try:
        with open_store(tmp_path / "run", spec_of()) as store:
            executions = run_two_commands(open_kept_machine(store))
            assert [execution.terminal for execution in executions] == ["1\n", "2\n3\n"] and executions[
                1
            ].stdout == "2\n"
            assert sorted("terminal" in entry for entry in executions_in_ledger(tmp_path / "run")) == [False, True]
            assert run_two_commands(open_kept_machine(store)) == executions
            ledger = Ledger(tmp_path / "run")
            for path in (tmp_path / "run/ledger/executions").glob("*.json"):
                entry = ledger.get("executions", path.stem) or {}
                ledger.put("executions", path.stem, {"terminal": entry["stdout"], **entry})
            assert run_two_commands(open_kept_machine(store)) == executions
    finally:
        real_machine.session.close()


def test_a_folder_that_is_full_of_outputs_is_added_nothing_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_TEXT_BYTES", 10_000)

    async def run_once(store: RunStore) -> None:
        async with RunMeter(store, None).execution("one", 9, lambda: False):
            pass

    with open_store(tmp_path, spec_of()) as store:
        for seed in range(2):
            asyncio.run(run_once(store))
            store.keep_execution(real("x" * 6000, seed, program=None))
        with pytest.raises(BadInput, match="full: the outputs of a run"):
            asyncio.run(run_once(store))
    with reopen_store(tmp_path) as store:
        with pytest.raises(BadInput, match="full: the outputs of a run"):
            asyncio.run(run_once(store))
        with store.work("report", "the comparison"):  # work that adds no output goes on
            pass
    assert len(read_run(tmp_path).executions) == 2
