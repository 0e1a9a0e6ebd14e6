"""The session of a killed run belongs to this run: no other run uses it, and removing the run removes it."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from conftest import Cli
from small_run import PROGRAM, small_run_command
from test_resuming import kill_run, leftovers_of, output_texts

from gedanken.experiment.execution import Limits
from gedanken.experiment.run_log import RunLog
from gedanken.listing import remove_run
from gedanken.records.read_log import random_id
from gedanken.runner import run_id_of
from gedanken.sandbox.marked_processes import find_marked
from gedanken.sandbox.owner import order_prefix
from gedanken.sandbox.session import Session, sessions_folder

pytestmark = pytest.mark.bubblewrap


def has_run(count: int) -> Callable[[RunLog], bool]:
    """Return a condition: whether at least `count` real runs of the program have ended."""
    return lambda log: sum(run.program is not None and not run.imagined for run in log.executions) >= count


def test_a_run_in_the_folder_of_a_deleted_one_takes_nothing_of_it(gedanken: Cli, tmp_path: Path) -> None:
    slow_program = PROGRAM + "import time; time.sleep(1)\n"
    kill_run(small_run_command(tmp_path, slow_program), tmp_path, has_run(1))
    run = tmp_path / "run"
    texts_before = {name: text for name, text in output_texts(run).items() if "train-v1-real" in name}
    assert leftovers_of(run)
    rmtree(run)
    result = gedanken(*small_run_command(tmp_path, slow_program))
    assert result.returncode == 0, result.stderr
    texts_after = output_texts(run)
    assert texts_before and all(texts_after[name] != text for name, text in texts_before.items())
    assert texts_after["line02-real-0.txt"] == b"begun\n"
    assert leftovers_of(run) == []


def test_a_run_that_an_earlier_version_began_still_finds_its_session(gedanken: Cli, tmp_path: Path) -> None:
    kill_run(small_run_command(tmp_path, PROGRAM + "import time; time.sleep(1)\n"), tmp_path, has_run(1))
    run = tmp_path / "run"
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    events_without_run = [{name: value for name, value in event.items() if name != "run"} for event in events]
    (run / "log.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events_without_run))
    (sessions_folder() / run_id_of(run) / "run").unlink()
    texts_before = output_texts(run)
    for entry in (run / "ledger" / "executions").glob("*.json"):
        entry.unlink()  # what ran is now known from the session alone
    assert gedanken("resume", "run").returncode == 0
    texts_after = output_texts(run)
    assert {name: texts_after[name] for name in texts_before if "train-v1-real" in name} == {
        name: text for name, text in texts_before.items() if "train-v1-real" in name
    }


def test_removing_a_killed_run_ends_its_program(gedanken: Cli, tmp_path: Path) -> None:
    slow_program = PROGRAM + "import time; time.sleep(300)\n"
    options = ("--sandbox", "host", "--i-trust-this-code", "--no-simulate")
    kill_run(
        small_run_command(tmp_path, slow_program, *options),
        tmp_path,
        lambda _log: bool(running_commands(tmp_path / "run")),
    )
    assert running_commands(tmp_path / "run")
    result = gedanken("runs", "rm", "run")
    assert result.returncode == 0, result.stderr
    assert running_commands(tmp_path / "run") == leftovers_of(tmp_path / "run") == []


@pytest.mark.parametrize("at", ["moved", "copied"])
def test_removing_a_moved_run_removes_its_workspaces_and_removing_a_copy_does_not(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setenv("GEDANKEN_CACHE", str(tmp_path / "cache"))
    session = Session.open(run_id_of(done), Limits(), run=random_id(done))
    other_session = Session.open("other-run", Limits(), run="another id")
    for opened_session in (session, other_session):
        opened_session.name_folder(done)
        opened_session.release()
        (opened_session.folder / "owner").write_text("")  # as if its process were dead
    if at == "copied":
        copytree(done, tmp_path / at)
    else:
        done.rename(tmp_path / at)
    remove_run(tmp_path / at)
    assert not (tmp_path / at).exists()
    assert (session.folder.exists(), other_session.folder.exists()) == (at == "copied", True)


def running_commands(run: Path) -> list[str]:
    """The processes of the run's program that are still running on this machine."""
    return [name for name in find_marked() if name.startswith(f"{order_prefix(run_id_of(run))}line3")]
