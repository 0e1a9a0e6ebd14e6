"""The messages of a conversation, and their conversion to the format of each provider."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from gedanken.experiment.secrets import redacted

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class Message(NamedTuple):
    """One message of a conversation: who says it, and its text."""

    role: Literal["system", "user", "assistant"]
    text: str


def prepare_messages(messages: Sequence[Message], *, empty_turns: bool, system: bool) -> list[Message]:
    """Return the messages in the form that a server accepts, without API keys and lone surrogates.

    If `empty_turns` is False, empty assistant messages are left out, and the user messages around each of them are
    merged. If `system` is False, the system message is put at the beginning of the first user message.
    """
    sent = [Message(message.role, sendable(redacted(message.text))) for message in messages]
    # Some providers reject empty messages, others silently put a text in their place.
    if not empty_turns:
        sent = _merge_user_messages(
            [message for message in sent if message.role != "assistant" or message.text.strip()]
        )
    if not system and len(sent) > 1 and sent[0].role == "system" and sent[1].role == "user":
        sent = [Message("user", f"{sent[0].text}\n\n{sent[1].text}"), *sent[2:]]
    return sent


def to_langchain(messages: Sequence[Message]) -> "list[BaseMessage]":
    """Convert the messages to LangChain's message classes."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    message_classes = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [message_classes[message.role](content=message.text) for message in messages]


def sendable(text: str) -> str:
    """Replace lone surrogates (halves of a UTF-16 pair), which no request can contain."""
    return text.encode(errors="replace").decode()


def _merge_user_messages(messages: Sequence[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role == "user":
            merged[-1] = Message("user", f"{merged[-1].text}\n{message.text}")
        else:
            merged.append(message)
    return merged
