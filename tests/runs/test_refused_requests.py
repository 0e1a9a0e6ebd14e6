"""A refused request is never sent again. Its run counts as finished, or names what the user can do."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Cli
from openai_server import Refusal, Server, serving
from test_resumed_failures import ENV, failed_in, run_of

from gedanken.listing import list_runs
from gedanken.records.kept_failures import REFUSED_NOTE, failures_of
from gedanken.records.read_run import read_run

TOO_LONG = Refusal(400, "this model's maximum context length is 16 tokens")
NEW_FIELD = ', "is_refused": true'


def refuse_requests(server: Server, *texts: str, seed: int | None = None) -> None:
    """Make the server refuse requests that end with one of these texts; if `seed` is given, only those with this
    seed.
    """

    def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
        is_meant = seed is None or request["seed"] == seed
        return TOO_LONG if is_meant and request["messages"][-1]["content"].rstrip().endswith(texts) else None

    server.judge = judge


def message_of_resume(gedanken: Cli, run: Path, server: Server) -> str:
    """The message of `resume` for a run in which nothing is left to do. No request may be sent, and the log must not
    change.
    """
    request_count, log_before = len(server.came), (run / "log.jsonl").read_bytes()
    result = gedanken("resume", run, "--base-url", server.address, env=ENV)
    assert result.returncode == 0, result.stderr
    assert (len(server.came), (run / "log.jsonl").read_bytes()) == (request_count, log_before)
    return " ".join(result.stderr.split())


@pytest.mark.bubblewrap
def test_a_run_of_which_a_sample_and_a_line_were_refused_is_finished(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        refuse_requests(server, "walk.py", "uptime", seed=0)
        run = run_of(gedanken, tmp_path, server, "uptime", "pwd")
        assert len(failed_in(run)) == 2
        message = message_of_resume(gedanken, run, server)
    assert "there is nothing to resume" in message and REFUSED_NOTE in message
    assert REFUSED_NOTE in read_run(run).notes and [listed_run.state for listed_run in list_runs(tmp_path)] == [
        "done"
    ]


@pytest.mark.bubblewrap
def test_a_probe_of_which_questions_were_refused_is_finished(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="07")) as server:
        server.judge = lambda number, _request: TOO_LONG if number % 2 else None
        arguments = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        result = gedanken("probe", *arguments, "--base-url", server.address, "--out", "probe", env=ENV)
        assert result.returncode == 0, result.stderr
        assert failures_of(read_run(tmp_path / "probe")).refused
        message = message_of_resume(gedanken, tmp_path / "probe", server)
    assert "there is nothing to resume" in message and REFUSED_NOTE in message


@pytest.mark.bubblewrap
def test_a_run_of_an_earlier_version_is_finished_after_one_more_resume(gedanken: Cli, tmp_path: Path) -> None:
    with serving(Server(text="0.5\n")) as server:
        refuse_requests(server, "walk.py", seed=2)
        run = run_of(gedanken, tmp_path, server)
        log = (run / "log.jsonl").read_text()
        assert NEW_FIELD in log
        (run / "log.jsonl").write_text(log.replace(NEW_FIELD, "").replace(', "is_refused": false', ""))
        assert failures_of(read_run(run)).repeated == 1
        request_count = len(server.came)
        result = gedanken("resume", run, "--base-url", server.address, env=ENV)
        assert result.returncode == 0 and "there is nothing to resume" not in result.stderr
        assert len(server.came) == request_count
        assert "there is nothing to resume" in message_of_resume(gedanken, run, server)


@pytest.mark.bubblewrap
def test_a_run_whose_program_the_server_refuses_to_write_says_what_helps(gedanken: Cli, tmp_path: Path) -> None:
    write_line = {"tell": "Write it.", "write": "train.py", "task": {"layers": 2, "epochs": 3}}
    (tmp_path / "small.yaml").write_text(
        yaml.safe_dump({"name": "small", "script": ["ls", write_line, "python3 train.py"]})
    )
    with serving(Server(text="```python\nprint(0.5)\n```\n")) as server:

        def judge(_number: int, request: dict[str, Any]) -> Refusal | None:
            is_coder = "Write it." in json.dumps(request["messages"]) and request["model"] == "small"
            return TOO_LONG if is_coder else None

        server.judge = judge
        address_options = ["--base-url", server.address]
        options = ["--model", "openai:small", *address_options, "--sandbox", "bubblewrap", "--no-surprisal"]
        run_result = gedanken(
            "run", "small.yaml", *options, "--real", "1", "--imagined", "1", "--out", "run", env=ENV
        )
        request_count = len(server.came)
        resume_result = gedanken("resume", "run", *address_options, env=ENV)
        assert len(server.came) == request_count
        for result in (run_result, resume_result):
            message = " ".join(result.stderr.split())
            assert result.returncode == 4
            assert "resuming the run does not help" in message and "gedanken fork RUN --at 2 --model" in message
            assert "gedanken resume" not in message
        fork_result = gedanken(
            "fork", "run", "--at", 2, "--model", "openai:other", *address_options, "--out", "fork", env=ENV
        )
    assert read_run(tmp_path / "fork").programs, fork_result.stderr


@pytest.mark.bubblewrap
def test_a_run_of_which_nothing_was_answered_says_that_resuming_does_not_help(gedanken: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"name": "one", "script": ["ls"]}))
    with serving(Server(judge=lambda _number, _request: TOO_LONG)) as server:
        options = ["--model", "openai:small", "--base-url", server.address, "--sandbox", "bubblewrap"]
        result = gedanken("run", "one.yaml", *options, "--real", "0", "--imagined", "0", "--out", "run", env=ENV)
    message = " ".join(result.stderr.split())
    assert result.returncode == 4 and "resuming the run does not help" in message
    assert "gedanken resume" not in message and "fork" not in message
