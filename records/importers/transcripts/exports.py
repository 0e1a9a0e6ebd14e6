"""Reads the `conversations.json` that ChatGPT and Claude export."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Speaker
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

CHATGPT, CLAUDE = "chatgpt", "claude"
_SPEAKERS: dict[str, Speaker] = {"user": "user", "human": "user", "assistant": "agent", "system": "system"}
_MESSAGE_RECIPIENTS = ("all", "user", None)


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the conversations in an export; None if the file is not an export."""
    if source.is_lines and len(source.head) > 1:
        return None
    document = source.document
    conversations = document if isinstance(document, list) else [document]
    builders = []
    for index, conversation in enumerate(conversations):
        pointer = f"/{index}" if isinstance(document, list) else ""
        suffix = f"#{index + 1}" if len(conversations) > 1 else ""
        if isinstance(conversation, dict) and isinstance(conversation.get("mapping"), dict):
            builders.append(_read_chatgpt(source, conversation, pointer, suffix))
        elif isinstance(conversation, dict) and isinstance(conversation.get("chat_messages"), list):
            builders.append(_read_claude(source, conversation["chat_messages"], pointer, suffix))
        else:
            return None
    return builders or None


def _read_chatgpt(
    source: Source, conversation: dict[str, Any], parent_pointer: str, suffix: str
) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name + suffix, CHATGPT, source.name)
    builder.agent = str(conversation.get("default_model_slug") or CHATGPT)[:80]
    for node_id, message in _current_branch(conversation):
        pointer = f"{parent_pointer}/mapping/{node_id}/message"
        entry = Entry(message, source.line_of(pointer), pointer)
        author = message["author"] if isinstance(message.get("author"), dict) else {}
        role, content = author.get("role"), message.get("content")
        kind = content.get("content_type") if isinstance(content, dict) else None
        place = builder.place(entry)
        if kind in ("thoughts", "reasoning_recap"):
            builder.mark("reasoning", place, "", "agent")
        elif role == "tool":
            builder.result(text_of(content), place, None, tool=str(author.get("name")))
        elif role == "assistant" and message.get("recipient") not in _MESSAGE_RECIPIENTS:
            builder.call(str(message["recipient"]), {"code": text_of(content)}, place, None)
        elif role in _SPEAKERS:
            builder.say(_SPEAKERS[role], text_of(content), place)
        else:
            builder.unknown_entry(f"role {role}", message, place)
    builder.has_tools = any(event.kind in ("call", "result") for event in builder.events)
    return builder


def _current_branch(conversation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages that lead to the current one, each with its key in `mapping`."""
    mapping = conversation["mapping"]
    node_id = conversation.get("current_node")
    node_id = node_id if node_id in mapping else next(reversed(mapping), None)
    branch: dict[str, dict[str, Any]] = {}
    # From each message to its parent; a loop ends the search.
    while (
        isinstance(node_id, str)
        and node_id in mapping
        and node_id not in branch
        and isinstance(mapping[node_id], dict)
    ):
        branch[node_id] = mapping[node_id]
        node_id = mapping[node_id].get("parent")
    for branch_id in reversed(branch):
        if isinstance(branch[branch_id].get("message"), dict):
            yield branch_id, branch[branch_id]["message"]


def _read_claude(source: Source, messages: list[Any], parent_pointer: str, suffix: str) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name + suffix, CLAUDE, source.name)
    builder.agent = CLAUDE
    for index, message in enumerate(messages):
        pointer = f"{parent_pointer}/chat_messages/{index}"
        entry = Entry(message, source.line_of(pointer), pointer)
        speaker = _SPEAKERS.get(str(message.get("sender"))) if isinstance(message, dict) else None
        if speaker is None:
            builder.unknown_entry("message", message, builder.place(entry))
            continue
        parts = message.get("content")
        if not isinstance(parts, list) or not parts:
            builder.say(speaker, text_of(message.get("text")), builder.place(entry))
            continue
        for part_index, part in enumerate(parts):
            place = builder.place(entry, "content", part_index)
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
