"""Reads sessions of Gemini CLI and Qwen Code, and saved `contents` of Gemini's API."""

import re
from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "gemini-cli"
_MESSAGE_TYPES = ("user", "gemini")
_NOTE_TYPES = frozenset(["info", "error", "warning", "about", "help", "stats", "quit", "system"])
_PATCH_KEYS = ("$set", "$patch", "$rewindTo")
_SUB_AGENT_NAME = re.compile(r"agent|investigator|generalist|\btask\b", re.IGNORECASE)
_SHELL_REPORT = re.compile(r"(?:Command: [^\n]*\n)?(?:Directory: [^\n]*\n)?(?:Output|Stdout): ")
_REPORT_ENDING = re.compile(
    r"\n(?:Error: [^\n]*|Stderr: [^\n]*|Exit Code: (?P<code>-?\d{1,4}|\(none\))|Signal: [^\n]*|"
    r"Background PIDs: [^\n]*|Process Group PGID: [^\n]*)\s*\Z"
)
"""Matches a line such as `Exit Code: 1` at the end of the shell tool's report."""


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a file; None if the file is not from Gemini CLI, Qwen Code or Gemini's API."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if not any(_is_message(value) or _has_parts(value.get("message")) for value in values):
            return None
        if not all(_is_line(value) for value in values):
            return None
        return [_read_session(source, list(_latest_messages(source.entries())))]
    document = source.document
    if isinstance(document, dict):
        messages = document.get("messages")
        if isinstance(messages, list) and messages and "sessionId" in document and _is_message(messages[0]):
            return [_read_session(source, list(source.entries("/messages")))]
        for key in ("contents", "history", "messages"):
            if _are_contents(document.get(key)):
                return [_read_session(source, list(source.entries(f"/{key}")))]
    return [_read_session(source, list(source.entries()))] if _are_contents(document) else None


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in (*_MESSAGE_TYPES, *_NOTE_TYPES)
        and isinstance(value.get("id"), str)
        and ("content" in value or "toolCalls" in value)
    )


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in ("user", "model") and isinstance(value.get("parts"), list)


def _is_line(value: dict[str, Any]) -> bool:
    is_header = "sessionId" in value and ("projectHash" in value or "message" in value or "type" in value)
    return is_header or _is_message(value) or any(key in value for key in _PATCH_KEYS)


def _are_contents(value: Any) -> bool:
    return (
        isinstance(value, list) and any(map(_has_parts, value)) and all(_has_parts(content) for content in value[:20])
    )


def _latest_messages(entries: Iterator[Entry]) -> list[Entry]:
    """Return the messages in their final state: a later line with the same id replaces the earlier one."""
    entries_by_id: dict[str, Entry] = {}
    for number, entry in enumerate(entries):
        value = entry.value
        if not isinstance(value, dict):
            entries_by_id[f"broken {number}"] = entry
            continue
        patch = value.get("$patch")
        updates = patch.get("updates") if isinstance(patch, dict) else None
        for update in updates if isinstance(updates, list) else ():
            message_id = str(update.get("id")) if isinstance(update, dict) else ""
            if message_id in entries_by_id and isinstance(entries_by_id[message_id].value, dict):
                entries_by_id[message_id] = Entry(
                    {**entries_by_id[message_id].value, **update}, entry.line, entry.pointer
                )
        if "$rewindTo" in value:
            entries_by_id[f"rewind {number}"] = entry
        elif isinstance(value.get("id"), str) and "type" in value:
            entries_by_id[value["id"]] = entry
        elif "message" in value or "type" in value:
            entries_by_id[f"line {number}"] = entry
    return list(entries_by_id.values())


def _read_session(source: Source, entries: list[Entry]) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    for entry in entries:
        value = entry.value
        if entry.problem or not isinstance(value, dict):
            builder.unreadable_entry(entry if entry.problem else _not_an_object(entry))
        elif "$rewindTo" in value:
            builder.gap("the user went back to an earlier message", builder.place(entry))
        else:
            _add_message(builder, entry)
    builder.agent = builder.agent or FORM
    return builder


