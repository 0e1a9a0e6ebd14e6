"""What a resumed probe does with an answer that broke off before its end."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from loopback import serve_http
from test_resumed_failures import ENV

from gedanken.experiment.execution import Cause
from gedanken.records.read_run import read_run


@contextmanager
def serve_half_replies(is_broken: threading.Event) -> Iterator[str]:
    """A server whose replies break off before their end while `is_broken` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            finish_reason = None if is_broken.is_set() else "stop"
            choices: tuple[dict[str, Any], ...] = (
                {"delta": {"content": "07"}},
                {"delta": {}, "finish_reason": finish_reason},
            )
            for choice in choices:
                fields = {"id": "1", "created": 0, "model": "small", "object": "chat.completion.chunk"}
                self.wfile.write(f"data: {json.dumps({**fields, 'choices': [{'index': 0, **choice}]})}\n\n".encode())
                if finish_reason is None:
                    return
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with serve_http(Handler) as address:
        yield f"{address}/v1"


@pytest.mark.bubblewrap
def test_an_answer_that_broke_off_is_replaced_by_the_one_that_comes_later(gedanken: Cli, tmp_path: Path) -> None:
    is_broken = threading.Event()
    is_broken.set()
    with serve_half_replies(is_broken) as address:
        arguments = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        server_options = ["--base-url", address]
        probed = gedanken("probe", *arguments, *server_options, "--out", "probe", env=ENV)
        assert probed.returncode == 0, probed.stderr
        before = read_run(tmp_path / "probe").answers
        assert before and {answer.execution.cause for answer in before} == {Cause.BROKEN_OFF}
        is_broken.clear()
        first_resume = gedanken("resume", "probe", *server_options, env=ENV)
        assert first_resume.returncode == 0, first_resume.stderr
        after = read_run(tmp_path / "probe").answers
        assert len(after) == len(before) and {answer.execution.cause for answer in after} == {Cause.FINISHED}
        second_resume = gedanken("resume", "probe", *server_options, env=ENV)
    assert second_resume.returncode == 0 and "there is nothing to resume" in second_resume.stderr
