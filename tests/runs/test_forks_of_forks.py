"""A fork of a fork, in which some lines were answered by a model that is no longer used."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import GEDANKEN, Cli
from openai_server import Server, serving
from test_resumed_failures import ENV, FIVE, make_run_of_five, write_other_five

from gedanken.records.read_run import read_run

pytestmark = pytest.mark.bubblewrap

CLAIMS = {"name": "older", "os": "Ubuntu 18.04", "python": "3.6"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose fourth line was answered by another model than the lines before and after it."""
    folder = tmp_path_factory.mktemp("made")

    def gedanken(*command: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        words = [*GEDANKEN, *map(str, command)]
        return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=1500)

    with serving(Server(text="0.5\n")) as server:
        run, server_options = make_run_of_five(gedanken, folder, server)
        for line, model in ((4, "openai:other"), (5, "openai:small")):
            completed = gedanken(
                "fork", run, "--at", line, "--model", model, *server_options, "--out", f"from-{line}", env=ENV
            )
            assert completed.returncode == 0, completed.stderr
            run = folder / f"from-{line}"
    return run


@pytest.fixture
def twice(made: Path, tmp_path: Path) -> Path:
    """A copy of the run `made` for one test."""
    return shutil.copytree(made, tmp_path / "twice")


@pytest.mark.parametrize("change", ["--persona", "--script"])
def test_a_fork_that_would_need_a_model_that_is_not_asked_any_more_is_refused_before_it_pays(
    gedanken: Cli, tmp_path: Path, twice: Path, change: str
) -> None:
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(CLAIMS))
    script = write_other_five(tmp_path, FIVE[0], "id", *FIVE[2:])
    with serving(Server(text="0.7\n")) as server:
        options = [change, "claims.yaml" if change == "--persona" else script, "--base-url", server.address]
        refused = gedanken("fork", twice, "--at", 2, *options, "--out", "refused", env=ENV)
        assert (refused.returncode, server.came) == (2, []), refused.stderr
        message = " ".join(refused.stderr.split())
        assert "line 4 would need a new reply from openai:other" in message and "at line 5 or later" in message
        assert not (tmp_path / "refused").exists()
        all_new = gedanken("fork", twice, "--at", 2, *options, "--model", "openai:small", "--out", "one", env=ENV)
        assert all_new.returncode == 0, all_new.stderr
        assert len(server.came) == 4
        late_options = [
            change,
            "claims.yaml" if change == "--persona" else write_other_five(tmp_path, *FIVE[:4], "id"),
        ]
        late_fork = gedanken(
            "fork", twice, "--at", 5, *late_options, "--base-url", server.address, "--out", "later", env=ENV
        )
        assert late_fork.returncode == 0, late_fork.stderr
        assert len(server.came) == 4 + 1


def test_what_a_fork_paid_for_stays_though_a_reply_of_another_model_is_missing(
    gedanken: Cli, tmp_path: Path, twice: Path
) -> None:
    for line in (1, 3):
        _reply_entry(twice, line).unlink()
    with serving(Server(text="0.5\n")) as server:
        options = ["--script", write_other_five(tmp_path, *FIVE[:4], "id"), "--base-url", server.address]
        completed = gedanken("fork", twice, "--at", 5, *options, "--out", "fork", env=ENV)
        assert (completed.returncode, len(server.came)) == (2, 1), completed.stderr
    message = " ".join(completed.stderr.split())
    assert "what was paid for is kept in fork" in message and "resume" not in message
    assert _reply_entry(tmp_path / "fork", 1).exists()


def _reply_entry(run: Path, line: int) -> Path:
    """The ledger entry that contains the reply to a line."""
    seal = next(
        execution.seal for execution in read_run(run).executions if execution.imagined and execution.line == line
    )
    assert seal is not None
    entries = (run / "ledger" / "replies").glob("*.json")
    return next(path for path in entries if seal.sha256 in path.read_text())
