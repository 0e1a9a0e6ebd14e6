"""One behavior of a provider's server, and what gedanken must make of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gedanken.experiment.execution import Cause
from providers.server import Answer, Request, StandIn
from providers.wire import JSON, Wire, stream

Serve = Callable[[Wire, Request, Answer, StandIn], Awaitable[None]]
TimeLimit = Literal["connect", "first", "between", "total"]
TEXT = ("Hello ", "world")
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a server does, and what the user must get."""

    name: str
    provider: str
    does: str
    """A description of the behavior, for the table in docs/models.md."""
    wire: Wire
    serve: Serve
    gives: Cause | Literal["busy", "final"] = Cause.FINISHED
    """Why the reply ended. If there is no reply: `busy` if a retry may help, otherwise `final`."""
    says: tuple[str, ...] = ()
    """Words that the reason, or the error in one line, must contain."""
    text: str | None = None
    """The expected reply; None if any reply will do."""
    requests: int | None = 1
    """The expected number of requests; None if any number will do."""
    sent: Mapping[str, object] = field(default_factory=dict)
    """What the last request must contain. Maps a path to its value, or to None if the path must be missing."""
    default: tuple[str, ...] = ()
    """Settings that the result must report as the model's own default."""
    retry_after: float | None = None
    """Seconds that the error must give as the time to wait before a retry."""
    reasons: bool = False
    """Whether the reply has reasoning besides its text."""
    limit: TimeLimit | None = None
    """The time limit that must end the request."""
    turns: tuple[tuple[Literal["system", "user", "assistant"], str], ...] = (("system", "Be brief."), ("user", "hi"))


def replies(*pieces: bytes, start: bool = True, kind: str | None = None, headers: Any = None) -> Serve:
    """Sends these pieces, then ends the response properly."""

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.head(200, kind or wire.kind, headers)
        await answer.send(*([wire.opening()] if start else []), *pieces)
        await answer.end()

    return serve


def ends(reason: str, *texts: str) -> Serve:
    """Replies with a text. The reply ends for this reason, and is streamed if the request asks for a stream."""

    async def serve(wire: Wire, request: Request, answer: Answer, _server: StandIn) -> None:
        await reply(wire, request, answer, reason, *texts)

    return serve


async def reply(wire: Wire, request: Request, answer: Answer, reason: str, *texts: str) -> None:
    """Reply as a model does; the reply is streamed if the request asks for a stream."""
    if wire.streams(request.body, request.path):
        await answer.head(200, wire.kind)
        await answer.send(*stream(wire, texts, reason))
        await answer.end()
    else:
        await answer.whole(200, JSON, wire.whole("".join(texts), reason))


def breaks(*texts: str, after: bytes = b"", politely: bool = False) -> Serve:
    """Breaks off after a text.

    If `politely` is True, the response ends properly, but without a reason; otherwise the connection is cut.
    """

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.head(200, wire.kind)
        await answer.send(wire.opening(), *map(wire.piece, texts), after)
        if politely:
            await answer.end()

    return serve


def fails(status: int, message: str, kind: str = "", headers: dict[str, str] | None = None) -> Serve:
    """Refuses with an error in this provider's format."""

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        content = wire.error(status, message, kind) if kind else wire.error(status, message)
        await answer.whole(status, JSON, content, headers)

    return serve


def gives(status: int, kind: str, content: bytes, headers: dict[str, str] | None = None) -> Serve:
    """Answers with exactly this content."""

    async def serve(_wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.whole(status, kind, content, headers)

    return serve


def refuses(refused: Mapping[str, str], status: int | None = None, kind: str = "") -> Serve:
    """Refuses a request that contains one of the paths, with the message given for this path.

    `a.b` is a path, `a=1` is a path with its value, and `a+b` requires both paths. Any other request gets a reply.
    """

    async def serve(wire: Wire, request: Request, answer: Answer, server: StandIn) -> None:
        for path, message in refused.items():
            if all(_holds(request.body, condition) for condition in path.split("+")):
                await fails(status or wire.status, message, kind)(wire, request, answer, server)
                return
        await reply(wire, request, answer, wire.done, *TEXT)

    return serve


def silent(*texts: str, head: bool = True) -> Serve:
    """Sends these texts, and then nothing until the test is over."""

    async def serve(wire: Wire, _request: Request, answer: Answer, server: StandIn) -> None:
        if head:
            await answer.head(200, wire.kind)
            await answer.send(*([wire.opening()] if texts else []), *map(wire.piece, texts))
        await server.gone.wait()

    return serve


def trickles(piece: bytes | None = None) -> Serve:
    """Sends a word, or `piece`, every few milliseconds and never ends."""

    async def serve(wire: Wire, _request: Request, answer: Answer, server: StandIn) -> None:
        await answer.head(200, wire.kind)
        await answer.send(wire.opening())
        while not server.gone.is_set():
            await answer.send(wire.piece(".") if piece is None else piece)
            await asyncio.sleep(0.02)

    return serve


def value_at(body: Any, path: str) -> Any:
    """Return the value at a dotted path; None if there is no value, or only an empty list.

    Two paths have a special meaning: `messages.system` is the message whose role is `system`, and `empty` is the
    first message of the assistant without text.
    """
    if path == "empty":
        return next(filter(_is_empty_turn, body.get("messages") or body.get("contents") or []), None)
    value = body
    for step in path.split("."):
        if isinstance(value, list):
            value = next(
                (message for message in value if isinstance(message, dict) and message.get("role") == step), None
            )
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return None if value == [] else value


def _holds(body: dict[str, Any], condition: str) -> bool:
    path, _, value = condition.partition("=")
    actual = value_at(body, path)
    return str(actual) == value if value else actual is not None


def _is_empty_turn(message: dict[str, Any]) -> bool:
    content = message.get("content", message.get("parts"))
    parts = [content] if isinstance(content, str) else [part.get("text", ".") for part in content or []]
    return message["role"] in ("assistant", "model") and not all(part.strip() for part in parts or [""])
