"""Reads tasks (sessions) of Cline, Roo Code and Kilo Code, whose messages contain calls as tags."""

import re
from collections.abc import Iterator
from typing import Any

from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "cline"
_TOOL_NAMES = (
    "execute_command|read_file|write_to_file|replace_in_file|apply_diff|insert_content|search_and_replace|"
    "search_files|list_files|list_code_definition_names|codebase_search|browser_action|use_mcp_tool|"
    "access_mcp_resource|ask_followup_question|attempt_completion|new_task|switch_mode|plan_mode_respond|"
    "update_todo_list|fetch_instructions|web_fetch|load_mcp_documentation|condense"
)
_TOOL_CALL = re.compile(rf"<(?P<tool>{_TOOL_NAMES})>(?P<body>.*?)(?:</(?P=tool)>|\Z)", re.DOTALL)
_FIELD_TAG = re.compile(r"<(?P<name>\w{1,40})>")
_TOOL_RESULT = re.compile(rf"\s*\[(?P<tool>{_TOOL_NAMES})(?: for [^\n]{{0,4000}}?)?\] Result:[ \t]*\n*")
_HIDDEN = re.compile(
    r"<(?P<tag>thinking|environment_details|task_progress)>.*?(?:</(?P=tag)>|\Z)", re.DOTALL | re.IGNORECASE
)
_DIFF_MARK = re.compile(
    r"(?:<{4,9} ?(?P<search>SEARCH)>?|-{4,9} ?(?P<dashed>SEARCH)|(?P<middle>={4,9})|[>+]{4,9} ?REPLACE>?)\s*"
)
_BLOCK_HEADER = re.compile(r":(?:start|end)_line:.*|-{4,9}\s*")
"""Matches the header lines of a block in a diff, such as `:start_line:12`."""
_MOST_FIELDS = 50
_COMMAND_REPORT = re.compile(r"(?:The c|C)ommand (?:was )?executed[^\n]*\n(?:Exit code: [^\n]*\n)?(?:Output:\n?)?")
_EXIT_CODE = re.compile(r"\bExit code: (-?\d{1,5})\b")
_STILL_RUNNING = ("still running", "Command timed out", "Command execution timed out")
_FAILURE_PREFIXES = ("The user denied", "The tool execution failed", "Error executing", "<error>")
_SHORTENED = ("[NOTE] Some previous conversation history", "[[NOTE] This file read has been removed")
_MESSAGE_FIELDS = {
    "attempt_completion": "result",
    "ask_followup_question": "question",
    "plan_mode_respond": "response",
}
_HEADING = re.compile(r"^\*\*(?P<who>User|Assistant):\*\*[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"\n---\s*\Z")
_EXAMINED_MESSAGES = 30


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the task in a list of messages; None if the file is not from Cline.

    It is from Cline if an early message of the user begins like one of Cline's tool results.
    """
    document = None if source.is_lines else source.document
    if not isinstance(document, list) or not all(
        isinstance(message, dict) for message in document[:_EXAMINED_MESSAGES]
    ):
        return None
    user_messages = [message for message in document[:_EXAMINED_MESSAGES] if message.get("role") == "user"]
    if not any(_TOOL_RESULT.match(text_of(message.get("content"))) for message in user_messages):
        return None
    return [_read_task(source, ((entry, entry.value) for entry in source.entries()))]


def read_text(source: Source) -> list[TranscriptBuilder] | None:
    """Return the task in a Markdown export; None if the text is not such an export."""
    headings = list(_HEADING.finditer(source.text))
    ends = [*(heading.start() for heading in headings[1:]), *([len(source.text)] if headings else [])]
    parts = [
        (heading, _RULE.sub("", source.text[heading.end() : end]))
        for heading, end in zip(headings, ends, strict=True)
    ]
    if not any(heading["who"] == "User" and _TOOL_RESULT.match(text) for heading, text in parts):
        return None
    return [_read_task(source, _turns(source.text, parts))]


def _turns(source_text: str, parts: list[tuple[re.Match[str], str]]) -> Iterator[tuple[Entry, dict[str, Any]]]:
    line, position = 1, 0
    for heading, text in parts:
        line += source_text.count("\n", position, heading.start())
        position = heading.start()
        yield Entry(None, line), {"role": heading["who"].lower(), "content": text}


def _read_task(source: Source, turns: Iterator[tuple[Entry, Any]]) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name, FORM, source.name)
    builder.agent = FORM
    open_calls: list[tuple[str, str]] = []
    for index, (entry, turn) in enumerate(turns):
        if not isinstance(turn, dict):
            builder.unreadable_entry(Entry(None, entry.line, entry.pointer, "an entry that is not an object"))
            continue
        text = text_of(turn.get("content"))
        if turn.get("role") == "assistant":
            open_calls = _add_agent_message(builder, entry, text, index)
        else:
            _add_user_message(builder, entry, text, open_calls)
            open_calls = []
    return builder


def _add_agent_message(
    builder: TranscriptBuilder, entry: Entry, text: str, message_index: int
) -> list[tuple[str, str]]:
    """Add a message of the agent with its tool calls. Return the tool and the id of each call."""
    calls = []
    place = builder.place(entry)
    text = _HIDDEN.sub("", text)
    builder.say("agent", _TOOL_CALL.sub("", text), place)
    for call_index, match in enumerate(_TOOL_CALL.finditer(text)):
        tool = match["tool"]
        fields = _fields(match["body"])
        if tool in _MESSAGE_FIELDS:
            builder.say("agent", fields.get(_MESSAGE_FIELDS[tool], match["body"]), place)
            continue
        if tool == "new_task":
            builder.gap("the actions of a sub-agent are missing", place)
        call_id = f"m{message_index}.{call_index}"
        builder.call(tool, _arguments(tool, fields, match["body"]), place, call_id)
        calls.append((tool, call_id))
    return calls


def _fields(body: str) -> dict[str, str]:
    """Return the parameters of a call by name. The text of a parameter may contain further tags."""
    fields: dict[str, str] = {}
    position = 0
    for _number in range(_MOST_FIELDS):
        opening = _FIELD_TAG.search(body, position)
        if opening is None:
            break
        end = body.find(f"</{opening['name']}>", opening.end())
        if end >= 0:
            fields.setdefault(opening["name"], body[opening.end() : end].removeprefix("\n").removesuffix("\n"))
        position = max(end, opening.end())
    return fields


def _arguments(tool: str, fields: dict[str, str], body: str) -> dict[str, Any]:
    edits = _diff_edits(body) if tool in ("replace_in_file", "apply_diff") else []
    path = fields.get("path")
    return {**({"path": path} if path else {}), "edits": edits} if edits else dict(fields)


def _diff_edits(body: str) -> list[dict[str, str]]:
    """Return the blocks of a diff as edits with `old_string` and `new_string`."""
    edits: list[dict[str, str]] = []
    old: list[str] | None = None
    new: list[str] | None = None
    for line in body.splitlines():
        mark = _DIFF_MARK.fullmatch(line)
        if mark and (mark["search"] or mark["dashed"]):
            old, new = [], None
        elif mark and mark["middle"] and old is not None and new is None:
            new = []
        elif mark and not mark["middle"] and old is not None and new is not None:
            edits.append({"old_string": "\n".join(old), "new_string": "\n".join(new)})
            old = new = None
        elif new is not None:
            new.append(line)
        elif old is not None and (old or not _BLOCK_HEADER.fullmatch(line)):
            old.append(line)
    return edits


def _add_user_message(builder: TranscriptBuilder, entry: Entry, text: str, open_calls: list[tuple[str, str]]) -> None:
    place = builder.place(entry)
    if any(note in text for note in _SHORTENED):
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    text = _HIDDEN.sub("", text).strip("\n")
    answer = _TOOL_RESULT.match(text)
    call_id = next((open_id for tool, open_id in open_calls if answer and tool == answer["tool"]), None)
    if answer is None or call_id is None:
        builder.say("user", text[answer.end() :] if answer else text, place)
        return
    text = text[answer.end() :]
    report, exit_match = _COMMAND_REPORT.match(text), _EXIT_CODE.search(text[:400])
    head = text[:400]
    if any(word in head for word in _STILL_RUNNING):
        builder.gap("a command was still running when its recorded output ended", place)
    is_command = answer["tool"] == "execute_command"
    builder.result(
        text[report.end() :] if report and is_command else text,
        place,
        call_id,
        exit_code=int(exit_match[1]) if exit_match and is_command else None,
        failed=True if text.lstrip().startswith(_FAILURE_PREFIXES) else None,
        tool=answer["tool"],
    )
