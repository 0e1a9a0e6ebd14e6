"""Reads chat messages in the format of OpenAI's and Anthropic's APIs, and items of OpenAI's Responses API."""

from collections.abc import Iterable
from typing import Any

from gedanken.experiment.agent_transcript import Place, Speaker
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "openai"
_SPEAKERS: dict[str, Speaker] = {
    "user": "user",
    "human": "user",
    "assistant": "agent",
    "ai": "agent",
    "gpt": "agent",
    "model": "agent",
    "system": "system",
    "developer": "system",
}
_RESULT_ROLES = ("tool", "function", "tool_result", "observation", "ipython")
_LIST_POINTERS = ("/messages", "/input", "/output", "/conversations", "/conversation", "/history", "/items")
_TEXT_TYPES = ("text", "input_text", "output_text", "refusal")
_REASONING_TYPES = ("thinking", "redacted_thinking", "reasoning", "reasoning_text", "summary_text")
_HOSTED_CALLS = ("web_search_call", "file_search_call", "computer_call", "image_generation_call", "mcp_list_tools")


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the conversations in a file; None if the file contains no messages."""
    if not _is_conversation(source):
        return None
    if source.is_lines and all(_holds_messages(entry.value) for entry in _objects(source.head)):
        conversations = [(entry, _messages_in(entry)) for entry in source.entries()]
        builders = [
            _read_conversation(source, messages, f"#{entry.line}") for entry, messages in conversations if messages
        ]
        broken = [entry for entry, _messages in conversations if entry.problem]
        for entry in broken if builders else ():
            builders[-1].unreadable_entry(entry)
        return builders or None
    if source.is_lines:
        return [_read_conversation(source, source.entries(), "")]
    document = source.document
    if isinstance(document, list):
        if all(isinstance(element, list) for element in document):
            return [
                _read_conversation(source, source.entries(f"/{index}"), f"#{index + 1}")
                for index in range(len(document))
            ]
        return [_read_conversation(source, source.entries(), "")]
    pointers = [pointer for pointer in _LIST_POINTERS if isinstance(document.get(pointer[1:]), list)]
    entries = [entry for pointer in pointers for entry in source.entries(pointer)]
    builder = _read_conversation(source, entries, "", declared="tools" in document)
    builder.agent = str(document.get("model") or builder.agent)
    return [builder]


def read_message(builder: TranscriptBuilder, message: Any, entry: Entry) -> None:
    """Add one message of a chat, with the tool calls or results in it."""
    if not isinstance(message, dict):
        builder.unknown_entry(type(message).__name__, message, builder.place(entry))
        return
    role = str(message.get("role") or message.get("from") or "")
    content = message.get("content", message.get("value"))
    place = builder.place(entry)
    if role in _RESULT_ROLES:
        call_id = message.get("tool_call_id") or message.get("id") or message.get("name")
        _add_result(builder, content, place, call_id if isinstance(call_id, str) else None, message)
        return
    speaker = _SPEAKERS.get(role)
    if speaker is None:
        builder.unknown_entry(f"role {role[:40]}" if role else "message", message, place)
        return
    for key in ("reasoning_content", "reasoning", "thinking"):
        if isinstance(message.get(key), str):
            builder.mark("reasoning", builder.place(entry, key), message[key], "agent")
    if isinstance(content, list):
        for index, part in enumerate(content):
            _add_part(builder, part, speaker, builder.place(entry, "content", index), message)
    else:
        builder.say(speaker, text_of(content), place)
    for index, call in enumerate(message.get("tool_calls") or ()):
        read_call(builder, call, builder.place(entry, "tool_calls", index))
    if isinstance(message.get("function_call"), dict):
        call = message["function_call"]
        builder.call(
            str(call.get("name")), call.get("arguments"), builder.place(entry, "function_call"), call.get("name")
        )


def read_call(builder: TranscriptBuilder, call: Any, place: Place) -> None:
    """Add a tool call in the format of chat completions, or in one without the nested object `function`."""
    if not isinstance(call, dict):
        builder.unknown_entry("tool_call", call, place)
        return
    function = call["function"] if isinstance(call.get("function"), dict) else call
    name = function.get("name") or call.get("function") or call.get("name") or "tool"
    arguments = function.get("arguments", function.get("args", function.get("input", call.get("custom"))))
    call_id = call.get("id") or call.get("call_id")
    builder.call(str(name), arguments, place, call_id if isinstance(call_id, str) else None)


def read_item(builder: TranscriptBuilder, item: dict[str, Any], entry: Entry) -> bool:
    """Add one item of a Responses conversation; return False if its kind is unknown."""
    kind, place = item.get("type"), builder.place(entry)
    call_id = item.get("call_id") or item.get("id")
    call_id = call_id if isinstance(call_id, str) else None
    if kind == "message" or (kind is None and "role" in item):
        read_message(builder, item, entry)
    elif kind in ("function_call", "custom_tool_call"):
        arguments = item.get("arguments") if kind == "function_call" else item.get("input")
        builder.call(str(item.get("name")), arguments, place, call_id)
    elif kind in ("local_shell_call", "shell_call"):
        action = item["action"] if isinstance(item.get("action"), dict) else {}
        arguments = action.get("command") or action.get("commands")
        shell_arguments = (
            {"command": "\n".join(map(str, arguments))}
            if kind == "shell_call" and isinstance(arguments, list)
            else action
        )
        builder.call(str(kind), shell_arguments, place, call_id)
    elif isinstance(kind, str) and kind.endswith("_call_output"):
        _add_result(builder, item.get("output"), place, call_id, item)
    elif kind == "code_interpreter_call":
        builder.call("python", {"code": item.get("code")}, place, call_id)
        outputs = item.get("outputs")
        builder.result(
            None if outputs is None else text_of([_logs_of_output(output) for output in outputs]), place, call_id
        )
    elif kind == "mcp_call":
        builder.call(str(item.get("name")), item.get("arguments"), place, call_id)
        failed = bool(item.get("error"))
        builder.result(text_of(item.get("output") or item.get("error")), place, call_id, failed=failed)
    elif kind == "reasoning":
        builder.mark("reasoning", place, text_of(item.get("summary")) or text_of(item.get("content")), "agent")
    elif kind in _HOSTED_CALLS:
        builder.mark(str(kind), place)
    elif isinstance(kind, str) and kind.startswith("compaction"):
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    else:
        return False
    return True


def _logs_of_output(output: Any) -> Any:
    return output.get("logs", output) if isinstance(output, dict) else output


def _add_part(builder: TranscriptBuilder, part: Any, speaker: Speaker, place: Place, message: dict[str, Any]) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, str):
        builder.say(speaker, part, place)
    elif not isinstance(part, dict):
        builder.unknown_entry("content", part, place)
    elif kind in _TEXT_TYPES or (kind is None and "text" in part):
        builder.say(speaker, text_of(part.get("text", part.get("refusal"))), place)
    elif kind in _REASONING_TYPES:
        builder.mark(
            "reasoning", place, text_of(part.get("thinking") or part.get("reasoning") or part.get("text")), "agent"
        )
    elif kind in ("tool_use", "tool_call", "server_tool_use"):
        call_id = part.get("id") or part.get("tool_call_id")
        name = part.get("name") or part.get("tool_name") or "tool"
        builder.call(
            str(name), part.get("input", part.get("args")), place, call_id if isinstance(call_id, str) else None
        )
    elif isinstance(kind, str) and kind.endswith("tool_result"):
        call_id = part.get("tool_use_id") or part.get("tool_call_id")
        _add_result(builder, part.get("content"), place, call_id if isinstance(call_id, str) else None, part)
    elif kind in ("image", "image_url", "input_image", "input_audio", "audio", "document", "file", "input_file"):
        builder.mark(str(kind), place, speaker=speaker)
    elif not message.get("type") or not read_item(builder, part, Entry(part, place.line, place.pointer)):
        builder.unknown_entry(str(kind or "content"), part, place)


def _add_result(
    builder: TranscriptBuilder, content: Any, place: Place, call_id: str | None, fields: dict[str, Any]
) -> None:
    text = None if content is None else text_of(content)
    is_error = fields.get("is_error") is True or bool(fields.get("error")) or fields.get("status") == "error"
    if isinstance(fields.get("error"), dict) and not text:
        text = text_of(fields["error"].get("message"))
    sources = (
        fields,
        fields.get("extra"),
        fields.get("metadata"),
        fields.get("additional_kwargs"),
        fields.get("artifact"),
    )
    name = fields.get("name")
    builder.result(
        text,
        place,
        call_id,
        told=sources,
        failed=is_error,
        tool=name if isinstance(name, str) else None,
    )


def _read_conversation(
    source: Source, entries: Iterable[Entry], suffix: str, *, declared: bool = False
) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name + suffix, FORM, source.name)
    builder.agent = "assistant"
    for entry in entries:
        if entry.problem:
            builder.unreadable_entry(entry)
        elif not (
            isinstance(entry.value, dict) and "role" not in entry.value and read_item(builder, entry.value, entry)
        ):
            read_message(builder, entry.value, entry)
    builder.has_tools = declared or any(event.kind in ("call", "result", "edit") for event in builder.events)
    return builder


def _messages_in(entry: Entry) -> list[Entry]:
    if not isinstance(entry.value, dict):
        return []
    for pointer in _LIST_POINTERS:
        messages = entry.value.get(pointer[1:])
        if isinstance(messages, list):
            return [Entry(message, entry.line, f"{pointer}/{index}") for index, message in enumerate(messages)]
    return []


def _is_conversation(source: Source) -> bool:
    if source.is_lines:
        objects = _objects(source.head)
        return bool(objects) and all(
            _is_message(candidate.value) or _holds_messages(candidate.value) for candidate in objects
        )
    document = source.document
    if isinstance(document, list):
        messages = document[0] if document and isinstance(document[0], list) else document
        return bool(messages) and all(_is_message(candidate) for candidate in messages[:20])
    return isinstance(document, dict) and _holds_messages(document)


def _objects(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if isinstance(entry.value, dict)]


def _holds_messages(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    messages = next(
        (value[key[1:]] for key in _LIST_POINTERS if isinstance(value.get(key[1:]), list) and value[key[1:]]), None
    )
    return messages is not None and any(_is_message(message) for message in messages[:20])


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("role"), str) or (isinstance(value.get("from"), str) and "value" in value):
        return "content" in value or "value" in value or "tool_calls" in value or "function_call" in value
    kind = value.get("type")
    return isinstance(kind, str) and (kind.endswith(("_call", "_call_output")) or kind == "reasoning")
