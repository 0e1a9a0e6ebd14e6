"""Reads the `conversations.json` that ChatGPT and Claude export."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Speaker
from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

CHATGPT, CLAUDE = "chatgpt", "claude"
_SPEAKERS: dict[str, Speaker] = {"user": "user", "human": "user", "assistant": "agent", "system": "system"}
_FOR_ALL = ("all", "user", None)


def read(source: Source) -> list[Builder] | None:
    """Return the conversations in an export; None if the file is not an export."""
    if source.is_lines and len(source.head) > 1:
        return None
    document = source.document
    conversations = document if isinstance(document, list) else [document]
    found = []
    for at, one in enumerate(conversations):
        where = f"/{at}" if isinstance(document, list) else ""
        suffix = f"#{at + 1}" if len(conversations) > 1 else ""
        if isinstance(one, dict) and isinstance(one.get("mapping"), dict):
            found.append(_chatgpt(source, one, where, suffix))
        elif isinstance(one, dict) and isinstance(one.get("chat_messages"), list):
            found.append(_claude(source, one["chat_messages"], where, suffix))
        else:
            return None
    return found or None


def _chatgpt(source: Source, conversation: dict[str, Any], where: str, suffix: str) -> Builder:
    builder = Builder(source.path.name + suffix, CHATGPT, source.name)
    builder.agent = str(conversation.get("default_model_slug") or CHATGPT)[:80]
    for name, message in _branch(conversation):
        pointer = f"{where}/mapping/{name}/message"
        entry = Entry(message, source.line_of(pointer), pointer)
        author = message["author"] if isinstance(message.get("author"), dict) else {}
        role, content = author.get("role"), message.get("content")
        kind = content.get("content_type") if isinstance(content, dict) else None
        place = builder.place(entry)
        if kind in ("thoughts", "reasoning_recap"):
            builder.mark("reasoning", place, "", "agent")
        elif role == "tool":
            builder.result(text_of(content), place, None, tool=str(author.get("name")))
        elif role == "assistant" and message.get("recipient") not in _FOR_ALL:
            builder.call(str(message["recipient"]), {"code": text_of(content)}, place, None)
        elif role in _SPEAKERS:
            builder.say(_SPEAKERS[role], text_of(content), place)
        else:
            builder.unknown_entry(f"role {role}", message, place)
    builder.has_tools = any(event.kind in ("call", "result") for event in builder.events)
    return builder


def _branch(conversation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages that lead to the current one, each with its key in `mapping`."""
    mapping = conversation["mapping"]
    at = conversation.get("current_node")
    at = at if at in mapping else next(reversed(mapping), None)
    way: dict[str, dict[str, Any]] = {}
    # From each message to its parent; a loop ends the search.
    while isinstance(at, str) and at in mapping and at not in way and isinstance(mapping[at], dict):
        way[at] = mapping[at]
        at = mapping[at].get("parent")
    for name in reversed(way):
        if isinstance(way[name].get("message"), dict):
            yield name, way[name]["message"]


def _claude(source: Source, messages: list[Any], where: str, suffix: str) -> Builder:
    builder = Builder(source.path.name + suffix, CLAUDE, source.name)
    builder.agent = CLAUDE
    for at, message in enumerate(messages):
        pointer = f"{where}/chat_messages/{at}"
        entry = Entry(message, source.line_of(pointer), pointer)
        speaker = _SPEAKERS.get(str(message.get("sender"))) if isinstance(message, dict) else None
        if speaker is None:
            builder.unknown_entry("message", message, builder.place(entry))
            continue
        parts = message.get("content")
        if not isinstance(parts, list) or not parts:
            builder.say(speaker, text_of(message.get("text")), builder.place(entry))
            continue
        for number, part in enumerate(parts):
            place = builder.place(entry, "content", number)
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "tool_use":
                builder.call(str(part.get("name")), part.get("input"), place, part.get("id"))
            elif kind == "tool_result":
                builder.result(
                    text_of(part.get("content")), place, part.get("tool_use_id"), failed=part.get("is_error") is True
                )
            elif kind in ("text", None):
                builder.say(speaker, text_of(part), place)
            elif kind == "thinking":
                builder.mark("reasoning", place, text_of(part.get("thinking")), "agent")
            else:
                builder.unknown_entry(str(kind), part, place)
    builder.has_tools = any(event.kind in ("call", "result") for event in builder.events)
    return builder
