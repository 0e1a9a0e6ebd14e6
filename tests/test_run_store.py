"""The store of a run: one writer, and a log that can be read whatever became of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from folders import IMAGINED, REAL, make_run, spec_of

from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_log import DONE, UNFINISHED
from gedanken.records.read_run import read_run
from gedanken.records.run_store import open_store, reopen_store

HOLDS = """
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
    program = HOLDS.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "holds it\n"
        before = (tmp_path / "log.jsonl").read_bytes()
        with pytest.raises(BadInput, match="this run is in use by another process"), open_store(tmp_path, spec_of()):
            pass
        assert (tmp_path / "log.jsonl").read_bytes() == before
        assert read_run(tmp_path).outcome == UNFINISHED  # reading waits for nobody
        holder.kill()
    with open_store(tmp_path, spec_of()):
        pass


def test_cut_anywhere_a_log_tells_what_was_written_whole(tmp_path: Path) -> None:
    whole = make_run(tmp_path)
    path = tmp_path / "log.jsonl"
    written = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(written) if byte == ord("\n")]
    seen = []
    for end in ends:
        for cut in (end, end - 1, end - 7):  # whole, without its end of line, and in its middle
            path.write_bytes(written[:cut])
            if cut < ends[0]:
                with pytest.raises(BadInput, match="its process ended before it recorded anything"):
                    read_run(tmp_path)
                continue
            log = read_run(tmp_path)
            assert (log.outcome, bool(log.notes)) == (DONE if cut == ends[-1] else UNFINISHED, cut != end)
            assert set(log.executions) <= set(whole.executions)
            seen.append(len(log.executions))
    assert (min(seen), max(seen)) == (0, 8 + len(REAL) + len(IMAGINED))


def test_an_execution_whose_text_is_gone_or_cut_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    whole = make_run(tmp_path).executions
    gone, cut = (
        tmp_path / "outputs" / f"{label}.txt" for label in ("line02-train-v1-real-1", "line02-train-v1-real-2")
    )
    gone.unlink()
    cut.write_text(cut.read_text()[:-1])
    log = read_run(tmp_path)
    assert [one.label for one in whole if one not in log.executions] == [gone.stem, cut.stem]
    assert [note.split()[0] for note in log.notes] == [f"outputs/{gone.name}", f"outputs/{cut.name}"]
    with reopen_store(tmp_path) as store:
        for execution in whole:
            store.keep_execution(execution)
    back = read_run(tmp_path)
    assert (set(back.executions), back.notes) == (set(whole), ())


def test_minutes_are_counted_also_where_the_clock_is_set_meanwhile(tmp_path: Path) -> None:
    with open_store(tmp_path, spec_of()) as store:
        store.note("a minute later")
    log = tmp_path / "log.jsonl"
    *before, last = log.read_text().splitlines()
    for jumped in ("2001-01-01T00:00:00.000+00:00", "2101-01-01T00:00:00.000+00:00"):
        told = json.dumps({**json.loads(last), "time": jumped, "worked": 60.0})
        log.write_text("\n".join([*before, told, ""]))
        with reopen_store(tmp_path) as store:
            assert store.seconds_worked == 60.0


def test_what_the_log_names_is_on_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each flush to disk the folder as it stands is read: nothing that the log tells of is missing."""
    told: list[int] = []
    flush = os.fsync

    def look(descriptor: int) -> None:
        flush(descriptor)
        told.append(len(read_run(tmp_path).executions))

    monkeypatch.setattr(os, "fsync", look)
    whole = make_run(tmp_path)
    assert told == sorted(told) and told[-1] == len(whole.executions)
