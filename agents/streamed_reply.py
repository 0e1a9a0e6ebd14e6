"""Receives a streamed reply, and separates its answer, its reasoning, and the reason why it ended."""

from collections.abc import Mapping
from typing import Any

from gedanken.agents.incoming_text import IncomingText, repair_surrogates
from gedanken.agents.reasoning import ReasoningSeparator
from gedanken.agents.reply_end import (
    LIMIT_NOT_ENFORCED,
    STOPPED_BY_LISTENER,
    EndSigns,
    ReplyEnd,
    find_reason,
    infer_end,
    later_reason,
)
from gedanken.experiment.execution import Cause
from gedanken.experiment.secrets import redacted

MAX_CHARACTERS_PER_TOKEN = 64
_MAX_NAME_CHARACTERS = 200
_SERVER_KEYS = ("model_name", "system_fingerprint")
_TOOL_BLOCKS = frozenset(("tool_use", "tool_call", "function_call", "server_tool_use", "custom_tool_call"))


class StreamedReply:
    """The part of a reply that has arrived so far."""

    def __init__(self, separator: ReasoningSeparator, *, tokens: int, always_says: bool) -> None:
        self._separator = separator
        self._max_characters = MAX_CHARACTERS_PER_TOKEN * tokens
        self._always_says = always_says
        self._characters = 0
        self._incoming = IncomingText()
        self._reason = ""
        self._refusal: list[str] = []
        self._separate_reasoning: list[str] = []
        self._called_tool = False
        self._has_hidden_reasoning = False
        self.stopped = False
        self.pieces = 0
        self.served_by: dict[str, object] = {}
        self.tokens: dict[str, int] = {}
        """Token counts of the request, of the reply, and of its reasoning, if the server reports them."""

    @property
    def exceeds_limit(self) -> bool:
        """True if the reply is far longer than its token limit, which means that the server does not enforce the
        limit.
        """
        return self._characters > self._max_characters

    @property
    def text(self) -> str:
        return self._separator.answer

    @property
    def reasoning(self) -> str:
        """The reasoning, if the server shows it."""
        return redacted(repair_surrogates("".join(self._separate_reasoning))[0]) + self._separator.reasoning

    @property
    def has_answer(self) -> bool:
        return bool(self._separator.answer)

    @property
    def opened_unseen(self) -> bool:
        """True if the reply began in the middle of the reasoning, without the tag that opens reasoning."""
        return self._separator.opened_unseen

    @property
    def reasoned(self) -> bool:
        """True if the model reasoned before it answered, as shown in the text or in the token counts."""
        return bool(self.reasoning.strip()) or bool(self.tokens.get("reasoning")) or self._has_hidden_reasoning

    @property
    def reasoning_amount(self) -> str:
        """Amount of reasoning, for example `4096 tokens`; empty if the model did not reason.

        It is `unseen text` if the server hides the reasoning.
        """
        if count := self.tokens.get("reasoning"):
            return f"{count} tokens"
        if self.reasoning.strip():
            return f"{len(self.reasoning)} characters"
        return "unseen text" if self.reasoned else ""

    def add(self, message: Any) -> str:
        """Add one more piece of the stream; return the part of its text that can be shown."""
        self.pieces += 1
        metadata: Mapping[str, Any] = getattr(message, "response_metadata", None) or {}
        self._reason = later_reason(self._reason, find_reason(metadata))
        self.served_by |= {
            key: redacted(str(metadata[key])[:_MAX_NAME_CHARACTERS]) for key in _SERVER_KEYS if metadata.get(key)
        }
        self._count_tokens(getattr(message, "usage_metadata", None))
        reasoning = "".join(_find_reasoning(message))[: self._max_characters + 1]
        if reasoning:
            self._separator.hold_no_longer()
            self._separate_reasoning.append(reasoning)
        self._has_hidden_reasoning |= any(block.get("type") == "redacted_thinking" for block in _blocks(message))
        self._refusal += _find_refusals(message)
        self._called_tool |= _calls_tool(message)
        text = str(message.text)[: self._max_characters + 1]
        self._characters += max(1, len(text) + len(reasoning))  # an empty stream also ends here
        return self._separator.add(self._incoming.add(text))

    def stop(self) -> None:
        """Record that the listener stopped the reply."""
        self.stopped = True

    def end(self) -> str:
        """Record that the reply is over; return the rest of the text that can be shown."""
        cut = self.exceeds_limit or self.stopped or infer_end(self._signs(has_text=True)).cause is Cause.CUT
        return self._separator.add(self._incoming.end()) + self._separator.end(cut=cut)

    def notes(self) -> list[str]:
        """Return notes on changes that were made to the text of the reply before it was shown."""
        return self._incoming.notes()

    def find_end(self) -> ReplyEnd:
        """Return why the reply ended."""
        if self.exceeds_limit:
            return ReplyEnd(Cause.CUT, LIMIT_NOT_ENFORCED)
        if self.stopped:
            return ReplyEnd(Cause.CUT, STOPPED_BY_LISTENER)
        return infer_end(self._signs(has_text=bool(self.text.strip())))

    def _signs(self, *, has_text: bool) -> EndSigns:
        return EndSigns(
            reason=redacted(self._reason),
            has_text=has_text,
            reasoned=self.reasoned,
            called_tool=self._called_tool or self._separator.called_tool,
            refusal=redacted("".join(self._refusal)),
            always_says=self._always_says,
        )

    def _count_tokens(self, usage: Mapping[str, Any] | None) -> None:
        if not usage:
            return
        reasoning = (usage.get("output_token_details") or {}).get("reasoning") or 0
        for name, number in (
            ("input", usage.get("input_tokens") or 0),
            ("output", usage.get("output_tokens") or 0),
            ("reasoning", reasoning),
        ):
            if number:
                self.tokens[name] = self.tokens.get(name, 0) + int(number)


def _find_reasoning(message: Any) -> list[str]:
    extra = getattr(message, "additional_kwargs", None) or {}
    reasoning = extra.get("reasoning_content") or extra.get("reasoning")
    texts = [reasoning] if isinstance(reasoning, str) else []
    for block in _blocks(message):
        if block.get("type") in ("thinking", "reasoning", "reasoning_content", "thought"):
            texts += _collect_texts(block)
    return texts


def _collect_texts(block: Mapping[str, Any]) -> list[str]:
    texts = []
    for key in ("thinking", "reasoning", "reasoning_content", "text", "summary", "content"):
        value = block.get(key)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, dict):
                texts += _collect_texts(part)
    return texts


def _find_refusals(message: Any) -> list[str]:
    extra = getattr(message, "additional_kwargs", None) or {}
    candidates = [extra.get("refusal")] + [block.get("refusal") for block in _blocks(message)]
    return [text for text in candidates if isinstance(text, str)]


def _calls_tool(message: Any) -> bool:
    extra = getattr(message, "additional_kwargs", None) or {}
    attributes = ("tool_call_chunks", "tool_calls", "invalid_tool_calls")
    return (
        any(getattr(message, name, None) for name in attributes)
        or bool(extra.get("function_call") or extra.get("tool_calls"))
        or any(block.get("type") in _TOOL_BLOCKS for block in _blocks(message))
    )


def _blocks(message: Any) -> list[dict[str, Any]]:
    content = message.content
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
