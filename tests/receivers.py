"""Real servers that traces are sent to: a LangSmith that only listens, and collectors of OpenTelemetry."""

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
from loopback import listening
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver(BaseHTTPRequestHandler):
    """Takes whatever is sent, and says nothing."""

    bodies: ClassVar[list[bytes]] = []
    wire: ClassVar[list[bytes]] = []
    """Each request with its headers."""

    def do_POST(self) -> None:
        """Take it."""
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
        """Say what a server says of itself."""
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
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[tuple[str, type[Receiver]]]:
    """A receiver of its own: its address, and what it took."""
    kind = type("Own", (Receiver,), {"bodies": [], "wire": []})
    with listening(kind) as address:
        yield address, kind


def posted_to_langsmith(took: type[Receiver]) -> list[str]:
    """Ids of the runs that LangSmith's client posted, in either of its ways to send."""
    ids = []
    for body in took.bodies:
        ids += [one.decode() for one in re.findall(rb'name="post\.([0-9a-f-]{36})"', body)]
        if body.startswith(b"{"):
            told: dict[str, Any] = json.loads(body)
            ids += [run["id"] for run in told.get("post") or ([told] if "run_type" in told else [])]
    return ids


def spans_in(took: type[Receiver]) -> list[Span]:
    """The spans that a collector took, read with OpenTelemetry's own protobuf."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in took.bodies]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def phoenix() -> str | None:
    """The command that serves Phoenix, where it is installed; it needs an environment of its own."""
    return os.environ.get("GEDANKEN_PHOENIX") or shutil.which("phoenix")


@contextmanager
def serving_phoenix(folder: Path) -> Iterator[str]:
    """Phoenix in a process of its own; yields its address."""
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
            until(lambda: answers(f"{address}/healthz"), 120)
            yield address
        finally:
            process.terminate()


def spans_in_phoenix(address: str) -> list[dict[str, Any]]:
    """The spans that Phoenix shows in the project of ours."""
    reply = httpx.get(f"{address}/v1/projects/gedanken/spans", params={"limit": 1000})
    return list(reply.json()["data"]) if reply.status_code == 200 else []


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        return httpx.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def until(there: Any, seconds: float) -> None:
    """Wait for something that another process does, which tells nobody when it is done."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
