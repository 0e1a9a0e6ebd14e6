"""Reads the screen text of coding agents: histories of aider, and exports of Claude Code and Codex."""

import re
from collections.abc import Iterator

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts import commands
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, strip_empty_lines
from gedanken.records.importers.transcripts.source import Source

AIDER, SCREEN = "aider", "terminal-export"
_AIDER_HEADING = "# aider chat started at"
_AGENT_LINE = re.compile(r"[⏺●•] (?P<rest>.*)$")
_USER_LINE = re.compile(r"[❯>›] (?P<rest>.*)$")
_OUTPUT_LINE = re.compile(r"\s{2,4}[⎿└] {1,2}(?P<rest>.*)$")
_STATUS_LINE = re.compile(r"[✻✽✶✢·*✳] \S")
_TOOL_CALL = re.compile(r"(?P<name>[A-Z]\w*(?: [A-Z]\w*)?|mcp__\w+|[\w-]+ - \w+ \(MCP\))\((?P<given>.*)$", re.DOTALL)
_RAN_COMMAND = re.compile(r"(?:Ran|Running) (?P<given>.*)$", re.DOTALL)
_SHELLS = ("Bash", "Shell")
_EDITORS = ("Edit", "Update", "Write", "MultiEdit", "Create", "NotebookEdit")
_SHORTENED = re.compile(r"(?:…|\.\.\.) ?\+?\d+ (?:more )?lines|ctrl\+[or] to (?:expand|see)")
_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d{1,3})\s*$", re.MULTILINE)
_APPLIED_EDIT = re.compile(r"(?:Applied edit to|Wrote) (?P<path>\S.*)$")
_USER_COMMAND = re.compile(r"/(?:run|test|lint) (?P<command>.+)$|!(?P<typed>.+)$")
_RUNNING_COMMAND = re.compile(r"Running (?P<command>(?!in )\S.*)$")
_ONE_LINE_BLOCKS = (_APPLIED_EDIT, _RUNNING_COMMAND)
_AFTER_OUTPUT = re.compile(r"Add .*\?|Added .* to the chat|Tokens: ")
"""Matches lines that aider prints directly after the output of a command."""
_SUMMARY_RULE = re.compile(r"={3,} .+ ={3,}\s*$")
_SUMMARY_END = re.compile(r"={3,} .* in \d[\d.:hms ]*\S* ?.*={3,}\s*$")


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a screen text; None if the text is something else."""
    lines = source.text.splitlines()
    if any(line.startswith(_AIDER_HEADING) for line in lines[:5]):
        return [_read_aider(source, lines)]
    agent_lines = [line for line in lines if _AGENT_LINE.match(line)]
    has_call = any(line[0] in "⏺●" and _TOOL_CALL.match(line[2:]) for line in agent_lines)
    if agent_lines and (has_call or any(_OUTPUT_LINE.match(line) for line in lines)):
        return [_read_screen(source, lines)]
    return None


def _new_builder(source: Source, form: str) -> TranscriptBuilder:
    builder = TranscriptBuilder(source.path.name, form, source.name)
    builder.agent = form
    builder.gap("a terminal shortens outputs, and may leave some out", Place(source.name, 1))
    return builder


def _read_screen(source: Source, lines: list[str]) -> TranscriptBuilder:
    builder = _new_builder(source, SCREEN)
    for kind, first_line, block in _blocks(lines):
        text, place = strip_empty_lines("\n".join(line.rstrip() for line in block), Place(source.name, first_line))
        if kind == "asked":
            builder.say("user", text, place, is_line_by_line=True)
        elif kind == "gave":
            exit_match = _EXIT_CODE.match(text)
            output = f"{text}\n[output truncated]" if _SHORTENED.search(text) and not commands.was_cut(text) else text
            builder.result(
                output,
                place,
                None,
                exit_code=int(exit_match[1]) if exit_match else None,
                failed=text.startswith("Error"),
                is_line_by_line=True,
            )
        elif kind == "note":
            builder.mark("note", place, text)
        elif text.startswith("Background command "):
            exit_match = re.search(r"exit code (\d{1,3})", text)
            builder.late_result(text, place, None, int(exit_match[1]) if exit_match else None)
        elif (call_match := _TOOL_CALL.match(text)) and (
            text.rstrip().endswith(")") or call_match["name"] in _SHELLS
        ):
            _add_call(builder, call_match["name"], call_match["given"].rstrip().removesuffix(")"), place)
        elif run_match := _RAN_COMMAND.match(text):
            _add_call(builder, "Bash", run_match["given"], place)
        else:
            builder.say("agent", text, place, is_line_by_line=True)
    return builder


def _add_call(builder: TranscriptBuilder, name: str, arguments: str, place: Place) -> None:
    one_line = " ".join(arguments.split("\n"))
    if name in _SHELLS:
        builder.call(name, {}, place, None, re.sub(r"\s{2,}", " ", one_line).strip())
    elif name in _EDITORS:
        builder.edit(name, commands.Edit(one_line.strip(), "", ""), place, None)
    else:
        builder.call(name, {"input": one_line}, place, None)


def _blocks(lines: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each block of the text: its kind, the number of its first line, and its lines without `⏺` and
    indentation."""
    kind, first_line, block = "note", 1, list[str]()
    for number, line in enumerate(lines, start=1):
        start = next(((name, match) for name, pattern in _BLOCK_STARTS if (match := pattern.match(line))), None)
        if start is None and (not _STATUS_LINE.match(line) or kind == "gave"):
            block.append(
                line[2:] if line.startswith("  ") and kind != "gave" else line.strip() if kind == "gave" else line
            )
            continue
        if any(block_line.strip() for block_line in block):
            yield kind, first_line, block
        kind, first_line = start[0] if start else "note", number
        block = [start[1]["rest"] if start else line]
    if any(block_line.strip() for block_line in block):
        yield kind, first_line, block


