"""Anthropic's Messages API."""

import json
from dataclasses import dataclass
from typing import Any

from providers.wire import SSE, Wire, event


@dataclass(frozen=True, slots=True)
class Anthropic(Wire):
    model: str = "anthropic:claude-sonnet-4-5"
    path: str = ""
    kind: str = SSE
    done: str = "end_turn"
    cut: str = "max_tokens"
    status: int = 400

    def opening(self) -> bytes:
        return self.started() + self.block({"type": "text", "text": ""}) + event({"type": "ping"}, "ping")

    def started(self) -> bytes:
        """The start of the message, before any content block."""
        return event({"type": "message_start", "message": self._message([], None)}, "message_start")

    def block(self, content: dict[str, Any], index: int = 0) -> bytes:
        """The start of a content block."""
        start = {"type": "content_block_start", "index": index, "content_block": content}
        return event(start, "content_block_start")

    def piece(self, text: str) -> bytes:
        return self.delta({"type": "text_delta", "text": text})

    def delta(self, delta: dict[str, Any], index: int = 0) -> bytes:
        """A piece of a content block."""
        return event({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")

    def stopped(self, index: int = 0) -> bytes:
        """The end of a content block."""
        return event({"type": "content_block_stop", "index": index}, "content_block_stop")

    def closing(self, reason: str) -> bytes:
        return self.stopped() + self.end(reason)

    def end(self, reason: str, **delta_fields: Any) -> bytes:
        """The end of the message."""
        delta = {"stop_reason": reason, "stop_sequence": None, **delta_fields}
        message_delta = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 3}}
        return event(message_delta, "message_delta") + event({"type": "message_stop"}, "message_stop")

    def whole(self, text: str, reason: str) -> bytes:
        return json.dumps(self._message([{"type": "text", "text": text}], reason)).encode()

    def error(self, status: int, message: str, kind: str = "invalid_request_error") -> bytes:
        return json.dumps(self._error(message, kind)).encode()

    def error_event(self, message: str, kind: str) -> bytes:
        """An error within a stream that began normally."""
        return event(self._error(message, kind), "error")

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return bool(body.get("stream"))

    @staticmethod
    def _error(message: str, kind: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}

    def _message(self, content: list[dict[str, Any]], reason: str | None) -> dict[str, Any]:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model.partition(":")[2],
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 1},
        }
