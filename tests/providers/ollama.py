"""Ollama's own chat API: each line is a JSON object."""

import json
from dataclasses import dataclass
from typing import Any

from providers.wire import Wire


@dataclass(frozen=True, slots=True)
class Ollama(Wire):
    model: str = "ollama:llama3.2"
    path: str = ""
    kind: str = "application/x-ndjson"
    done: str = "stop"
    cut: str = "length"
    status: int = 400

    def opening(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return self.line({"message": {"role": "assistant", "content": text}, "done": False})

    def thought(self, text: str) -> bytes:
        """A piece of reasoning."""
        return self.line({"message": {"role": "assistant", "content": "", "thinking": text}, "done": False})

    def closing(self, reason: str) -> bytes:
        return self.line(self._final_message("", reason))

    def line(self, data: dict[str, Any]) -> bytes:
        head = {"model": self.model.partition(":")[2], "created_at": "2026-01-01T00:00:00.000000Z"}
        return json.dumps({**head, **data}).encode() + b"\n"

    def error_line(self, message: str) -> bytes:
        """An error within a stream that began normally."""
        return json.dumps({"error": message}).encode() + b"\n"

    def whole(self, text: str, reason: str) -> bytes:
        return self.line(self._final_message(text, reason))

    def error(self, status: int, message: str, kind: str = "") -> bytes:
        return json.dumps({"error": message}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return body.get("stream") is not False

    @staticmethod
    def _final_message(text: str, reason: str) -> dict[str, Any]:
        counts = {"total_duration": 5, "load_duration": 1, "prompt_eval_count": 9, "prompt_eval_duration": 1}
        return {
            "message": {"role": "assistant", "content": text},
            "done": True,
            "done_reason": reason,
            **counts,
            "eval_count": 3,
            "eval_duration": 2,
        }
