"""OpenAI's chat completions API, which vLLM, llama.cpp, LM Studio, Groq and Mistral use as well."""

import json
from dataclasses import dataclass
from typing import Any

from providers.wire import SSE, Wire, event


@dataclass(frozen=True, slots=True)
class OpenAIChat(Wire):
    model: str = "openai:gpt-4.1"
    path: str = "/v1"
    kind: str = SSE
    done: str = "stop"
    cut: str = "length"
    status: int = 400

    def opening(self) -> bytes:
        return self.chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        return self.chunk({"content": text})

    def closing(self, reason: str) -> bytes:
        return self.chunk({}, reason) + event("[DONE]")

    def chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def whole(self, text: str, reason: str) -> bytes:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        return json.dumps({**self._head("chat.completion"), "choices": [choice], "usage": usage}).encode()

    def error(self, status: int, message: str, kind: str = "invalid_request_error") -> bytes:
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}}).encode()

    def streams(self, body: dict[str, Any], path: str) -> bool:
        return bool(body.get("stream"))

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.model.partition(":")[2]}


@dataclass(frozen=True, slots=True)
class VLLM(OpenAIChat):
    """vLLM since 0.10: errors are wrapped as OpenAI's are, but their code is a number."""

    model: str = "openai:deepseek-ai/DeepSeek-R1"

    def error(self, status: int, message: str, kind: str = "BadRequestError") -> bytes:
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": status}}).encode()


@dataclass(frozen=True, slots=True)
class OlderVLLM(VLLM):
    """vLLM before 0.10: errors are not wrapped."""

    def error(self, status: int, message: str, kind: str = "BadRequestError") -> bytes:
        fields = {"object": "error", "message": message, "type": kind, "param": None, "code": status}
        return json.dumps(fields).encode()


@dataclass(frozen=True, slots=True)
class LlamaCpp(OpenAIChat):
    model: str = "openai:qwen3"

    def error(self, status: int, message: str, kind: str = "invalid_request_error") -> bytes:
        return json.dumps({"error": {"code": status, "message": message, "type": kind}}).encode()


@dataclass(frozen=True, slots=True)
class LMStudio(OpenAIChat):
    model: str = "openai:qwen/qwen3-8b"

    def error(self, status: int, message: str, kind: str = "") -> bytes:
        return json.dumps({"error": message}).encode()


@dataclass(frozen=True, slots=True)
class Groq(OpenAIChat):
    model: str = "groq:llama-3.3-70b-versatile"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Mistral(OpenAIChat):
    model: str = "mistralai:mistral-large-latest"
    status: int = 422

    def error(self, status: int, message: str, kind: str = "invalid_request_error") -> bytes:
        if status != 422:
            return json.dumps({"object": "error", "message": message, "type": kind, "code": "1000"}).encode()
        detail = {
            "type": "extra_forbidden",
            "loc": ["body", message.split(maxsplit=1)[0]],
            "msg": message,
            "input": 0,
        }
        return json.dumps({"detail": [detail]}).encode()
