"""Reads the screen text of coding agents: histories of aider, and exports of Claude Code and Codex."""

import re
from collections.abc import Iterator

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts import commands
from gedanken.records.importers.transcripts.builder import Builder, without_empty_ends
from gedanken.records.importers.transcripts.source import Source

AIDER, SCREEN = "aider", "terminal-export"
_AIDER_BEGINS = "# aider chat started at"
_SAID = re.compile(r"[⏺●•] (?P<rest>.*)$")
_ASKED = re.compile(r"[❯>›] (?P<rest>.*)$")
_GAVE = re.compile(r"\s{2,4}[⎿└] {1,2}(?P<rest>.*)$")
_NOTE = re.compile(r"[✻✽✶✢·*✳] \S")
_CALL = re.compile(r"(?P<name>[A-Z]\w*(?: [A-Z]\w*)?|mcp__\w+|[\w-]+ - \w+ \(MCP\))\((?P<given>.*)$", re.DOTALL)
_RAN = re.compile(r"(?:Ran|Running) (?P<given>.*)$", re.DOTALL)
_SHELLS = ("Bash", "Shell")
_EDITORS = ("Edit", "Update", "Write", "MultiEdit", "Create", "NotebookEdit")
_SHORTENED = re.compile(r"(?:…|\.\.\.) ?\+?\d+ (?:more )?lines|ctrl\+[or] to (?:expand|see)")
_EXIT = re.compile(r"(?:Error: )?Exit code (\d{1,3})\s*$", re.MULTILINE)
_APPLIED = re.compile(r"(?:Applied edit to|Wrote) (?P<path>\S.*)$")
_RUNS = re.compile(r"/(?:run|test|lint) (?P<command>.+)$|!(?P<typed>.+)$")
_RUNNING = re.compile(r"Running (?P<command>(?!in )\S.*)$")
_ALONE = (_APPLIED, _RUNNING)
_OUTPUT_ENDS = re.compile(r"Add .*\?|Added .* to the chat|Tokens: ")
"""Matches the lines that aider prints after the output of a command."""
_RULE = re.compile(r"={3,} .+ ={3,}\s*$")
_LAST_RULE = re.compile(r"={3,} .* in \d[\d.:hms ]*\S* ?.*={3,}\s*$")


def read(source: Source) -> list[Builder] | None:
    """Return the session in a screen text; None if the text is something else."""
    lines = source.text.splitlines()
    if any(line.startswith(_AIDER_BEGINS) for line in lines[:5]):
        return [_aider(source, lines)]
    said = [line for line in lines if _SAID.match(line)]
    called = any(line[0] in "⏺●" and _CALL.match(line[2:]) for line in said)
    if said and (called or any(_GAVE.match(line) for line in lines)):
        return [_screen(source, lines)]
    return None


def _builder(source: Source, form: str) -> Builder:
    builder = Builder(source.path.name, form, source.name)
    builder.agent = form
    builder.gap("a terminal shortens outputs, and may leave some out", Place(source.name, 1))
    return builder


def _screen(source: Source, lines: list[str]) -> Builder:
    builder = _builder(source, SCREEN)
    for kind, first, block in _blocks(lines):
        text, place = without_empty_ends("\n".join(line.rstrip() for line in block), Place(source.name, first))
        if kind == "asked":
            builder.say("user", text, place, is_line_by_line=True)
        elif kind == "gave":
            code = _EXIT.match(text)
            shown = f"{text}\n[output truncated]" if _SHORTENED.search(text) and not commands.was_cut(text) else text
            builder.result(
                shown,
                place,
                None,
                exit_code=int(code[1]) if code else None,
                failed=text.startswith("Error"),
                is_line_by_line=True,
            )
        elif kind == "note":
            builder.mark("note", place, text)
        elif text.startswith("Background command "):
            code = re.search(r"exit code (\d{1,3})", text)
            builder.told_later(text, place, None, int(code[1]) if code else None)
        elif (call := _CALL.match(text)) and (text.rstrip().endswith(")") or call["name"] in _SHELLS):
            _called(builder, call["name"], call["given"].rstrip().removesuffix(")"), place)
        elif ran := _RAN.match(text):
            _called(builder, "Bash", ran["given"], place)
        else:
            builder.say("agent", text, place, is_line_by_line=True)
    return builder


