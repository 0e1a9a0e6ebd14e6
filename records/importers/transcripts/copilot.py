"""Reads sessions of GitHub Copilot: chats of VS Code, and events of Copilot CLI."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "copilot"
_SET, _PUSH, _DELETE = 1, 2, 3
"""Kinds of the lines with which VS Code changes a stored chat."""
_TOOL_KINDS = ("toolInvocationSerialized", "toolInvocation")
_EDIT_KINDS = ("textEditGroup", "codeblockUri", "notebookEditGroup", "workspaceEdit", "multiDiffData")
_COMMAND_KEYS = ("userEdited", "toolEdited", "original")
_CLI_EVENTS = frozenset(
    ["user.message", "assistant.message", "assistant.message_delta", "assistant.turn_start", "session.start"]
)
_NOTE_PREFIXES = (
    "session.",
    "assistant.",
    "hook.",
    "permission.",
    "skill.",
    "tool.",
    "model.",
    "system.",
    "user_input.",
)


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a file; None if the file is not from Copilot."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if values and values[0].get("kind") == 0 and _is_chat(values[0].get("v")):
            return [_read_stored_chat(source)]
        is_cli = any(value.get("type") in _CLI_EVENTS for value in values) and all(
            value.get("type") == "result"
            or (isinstance(value.get("data"), dict) and isinstance(value.get("type"), str))
            for value in values
        )
        return [_read_cli_session(source)] if is_cli else None
    return [_read_chat(source, source.document)] if _is_chat(source.document) else None


def _is_chat(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("requests"), list):
        return False
    first = value["requests"][0] if value["requests"] else None
    is_request = isinstance(first, dict) and "message" in first and "response" in first
    return is_request or (not value["requests"] and "sessionId" in value)


def _read_stored_chat(source: Source) -> TranscriptBuilder:
    """Read a chat as VS Code stores it: first its state, then lines that change the state."""
    state: Any = {}
    problems = []
    lines: list[int] = []
    for entry in source.entries():
        value = entry.value
        if entry.problem or not isinstance(value, dict):
            problems.append(entry if entry.problem else _not_an_object(entry))
        elif value.get("kind") == 0:
            state = value.get("v")
        elif not _apply_change(state, value):
            problems.append(
                Entry(None, entry.line, problem="this change does not fit the chat that the lines before it describe")
            )
        requests = state.get("requests") if isinstance(state, dict) else None
        count = len(requests) if isinstance(requests, list) else 0
        lines = lines[:count] + [entry.line] * (count - len(lines))
    builder = _read_chat(source, state, lines)
    for problem in problems:
        builder.unreadable_entry(problem)
    return builder


def _apply_change(state: Any, change: dict[str, Any]) -> bool:
    """Apply a change to the state of a chat. Return False if the state does not contain the part that is to be
    changed.
    """
    path = change.get("k")
    if not isinstance(path, list) or not path:
        return False
    try:
        for key in path[:-1]:
            state = state[key]
        last = path[-1]
        if change.get("kind") == _SET:
            state[last] = change.get("v")
        elif change.get("kind") == _DELETE:
            del state[last]
        elif change.get("kind") == _PUSH:
            if isinstance(change.get("i"), int):
                del state[last][change["i"] :]
            state[last].extend(change.get("v") or [])
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
    return True


def _read_chat(source: Source, chat: Any, lines: list[int] | None = None) -> TranscriptBuilder:
    """Read the requests of a chat. If the chat is stored as changes, `lines` holds the line that added each
    request."""
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    builder.agent = FORM
    requests = chat.get("requests") if isinstance(chat, dict) else None
    for index, request in enumerate(requests if isinstance(requests, list) else ()):
        pointer = "" if lines else f"/requests/{index}"
        entry = Entry(request, lines[index] if lines else source.line_of(pointer), pointer)
        if not isinstance(request, dict):
            builder.unreadable_entry(Entry(None, entry.line, pointer, "a request that is not an object"))
            continue
        if builder.agent == FORM and isinstance(request.get("modelId"), str):
            builder.agent = f"{FORM} {request['modelId'][:80]}"
        builder.say("user", text_of(request.get("message")), _part_place(builder, entry, "message"))
        _add_response(builder, entry, request.get("response"))
    return builder


def _add_response(builder: TranscriptBuilder, entry: Entry, response: Any) -> None:
    texts: list[str] = []
    for index, part in enumerate(response if isinstance(response, list) else ()):
        if not isinstance(part, dict):
            continue
        kind, place = part.get("kind"), _part_place(builder, entry, "response", index)
        if kind is None or kind == "markdownContent":
            texts.append(text_of(part.get("content", part)))
            continue
        if kind == "inlineReference":
            texts.append(f"`{_reference_name(part)}`")
            continue
        if kind in _TOOL_KINDS or kind in _EDIT_KINDS:
            builder.say("agent", "".join(texts), place)
            texts.clear()
        if kind in _TOOL_KINDS:
            _add_tool_call(builder, entry, part, index)
        elif kind in _EDIT_KINDS:
            builder.mark(str(kind), place)
            builder.gap("not all changes of files are recorded", place)
        else:
            builder.mark(str(kind)[:80], place)
    builder.say("agent", "".join(texts), _part_place(builder, entry, "response"))


def _part_place(builder: TranscriptBuilder, entry: Entry, *parts: str | int) -> Place:
    """Return the place of a part of an entry. In a chat that is stored as changes, it is only the line of the
    entry.
    """
    return builder.place(entry, *parts) if entry.pointer else builder.place(entry)


def _reference_name(part: dict[str, Any]) -> str:
    reference = part.get("inlineReference")
    if isinstance(part.get("name"), str):
        return str(part["name"])
    path = reference.get("path") if isinstance(reference, dict) else None
    return path.rpartition("/")[2] if isinstance(path, str) else "reference"


def _add_tool_call(builder: TranscriptBuilder, entry: Entry, part: dict[str, Any], index: int) -> None:
    """Add a tool call and its result. Most entries do not contain the output; it is then recorded as left out."""
    place = _part_place(builder, entry, "response", index)
    data = part["toolSpecificData"] if isinstance(part.get("toolSpecificData"), dict) else {}
    call_id = str(part.get("toolCallId") or entry.pointer) + f"/{index}"
    line = data.get("commandLine")
    candidates = [line.get(key) for key in _COMMAND_KEYS] if isinstance(line, dict) else [data.get("command")]
    command = next((candidate for candidate in candidates if isinstance(candidate, str) and candidate.strip()), None)
    if data.get("kind") == "subagent":
        builder.gap("the actions of a sub-agent are missing", place)
    builder.call(str(part.get("toolId")), {}, place, call_id, command or None)
    output, state = data.get("terminalCommandOutput"), data.get("terminalCommandState")
    details = part.get("resultDetails")
    text = output.get("text") if isinstance(output, dict) else None
    if text is None and isinstance(details, dict) and details.get("output") is not None:
        text = text_of(details["output"])
    exit_code = state.get("exitCode") if isinstance(state, dict) else None
    builder.result(
        text if isinstance(text, str) else None,
        place,
        call_id,
        exit_code=exit_code if isinstance(exit_code, int) and not isinstance(exit_code, bool) else None,
        failed=True if isinstance(details, dict) and details.get("isError") is True else None,
        tool=str(part.get("toolId")),
    )


def _read_cli_session(source: Source) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    builder.agent = FORM
    called_ids: set[str] = set()
    for entry in _event_entries(builder, source.entries()):
        data, kind = entry.value["data"], str(entry.value.get("type"))
        parent = data.get("parentToolCallId")
        builder.session = parent[:64] if isinstance(parent, str) else ""
        if kind == "session.start":
            context = data["context"] if isinstance(data.get("context"), dict) else {}
            builder.set_folder(context.get("cwd"))
        _add_event(builder, entry, kind, called_ids)
    builder.session = ""
    return builder


def _event_entries(builder: TranscriptBuilder, entries: Iterator[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.problem or not isinstance(entry.value, dict):
            builder.unreadable_entry(entry if entry.problem else _not_an_object(entry))
        elif isinstance(entry.value.get("data"), dict):
            yield entry
        elif entry.value.get("type") == "result":
            builder.mark("result", builder.place(entry))
        else:
            builder.unknown_entry(str(entry.value.get("type")), entry.value, builder.place(entry))


def _add_event(builder: TranscriptBuilder, entry: Entry, kind: str, called_ids: set[str]) -> None:
    data, place = entry.value["data"], builder.place(entry, "data")
    call_id = str(data.get("toolCallId"))
    if kind == "user.message":
        builder.say("user", text_of(data.get("content")), place)
    elif kind == "assistant.message":
        builder.say("agent", text_of(data.get("content")), place)
        requests = data.get("toolRequests")
        for request in requests if isinstance(requests, list) else ():
            if isinstance(request, dict) and isinstance(request.get("toolCallId"), str):
                called_ids.add(request["toolCallId"])
                builder.call(str(request.get("name")), request.get("arguments"), place, request["toolCallId"])
    elif kind == "tool.execution_start" and call_id not in called_ids:
        builder.call(str(data.get("toolName")), data.get("arguments"), place, call_id)
    elif kind == "tool.execution_complete":
        result = data.get("result") if data.get("success") is not False else data.get("error") or data.get("result")
        text = None if result is None else result.get("message") if isinstance(result, dict) else result
        text = text_of(result) if text is None and result is not None else text
        failed = True if data.get("success") is False else None
        builder.result(text if text is None else str(text), place, call_id, failed=failed)
    elif kind.startswith(("session.compaction", "session.truncation", "session.snapshot_rewind")):
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind == "session.resume":
        builder.mark(kind, place)
    elif kind.startswith("subagent."):
        builder.mark(kind[:80], place)
        builder.gap("some actions of a sub-agent may be missing", place)
    elif kind == "system.notification":
        builder.unknown_entry(kind, entry.value, place)
    elif kind == "abort" or kind.startswith(_NOTE_PREFIXES):
        builder.mark(kind[:80], place)
    else:
        builder.unknown_entry(kind, entry.value, place)


def _not_an_object(entry: Entry) -> Entry:
    return Entry(None, entry.line, entry.pointer, "an entry that is not an object")
