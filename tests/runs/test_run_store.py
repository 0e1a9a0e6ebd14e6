"""The store of a run has one writer, and its log can be read after any interruption."""

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from folders import IMAGINED, REAL, make_run, spec_of

from gedanken.experiment.approval import Reject
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import name_in_errors
from gedanken.experiment.run_log import DONE, UNFINISHED
from gedanken.experiment.use_events import Reserved
from gedanken.listing import list_runs, remove_run
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_lock import is_in_use
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.records.trunk import trunk_of

HOLDS_RUN = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from folders import spec_of
from gedanken.records.run_store import open_store
with open_store(Path({folder!r}), spec_of()):
    print("holds it", flush=True)
    time.sleep(900)
"""


def test_a_run_has_one_writer_until_its_process_is_gone(tmp_path: Path) -> None:
    program = HOLDS_RUN.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "holds it\n"
        log_before = (tmp_path / "log.jsonl").read_bytes()
        with pytest.raises(BadInput, match="this run is in use by another process"), open_store(tmp_path, spec_of()):
            pass
        assert (tmp_path / "log.jsonl").read_bytes() == log_before
        assert read_run(tmp_path).outcome == UNFINISHED  # reading waits for nobody
        process.kill()
    with reopen_store(tmp_path):
        pass


def test_who_only_looks_whether_a_run_is_at_work_does_not_keep_its_process_away(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of()):
        pass
    with (tmp_path / "log.jsonl").open() as log_file:
        fcntl.flock(log_file, fcntl.LOCK_SH)
        threading.Timer(0.1, log_file.close).start()
        with reopen_store(tmp_path):
            assert is_in_use(tmp_path)


def test_a_folder_in_which_another_process_began_a_run_meanwhile_gets_no_second_one(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of()):
        pass
    log_before = (tmp_path / "log.jsonl").read_bytes()
    with pytest.raises(BadInput, match="name another folder"), open_store(tmp_path, spec_of()):
        pass
    assert (tmp_path / "log.jsonl").read_bytes() == log_before


def test_what_a_person_decided_is_told_although_a_kill_took_its_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path)

    def die(_store: RunStore, _text: str) -> None:
        raise KeyboardInterrupt

    with reopen_store(tmp_path) as store:
        program = store.programs["train-v1"]
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(RunStore, "note", die)
            store.keep_decision(program, Reject(reason="too long"))
    note = "train-v1 was rejected by a person before it could run: too long"
    assert read_run(tmp_path).notes == (note,)
    with reopen_store(tmp_path) as store:
        store.note(note)
    assert read_run(tmp_path).notes == (note,)


def test_why_a_run_is_changed_is_told_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path, spec_of()):
        pass
    changed_spec = spec_of().model_copy(update={"real": 99})

    def die(_store: RunStore) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "write_spec", die)
    with pytest.raises(KeyboardInterrupt), reopen_store(tmp_path, changed_spec, "more runs after looking"):
        pass
    log = read_run(tmp_path)
    assert log.notes == ("more runs after looking",)
    assert log.spec == spec_of()


def test_nothing_is_begun_that_a_log_could_not_tell_and_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gedanken.records.folder_space.MOST_LOG_BYTES", (1 << 24) + 20_000)
    with open_store(tmp_path, spec_of()) as store:
        with pytest.raises(BadInput, match=r"log\.jsonl: full"):
            for number in range(1000):
                store.reserve(Reserved(name=str(number), read=1, written=1))
        with pytest.raises(BadInput, match=r"log\.jsonl: full"), store.work("simulate", "sample 1"):
            raise AssertionError("it was begun")
        store.note("results of what had begun still have room")
    assert 20_000 < (tmp_path / "log.jsonl").stat().st_size < 30_000


@pytest.mark.parametrize("removals", range(12))
def test_a_run_folder_that_is_half_removed_is_not_gone_on_with_and_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removals: int
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    make_run(run)
    removals_left, unlink = [removals], os.unlink

    def unlink_until_killed(*path: Any, **options: Any) -> None:
        removals_left[0] -= 1
        if removals_left[0] < 0:
            raise KeyboardInterrupt
        unlink(*path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink_until_killed)
        with pytest.raises(KeyboardInterrupt):
            remove_run(run)
    if removals:
        with pytest.raises(BadInput, match=r"spec\.json"), reopen_store(run):
            pass
    remove_run(run)
    assert not run.exists()


def test_half_a_report_that_a_kill_left_does_not_stay(tmp_path: Path) -> None:
    make_run(tmp_path)
    old_file, new_file = tmp_path / ".gedanken-0123456789abcdef", tmp_path / ".gedanken-fedcba9876543210"
    old_file.touch()
    os.utime(old_file, (0, 0))
    new_file.touch()
    with reopen_store(tmp_path):
        pass
    assert (old_file.exists(), new_file.exists()) == (False, True)


def test_a_log_with_bytes_that_are_no_text_is_damaged(tmp_path: Path) -> None:
    make_run(tmp_path)
    log = tmp_path / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"python3 train.py", b"python3 tr\xffin.py", 1))
    with pytest.raises(BadInput, match="damaged"):
        read_run(tmp_path)


def test_cut_anywhere_a_log_tells_what_was_written_whole(tmp_path: Path) -> None:
    complete_log = make_run(tmp_path)
    path = tmp_path / "log.jsonl"
    log_bytes = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(log_bytes) if byte == ord("\n")]
    execution_counts = []
    for end in ends:
        for length in (end, end - 1, end - 7):  # whole, without its end of line, and in its middle
            path.write_bytes(log_bytes[:length])
            if length < ends[0]:
                with pytest.raises(BadInput, match="the process ended before it recorded anything"):
                    read_run(tmp_path)
                continue
            log = read_run(tmp_path)
            assert (log.outcome, bool(log.notes)) == (DONE if length == ends[-1] else UNFINISHED, length != end)
            assert set(log.executions) <= set(complete_log.executions)
            execution_counts.append(len(log.executions))
    assert (min(execution_counts), max(execution_counts)) == (0, 8 + len(REAL) + len(IMAGINED))


def test_an_execution_whose_text_is_gone_or_cut_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    executions = make_run(tmp_path).executions
    missing_file, cut_file = (
        tmp_path / "outputs" / f"{label}.txt" for label in ("line02-train-v1-real-1", "line02-train-v1-real-2")
    )
    missing_file.unlink()
    cut_file.write_text(cut_file.read_text()[:-1])
    log = read_run(tmp_path)
    assert [execution.label for execution in executions if execution not in log.executions] == [
        missing_file.stem,
        cut_file.stem,
    ]
    assert [note.split()[0] for note in log.notes] == [f"outputs/{missing_file.name}", f"outputs/{cut_file.name}"]
    with reopen_store(tmp_path) as store:
        for execution in executions:
            store.keep_execution(execution)
    restored_log = read_run(tmp_path)
    assert (set(restored_log.executions), restored_log.notes) == (set(executions), ())


def test_a_program_whose_file_is_gone_is_left_out_with_its_runs_and_that_is_said(tmp_path: Path) -> None:
    complete_log = make_run(tmp_path)
    missing_file = tmp_path / "programs" / "train-v1.py"
    missing_file.unlink()
    log = read_run(tmp_path)
    assert log.programs == () and {execution.program for execution in log.executions} == {None}
    assert [note.split(" is missing")[0] for note in log.notes] == ["programs/train-v1.py"]
    with reopen_store(tmp_path) as store:
        with pytest.raises(BadInput, match="train-v1 was lost"):
            trunk_of(store)
        for program in complete_log.programs:
            store.keep_program(program)
        for execution in complete_log.executions:
            store.keep_execution(execution)
    restored_log = read_run(tmp_path)
    assert (restored_log.programs, set(restored_log.executions), restored_log.notes) == (
        complete_log.programs,
        set(complete_log.executions),
        (),
    )


def test_what_was_kept_and_came_out_differently_is_told(tmp_path: Path) -> None:
    executions = make_run(tmp_path).executions
    with reopen_store(tmp_path) as store:
        for execution in executions:
            store.keep_execution(execution)
    assert read_run(tmp_path).notes == ()
    real, imagined = (
        next(run for run in executions if run.imagined is is_imagined and run.program)
        for is_imagined in (False, True)
    )
    with reopen_store(tmp_path) as store:
        store.keep_execution(replace(real, stdout="other", terminal="other"))
        store.keep_execution(replace(imagined, raw_reply="other"))
    notes = read_run(tmp_path).notes
    assert [note.split(" now has another result")[0] for note in notes] == [real.label, imagined.label]


def test_minutes_are_counted_also_where_the_clock_is_set_meanwhile(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of()) as store:
        store.note("a minute later")
    log = tmp_path / "log.jsonl"
    *earlier_lines, last_line = log.read_text().splitlines()
    for clock_time in ("2001-01-01T00:00:00.000+00:00", "2101-01-01T00:00:00.000+00:00"):
        changed_line = json.dumps({**json.loads(last_line), "time": clock_time, "worked": 60.0})
        log.write_text("\n".join([*earlier_lines, changed_line, ""]))
        with reopen_store(tmp_path) as store:
            assert store.seconds_worked == 60.0


def test_what_the_log_names_is_on_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time something is flushed to disk, the folder is read: every file that the log names must exist."""
    execution_counts: list[int] = []
    flush = os.fsync

    def read_after_flush(descriptor: int) -> None:
        flush(descriptor)
        has_begun = (tmp_path / "log.jsonl").stat().st_size > 0
        execution_counts.append(len(read_run(tmp_path).executions) if has_begun else 0)

    monkeypatch.setattr(os, "fsync", read_after_flush)
    complete_log = make_run(tmp_path)
    assert execution_counts == sorted(execution_counts) and execution_counts[-1] == len(complete_log.executions)


