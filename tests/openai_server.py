"""A server on loopback with OpenAI's protocol. As a test asks, it refuses requests, is slow, or fails."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from loopback import serve_http


class Refusal(NamedTuple):
    """An error response instead of a reply."""

    status: int
    message: str = "no"
    headers: tuple[tuple[str, str], ...] = ()


RefusalRule = Callable[[int, dict[str, Any]], Refusal | None]
"""Takes the number of a request, from 1, and its body. Returns how the request is refused; None if it gets a reply.
"""


@dataclass
class Server:
    """How the server behaves, and what it has counted."""

    judge: RefusalRule = lambda _number, _request: None
    seconds: float = 0.0
    """Seconds to wait before each reply."""
    text: str = "said"
    came: list[float] = field(default_factory=list)
    """When each request arrived, on the monotonic clock."""
    most_at_once: int = 0
    replies: int = 0
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _active: int = 0

    def judged(self, request: dict[str, Any]) -> Refusal | None:
        """Count the request as begun. Return how it is refused; None if it gets a reply."""
        with self.lock:
            self.came.append(time.monotonic())
            self._active += 1
            self.most_at_once = max(self.most_at_once, self._active)
            return self.judge(len(self.came), request)

    def done(self, replied: bool) -> None:
        """Count the request as answered."""
        with self.lock:
            self._active -= 1
            self.replies += replied


def sliding_window(most: int, seconds: float, *, says_when: bool = True) -> RefusalRule:
    """Allow `most` requests in any period of `seconds`; refused requests do not count."""
    times: deque[float] = deque()

    def judge(_number: int, _request: dict[str, Any]) -> Refusal | None:
        now = time.monotonic()
        while times and now - times[0] >= seconds:
            times.popleft()
        if len(times) < most:
            times.append(now)
            return None
        wait = str(int(1000 * (seconds - now + times[0])) + 1)
        return Refusal(429, "too many requests", (("retry-after-ms", wait),) if says_when else ())

    return judge


def fixed_window(most: int, seconds: float) -> RefusalRule:
    """Allow `most` requests in each period of `seconds` on the server's own clock. A refusal does not say when the
    period ends.
    """
    counts: dict[int, int] = {}

    def judge(_number: int, _request: dict[str, Any]) -> Refusal | None:
        window = int(time.monotonic() / seconds)
        if counts.get(window, 0) >= most:
            return Refusal(429, "too many requests")
        counts[window] = counts.get(window, 0) + 1
        return None

    return judge


def token_bucket(most: int, per_second: float) -> RefusalRule:
    """Allow requests as a token bucket does: `most` at first, and `per_second` more in each second."""
    tokens, last = float(most), time.monotonic()

    def judge(_number: int, _request: dict[str, Any]) -> Refusal | None:
        nonlocal tokens, last
        now = time.monotonic()
        tokens, last = min(most, tokens + (now - last) * per_second), now
        if tokens < 1:
            wait = str(int(1000 * (1 - tokens) / per_second) + 1)
            return Refusal(429, "too many requests", (("retry-after-ms", wait),))
        tokens -= 1
        return None

    return judge


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run the server at `server.address` during the `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            refusal = server.judged(request)
            if refusal is None:
                time.sleep(server.seconds)
            # The client may send its next request as soon as it has the answer, so this one is counted before.
            server.done(replied=refusal is None)
            if refusal is not None:
                self._refuse(refusal)
            else:
                self._reply(request)

        def _refuse(self, refusal: Refusal) -> None:
            body = json.dumps({"error": {"message": refusal.message}}).encode()
            self.send_response(refusal.status)
            for name, value in (*refusal.headers, ("Content-Type", "application/json")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _reply(self, request: dict[str, Any]) -> None:
            fields: dict[str, Any] = {"id": "1", "created": 0, "model": request["model"]}
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            delta = {"role": "assistant", "content": server.text}
            for choice in ({"delta": delta}, {"delta": {}, "finish_reason": "stop"}):
                chunk = {**fields, "object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    with serve_http(Handler) as address:
        server.address = f"{address}/v1"
        yield server
