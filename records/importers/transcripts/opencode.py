"""Reads sessions of opencode and its derivatives, from `opencode export` or from `opencode run --format json`."""

from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Speaker
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.commands import arguments_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "opencode"
_LINE_TYPES = frozenset(["step_start", "step_finish", "text", "tool_use", "reasoning", "error"])
_NOTE_TYPES = frozenset(["step-start", "step-finish", "snapshot", "patch", "agent", "file", "retry", "reasoning"])
_ARGUMENT_NAMES = {"filePath": "file_path", "oldString": "old_string", "newString": "new_string"}
_FINAL_STATUSES = ("completed", "error")


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a file; None if the file is not from opencode."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if values and all(map(_is_line, values)):
            return [_read_session(source, source.entries())]
        return [_read_session(source, source.entries())] if values and all(map(_is_message, values)) else None
    document = source.document
    if isinstance(document, dict) and _are_messages(document.get("messages")):
        return [_read_session(source, source.entries("/messages"))]
    return [_read_session(source, source.entries())] if _are_messages(document) else None


def _is_line(value: dict[str, Any]) -> bool:
    return isinstance(value.get("sessionID"), str) and value.get("type") in _LINE_TYPES


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("info"), dict)
        and value["info"].get("role") in ("user", "assistant")
        and isinstance(value.get("parts"), list)
    )


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_message(message) for message in value[:20])


def _read_session(source: Source, entries: Iterator[Entry]) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    for entry in entries:
        value = entry.value
        if entry.problem or not isinstance(value, dict):
            builder.unreadable_entry(entry if entry.problem else _not_an_object(entry))
        elif _is_message(value):
            _add_message(builder, entry)
        elif isinstance(value.get("part"), dict):
            _add_part(builder, entry, value["part"], "agent", "part")
        else:
            builder.mark(str(value.get("type"))[:80], builder.place(entry))
    builder.agent = builder.agent or FORM
    return builder


def _add_message(builder: TranscriptBuilder, entry: Entry) -> None:
    info = entry.value["info"]
    model = info.get("modelID")
    if isinstance(model, str) and not builder.agent:
        builder.agent = f"{FORM} {model[:80]}"
    path = info.get("path")
    builder.set_folder(path.get("cwd") if isinstance(path, dict) else None)
    speaker: Speaker = "user" if info["role"] == "user" else "agent"
    if info.get("summary") is True:
        builder.gap("the conversation was compacted", builder.place(entry))
        speaker = "system"
    for index, part in enumerate(entry.value["parts"]):
        if isinstance(part, dict):
            _add_part(builder, entry, part, speaker, "parts", index)


def _add_part(
    builder: TranscriptBuilder, entry: Entry, part: dict[str, Any], speaker: Speaker, *path: str | int
) -> None:
    kind, place = str(part.get("type")), builder.place(entry, *path)
    if kind == "text":
        builder.say("system" if part.get("synthetic") is True else speaker, text_of(part.get("text")), place)
    elif kind == "tool":
        _add_tool_call(builder, part, entry, *path)
    elif kind == "compaction":
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind == "subtask":
        builder.gap("the actions of a sub-agent are missing", place)
    elif kind in _NOTE_TYPES:
        builder.mark(kind, place)
    else:
        builder.unknown_entry(f"part {kind}", part, place)


def _add_tool_call(builder: TranscriptBuilder, part: dict[str, Any], entry: Entry, *path: str | int) -> None:
    name, place = str(part.get("tool")), builder.place(entry, *path)
    state = part["state"] if isinstance(part.get("state"), dict) else {}
    arguments = {
        _ARGUMENT_NAMES.get(key, key): argument for key, argument in arguments_of(state.get("input")).items()
    }
    call_id = str(part.get("callID") or part.get("id") or f"{entry.pointer}{path}")
    if name == "task":
        builder.gap("the actions of a sub-agent are missing", place)
    builder.call(name, arguments, place, call_id)
    if state.get("status") not in _FINAL_STATUSES:
        return
    metadata = state["metadata"] if isinstance(state.get("metadata"), dict) else {}
    exit_code = metadata.get("exit")
    time = state.get("time")
    if isinstance(time, dict) and "compacted" in time:
        builder.gap("the output of a tool was cleared", place)
        builder.result(None, place, call_id, tool=name)
        return
    builder.result(
        text_of(state.get("output") if state["status"] == "completed" else state.get("error")),
        builder.place(entry, *path, "state"),
        call_id,
        told=(metadata,),
        exit_code=exit_code if isinstance(exit_code, int) and not isinstance(exit_code, bool) else None,
        failed=True if state["status"] == "error" else None,
        tool=name,
    )


def _not_an_object(entry: Entry) -> Entry:
    return Entry(None, entry.line, entry.pointer, "an entry that is not an object")
