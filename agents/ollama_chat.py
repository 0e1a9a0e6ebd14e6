"""A client for Ollama that keeps reasoning apart from the answer, without forcing a model to reason."""

from typing import Any

from langchain_core.messages import BaseMessage
from langchain_ollama import ChatOllama


class OllamaChat(ChatOllama):
    """ChatOllama with `reasoning=True`, changed so that a model that cannot reason does not fail."""

    def _chat_params(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        return {**super()._chat_params(messages, stop, **kwargs), "think": None}
