"""Reads sessions of Gemini CLI and Qwen Code, and saved `contents` of Gemini's API."""

import re
from collections.abc import Iterator
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "gemini-cli"
_KINDS = ("user", "gemini")
_NOTES = frozenset(["info", "error", "warning", "about", "help", "stats", "quit", "system"])
_PATCHES = ("$set", "$patch", "$rewindTo")
_SUB_AGENT = re.compile(r"agent|investigator|generalist|\btask\b", re.IGNORECASE)
_REPORT = re.compile(r"(?:Command: [^\n]*\n)?(?:Directory: [^\n]*\n)?(?:Output|Stdout): ")
_ENDING = re.compile(
    r"\n(?:Error: [^\n]*|Stderr: [^\n]*|Exit Code: (?P<code>-?\d{1,4}|\(none\))|Signal: [^\n]*|"
    r"Background PIDs: [^\n]*|Process Group PGID: [^\n]*)\s*\Z"
)
"""Matches a line such as `Exit Code: 1` at the end of the shell tool's report."""


def read(source: Source) -> list[Builder] | None:
    """Return the session in a file; None if the file is not from Gemini CLI, Qwen Code or Gemini's API."""
    if source.is_lines:
        values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
        if not any(_is_message(value) or _has_parts(value.get("message")) for value in values):
            return None
        if not all(_is_line(value) for value in values):
            return None
        return [_session(source, list(_latest(source.entries())))]
    document = source.document
    if isinstance(document, dict):
        told = document.get("messages")
        if isinstance(told, list) and told and "sessionId" in document and _is_message(told[0]):
            return [_session(source, list(source.entries("/messages")))]
        for key in ("contents", "history", "messages"):
            if _are_contents(document.get(key)):
                return [_session(source, list(source.entries(f"/{key}")))]
    return [_session(source, list(source.entries()))] if _are_contents(document) else None


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in (*_KINDS, *_NOTES)
        and isinstance(value.get("id"), str)
        and ("content" in value or "toolCalls" in value)
    )


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict) and value.get("role") in ("user", "model") and isinstance(value.get("parts"), list)


def _is_line(value: dict[str, Any]) -> bool:
    is_header = "sessionId" in value and ("projectHash" in value or "message" in value or "type" in value)
    return is_header or _is_message(value) or any(key in value for key in _PATCHES)


def _are_contents(value: Any) -> bool:
    return isinstance(value, list) and any(map(_has_parts, value)) and all(_has_parts(one) for one in value[:20])


def _latest(entries: Iterator[Entry]) -> list[Entry]:
    """Return the messages in their final state: a later line with the same id replaces the earlier one."""
    found: dict[str, Entry] = {}
    for number, entry in enumerate(entries):
        value = entry.value
        if not isinstance(value, dict):
            found[f"broken {number}"] = entry
            continue
        patch = value.get("$patch")
        updates = patch.get("updates") if isinstance(patch, dict) else None
        for update in updates if isinstance(updates, list) else ():
            at = str(update.get("id")) if isinstance(update, dict) else ""
            if at in found and isinstance(found[at].value, dict):
                found[at] = Entry({**found[at].value, **update}, entry.line, entry.pointer)
        if "$rewindTo" in value:
            found[f"rewind {number}"] = entry
        elif isinstance(value.get("id"), str) and "type" in value:
            found[value["id"]] = entry
        elif "message" in value or "type" in value:
            found[f"line {number}"] = entry
    return list(found.values())


def _session(source: Source, entries: list[Entry]) -> Builder:
    builder = Builder(source.path.name, FORM, source.name)
    for entry in entries:
        value = entry.value
        if entry.problem or not isinstance(value, dict):
            builder.broken(entry if entry.problem else _none(entry))
        elif "$rewindTo" in value:
            builder.gap("the user went back to an earlier message", builder.place(entry))
        else:
            _message(builder, entry)
    builder.agent = builder.agent or FORM
    return builder


