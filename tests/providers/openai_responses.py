"""OpenAI's Responses API."""

import json
from dataclasses import dataclass
from typing import Any

from providers.wire import SSE, Wire, event


@dataclass(frozen=True, slots=True)
class OpenAIResponses(Wire):
    model: str = "openai:gpt-5-codex"
    path: str = "/v1"
    kind: str = SSE
    done: str = "completed"
    cut: str = "max_output_tokens"
    status: int = 400

    def opening(self) -> bytes:
        item = {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        part = {"type": "output_text", "text": "", "annotations": []}
        position = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        return (
            self._event("response.created", response=self._response("in_progress", []))
            + self._event("response.output_item.added", output_index=0, item=item)
            + self._event("response.content_part.added", **position, part=part)
        )

    def piece(self, text: str) -> bytes:
        position = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        return self._event("response.output_text.delta", **position, delta=text, logprobs=[])

    def closing(self, reason: str) -> bytes:
        output = [self._message([{"type": "output_text", "text": "", "annotations": []}])]
        if reason == self.done:
            return self._event("response.completed", response=self._response("completed", output))
        incomplete = {**self._response("incomplete", output), "incomplete_details": {"reason": reason}}
        return self._event("response.incomplete", response=incomplete)

    def refusal(self, words: str) -> bytes:
        """A refusal in place of text, and the end of the response."""
        position = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        output = [self._message([{"type": "refusal", "refusal": words}])]
        return (
            self._event("response.refusal.delta", **position, delta=words)
            + self._event("response.refusal.done", **position, refusal=words)
            + self._event("response.completed", response=self._response("completed", output))
        )

    def failed(self, code: str, message: str) -> bytes:
        """A response that fails within its stream."""
        response = {**self._response("failed", []), "error": {"code": code, "message": message}}
        return self._event("response.failed", response=response)

    def whole(self, text: str, reason: str) -> bytes:
        output = [self._message([{"type": "output_text", "text": text, "annotations": []}])]
        return json.dumps(self._response("completed", output)).encode()

    def error(self, status: int, message: str, kind: str = "invalid_request_error") -> bytes:
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return bool(body.get("stream"))

    def _event(self, kind: str, **data: Any) -> bytes:
        return event({"type": kind, "sequence_number": 0, **data}, kind)

    @staticmethod
    def _message(content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": status,
            "model": self.model.partition(":")[2],
            "output": output,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": True,
            "temperature": 1,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1,
            "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12, **details},
        }
