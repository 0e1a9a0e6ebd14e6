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
        """A piece with parts other than text, such as thoughts."""
        return self.event(self._candidate(parts, reason))

    def ended_without_content(self, reason: str) -> bytes:
        """A candidate (a reply) with a reason but no content, as after filtering."""
        return self.event({"candidates": [{"finishReason": reason, "index": 0}], **self._common_fields()})

    def blocked(self, reason: str) -> bytes:
        """The answer to a prompt that was blocked: it contains no candidate (no reply)."""
        return self.event({"promptFeedback": {"blockReason": reason}, **self._common_fields()})

    def event(self, data: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(data)}\r\n\r\n".encode()

    def whole(self, text: str, reason: str) -> bytes:
        return json.dumps(self._candidate([{"text": text}], reason)).encode()

    def error(self, status: int, message: str, kind: str = "INVALID_ARGUMENT", details: Any = None) -> bytes:
        fields = {"code": status, "message": message, "status": kind, **({"details": details} if details else {})}
        return json.dumps({"error": fields}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return ":streamGenerateContent" in path

    def _candidate(self, parts: list[dict[str, Any]], reason: str | None = None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        return {"candidates": [candidate], **self._common_fields()}

    def _common_fields(self) -> dict[str, Any]:
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}
        return {"usageMetadata": usage, "modelVersion": self.model.partition(":")[2], "responseId": "r1"}