def test_a_changed_spec_is_on_disk_before_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, flush, flushed = make_run(tmp_path).spec, os.fsync, list[Path | bytes]()
    assert spec is not None
    changed_spec = spec.model_copy(update={"real": 40})

    def record_flush(descriptor: int) -> None:
        flush(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}")
        flushed.append(path.readlink() if path.is_dir() else path.read_bytes())

    monkeypatch.setattr(os, "fsync", record_flush)
    with reopen_store(tmp_path, changed_spec, "forty are wanted"):
        pass
    spec_bytes = (tmp_path / "spec.json").read_bytes()
    assert b'"real": 40' in spec_bytes
    assert tmp_path in flushed[flushed.index(spec_bytes) :], "first the file, then the name"


@pytest.mark.parametrize(
    "planted, why",
    [
        ({"kind": "settled", "name": "one", "read": 10**400}, "settled.read"),
        ({"kind": "reserved", "name": "one", "written": 10**16}, "reserved.written"),
        ({"kind": "settled", "name": "one", "gpu_seconds": 1e300}, "settled.gpu_seconds"),
    ],
)
def test_amounts_that_nobody_can_have_used_are_damage(tmp_path: Path, planted: dict[str, Any], why: str) -> None:
    make_run(tmp_path / "planted")
    make_run(tmp_path / "mine")
    with (tmp_path / "planted" / "log.jsonl").open("a") as log:
        log.write(json.dumps({"time": "", **planted}) + "\n")
    with pytest.raises(BadInput, match=why):
        read_run(tmp_path / "planted")
    assert sorted(run.state[:14] for run in list_runs(tmp_path)) == ["cannot be read", "done"]


