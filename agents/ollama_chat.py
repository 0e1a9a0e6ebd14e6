"""Ollama's protocol, with what a model thinks kept apart, and no model asked to think that would not by itself."""

from typing import Any

from langchain_core.messages import BaseMessage
from langchain_ollama import ChatOllama


class OllamaChat(ChatOllama):
    """As ChatOllama with `reasoning=True`, which also demands reasoning, and fails where a model has none."""

    def _chat_params(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        return {**super()._chat_params(messages, stop, **kwargs), "think": None}
