"""Which run `gedanken resume` takes that is given no folder."""

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


class Told(Screen):
    """What a person is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(autouse=True)
def in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def begun(name: str, outcome: str | Exception | None, waiting: Program | None = None, *, says: bool = False) -> Path:
    """A run that ended so, or was killed; the coder's last program may wait for approval, or be approved."""
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    with open_store(folder, spec_of().model_copy(update={"approve": "all" if waiting else "none"})) as store:
        if waiting:
            store.keep_program(waiting)
        if waiting and says:
            store.keep_decision(waiting, Approve())
        if outcome is not None:
            store.end(outcome if isinstance(outcome, str) else f"{STOPPED}{outcome}")
    return folder


def test_it_is_the_one_begun_last_and_not_the_one_whose_folder_was_touched_last() -> None:
    old, new = begun("z-old", INTERRUPTED), begun("a-new", None)
    begun("done", DONE)
    (old / "report.html").touch()
    os.utime(old, (4e9, 4e9))
    told = Told()
    assert newest_unfinished(told) == new
    assert told.lines == ["resuming runs/a-new"]


WAITS = program()
REFUSED = RequestRefused("the prompt is too long", 1)


@pytest.mark.parametrize(
    "outcome, waiting",
    [
        (AwaitsApproval(WAITS.label, Path("run")), WAITS),
        (None, WAITS),
        (BudgetSpent("tokens 2 of 1", Path("run")), None),
        (REFUSED, None),
    ],
    ids=["waits for approval", "killed while a person was asked", "budget", "refused"],
)
def test_a_run_that_resuming_helps_goes_before_a_newer_one_that_it_does_not_help(
    outcome: Exception | None, waiting: Program | None
) -> None:
    helped = begun("helped", f"{STOPPED}the server is busy")
    newer = begun("newer", outcome, waiting)
    told = Told()
    assert newest_unfinished(told) == helped
    assert told.lines == ["resuming runs/helped; resuming does not help these newer runs: runs/newer"]
    (helped / "log.jsonl").unlink()
    assert newest_unfinished() == newer  # which then says what helps


def test_what_helps_makes_a_run_the_newest_again() -> None:
    begun("older", INTERRUPTED)
    approved = begun("approved", None, WAITS, says=True)
    assert newest_unfinished() == approved
    spent = begun("spent", BudgetSpent("tokens 2 of 1", Path("run")))
    assert newest_unfinished() == approved
    assert newest_unfinished(budget=Budget(tokens=9)) == spent
