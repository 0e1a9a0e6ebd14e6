"""The messages of a conversation, and their conversion to what each provider takes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from gedanken.experiment.secrets import redacted

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class Message(NamedTuple):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


def as_sent(messages: Sequence[Message], *, empty_turns: bool, system: bool) -> list[Message]:
    """The messages that a server takes.

    A turn of the assistant's that says nothing is an error at some providers, and replaced in silence by others:
    where there is none of them (`empty_turns`), what was typed before and after it is one message, as it is for who
    types two commands before anything is printed. Without a `system` role its text heads the first message.
    """
    sent = [Message(message.role, sendable(redacted(message.text))) for message in messages]
    if not empty_turns:
        sent = _joined([message for message in sent if message.role != "assistant" or message.text.strip()])
    if not system and len(sent) > 1 and sent[0].role == "system" and sent[1].role == "user":
        sent = [Message("user", f"{sent[0].text}\n\n{sent[1].text}"), *sent[2:]]
    return sent


def as_chat(messages: Sequence[Message]) -> "list[BaseMessage]":
    """The messages as LangChain has them."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.text) for message in messages]


def sendable(text: str) -> str:
    """Text without halves of surrogate pairs, which no request can hold."""
    return text.encode(errors="replace").decode()


def _joined(messages: Sequence[Message]) -> list[Message]:
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].role == message.role == "user":
            joined[-1] = Message("user", f"{joined[-1].text}\n{message.text}")
        else:
            joined.append(message)
    return joined
