"""Which run `gedanken resume` continues if no folder is given."""

import os
from pathlib import Path

import pytest
from builders import program
from folders import spec_of

from gedanken.experiment.approval import Approve
from gedanken.experiment.budget import Budget
from gedanken.experiment.errors import AwaitsApproval, BudgetSpent, RequestRefused
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import DONE, INTERRUPTED
from gedanken.graphs.state import STOPPED
from gedanken.records.run_store import open_store
from gedanken.resuming import newest_unfinished
from gedanken.terminal.screen import Screen


class RecordingScreen(Screen):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(autouse=True)
def in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make_stopped_run(
    name: str, outcome: str | Exception | None, waiting_program: Program | None = None, *, is_approved: bool = False
) -> Path:
    """Make a run with this outcome; None means that it was killed.

    If `waiting_program` is given, the run waits for approval of this program, or was approved if `is_approved` is
    True.
    """
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    with open_store(folder, spec_of().model_copy(update={"approve": "all" if waiting_program else "none"})) as store:
        if waiting_program:
            store.keep_program(waiting_program)
        if waiting_program and is_approved:
            store.keep_decision(waiting_program, Approve())
        if outcome is not None:
            store.end(outcome if isinstance(outcome, str) else f"{STOPPED}{outcome}")
    return folder


def test_it_is_the_one_begun_last_and_not_the_one_whose_folder_was_touched_last() -> None:
    older_run, newer_run = make_stopped_run("z-old", INTERRUPTED), make_stopped_run("a-new", None)
    make_stopped_run("done", DONE)
    (older_run / "report.html").touch()
    os.utime(older_run, (4e9, 4e9))
    screen = RecordingScreen()
    assert newest_unfinished(screen) == newer_run
    assert screen.lines == ["resuming runs/a-new"]


WAITING_PROGRAM = program()
REFUSED = RequestRefused("the prompt is too long", 1)


@pytest.mark.parametrize(
    "outcome, waiting",
    [
        (AwaitsApproval(WAITING_PROGRAM.label, Path("run")), WAITING_PROGRAM),
        (None, WAITING_PROGRAM),
        (BudgetSpent("tokens 2 of 1", Path("run")), None),
        (REFUSED, None),
    ],
    ids=["waits for approval", "killed while a person was asked", "budget", "refused"],
)
def test_a_run_that_resuming_helps_goes_before_a_newer_one_that_it_does_not_help(
    outcome: Exception | None, waiting: Program | None
) -> None:
    helped_run = make_stopped_run("helped", f"{STOPPED}the server is busy")
    newer_run = make_stopped_run("newer", outcome, waiting)
    screen = RecordingScreen()
    assert newest_unfinished(screen) == helped_run
    assert screen.lines == ["resuming runs/helped; resuming does not help these newer runs: runs/newer"]
    (helped_run / "log.jsonl").unlink()
    assert newest_unfinished() == newer_run  # which then says what helps


def test_what_helps_makes_a_run_the_newest_again() -> None:
    make_stopped_run("older", INTERRUPTED)
    approved_run = make_stopped_run("approved", None, WAITING_PROGRAM, is_approved=True)
    assert newest_unfinished() == approved_run
    budget_run = make_stopped_run("spent", BudgetSpent("tokens 2 of 1", Path("run")))
    assert newest_unfinished() == approved_run
    assert newest_unfinished(budget=Budget(tokens=9)) == budget_run