def _message(builder: Builder, entry: Entry) -> None:
    value, place = entry.value, builder.place(entry)
    inner = value.get("message") if _has_parts(value.get("message")) else value
    kind = str(inner.get("role") or value.get("type"))
    if isinstance(value.get("model"), str) and not builder.agent:
        builder.agent = f"{FORM} {value['model'][:80]}"
    builder.works_in(value.get("cwd"))
    if kind == "compression" or value.get("subtype") == "chat_compression":
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    elif kind in ("user", "gemini", "model"):
        content = inner.get("parts") if _has_parts(inner) else inner.get("content")
        _parts(builder, entry, content, is_user=kind == "user")
        calls = value.get("toolCalls")
        for at, call in enumerate(calls if isinstance(calls, list) else ()):
            _call(builder, entry, call, at)
    elif kind in _NOTES:
        builder.mark(kind, place, text_of(value.get("content")))
    else:
        builder.unknown_entry(kind, value, place)


def _parts(builder: Builder, entry: Entry, content: Any, *, is_user: bool) -> None:
    """Add the text of a message, and the calls and results in it that the file does not store in `toolCalls` too."""
    said = []
    has_calls = "toolCalls" in entry.value or _is_message(entry.value)
    inside = ("message", "parts") if _has_parts(entry.value.get("message")) else ("parts",)
    for at, part in enumerate(content if isinstance(content, list) else [content]):
        if not isinstance(part, dict):
            said.append(text_of(part))
            continue
        asked, answer = part.get("functionCall"), part.get("functionResponse")
        if isinstance(asked, dict) and not has_calls:
            _asked(builder, asked, builder.place(entry, *inside, at))
        elif isinstance(answer, dict) and (not has_calls or builder.is_open(_id(answer))):
            _answered(builder, answer, builder.place(entry, *inside, at), failed=None)
        elif not asked and not answer and part.get("thought") is not True:
            said.append(text_of(part))
    builder.say("user" if is_user else "agent", "\n".join(filter(None, said)), builder.place(entry))


def _call(builder: Builder, entry: Entry, call: Any, at: int) -> None:
    if not isinstance(call, dict):
        return
    place = builder.place(entry, "toolCalls", at)
    _asked(builder, call, place)
    status = call.get("status")
    if status == "cancelled":
        builder.result("", place, _id(call), failed=True)
        return
    result = call.get("result")
    answers = [
        part["functionResponse"]
        for part in (result if isinstance(result, list) else ())
        if isinstance(part, dict) and isinstance(part.get("functionResponse"), dict)
    ]
    for answer in answers[:1]:
        _answered(builder, {**answer, "id": _id(call), "name": call.get("name")}, place, failed=status == "error")


def _asked(builder: Builder, call: dict[str, Any], place: Place) -> None:
    name = str(call.get("name"))
    given = call.get("args")
    if isinstance(given, dict) and "absolute_path" in given:
        given = {**given, "file_path": given["absolute_path"]}
    if _SUB_AGENT.search(name):
        builder.gap("the actions of a sub-agent are missing", place)
    builder.call(name, given, place, _id(call))


def _answered(builder: Builder, answer: dict[str, Any], place: Place, *, failed: bool | None) -> None:
    response = answer.get("response")
    fields = response if isinstance(response, dict) else {"output": response}
    given = fields.get("output", fields.get("error", fields.get("content")))
    text, code = _printed(text_of(given)) if given is not None else (None, None)
    failed = failed or (True if "error" in fields and "output" not in fields else None)
    is_shell = builder.command_of(_id(answer)) is not None
    builder.result(
        text,
        place,
        _id(answer),
        exit_code=code if is_shell else None,
        failed=failed if not (is_shell and code is not None) else None,
        tool=str(answer.get("name")),
    )


def _printed(text: str) -> tuple[str, int | None]:
    """Return the output and exit code in a report of the shell tool; for any other text, the text and None."""
    begun = _REPORT.match(text)
    code = None
    if begun is None:
        return text, None
    text = text[begun.end() :]
    while ending := _ENDING.search(text):
        code = int(ending["code"]) if ending["code"] and ending["code"] != "(none)" else code
        told = ending[0].strip()
        text = text[: ending.start()]
        if told.startswith(("Error: ", "Stderr: ")) and not told.endswith(("(none)", "(empty)")):
            return f"{text}\n{told.partition(': ')[2]}", code
    return text, code


def _id(call: dict[str, Any]) -> str | None:
    return call["id"] if isinstance(call.get("id"), str) and call["id"] else None


def _none(entry: Entry) -> Entry:
    return Entry(None, entry.line, entry.pointer, "an entry that is not an object")
