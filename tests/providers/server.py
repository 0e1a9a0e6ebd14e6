"""A small HTTP server on the test's own event loop. The test supplies the function that answers each request."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sent it."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the body; empty if there is no body."""
        return dict(json.loads(self.raw)) if self.raw else {}


@dataclass(slots=True)
class Answer:
    """The response: a head, pieces, and an end. If the end is not sent, the connection breaks off."""

    writer: asyncio.StreamWriter

    async def head(self, status: int, kind: str, headers: dict[str, str] | None = None) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", f"content-type: {kind}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += ["transfer-encoding: chunked", "connection: close", "", ""]
        self.writer.write("\r\n".join(lines).encode())
        await self.writer.drain()

    async def send(self, *pieces: bytes) -> None:
        for piece in filter(None, pieces):
            self.writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await self.writer.drain()

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def whole(self, status: int, kind: str, content: bytes, headers: dict[str, str] | None = None) -> None:
        await self.head(status, kind, headers)
        await self.send(content)
        await self.end()


Handle = Callable[[Request, Answer], Awaitable[None]]


@dataclass(slots=True)
class StandIn:
    """A server, and its requests in the order in which they arrived."""

    handle: Handle
    address: str = ""
    requests: list[Request] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the test is over; a silent server waits for it."""


@asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[StandIn]:
    """Run a server during the `with` block."""
    stand_in = StandIn(handle)
    tasks: set[asyncio.Task[None]] = set()

    async def handle_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            request = await _read(reader)
            if request.method == "POST":
                stand_in.requests.append(request)
            await stand_in.handle(request, Answer(writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the client went away, or the test is over
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(handle_connection, "127.0.0.1", 0)
    stand_in.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        stand_in.gone.set()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    request_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = request_line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, raw)
