"""A request gives a complete reply or an error, whatever the server does and whatever receives the text."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gedanken.agents.messages import Message
from gedanken.agents.model import Sampling
from gedanken.agents.model_errors import ModelBusy
from gedanken.agents.registry import open_model
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec


def make_chunk(text: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    body = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "small", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n".encode()


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a server that streams one piece of a reply. It then ends properly, or breaks off if the last
    message asks for that.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            last_message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(make_chunk("one"))
            if last_message != "break off":
                self.wfile.write(make_chunk("", "stop") + b"data: [DONE]\n\n")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def ask(address: str, text: str, on_text: object = None) -> str:
    async def main() -> str:
        async with open_model(ModelSpec(name="openai:small", base_url=address), Silent()) as model:
            sampling = Sampling(seed=0, max_tokens=16)
            return (await model.reply([Message("user", text)], sampling, role="test", on_text=on_text)).text  # type: ignore[arg-type]

    return asyncio.run(main())


def test_a_reply_that_ends_without_a_reason_was_broken_off_and_is_none(address: str) -> None:
    assert ask(address, "hello") == "one"
    with pytest.raises(ModelBusy, match="in the middle of the reply"):
        ask(address, "break off")


def test_a_listener_that_fails_is_not_a_model_that_failed(address: str) -> None:
    def fail_on_text(_text: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        ask(address, "hello", fail_on_text)
