"""A server on loopback with vLLM's protocol. Its replies follow rules, and it returns the log-probabilities of a
prompt.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import serve_http

TEMPLATE = "<|im_start|>{role}\n{content}<|im_end|>\n"
LOG_P = -0.5
"""The log-probability of every token. A token is a word, or a single character between words."""


@dataclass
class Server:
    """The server's replies, and the requests that it received, in order."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    scores: bool = True
    """Whether the server returns `prompt_logprobs`. Servers other than vLLM ignore this setting."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    def reply(self, request: dict[str, Any]) -> str:
        last_message = request["messages"][-1]["content"]
        samples = next((rule["samples"] for rule in self.rules if rule["when"] in last_message), [""])
        return str(samples[request.get("seed", 0) % len(samples)])

    def prompt_logprobs(self, request: dict[str, Any]) -> list[dict[str, Any] | None]:
        *earlier, last_message = request["messages"]
        text = "".join(TEMPLATE.format(**message) for message in earlier)
        text += TEMPLATE.format(**last_message).removesuffix("<|im_end|>\n")
        tokens = re.findall(r"\w+|[^\w]", text)
        scored_tokens = [
            {str(number): {"logprob": LOG_P, "decoded_token": word}} for number, word in enumerate(tokens)
        ]
        return [None, *scored_tokens[1:]]


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run the server at `server.address` during the `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(request)
            common_fields: dict[str, Any] = {"id": "1", "created": 0, "model": request["model"]}
            self.send_response(200)
            if request.get("stream"):
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                delta = {"role": "assistant", "content": server.reply(request)}
                for choice in ({"delta": delta}, {"delta": {}, "finish_reason": "stop"}):
                    chunk = {**common_fields, "object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]}
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")
                return
            message = {"role": "assistant", "content": "."}
            answer = {**common_fields, "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
            if server.scores and "prompt_logprobs" in request:
                answer["prompt_logprobs"] = server.prompt_logprobs(request)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with serve_http(Handler) as address:
        server.address = f"{address}/v1"
        yield server
