"""A mark in the ledger announces a reply. Because of it, earlier failures are kept only if the reply was stored."""

from pathlib import Path

import pytest
import yaml
from conftest import Cli
from openai_server import Server, serving
from test_resumed_failures import ENV, FIVE, failed_in
from test_stored_failures import record_requests, run_until_killed

from gedanken.experiment.errors import BadInput
from gedanken.records.ledger import Ledger, digest

KILLED_AFTER_MARK = """
import os
from gedanken.records.ledger import Ledger
mark_answered = Ledger.mark_answered
def dying(self, place, *more):
    mark_answered(self, place, *more)
    if place == "line-2":
        os.kill(os.getpid(), 9)
Ledger.mark_answered = dying
from gedanken.cli.main import main
main()
"""


@pytest.mark.bubblewrap
def test_a_failure_on_which_nothing_was_built_is_asked_again_though_a_reply_was_announced(
    gedanken: Cli, tmp_path: Path
) -> None:
    with serving(Server(text="0.5\n")) as server:
        record_requests(server, "ls")
        (tmp_path / "five.yaml").write_text(yaml.safe_dump({"name": "five", "script": FIVE}))
        options = [
            "--model",
            "openai:small",
            "--sandbox",
            "bubblewrap",
            "--no-surprisal",
            "--base-url",
            server.address,
        ]
        run_arguments = ["run", "five.yaml", *options, "--real", "0", "--imagined", "0", "--out", "five"]
        run_until_killed(KILLED_AFTER_MARK, tmp_path, *run_arguments)
        requests = record_requests(server)
        result = gedanken("resume", "five", "--base-url", server.address, env=ENV)
    assert result.returncode == 0, result.stderr
    assert failed_in(tmp_path / "five") == [] and len(requests) == 4


def test_a_mark_counts_if_its_reply_was_stored(tmp_path: Path) -> None:
    ledger, key, other_key = Ledger(tmp_path), digest("one"), digest("other")
    ledger.mark_answered("line-7", key)
    ledger.mark_answered("line-7", other_key)
    ledger.mark_answered("line-3")
    assert Ledger(tmp_path, writes=False).answered_places() == {"line-3"}
    ledger.put("replies", other_key, {"no_reply": "busy", "may_pass": True})
    assert ledger.answered_places() == {"line-3"}
    ledger.put("replies", other_key, {"reply": {"text": "0.5"}})
    ledger.flush()
    assert ledger.answered_places() == {"line-3", "line-7"}
    path = ledger.path("replies", other_key)
    path.write_bytes(path.read_bytes()[:-1])
    assert ledger.answered_places() == {"line-3", "line-7"}
    Ledger(tmp_path / "fork").copy_from(ledger, ledger.answered_places, is_at_work=False)
    assert Ledger(tmp_path / "fork").answered_places() == {"line-3", "line-7"}


def test_marks_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    assert Ledger(tmp_path, writes=False).answered_places() == frozenset()
    marks = tmp_path / "ledger" / "answered"
    marks.parent.mkdir()
    marks.write_text("something")
    with pytest.raises(BadInput, match="not known which failed replies are to be kept"):
        Ledger(tmp_path, writes=False).answered_places()
    with pytest.raises(BadInput, match="answered: not a folder"):
        Ledger(tmp_path)
    assert marks.read_text() == "something"
    marks.unlink()
    marks.symlink_to(marks)
    with pytest.raises(BadInput, match="not known which failed replies are to be kept"):
        Ledger(tmp_path, writes=False).answered_places()