def _add_message(builder: TranscriptBuilder, entry: Entry) -> None:
    value, place = entry.value, builder.place(entry)
    inner = value.get("message") if _has_parts(value.get("message")) else value
    kind = str(inner.get("role") or value.get("type"))
    if isinstance(value.get("model"), str) and not builder.agent:
        builder.agent = f"{FORM} {value['model'][:80]}"
    builder.set_folder(value.get("cwd"))
    if kind == "compression" or value.get("subtype") == "chat_compression":
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind in ("user", "gemini", "model"):
        content = inner.get("parts") if _has_parts(inner) else inner.get("content")
        _add_parts(builder, entry, content, is_user=kind == "user")
        calls = value.get("toolCalls")
        for index, call in enumerate(calls if isinstance(calls, list) else ()):
            _add_call_and_result(builder, entry, call, index)
    elif kind in _NOTE_TYPES:
        builder.mark(kind, place, text_of(value.get("content")))
    else:
        builder.unknown_entry(kind, value, place)


def _add_parts(builder: TranscriptBuilder, entry: Entry, content: Any, *, is_user: bool) -> None:
    """Add the text of a message. Add its calls and results too, unless the file stores them in `toolCalls` as
    well."""
    texts = []
    has_calls = "toolCalls" in entry.value or _is_message(entry.value)
    path = ("message", "parts") if _has_parts(entry.value.get("message")) else ("parts",)
    for index, part in enumerate(content if isinstance(content, list) else [content]):
        if not isinstance(part, dict):
            texts.append(text_of(part))
            continue
        call, response = part.get("functionCall"), part.get("functionResponse")
        if isinstance(call, dict) and not has_calls:
            _add_call(builder, call, builder.place(entry, *path, index))
        elif isinstance(response, dict) and (not has_calls or builder.is_open(_call_id(response))):
            _add_result(builder, response, builder.place(entry, *path, index), failed=None)
        elif not call and not response and part.get("thought") is not True:
            texts.append(text_of(part))
    builder.say("user" if is_user else "agent", "\n".join(filter(None, texts)), builder.place(entry))


def _add_call_and_result(builder: TranscriptBuilder, entry: Entry, call: Any, index: int) -> None:
    if not isinstance(call, dict):
        return
    place = builder.place(entry, "toolCalls", index)
    _add_call(builder, call, place)
    status = call.get("status")
    if status == "cancelled":
        builder.result("", place, _call_id(call), failed=True)
        return
    result = call.get("result")
    answers = [
        part["functionResponse"]
        for part in (result if isinstance(result, list) else ())
        if isinstance(part, dict) and isinstance(part.get("functionResponse"), dict)
    ]
    for answer in answers[:1]:
        _add_result(
            builder, {**answer, "id": _call_id(call), "name": call.get("name")}, place, failed=status == "error"
        )


def _add_call(builder: TranscriptBuilder, call: dict[str, Any], place: Place) -> None:
    name = str(call.get("name"))
    arguments = call.get("args")
    if isinstance(arguments, dict) and "absolute_path" in arguments:
        arguments = {**arguments, "file_path": arguments["absolute_path"]}
    if _SUB_AGENT_NAME.search(name):
        builder.gap("the actions of a sub-agent are missing", place)
    builder.call(name, arguments, place, _call_id(call))


def _add_result(builder: TranscriptBuilder, answer: dict[str, Any], place: Place, *, failed: bool | None) -> None:
    response = answer.get("response")
    fields = response if isinstance(response, dict) else {"output": response}
    output = fields.get("output", fields.get("error", fields.get("content")))
    text, exit_code = _parse_shell_report(text_of(output)) if output is not None else (None, None)
    failed = failed or (True if "error" in fields and "output" not in fields else None)
    is_shell = builder.command_of(_call_id(answer)) is not None
    builder.result(
        text,
        place,
        _call_id(answer),
        exit_code=exit_code if is_shell else None,
        failed=failed if not (is_shell and exit_code is not None) else None,
        tool=str(answer.get("name")),
    )


def _parse_shell_report(text: str) -> tuple[str, int | None]:
    """Return the output and exit code in a report of the shell tool; for any other text, the text and None."""
    match = _SHELL_REPORT.match(text)
    exit_code = None
    if match is None:
        return text, None
    text = text[match.end() :]
    while ending := _REPORT_ENDING.search(text):
        exit_code = int(ending["code"]) if ending["code"] and ending["code"] != "(none)" else exit_code
        report_line = ending[0].strip()
        text = text[: ending.start()]
        if report_line.startswith(("Error: ", "Stderr: ")) and not report_line.endswith(("(none)", "(empty)")):
            return f"{text}\n{report_line.partition(': ')[2]}", exit_code
    return text, exit_code


def _call_id(call: dict[str, Any]) -> str | None:
    return call["id"] if isinstance(call.get("id"), str) and call["id"] else None


def _not_an_object(entry: Entry) -> Entry:
    return Entry(None, entry.line, entry.pointer, "an entry that is not an object")
