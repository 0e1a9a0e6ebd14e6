"""Finds out why a reply ended, by translating the providers' terms into the causes that gedanken knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gedanken.experiment.execution import Cause

LIMIT_NOT_ENFORCED = "the server keeps no limit"
"""The recorded reason if this client stopped a reply that exceeded its token limit."""
STOPPED_BY_LISTENER = "it was stopped by its listener"
"""The recorded reason if the function that receives the reply (`ShouldStop`) stopped it."""

_MAX_REASON_CHARACTERS = 120
_WORDS: dict[Cause, frozenset[str]] = {
    Cause.FINISHED: frozenset(
        ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "completed", "complete", "done", "finished")
    ),
    Cause.CUT: frozenset(
        (
            *("length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "num_predict"),
            "token_limit",
            *("model_length", "model_context_window_exceeded", "context_length", "context_length_exceeded"),
        )
    ),
    Cause.FILTERED: frozenset(
        (
            *("content_filter", "content_filtered", "filtered", "guardrail_intervened", "guardrails", "moderation"),
            *("safety", "recitation", "blocklist", "prohibited_content", "spii", "model_armor", "language"),
            *("sensitive", "blocked", "image_safety", "image_prohibited_content", "image_recitation", "jailbreak"),
        )
    ),
    Cause.REFUSED: frozenset(("refusal", "refused")),
    Cause.TOOL_CALL: frozenset(
        (
            *("tool_calls", "tool_call", "tool_use", "function_call", "pause_turn", "too_many_tool_calls"),
            *("malformed_function_call", "unexpected_tool_call", "malformed_tool_use", "malformed_tool_call"),
        )
    ),
    Cause.BROKEN_OFF: frozenset(
        (
            *("error", "insufficient_system_resource", "abort", "aborted", "cancelled", "canceled", "failed"),
            *("network_error", "in_progress", "queued"),
        )
    ),
}
_CAUSES = {word: cause for cause, words in _WORDS.items() for word in words}
_CONTEXT_FULL = ("model_length", "model_context_window_exceeded", "context_length", "context_length_exceeded")
_FILTER_PREFIXES = ("blocked", "content_filter", "error_toxic")
_REASON_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
_CLIENTS_WITH_REASON = (
    *("BaseChatOpenAI", "ChatAnthropic", "ChatGoogleGenerativeAI", "ChatOllama", "ChatMistralAI", "ChatGroq"),
    *("ChatBedrockConverse", "ScriptedModel"),
)


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """The end of a reply: its cause, and the reason in the provider's own words."""

    cause: Cause
    """FINISHED, CUT, or one of `experiment.execution.UNUSABLE_CAUSES`."""
    reason: str = ""
    """The provider's reason, for example `content_filter`, shortened. Empty if the provider gave none."""

    @property
    def can_continue(self) -> bool:
        """True if the token limit of the request was reached and the model's context has room for more."""
        return (
            self.cause is Cause.CUT
            and self.reason != STOPPED_BY_LISTENER
            and _normalize(self.reason) not in _CONTEXT_FULL
        )

    @property
    def was_cut(self) -> bool:
        """True if a limit cut the answer or the reasoning, or if this client stopped the reply."""
        return _CAUSES.get(_normalize(self.reason)) is Cause.CUT or self.reason in (
            LIMIT_NOT_ENFORCED,
            STOPPED_BY_LISTENER,
        )

    @property
    def may_be_silence(self) -> bool:
        """True if an empty reply may mean that the command printed nothing.

        This is so if the model reasoned, wrote no answer, and ended normally.
        """
        return self.cause is Cause.ONLY_REASONED and not self.was_cut

    def describe(self) -> str:
        """Return the end in words, for example `filtered (content_filter)`."""
        return f"{self.cause} ({self.reason})" if self.reason and self.reason != self.cause else str(self.cause)


@dataclass(frozen=True, slots=True)
class EndSigns:
    """The facts from which the cause of a reply's end is inferred."""

    reason: str
    """The provider's reason; empty if it gave none."""
    has_text: bool
    reasoned: bool
    """True if the model is known to have reasoned."""
    called_tool: bool = False
    refusal: str = ""
    """The text that the provider sent in place of a reply because it refused; empty if it did not refuse."""
    always_says: bool = True
    """True if the protocol ends every reply with a reason, so that a reply without one was interrupted."""


def find_reason(metadata: Mapping[str, Any]) -> str:
    """Return the provider's reason why the reply ended; empty if this piece of the stream names none."""
    if feedback := metadata.get("prompt_feedback"):
        blocked = _enum_text(feedback.get("block_reason") or "")
        return _shorten(f"blocked: {blocked}" if blocked else "")
    if metadata.get("status") in ("completed", "incomplete", "failed", "cancelled"):  # OpenAI's Responses API
        details = metadata.get("incomplete_details") or {}
        return _shorten(_enum_text(details.get("reason") or metadata["status"]))
    for key in _REASON_KEYS:
        if metadata.get(key):
            return _shorten(_enum_text(metadata[key]))
    return "stop" if metadata.get("done") is True else ""  # older versions of Ollama


def later_reason(before: str, now: str) -> str:
    """Return the later reason, `now`. Return `before` if `now` is empty, or if `now` is a mere `stop` after a more
    specific reason such as `length`.
    """
    is_specific = before and _CAUSES.get(_normalize(before)) is not Cause.FINISHED
    return before if is_specific and _CAUSES.get(_normalize(now)) is Cause.FINISHED else now or before


def infer_end(signs: EndSigns) -> ReplyEnd:
    """Infer why a reply ended."""
    reason = _normalize(signs.reason)
    cause = _CAUSES.get(reason, Cause.UNKNOWN_END if reason else None)
    if reason.startswith(_FILTER_PREFIXES):
        cause = Cause.FILTERED
    if cause is None:
        cause = Cause.BROKEN_OFF if signs.always_says else Cause.FINISHED
    if cause is Cause.FINISHED and signs.called_tool:
        return ReplyEnd(Cause.TOOL_CALL, signs.reason)
    if cause is Cause.FINISHED and signs.refusal:
        return ReplyEnd(Cause.REFUSED, _shorten(signs.refusal))
    if cause in (Cause.FINISHED, Cause.CUT) and signs.reasoned and not signs.has_text:
        return ReplyEnd(Cause.ONLY_REASONED, signs.reason)
    return ReplyEnd(cause, signs.reason)


def always_gives_reason(chat: object) -> bool:
    """Return whether this client's protocol ends every reply with a reason."""
    return any(base.__name__ in _CLIENTS_WITH_REASON for base in type(chat).__mro__)


def _enum_text(reason: object) -> str:
    return str(getattr(reason, "value", reason))


def _shorten(reason: str) -> str:
    return " ".join(reason.split())[:_MAX_REASON_CHARACTERS]


def _normalize(reason: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")
    return words.removeprefix("finishreason_").removeprefix("finish_reason_")
