"""What the protocols of the providers have in common."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SSE = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Wire(ABC):
    """The protocol in which one provider writes replies."""

    model: str
    """Name of a model of this provider, as for `--model`."""
    path: str
    """The path that is appended to the server's address to get the value of `--base-url`."""
    kind: str
    """Content type of a streamed reply."""
    done: str
    """The provider's word for a reply that is complete."""
    cut: str
    """The provider's word for a reply that was cut off at the token limit."""
    status: int
    """The HTTP status that refuses a setting."""

    @abstractmethod
    def opening(self) -> bytes:
        """What the server sends before the first piece of text."""

    @abstractmethod
    def piece(self, text: str) -> bytes:
        """A piece of the reply's text."""

    @abstractmethod
    def closing(self, reason: str) -> bytes:
        """The end of the stream, with its reason."""

    @abstractmethod
    def whole(self, text: str, reason: str) -> bytes:
        """A complete reply that is not streamed."""

    @abstractmethod
    def error(self, status: int, message: str, kind: str = "") -> bytes:
        """The body of an error response."""

    @abstractmethod
    def streams(self, body: dict[str, Any], path: str) -> bool:
        """Whether the request asks for a stream."""


def event(data: Any, name: str | None = None) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def stream(wire: Wire, texts: Sequence[str], reason: str) -> list[bytes]:
    """A complete streamed reply."""
    return [wire.opening(), *map(wire.piece, texts), wire.closing(reason)]
