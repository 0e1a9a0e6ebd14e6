"""What a resumed probe does with an answer that broke off in the middle."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from loopback import listening
from test_healed_runs import ENV

from gedanken.experiment.execution import Cause
from gedanken.records.read_run import read_run


@contextmanager
def half_replying(is_broken: threading.Event) -> Iterator[str]:
    """A server whose replies end in the middle as long as `is_broken` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            ends = None if is_broken.is_set() else "stop"
            choices: tuple[dict[str, Any], ...] = ({"delta": {"content": "07"}}, {"delta": {}, "finish_reason": ends})
            for choice in choices:
                known = {"id": "1", "created": 0, "model": "small", "object": "chat.completion.chunk"}
                self.wfile.write(f"data: {json.dumps({**known, 'choices': [{'index': 0, **choice}]})}\n\n".encode())
                if ends is None:
                    return
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with listening(Handler) as address:
        yield f"{address}/v1"


@pytest.mark.bubblewrap
def test_an_answer_that_broke_off_is_replaced_by_the_one_that_comes_later(gedanken: Cli, tmp_path: Path) -> None:
    is_broken = threading.Event()
    is_broken.set()
    with half_replying(is_broken) as address:
        asked = ["state", "--sizes", "2", "--n", "1", "--model", "openai:small", "--sandbox", "bubblewrap"]
        again = ["--base-url", address]
        probed = gedanken("probe", *asked, *again, "--out", "probe", env=ENV)
        assert probed.returncode == 0, probed.stderr
        before = read_run(tmp_path / "probe").answers
        assert before and {one.execution.cause for one in before} == {Cause.BROKEN_OFF}
        is_broken.clear()
        healed = gedanken("resume", "probe", *again, env=ENV)
        assert healed.returncode == 0, healed.stderr
        after = read_run(tmp_path / "probe").answers
        assert len(after) == len(before) and {one.execution.cause for one in after} == {Cause.FINISHED}
        ended = gedanken("resume", "probe", *again, env=ENV)
    assert ended.returncode == 0 and "there is nothing to resume" in ended.stderr
