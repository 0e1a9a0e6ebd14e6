"""Google's Gemini API."""

import json
from dataclasses import dataclass
from typing import Any

from providers.wire import SSE, Wire


@dataclass(frozen=True, slots=True)
class Gemini(Wire):
    model: str = "google_genai:gemini-2.5-flash"
    path: str = ""
    kind: str = SSE
    done: str = "STOP"
    cut: str = "MAX_TOKENS"
    status: int = 400

    def opening(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return self.event(self._candidate([{"text": text}]))

    def closing(self, reason: str) -> bytes:
        return self.event(self._candidate([{"text": ""}], reason))

    def parts(self, parts: list[dict[str, Any]], reason: str | None = None) -> bytes:
        """A piece of other parts than text."""
        return self.event(self._candidate(parts, reason))

    def ended_without_content(self, reason: str) -> bytes:
        """A candidate that has a reason and nothing else, as a filtered one has."""
        return self.event({"candidates": [{"finishReason": reason, "index": 0}], **self._foot()})

    def blocked(self, reason: str) -> bytes:
        """A prompt that was blocked: no candidate at all."""
        return self.event({"promptFeedback": {"blockReason": reason}, **self._foot()})

    def event(self, data: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(data)}\r\n\r\n".encode()

    def whole(self, text: str, reason: str) -> bytes:
        return json.dumps(self._candidate([{"text": text}], reason)).encode()

    def error(self, status: int, message: str, kind: str = "INVALID_ARGUMENT", details: Any = None) -> bytes:
        found = {"code": status, "message": message, "status": kind, **({"details": details} if details else {})}
        return json.dumps({"error": found}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return ":streamGenerateContent" in path

    def _candidate(self, parts: list[dict[str, Any]], reason: str | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        return {"candidates": [candidate], **self._foot()}

    def _foot(self) -> dict[str, Any]:
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}
        return {"usageMetadata": usage, "modelVersion": self.model.partition(":")[2], "responseId": "r1"}