def _called(builder: Builder, name: str, given: str, place: Place) -> None:
    shown = " ".join(given.split("\n"))
    if name in _SHELLS:
        builder.call(name, {}, place, None, re.sub(r"\s{2,}", " ", shown).strip())
    elif name in _EDITORS:
        builder.edit(name, commands.Edit(shown.strip(), "", ""), place, None)
    else:
        builder.call(name, {"input": shown}, place, None)


def _blocks(lines: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each block of the text: its kind, its first line's number, and its lines without `⏺` and indentation."""
    kind, first, block = "note", 1, list[str]()
    for number, line in enumerate(lines, start=1):
        begins = next(((name, found) for name, form in _FORMS if (found := form.match(line))), None)
        if begins is None and (not _NOTE.match(line) or kind == "gave"):
            block.append(
                line[2:] if line.startswith("  ") and kind != "gave" else line.strip() if kind == "gave" else line
            )
            continue
        if any(one.strip() for one in block):
            yield kind, first, block
        kind, first = begins[0] if begins else "note", number
        block = [begins[1]["rest"] if begins else line]
    if any(one.strip() for one in block):
        yield kind, first, block


_FORMS = (("said", _SAID), ("asked", _ASKED), ("gave", _GAVE))


def _aider(source: Source, lines: list[str]) -> Builder:
    builder = _builder(source, AIDER)
    kind, first, block = "", 1, list[str]()
    waits = ruled = typed = False
    """`waits`: a command's output follows; `ruled`: a test runner's summary has begun; `typed`: the user typed the
    command."""
    for number, line in enumerate([*lines, "#### "], start=1):
        said = line.removeprefix("#### ").removeprefix("> ").rstrip()
        if line.startswith(("#### ", _AIDER_BEGINS)):
            now, waits, ruled, typed = "user", False, False, False
        elif line.startswith("> ") or line.strip() == ">":
            waits = waits and not _OUTPUT_ENDS.match(said)
            typed = typed and waits
            now = "output" if typed else "harness"
            ruled = bool(_RULE.match(said)) and not _LAST_RULE.match(said)
        elif not line.strip() and kind:
            now = kind
        else:
            ruled = ruled or bool(_RULE.match(said))
            now = "output" if waits or ruled else "agent"
            if _LAST_RULE.match(said):
                waits = ruled = False
        alone = now == "user" or (
            now == "harness" and any(form.match(one) for form in _ALONE for one in (said, *block))
        )
        if now != kind or alone:
            begins = _say(builder, kind, block, Place(source.name, first))
            waits, typed = begins or waits, typed or (begins and kind == "user")
            kind, first, block = now, number, []
        block.append(said if now in ("user", "harness") or typed else line)
    return builder


def _say(builder: Builder, kind: str, block: list[str], place: Place) -> bool:
    """Add a block that aider shows. Return True if a command's output follows."""
    text, place = without_empty_ends("\n".join(line.rstrip() for line in block), place)
    if kind == "user":
        runs = _RUNS.match(text)
        if runs:
            builder.call("typed by the user", {}, place, None, runs["command"] or runs["typed"])
            return True
        builder.say("user", text, place, is_line_by_line=True)
    elif kind == "harness":
        running, applied = _RUNNING.match(text), _APPLIED.match(text)
        if running:
            builder.call("run", {}, place, None, running["command"])
            return True
        if applied:
            builder.edit("aider", commands.Edit(applied["path"], "", ""), place, None)
        else:
            builder.mark("note", place, text)
    elif kind == "output":
        builder.result(text, place, None, is_line_by_line=True)
    elif kind:
        builder.say("agent", text, place, is_line_by_line=True)
    return False
