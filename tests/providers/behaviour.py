"""One behaviour of a server, and what has to be made of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gedanken.experiment.execution import Cause
from providers.server import Answer, Request, StandIn
from providers.wire import JSON, Wire, stream

Serve = Callable[[Wire, Request, Answer, StandIn], Awaitable[None]]
TimeLimit = Literal["connect", "first", "between", "whole"]
TEXT = ("Hello ", "world")
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a server does, and what a user has to get."""

    name: str
    provider: str
    does: str
    """In words, for the table of docs/models.md."""
    wire: Wire
    serve: Serve
    gives: Cause | Literal["busy", "final"] = Cause.FINISHED
    """Why the reply ended; or that there is none, which may pass (busy) or will not (final)."""
    says: tuple[str, ...] = ()
    """Words that stand in the reason, or in the one line of the error."""
    text: str | None = None
    """The reply, where it has to be this one."""
    requests: int | None = 1
    """How many were sent, where that matters."""
    sent: Mapping[str, object] = field(default_factory=dict)
    """What the last request must have held, by path: a value, or None for nothing."""
    default: tuple[str, ...] = ()
    """Settings of which the result must say that they are the model's own default."""
    retry_after: float | None = None
    """Seconds after which the error says one may ask again."""
    reasons: bool = False
    """Whether the reply has reasoning beside its text."""
    limit: TimeLimit | None = None
    """The time limit that ends it."""
    turns: tuple[tuple[Literal["system", "user", "assistant"], str], ...] = (("system", "Be brief."), ("user", "hi"))


def replies(*pieces: bytes, start: bool = True, kind: str | None = None, headers: Any = None) -> Serve:
    """Answers with these pieces, and ends in order."""

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.head(200, kind or wire.kind, headers)
        await answer.send(*([wire.opening()] if start else []), *pieces)
        await answer.end()

    return serve


def ends(reason: str, *texts: str) -> Serve:
    """Answers with a text that ends for this reason, streamed or whole as it is asked."""

    async def serve(wire: Wire, request: Request, answer: Answer, _server: StandIn) -> None:
        await reply(wire, request, answer, reason, *texts)

    return serve


async def reply(wire: Wire, request: Request, answer: Answer, reason: str, *texts: str) -> None:
    """Answer as a model does."""
    if wire.streams(request.body, request.path):
        await answer.head(200, wire.kind)
        await answer.send(*stream(wire, texts, reason))
        await answer.end()
    else:
        await answer.whole(200, JSON, wire.whole("".join(texts), reason))


def breaks(*texts: str, after: bytes = b"", politely: bool = False) -> Serve:
    """Breaks off after a text: the connection is cut, or it ends in order without a reason."""

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.head(200, wire.kind)
        await answer.send(wire.opening(), *map(wire.piece, texts), after)
        if politely:
            await answer.end()

    return serve


def fails(status: int, message: str, kind: str = "", headers: dict[str, str] | None = None) -> Serve:
    """Refuses with the provider's own kind of error."""

    async def serve(wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        content = wire.error(status, message, kind) if kind else wire.error(status, message)
        await answer.whole(status, JSON, content, headers)

    return serve


def gives(status: int, kind: str, content: bytes, headers: dict[str, str] | None = None) -> Serve:
    """Answers with just this."""

    async def serve(_wire: Wire, _request: Request, answer: Answer, _server: StandIn) -> None:
        await answer.whole(status, kind, content, headers)

    return serve


def refuses(refused: Mapping[str, str], status: int | None = None, kind: str = "") -> Serve:
    """Refuses a request that holds one of these with its message; answers one that holds none.

    `a.b` is a path, `a=1` a path and its value, `a+b` both together.
    """

    async def serve(wire: Wire, request: Request, answer: Answer, server: StandIn) -> None:
        for path, message in refused.items():
            if all(_holds(request.body, one) for one in path.split("+")):
                await fails(status or wire.status, message, kind)(wire, request, answer, server)
                return
        await reply(wire, request, answer, wire.done, *TEXT)

    return serve


def silent(*texts: str, head: bool = True) -> Serve:
    """Sends this much and then nothing for as long as anybody waits."""

    async def serve(wire: Wire, _request: Request, answer: Answer, server: StandIn) -> None:
        if head:
            await answer.head(200, wire.kind)
            await answer.send(*([wire.opening()] if texts else []), *map(wire.piece, texts))
        await server.gone.wait()

    return serve


def trickles(piece: bytes | None = None) -> Serve:
    """Never comes to an end: a word, or this piece, every few milliseconds."""

    async def serve(wire: Wire, _request: Request, answer: Answer, server: StandIn) -> None:
        await answer.head(200, wire.kind)
        await answer.send(wire.opening())
        while not server.gone.is_set():
            await answer.send(wire.piece(".") if piece is None else piece)
            await asyncio.sleep(0.02)

    return serve


def held(body: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does.

    `messages.system` is a message of that role, and `empty` an assistant's turn with nothing in it.
    """
    if path == "empty":
        return next(filter(_is_empty_turn, body.get("messages") or body.get("contents") or []), None)
    found = body
    for step in path.split("."):
        if isinstance(found, list):
            found = next((one for one in found if isinstance(one, dict) and one.get("role") == step), None)
        else:
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            return None
    return None if found == [] else found


def _holds(body: dict[str, Any], wanted: str) -> bool:
    path, _, value = wanted.partition("=")
    found = held(body, path)
    return str(found) == value if value else found is not None


def _is_empty_turn(message: dict[str, Any]) -> bool:
    content = message.get("content", message.get("parts"))
    parts = [content] if isinstance(content, str) else [part.get("text", ".") for part in content or []]
    return message["role"] in ("assistant", "model") and not all(part.strip() for part in parts or [""])
