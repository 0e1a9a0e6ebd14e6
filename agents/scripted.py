"""A model whose replies are read from a file, for tests and examples only."""

from collections.abc import AsyncIterator, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import BaseModel, ConfigDict

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_regular


class ScriptedReply(BaseModel):
    """A rule: the replies to give if the last message contains a certain text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str
    """Text that the last message must contain; an empty text always matches."""
    samples: tuple[str, ...]
    """The possible replies. The request's seed selects the reply with the index `seed % len(samples)`."""
    cut: bool = False
    """True if the reply ends as if the token limit had cut it."""
    dies: bool = False
    """True if the connection breaks off after the first piece."""
    endless: bool = False
    """True if the reply is repeated over and over, ignoring the token limit."""


MOST_BYTES = 1 << 26
"""Maximum size in bytes of a file with replies."""
_EMPTY_REPLY = ScriptedReply(when="", samples=("",))


def read_rules(path: Path) -> tuple[ScriptedReply, ...]:
    """Read the rules from a YAML file. Raises BadInput if the file cannot be read, or is not a list of rules."""
    try:
        text = read_regular(path, str(path)[:200], MOST_BYTES)
        return tuple(ScriptedReply.model_validate(rule) for rule in yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} is not a list of scripted replies: {str(error).splitlines()[0]}") from error


class ScriptedModel(BaseChatModel):
    """A chat model that replies by the first rule that matches the last message.

    If no rule matches, the reply is an empty text.
    """

    rules: tuple[ScriptedReply, ...]
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _choose(self, messages: list[BaseMessage]) -> ScriptedReply:
        last_message = messages[-1].text
        return next((rule for rule in self.rules if rule.when in last_message), _EMPTY_REPLY)

    def _text(self, rule: ScriptedReply) -> str:
        return rule.samples[self.seed % len(rule.samples)]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_kwargs: Any,
    ) -> ChatResult:
        rule = self._choose(messages)
        if rule.dies or rule.endless:
            raise _connection_error()
        message = AIMessage(self._text(rule), response_metadata=_end_metadata(rule))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        rule = self._choose(messages)
        lines = self._text(rule).splitlines(keepends=True) or [""]
        for line in cycle(lines) if rule.endless else lines:
            yield ChatGenerationChunk(message=AIMessageChunk(content=line))
            if rule.dies:
                raise _connection_error()
        last = AIMessageChunk(content="", response_metadata=_end_metadata(rule), chunk_position="last")
        yield ChatGenerationChunk(message=last)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages):
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk


def _end_metadata(rule: ScriptedReply) -> dict[str, str]:
    return {"finish_reason": "length" if rule.cut else "stop"}


def _connection_error() -> ConnectionError:
    return ConnectionError("the connection was broken, as the script says")
