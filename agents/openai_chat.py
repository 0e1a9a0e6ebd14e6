"""A client for servers with OpenAI's protocol. It keeps the parts of a reply that LangChain's client drops."""

import json
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

EXTRA_PARTS = ("reasoning_content", "reasoning", "refusal")
"""Parts of a message that LangChain's client drops, and that this client keeps."""


class OpenAIChat(ChatOpenAI):
    """ChatOpenAI, extended for servers other than OpenAI's, which may send reasoning, or an error within a reply."""

    limit_name: str = "max_completion_tokens"
    """The server's name for the token limit; older servers accept only `max_tokens`."""

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        if chunk.get("error"):
            raise ConnectionError(json.dumps(chunk["error"], default=str)[:2000])
        generation = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        choices = chunk.get("choices") or ()
        if generation is not None and choices:
            generation.message.additional_kwargs.update(_extra_parts(choices[0].get("delta")))
        return generation

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        choices = response.get("choices") if isinstance(response, dict) else response.model_dump().get("choices")
        for generation, choice in zip(result.generations, choices or (), strict=False):
            generation.message.additional_kwargs.update(_extra_parts(choice.get("message")))
        return result

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        if "max_completion_tokens" in payload:
            payload[self.limit_name] = payload.pop("max_completion_tokens")
        if payload.get("stream") is False:  # a server that refuses streaming may refuse even this
            del payload["stream"]
        return payload


def _extra_parts(message: dict[str, Any] | None) -> dict[str, Any]:
    return {name: message[name] for name in EXTRA_PARTS if message and message.get(name)}