_BLOCK_STARTS = (("said", _AGENT_LINE), ("asked", _USER_LINE), ("gave", _OUTPUT_LINE))


def _read_aider(source: Source, lines: list[str]) -> TranscriptBuilder:
    builder = _new_builder(source, AIDER)
    kind, first_line, block = "", 1, list[str]()
    awaits_output = in_summary = is_typed = False
    # `awaits_output`: the output of a command follows. `in_summary`: the summary of a test runner has begun.
    # `is_typed`: the user typed the command.
    for number, line in enumerate([*lines, "#### "], start=1):
        content = line.removeprefix("#### ").removeprefix("> ").rstrip()
        if line.startswith(("#### ", _AIDER_HEADING)):
            new_kind, awaits_output, in_summary, is_typed = "user", False, False, False
        elif line.startswith("> ") or line.strip() == ">":
            awaits_output = awaits_output and not _AFTER_OUTPUT.match(content)
            is_typed = is_typed and awaits_output
            new_kind = "output" if is_typed else "harness"
            in_summary = bool(_SUMMARY_RULE.match(content)) and not _SUMMARY_END.match(content)
        elif not line.strip() and kind:
            new_kind = kind
        else:
            in_summary = in_summary or bool(_SUMMARY_RULE.match(content))
            new_kind = "output" if awaits_output or in_summary else "agent"
            if _SUMMARY_END.match(content):
                awaits_output = in_summary = False
        is_separate = new_kind == "user" or (
            new_kind == "harness"
            and any(pattern.match(candidate) for pattern in _ONE_LINE_BLOCKS for candidate in (content, *block))
        )
        if new_kind != kind or is_separate:
            output_follows = _add_aider_block(builder, kind, block, Place(source.name, first_line))
            awaits_output, is_typed = output_follows or awaits_output, is_typed or (output_follows and kind == "user")
            kind, first_line, block = new_kind, number, []
        block.append(content if new_kind in ("user", "harness") or is_typed else line)
    return builder


def _add_aider_block(builder: TranscriptBuilder, kind: str, block: list[str], place: Place) -> bool:
    """Add a block that aider shows. Return True if the output of a command follows."""
    text, place = strip_empty_lines("\n".join(line.rstrip() for line in block), place)
    if kind == "user":
        user_command = _USER_COMMAND.match(text)
        if user_command:
            builder.call("typed by the user", {}, place, None, user_command["command"] or user_command["typed"])
            return True
        builder.say("user", text, place, is_line_by_line=True)
    elif kind == "harness":
        run_match, edit_match = _RUNNING_COMMAND.match(text), _APPLIED_EDIT.match(text)
        if run_match:
            builder.call("run", {}, place, None, run_match["command"])
            return True
        if edit_match:
            builder.edit("aider", commands.Edit(edit_match["path"], "", ""), place, None)
        else:
            builder.mark("note", place, text)
    elif kind == "output":
        builder.result(text, place, None, is_line_by_line=True)
    elif kind:
        builder.say("agent", text, place, is_line_by_line=True)
    return False
