"""Reads tasks (sessions) of Cline, Roo Code and Kilo Code, whose messages contain calls as tags."""

import re
from collections.abc import Iterator
from typing import Any

from gedanken.records.importers.transcripts.builder import Builder, text_of
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "cline"
_TOOLS = (
    "execute_command|read_file|write_to_file|replace_in_file|apply_diff|insert_content|search_and_replace|"
    "search_files|list_files|list_code_definition_names|codebase_search|browser_action|use_mcp_tool|"
    "access_mcp_resource|ask_followup_question|attempt_completion|new_task|switch_mode|plan_mode_respond|"
    "update_todo_list|fetch_instructions|web_fetch|load_mcp_documentation|condense"
)
_ASKED = re.compile(rf"<(?P<tool>{_TOOLS})>(?P<body>.*?)(?:</(?P=tool)>|\Z)", re.DOTALL)
_FIELD = re.compile(r"<(?P<name>\w{1,40})>")
_ANSWERED = re.compile(rf"\s*\[(?P<tool>{_TOOLS})(?: for [^\n]{{0,4000}}?)?\] Result:[ \t]*\n*")
_HIDDEN = re.compile(
    r"<(?P<tag>thinking|environment_details|task_progress)>.*?(?:</(?P=tag)>|\Z)", re.DOTALL | re.IGNORECASE
)
_MARK = re.compile(
    r"(?:<{4,9} ?(?P<search>SEARCH)>?|-{4,9} ?(?P<dashed>SEARCH)|(?P<middle>={4,9})|[>+]{4,9} ?REPLACE>?)\s*"
)
_ABOUT = re.compile(r":(?:start|end)_line:.*|-{4,9}\s*")
"""Matches the header lines of a block in a diff, such as `:start_line:12`."""
_MOST_FIELDS = 50
_REPORT = re.compile(r"(?:The c|C)ommand (?:was )?executed[^\n]*\n(?:Exit code: [^\n]*\n)?(?:Output:\n?)?")
_CODE = re.compile(r"\bExit code: (-?\d{1,5})\b")
_RUNS_ON = ("still running", "Command timed out", "Command execution timed out")
_REFUSED = ("The user denied", "The tool execution failed", "Error executing", "<error>")
_SHORTENED = ("[NOTE] Some previous conversation history", "[[NOTE] This file read has been removed")
_SAYS = {"attempt_completion": "result", "ask_followup_question": "question", "plan_mode_respond": "response"}
_HEADING = re.compile(r"^\*\*(?P<who>User|Assistant):\*\*[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"\n---\s*\Z")
_LOOKED_AT = 30


def read(source: Source) -> list[Builder] | None:
    """Return the task in a list of messages; None if none of the first messages begins like Cline's tool results."""
    document = None if source.is_lines else source.document
    if not isinstance(document, list) or not all(isinstance(one, dict) for one in document[:_LOOKED_AT]):
        return None
    turns = [one for one in document[:_LOOKED_AT] if one.get("role") == "user"]
    if not any(_ANSWERED.match(text_of(one.get("content"))) for one in turns):
        return None
    return [_task(source, ((entry, entry.value) for entry in source.entries()))]


def read_text(source: Source) -> list[Builder] | None:
    """Return the task in a Markdown export; None if the text is not such an export."""
    found = list(_HEADING.finditer(source.text))
    ends = [*(one.start() for one in found[1:]), *([len(source.text)] if found else [])]
    parts = [(one, _RULE.sub("", source.text[one.end() : end])) for one, end in zip(found, ends, strict=True)]
    if not any(one["who"] == "User" and _ANSWERED.match(text) for one, text in parts):
        return None
    return [_task(source, _turns(source.text, parts))]


def _turns(whole: str, parts: list[tuple[re.Match[str], str]]) -> Iterator[tuple[Entry, dict[str, Any]]]:
    line, at = 1, 0
    for heading, text in parts:
        line += whole.count("\n", at, heading.start())
        at = heading.start()
        yield Entry(None, line), {"role": heading["who"].lower(), "content": text}


def _task(source: Source, turns: Iterator[tuple[Entry, Any]]) -> Builder:
    builder = Builder(source.path.name, FORM, source.name)
    builder.agent = FORM
    asked: list[tuple[str, str]] = []
    for number, (entry, turn) in enumerate(turns):
        if not isinstance(turn, dict):
            builder.broken(Entry(None, entry.line, entry.pointer, "an entry that is not an object"))
            continue
        text = text_of(turn.get("content"))
        if turn.get("role") == "assistant":
            asked = _said(builder, entry, text, number)
        else:
            _answered(builder, entry, text, asked)
            asked = []
    return builder


def _said(builder: Builder, entry: Entry, text: str, number: int) -> list[tuple[str, str]]:
    """Add a message of the agent with its tool calls; return the tool and id of each call."""
    asked = []
    place = builder.place(entry)
    text = _HIDDEN.sub("", text)
    builder.say("agent", _ASKED.sub("", text), place)
    for at, found in enumerate(_ASKED.finditer(text)):
        tool = found["tool"]
        fields = _fields(found["body"])
        if tool in _SAYS:
            builder.say("agent", fields.get(_SAYS[tool], found["body"]), place)
            continue
        if tool == "new_task":
            builder.gap("the actions of a sub-agent are missing", place)
        call_id = f"m{number}.{at}"
        builder.call(tool, _arguments(tool, fields, found["body"]), place, call_id)
        asked.append((tool, call_id))
    return asked


def _fields(body: str) -> dict[str, str]:
    """Return the parameters of a call by name. The text of a parameter may contain further tags."""
    fields: dict[str, str] = {}
    at = 0
    for _number in range(_MOST_FIELDS):
        opened = _FIELD.search(body, at)
        if opened is None:
            break
        closed = body.find(f"</{opened['name']}>", opened.end())
        if closed >= 0:
            fields.setdefault(opened["name"], body[opened.end() : closed].removeprefix("\n").removesuffix("\n"))
        at = max(closed, opened.end())
    return fields


def _arguments(tool: str, fields: dict[str, str], body: str) -> dict[str, Any]:
    edits = _replacements(body) if tool in ("replace_in_file", "apply_diff") else []
    path = fields.get("path")
    return {**({"path": path} if path else {}), "edits": edits} if edits else dict(fields)


def _replacements(body: str) -> list[dict[str, str]]:
    """Return the blocks of a diff as edits with `old_string` and `new_string`."""
    edits: list[dict[str, str]] = []
    old: list[str] | None = None
    new: list[str] | None = None
    for line in body.splitlines():
        mark = _MARK.fullmatch(line)
        if mark and (mark["search"] or mark["dashed"]):
            old, new = [], None
        elif mark and mark["middle"] and old is not None and new is None:
            new = []
        elif mark and not mark["middle"] and old is not None and new is not None:
            edits.append({"old_string": "\n".join(old), "new_string": "\n".join(new)})
            old = new = None
        elif new is not None:
            new.append(line)
        elif old is not None and (old or not _ABOUT.fullmatch(line)):
            old.append(line)
    return edits


def _answered(builder: Builder, entry: Entry, text: str, asked: list[tuple[str, str]]) -> None:
    place = builder.place(entry)
    if any(note in text for note in _SHORTENED):
        builder.mark("compaction", place)
        builder.gap("the conversation was compacted", place)
    text = _HIDDEN.sub("", text).strip("\n")
    answer = _ANSWERED.match(text)
    call_id = next((one for tool, one in asked if answer and tool == answer["tool"]), None)
    if answer is None or call_id is None:
        builder.say("user", text[answer.end() :] if answer else text, place)
        return
    text = text[answer.end() :]
    report, code = _REPORT.match(text), _CODE.search(text[:400])
    head = text[:400]
    if any(word in head for word in _RUNS_ON):
        builder.gap("a command was still running when its recorded output ended", place)
    is_command = answer["tool"] == "execute_command"
    builder.result(
        text[report.end() :] if report and is_command else text,
        place,
        call_id,
        exit_code=int(code[1]) if code and is_command else None,
        failed=True if text.lstrip().startswith(_REFUSED) else None,
        tool=answer["tool"],
    )
