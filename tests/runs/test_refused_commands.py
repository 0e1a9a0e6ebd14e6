"""A refused command leaves the run unchanged. A replay cannot be resumed, extended or forked."""

import asyncio
import json
from pathlib import Path

import pytest
from conftest import Cli

from gedanken.experiment.approval import Approve
from gedanken.experiment.errors import BadInput
from gedanken.experiment.run_log import DONE
from gedanken.forking import Changes, fork
from gedanken.listing import list_runs
from gedanken.loading.experiments_and_personas import load_persona
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.resuming import ResumeOptions, approve, extend, newest_unfinished, replay, resume
from gedanken.runner import run_id_of
from gedanken.terminal.screen import Screen

pytestmark = pytest.mark.bubblewrap


def remove_end(run: Path) -> None:
    """Change a run so that it looks as if its process was killed shortly before its end."""
    log = run / "log.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"kind": "ended"' not in line))
    (run / "report.html").unlink()


def test_a_replay_that_was_killed_is_not_gone_on_with_by_asking_everything_again(done: Path, tmp_path: Path) -> None:
    replay_folder = tmp_path / "runs" / "again"
    asyncio.run(replay(done, Screen(), replay_folder))
    remove_end(replay_folder)
    log_before = (replay_folder / "log.jsonl").read_bytes()
    changes = Changes(persona=load_persona("ubuntu-18.04-4x3090"))
    for refused_call in (
        resume(replay_folder, Screen(), ResumeOptions()),
        extend(replay_folder, 9, None, Screen(), ResumeOptions()),
        fork(replay_folder, 3, changes, Screen(), ResumeOptions(), tmp_path / "fork"),
    ):
        with pytest.raises(BadInput, match="a replay, which has no ledger"):
            asyncio.run(refused_call)
    with pytest.raises(BadInput, match="no unfinished run under runs/"):
        newest_unfinished()
    assert (replay_folder / "log.jsonl").read_bytes() == log_before
    assert not (tmp_path / "fork").exists()


def test_a_run_that_is_done_stays_done_where_approval_or_more_of_it_is_refused(done: Path) -> None:
    spec = (done / "spec.json").read_bytes()
    with pytest.raises(BadInput, match="no program of this run waits for approval"):
        asyncio.run(approve(done, Approve(), Screen(), ResumeOptions()))
    Ledger(done).put("about", "environment", {"environment": "another", "name": "bubblewrap"})
    with pytest.raises(BadInput, match="the environment has changed"):
        asyncio.run(extend(done, 9, None, Screen(), ResumeOptions()))
    assert read_run(done).outcome == DONE
    assert (done / "spec.json").read_bytes() == spec
    assert json.loads(spec)["real"] == 2
    assert any("stayed at 2 real runs" in note for note in read_run(done).notes)
    assert [run.state for run in list_runs(done.parent)] == [DONE]


@pytest.mark.parametrize(
    "more", [["--persona", "ubuntu-18.04-4x3090"], ["mnist"], ["--real", "7"], ["--no-surprisal"], ["--approve"]]
)
def test_what_a_replay_would_not_heed_is_refused(gedanken: Cli, done: Path, tmp_path: Path, more: list[str]) -> None:
    result = gedanken("run", "--replay", done, *more, "--out", "again")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "cannot be combined with it" in result.stderr
    assert not (tmp_path / "again").exists()


def test_a_folder_that_cannot_be_looked_into_has_not_no_runs(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing", tmp_path / "file"):
        result = gedanken("runs", "--in", path)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "no runs" in gedanken("runs").stdout  # the usual folder is made by the first run
    all_runs = gedanken("runs", "--in", "/proc/1", "--json")
    assert all_runs.returncode == 0, all_runs.stderr


def test_one_folder_that_cannot_be_read_hides_no_other(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed_folder, exists = done.with_name("closed"), Path.exists
    closed_folder.mkdir()

    def refuse(path: Path) -> bool:
        if closed_folder in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", refuse)
    assert {run.state for run in list_runs(done.parent)} == {DONE, "cannot be read: Permission denied"}


def test_a_run_has_one_workspace_by_whatever_path_its_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "link").symlink_to(run)
    monkeypatch.chdir(run)
    paths = (run, Path(), Path(), Path("../run"), tmp_path / "run" / ".." / "run", tmp_path / "link")
    assert len({run_id_of(path) for path in paths}) == 1
    assert run_id_of(tmp_path) != run_id_of(run)
