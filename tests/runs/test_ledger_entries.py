"""An entry of the ledger is exactly what was written under its key. A damaged entry counts as missing, and is
noted.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from folders import make_run, spec_of

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause, Execution
from gedanken.graphs.context import _ledger_of
from gedanken.records.kept_machine import replay_machine
from gedanken.records.ledger import Ledger, digest
from gedanken.records.run_store import open_store, reopen_store


def flip_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    (path / "inner").mkdir(parents=True)


def replace_by_other_entry(path: Path) -> None:
    path.write_bytes(path.with_name("other.json").read_bytes())


@pytest.mark.parametrize("damage", [flip_bit, replace_by_folder, replace_by_other_entry])
def test_a_damaged_entry_is_none_is_said_and_can_be_written_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    notes: list[str] = []
    ledger = Ledger(tmp_path, note=notes.append)
    ledger.put("replies", "one", {"text": "first"})
    ledger.put("replies", "other", {"text": "second"})
    ledger.flush()
    damage(tmp_path / "ledger/replies/one.json")
    with pytest.raises(BadInput, match=r"one\.json: damaged"):
        Ledger(tmp_path, writes=False).get("replies", "one")
    assert ledger.get("replies", "one") is None
    assert ledger.get("replies", "missing") is None
    assert [note.split()[0] for note in notes] == ["ledger/replies/one.json"]
    ledger.put("replies", "one", {"text": "again"})
    assert ledger.get("replies", "one") == {"text": "again"}


def test_an_entry_that_is_moved_to_another_key_is_what_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("about", "model", {"name": "first"})
    ledger.rename("about", "model", "model-0")
    assert (ledger.get("about", "model"), ledger.get("about", "model-0")) == (None, {"name": "first"})


def test_no_file_is_changed_that_a_planted_link_belongs_to(tmp_path: Path) -> None:
    user_file = tmp_path / "mine"
    user_file.write_text("mine")
    run = tmp_path / "run"
    run.mkdir()
    make_run(run)
    ledger = Ledger(run)
    ledger.put("replies", "one", {"text": "first"})
    os.link(user_file, run / "ledger/replies/one.new")
    for name in ("run.json", "spec.json", "transcript.md"):
        os.link(user_file, run / f".{name}.new")
    ledger.put("replies", "one", {"text": "second"})
    with reopen_store(run, spec_of()) as store:
        store.finish("done")
    os.link(user_file, run / "trace.jsonl")
    with pytest.raises(BadInput, match=r"trace\.jsonl.*hard link"), reopen_store(run):
        pass
    assert user_file.read_text() == "mine"


def test_an_entry_does_not_name_the_files_that_its_output_is_written_to(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.put("about", "environment", {"environment": "here", "name": "bubblewrap"})
    planted = Execution("bubblewrap", "ls", 0, Cause.FINISHED, 0.1, "", "", program="../../a", called="../../b")
    machine = replay_machine(ledger)
    key = digest(["here", machine._state, "ls", 0, False])
    ledger.put("executions", key, asdict(planted))
    assert ".." not in asyncio.run(machine.run("ls")).label


def test_without_its_ledger_a_run_is_not_done_all_over_again(tmp_path: Path) -> None:
    make_run(tmp_path)
    with reopen_store(tmp_path) as store, pytest.raises(BadInput, match="pay for all its finished work again"):
        _ledger_of(store)
    (tmp_path / "new").mkdir()
    with open_store(tmp_path / "new", spec_of()) as store:
        assert _ledger_of(store).get("about", "environment") is None


def test_entries_of_which_nobody_knows_what_they_belong_to_are_not_added_to(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.check_start_record("model", "replies")
    ledger.put("replies", "one", {"text": "first"})
    with pytest.raises(BadInput, match=r"about/model\.json"):
        ledger.check_start_record("model", "replies")
    ledger.put("about", "model-0", {"name": "that of the lines before a fork"})
    ledger.check_start_record("model", "replies")