def test_an_execution_of_a_program_that_is_nowhere_is_damage_and_the_other_runs_are_listed(tmp_path: Path) -> None:
    make_run(tmp_path / "planted")
    make_run(tmp_path / "mine")
    log = tmp_path / "planted" / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"kind": "program"' not in line))
    with pytest.raises(BadInput, match="not among the programs"):
        read_run(tmp_path / "planted")
    assert sorted(run.state[:14] for run in list_runs(tmp_path)) == ["cannot be read", "done"]


def test_a_disk_that_is_full_is_named_with_the_file_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_store(tmp_path, spec_of()) as store:
        ledger = Ledger(tmp_path)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=re.escape(f"{tmp_path / 'log.jsonl'}")):
            store.note("something")
        ledger.put("replies", "one", {"reply": "text"})
        with pytest.raises(OSError, match=re.escape(f"{tmp_path / 'ledger/replies/one.json'}")):
            ledger.flush()
        monkeypatch.undo()
    with (
        pytest.raises(OSError, match="/dev/full"),
        name_in_errors(Path("/dev/full")),
        Path("/dev/full").open("w") as file,
    ):
        file.write("something")


@pytest.mark.parametrize(("name", "text"), [("run.json", '{"epochs": 3}'), ("log.jsonl", '{"loss": 0.5}\n')])
def test_a_folder_of_another_program_with_a_file_of_such_a_name_is_not_removed(
    tmp_path: Path, name: str, text: str
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / name).write_text(text)
    with pytest.raises(BadInput, match="nothing was removed"):
        remove_run(folder)
    assert (folder / name).read_text() == text
