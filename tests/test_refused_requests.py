"""A request that the model's server refused is never sent again: a run with one is finished, or says what helps."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from busy import Refusal, Server, serving
from conftest import Cli
from test_healed_runs import ENV, failed_in, run_of

from gedanken.listing import list_runs
from gedanken.records.kept_failures import REFUSED, failures_of
from gedanken.records.read_run import read_run

TOO_LONG = Refusal(400, "this model's maximum context length is 16 tokens")
OLDER = ', "is_refused": true'


def refusing(server: Server, *texts: str, seed: int | None = None) -> None:
    """Have a server refuse requests that end with one of these texts, or only those with this seed."""

    def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
        is_meant = seed is None or request["seed"] == seed
        return TOO_LONG if is_meant and request["messages"][-1]["content"].rstrip().endswith(texts) else None

    server.judge = judge


def told_by_resume(gedanken: Cli, run: Path, server: Server) -> str:
    """What `resume` says of a run for which nothing is to be done: no request, and no change of its log."""
    came, log = len(server.came), (run / "log.jsonl").read_bytes()
    ended = gedanken("resume", run, "--base-url", server.address, env=ENV)
    assert ended.returncode == 0, ended.stderr
    assert (len(server.came), (run / "log.jsonl").read_bytes()) == (came, log)
    return " ".join(ended.stderr.split())


@pytest.mark.bubblewrap
def test_a_run_of_which_a_sample_and_a_line_were_refused_is_finished(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        refusing(server, "walk.py", "uptime", seed=0)
        run = run_of(gedanken, tmp_path, server, "uptime", "pwd")
        assert len(failed_in(run)) == 2
        told = told_by_resume(gedanken, run, server)
    assert "there is nothing to resume" in told and REFUSED in told
    assert REFUSED in read_run(run).notes and [one.state for one in list_runs(tmp_path)] == ["done"]


@pytest.mark.bubblewrap
def test_a_probe_of_which_questions_were_refused_is_finished(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        server.judge = lambda number, _request: TOO_LONG if number % 2 else None
        asked = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        probed = gedanken("probe", *asked, "--base-url", server.address, "--out", "probe", env=ENV)
        assert probed.returncode == 0, probed.stderr
        assert failures_of(read_run(tmp_path / "probe")).refused
        told = told_by_resume(gedanken, tmp_path / "probe", server)
    assert "there is nothing to resume" in told and REFUSED in told


@pytest.mark.bubblewrap
def test_a_run_of_an_earlier_version_is_finished_after_one_more_resume(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        refusing(server, "walk.py", seed=2)
        run = run_of(gedanken, tmp_path, server)
        log = (run / "log.jsonl").read_text()
        assert OLDER in log
        (run / "log.jsonl").write_text(log.replace(OLDER, "").replace(', "is_refused": false', ""))
        assert failures_of(read_run(run)).repeated == 1
        came = len(server.came)
        first = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert first.returncode == 0 and "there is nothing to resume" not in first.stderr
        assert len(server.came) == came
        assert "there is nothing to resume" in told_by_resume(gedanken, run, server)


@pytest.mark.bubblewrap
def test_a_run_whose_program_the_server_refuses_to_write_says_what_helps(gedanken: Cli, tmp_path: Path) -> None:
    written = {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}}
    (tmp_path / "small.yaml").write_text(
        yaml.safe_dump({"name": "small", "script": ["ls", written, "python3 train.py"]})
    )
    with serving(Server(text="```python\nprint(0.5)\n```\n")) as server:

        def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
            is_coder = "Write it." in json.dumps(request["messages"]) and request["model"] == "small"
            return TOO_LONG if is_coder else None

        server.judge = judge
        again = ["--base-url", server.address]
        named = ["--model", "openai:small", *again, "--sandbox", "bubblewrap", "--no-surprisal"]
        ended = gedanken("run", "small.yaml", *named, "--real", "1", "--imagined", "1", "--out", "run", env=ENV)
        came = len(server.came)
        resumed = gedanken("resume", "run", *again, env=ENV)
        assert len(server.came) == came
        for one in (ended, resumed):
            told = " ".join(one.stderr.split())
            assert one.returncode == 4
            assert "resuming the run does not help" in told and "gedanken fork RUN --at 2 --model" in told
            assert "gedanken resume" not in told
        forked = gedanken("fork", "run", "--at", 2, "--model", "openai:other", *again, "--out", "fork", env=ENV)
    assert read_run(tmp_path / "fork").programs, forked.stderr


@pytest.mark.bubblewrap
def test_a_run_of_which_nothing_was_answered_says_that_resuming_does_not_help(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"name": "one", "script": ["ls"]}))
    with serving(Server(judge=lambda _number, _request: TOO_LONG)) as server:
        named = ["--model", "openai:small", "--base-url", server.address, "--sandbox", "bubblewrap"]
        ended = gedanken("run", "one.yaml", *named, "--real", "0", "--imagined", "0", "--out", "run", env=ENV)
    told = " ".join(ended.stderr.split())
    assert ended.returncode == 4 and "resuming the run does not help" in told
    assert "gedanken resume" not in told and "fork" not in told
