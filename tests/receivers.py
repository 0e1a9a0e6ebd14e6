"""Servers that receive traces: a simple receiver, and Phoenix, an OpenTelemetry collector."""

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import httpx
import zstandard
from loopback import serve_http
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver(BaseHTTPRequestHandler):
    """Accepts and records everything that is sent to it."""

    bodies: ClassVar[list[bytes]] = []
    wire: ClassVar[list[bytes]] = []
    """Each request as text: its first line, headers and body."""

    def do_POST(self) -> None:
        body = self._read()
        coding = self.headers.get("Content-Encoding")
        if coding == "gzip":
            body = gzip.decompress(body)
        elif coding == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        self.bodies.append(body)
        self.wire.append(f"{self.requestline}\n{self.headers}".encode() + body)
        self._answer({})

    do_PATCH = do_POST

    def do_GET(self) -> None:
        self._answer({"version": "0.0.0"})

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def start_receiver() -> Iterator[tuple[str, type[Receiver]]]:
    """Start a new receiver; yield its address, and the class that collects what it received."""
    kind = type("Own", (Receiver,), {"bodies": [], "wire": []})
    with serve_http(kind) as address:
        yield address, kind


def langsmith_run_ids(receiver: type[Receiver]) -> list[str]:
    """Ids of the runs that LangSmith's client posted, as a multipart form or as JSON."""
    ids = []
    for body in receiver.bodies:
        ids += [run_id.decode() for run_id in re.findall(rb'name="post\.([0-9a-f-]{36})"', body)]
        if body.startswith(b"{"):
            payload: dict[str, Any] = json.loads(body)
            ids += [run["id"] for run in payload.get("post") or ([payload] if "run_type" in payload else [])]
    return ids


def spans_in(receiver: type[Receiver]) -> list[Span]:
    """The spans that a collector received, parsed with OpenTelemetry's own protobuf."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in receiver.bodies]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def phoenix() -> str | None:
    """The command that starts Phoenix; None if Phoenix is not installed. It needs a virtual environment of its
    own.
    """
    return os.environ.get("GEDANKEN_PHOENIX") or shutil.which("phoenix")


@contextmanager
def run_phoenix(folder: Path) -> Iterator[str]:
    """Run Phoenix in a separate process; yield its address."""
    command = phoenix()
    assert command
    ports = [free_port(), free_port()]
    environment = {
        **os.environ,
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(ports[0]),
        "PHOENIX_GRPC_PORT": str(ports[1]),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    address = f"http://127.0.0.1:{ports[0]}"
    with subprocess.Popen(
        [command, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_until(lambda: is_up(f"{address}/healthz"), 120)
            yield address
        finally:
            process.terminate()


def spans_in_phoenix(address: str) -> list[dict[str, Any]]:
    """The spans that Phoenix shows in the project `gedanken`."""
    reply = httpx.get(f"{address}/v1/projects/gedanken/spans", params={"limit": 1000})
    return list(reply.json()["data"]) if reply.status_code == 200 else []


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_up(address: str) -> bool:
    """Whether a server at this address answers with status 200."""
    try:
        return httpx.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(condition: Any, seconds: float) -> None:
    """Check a condition repeatedly until it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.2)
