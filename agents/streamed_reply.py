"""Receives a streamed reply, and separates the answer, the reasoning, and the reason why the reply ended."""

from collections.abc import Mapping
from typing import Any

from gedanken.agents.incoming_text import Incoming, whole_characters
from gedanken.agents.reasoning import Apart
from gedanken.agents.reply_end import NO_LIMIT_KEPT, STOPPED, ReplyEnd, Signs, end_of, later_reason, reason_in
from gedanken.experiment.execution import Cause
from gedanken.experiment.secrets import redacted

MOST_CHARACTERS_A_TOKEN = 64
_LONGEST_NAME = 200
_SERVED_BY = ("model_name", "system_fingerprint")
_TOOL_BLOCKS = frozenset(("tool_use", "tool_call", "function_call", "server_tool_use", "custom_tool_call"))


class StreamedReply:
    """The part of a reply that has arrived so far."""

    def __init__(self, apart: Apart, *, tokens: int, always_says: bool) -> None:
        self._apart = apart
        self._most = MOST_CHARACTERS_A_TOKEN * tokens
        self._always_says = always_says
        self._characters = 0
        self._incoming = Incoming()
        self._reason = ""
        self._refusal: list[str] = []
        self._beside: list[str] = []
        self._called_tool = False
        self._reasoned_unseen = False
        self.stopped = False
        self.pieces = 0
        self.served_by: dict[str, object] = {}
        self.tokens: dict[str, int] = {}
        """Token counts of the request, of the reply, and of its reasoning, if the server reports them."""

    @property
    def endless(self) -> bool:
        """True if the reply is far longer than its token limit, which the server then does not enforce."""
        return self._characters > self._most

    @property
    def text(self) -> str:
        """The answer, without the reasoning."""
        return self._apart.answer

    @property
    def reasoning(self) -> str:
        """The reasoning, if the server shows it."""
        return redacted(whole_characters("".join(self._beside))[0]) + self._apart.reasoning

    @property
    def answers(self) -> bool:
        """True if the answer has begun."""
        return bool(self._apart.answer)

    @property
    def opened_unseen(self) -> bool:
        """True if the reply began inside the reasoning, without the tag that opens reasoning."""
        return self._apart.opened_unseen

    @property
    def reasoned(self) -> bool:
        """True if the model reasoned before it answered, as shown in the text or in the token counts."""
        return bool(self.reasoning.strip()) or bool(self.tokens.get("reasoning")) or self._reasoned_unseen

    @property
    def how_much_reasoned(self) -> str:
        """Amount of reasoning, for example `4096 tokens`; `unseen text` if the server hides it; empty if the model
        did not reason.
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
        self._reason = later_reason(self._reason, reason_in(metadata))
        self.served_by |= {
            key: redacted(str(metadata[key])[:_LONGEST_NAME]) for key in _SERVED_BY if metadata.get(key)
        }
        self._count(getattr(message, "usage_metadata", None))
        beside = "".join(_reasoning_of(message))[: self._most + 1]
        if beside:
            self._apart.hold_no_longer()
            self._beside.append(beside)
        self._reasoned_unseen |= any(block.get("type") == "redacted_thinking" for block in _blocks(message))
        self._refusal += _refusals_of(message)
        self._called_tool |= _calls_tool(message)
        text = str(message.text)[: self._most + 1]
        self._characters += max(1, len(text) + len(beside))  # an empty stream also ends here
        return self._apart.add(self._incoming.add(text))

    def stop(self) -> None:
        """Record that the listener stopped the reply."""
        self.stopped = True

    def end(self) -> str:
        """Record that the reply is over; return the rest of the text that can be shown."""
        cut = self.endless or self.stopped or end_of(self._signs(has_text=True)).cause is Cause.CUT
        return self._apart.add(self._incoming.end()) + self._apart.end(cut=cut)

    def notes(self) -> list[str]:
        """Return notes on changes that were made to the text of the reply before it was shown."""
        return self._incoming.notes()

    def ended(self) -> ReplyEnd:
        """Return why the reply ended."""
        if self.endless:
            return ReplyEnd(Cause.CUT, NO_LIMIT_KEPT)
        if self.stopped:
            return ReplyEnd(Cause.CUT, STOPPED)
        return end_of(self._signs(has_text=bool(self.text.strip())))

    def _signs(self, *, has_text: bool) -> Signs:
        return Signs(
            reason=redacted(self._reason),
            has_text=has_text,
            reasoned=self.reasoned,
            called_tool=self._called_tool or self._apart.called_tool,
            refusal=redacted("".join(self._refusal)),
            always_says=self._always_says,
        )

    def _count(self, usage: Mapping[str, Any] | None) -> None:
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


def _reasoning_of(message: Any) -> list[str]:
    beside = getattr(message, "additional_kwargs", None) or {}
    said = beside.get("reasoning_content") or beside.get("reasoning")
    found = [said] if isinstance(said, str) else []
    for block in _blocks(message):
        if block.get("type") in ("thinking", "reasoning", "reasoning_content", "thought"):
            found += _texts(block)
    return found


def _texts(block: Mapping[str, Any]) -> list[str]:
    """Collect all text in a reasoning block, however the provider nests it."""
    found = []
    for key in ("thinking", "reasoning", "reasoning_content", "text", "summary", "content"):
        inner = block.get(key)
        for part in inner if isinstance(inner, list) else [inner]:
            if isinstance(part, str):
                found.append(part)
            elif isinstance(part, dict):
                found += _texts(part)
    return found


def _refusals_of(message: Any) -> list[str]:
    beside = getattr(message, "additional_kwargs", None) or {}
    found = [beside.get("refusal")] + [block.get("refusal") for block in _blocks(message)]
    return [text for text in found if isinstance(text, str)]


def _calls_tool(message: Any) -> bool:
    beside = getattr(message, "additional_kwargs", None) or {}
    calls = ("tool_call_chunks", "tool_calls", "invalid_tool_calls")
    return (
        any(getattr(message, name, None) for name in calls)
        or bool(beside.get("function_call") or beside.get("tool_calls"))
        or any(block.get("type") in _TOOL_BLOCKS for block in _blocks(message))
    )


def _blocks(message: Any) -> list[dict[str, Any]]:
    content = message.content
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
