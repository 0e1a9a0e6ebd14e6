"""Builds transcripts: collects the events of one session, whatever its format."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript, EventKind, Gap, Place, Speaker
from gedanken.experiment.counts import format_count
from gedanken.records.importers.transcripts import commands
from gedanken.records.importers.transcripts.source import Entry

MOST_EVENTS = 1_000_000
MOST_TEXT = 1 << 18
"""Maximum number of characters that are stored of one text. Of a longer text, only the beginning and the end are
stored.
"""
MAX_TOTAL_TEXT = 1 << 27
"""Maximum number of characters that are stored of all texts together. When it is reached, at most `_SHORT_TEXT`
characters of each further text are stored.
"""
_SHORT_TEXT = 2000
_UNKNOWN_TEXT = 600
_MOST_GAPS = 200
_CONTINUED_CONVERSATION = re.compile(
    r"\s*(?:This session is being continued from a previous conversation|"
    r"Another language model started to solve this)"
)
"""Matches the beginning of the message with which an agent's software continues a conversation that became too long.
"""
_TOOL_KEYS = frozenset(
    [
        "command",
        "cmd",
        "stdout",
        "stderr",
        "exit_code",
        "exitCode",
        "tool",
        "tool_name",
        "tool_use",
        "tool_result",
        "tool_calls",
        "function_call",
        "aggregated_output",
        "observation",
    ]
)
"""If an entry of unknown kind has one of these keys, it may record the use of a tool."""


class TranscriptBuilder:
    """Collects the events of one session while they are read."""

    def __init__(self, name: str, form: str, file: str) -> None:
        """Start the session `name` in the format `form`; `file` is the file name for the places of its events."""
        self.name, self.form, self.file = name, form, file
        self.agent = ""
        self.session = ""
        """The agent whose events are being added; empty for the main agent."""
        self.has_tools = True
        self.folder: str | None = None
        """The folder in which the agent worked: the first one that the file names."""
        self.events: list[AgentEvent] = []
        self.gaps: list[Gap] = []
        self.unknown: Counter[str] = Counter()
        self._text_left = MAX_TOTAL_TEXT
        self._open_calls: dict[str, int] = {}
        """The index in `events` of each call that has no result yet, by the id of the call."""
        self._edit_events: dict[str, list[int]] = {}
        self._call_commands: dict[str, str] = {}
        self._exit_codes: dict[str, int] = {}
        self._skipped_events = 0

    def say(self, speaker: Speaker, text: str, place: Place, *, is_line_by_line: bool = False) -> None:
        """Add a message; an empty text is ignored.

        If `is_line_by_line` is True, each line of `text` is a line of the file. `place` is then the place of the
        first line.
        """
        if is_line_by_line:
            text, place = strip_empty_lines(text, place)
        if text.strip():
            self._add("message", speaker, place, text=text, is_line_by_line=is_line_by_line)
        if speaker != "agent" and _CONTINUED_CONVERSATION.match(text):
            self.gap("the session continues a conversation of which only a summary is left", place)

    def mark(self, kind: str, place: Place, text: str = "", speaker: Speaker = "system") -> None:
        """Add a note by the agent's software, or hidden reasoning. `kind` is, for example, `compaction`."""
        self._add("mark", speaker, place, text=text, tool=kind)

    def call(self, tool: str, arguments: Any, place: Place, call_id: str | None, command: str | None = None) -> None:
        """Add a tool call and each edit that it makes. A call that only edits files becomes only `edit` events.

        `command` is the call's shell command; if it is None, the arguments are searched for a command.
        """
        parsed_arguments = commands.arguments_of(arguments)
        command = commands.command_of(tool, parsed_arguments) if command is None else command
        edits = commands.edits_of(tool, parsed_arguments)
        call_id = self._call_id_or_new(call_id)
        self._open_calls[call_id] = len(self.events)
        if command is not None:
            self._call_commands[call_id] = command
        if not edits or command is not None:
            other_arguments = {
                key: value
                for key, value in parsed_arguments.items()
                if command is None or key not in commands.COMMAND_KEYS
            }
            self._add(
                "call",
                "agent",
                place,
                text=_to_json(other_arguments) if other_arguments else "",
                tool=tool,
                call_id=call_id,
                command=command,
                path=commands.path_of(parsed_arguments),
            )
        self._edit_events[call_id] = []
        for edit in edits:
            self.edit(tool, edit, place, call_id)

    def edit(self, tool: str, edit: commands.Edit, place: Place, call_id: str | None) -> None:
        """Add an event of the kind `edit`. If the call that makes the edit fails later, the kind becomes `call`."""
        if call_id is not None:
            self._edit_events.setdefault(call_id, []).append(len(self.events))
        self._add(
            "edit",
            "agent",
            place,
            text=edit.new,
            tool=f"{tool}:delete" if edit.deletes else tool,
            call_id=call_id,
            path=edit.path,
            old_text=None if edit.old is None else self._shorten(edit.old)[0],
            at_line=edit.at_line,
        )

    def result(  # noqa: PLR0913 (what results tell)
        self,
        text: str | None,
        place: Place,
        call_id: str | None,
        *,
        told: Iterable[Any] = (),
        exit_code: int | None = None,
        failed: bool | None = None,
        tool: str | None = None,
        is_line_by_line: bool = False,
    ) -> None:
        """Add the result of a tool call. If `call_id` is None, it is the result of the oldest call that has none yet.

        `text` is the output; None if the file does not contain it. The exit code is `exit_code` or, if that is None,
        the one that `set_exit_code` recorded. Otherwise it is searched for in the JSON objects `told`, and then in
        the output of a shell command.
        """
        if call_id is None and self._open_calls:
            call_id = next(iter(self._open_calls))
        if is_line_by_line and text is not None:
            text, place = strip_empty_lines(text, place)
        lines = (text or "").count("\n")
        is_cleared = text is None or commands.was_cleared(text)
        if is_cleared:
            self.gap("the output of a tool was left out or cleared", place)
        command = self._call_commands.pop(call_id or "", None)
        if command is not None and text:
            text, json_object = commands.unwrap_json_output(text)
            told = (*told, json_object)
        found_exit_code = commands.exit_code_in(
            ({"exit_code": exit_code}, {"exit_code": self._exit_codes.pop(call_id or "", None)}, *told)
        )
        if found_exit_code is None and command is not None:
            found_exit_code = commands.exit_code_in_text(text or "")
        call_index = self._open_calls.pop(call_id or "", None)
        edit_indexes = self._edit_events.pop(call_id or "", [])
        if failed or found_exit_code not in (None, 0):
            for index in edit_indexes:
                self.events[index] = replace(self.events[index], kind="call")
        self._add(
            "result",
            "tool",
            place,
            text=commands.without_escape_codes(text or ""),
            tool=tool
            or (self.events[call_index].tool if call_index is not None and call_index < len(self.events) else None),
            call_id=call_id,
            command=command,
            exit_code=found_exit_code,
            cut=is_cleared or commands.was_cut(text or ""),
            is_line_by_line=is_line_by_line and (text or "").count("\n") == lines,
        )

    def late_result(self, text: str, place: Place, command: str | None, exit_code: int | None) -> None:
        """Add a report on how a background command ended. Such a report comes later than the result of the call that
        started the command.
        """
        self._add("result", "tool", place, text=text, command=command, exit_code=exit_code)

    def set_exit_code(self, call_id: str, exit_code: int) -> None:
        """Record a call's exit code before its result is added."""
        self._exit_codes[call_id] = exit_code

    def is_open(self, call_id: str | None) -> bool:
        """Return whether the call with this id has no result yet."""
        return call_id in self._open_calls

    def open_call_ids(self) -> tuple[str, ...]:
        """Return the ids of the calls that have no result yet, the oldest first."""
        return tuple(self._open_calls)

    def command_of(self, call_id: str | None) -> str | None:
        """Return the shell command of a call that has no result yet; None if there is none."""
        return self._call_commands.get(call_id or "")

    def unknown_entry(self, kind: str, value: Any, place: Place) -> None:
        """Add and count an entry of unknown kind, with a gap if it may contain a tool call."""
        self.unknown[kind[:80]] += 1
        if self.unknown[kind[:80]] <= _MOST_GAPS:
            self._add("unknown", "system", place, text=_to_json(value)[:_UNKNOWN_TEXT], tool=kind[:80])
        if _has_tool_keys(value):
            self.gap(f"the file contains entries of an unknown kind that may be tool calls: {kind[:80]}", place)

    def unreadable_entry(self, entry: Entry) -> None:
        """Record that an entry could not be read, which is a gap in the session."""
        place = Place(self.file, entry.line, entry.pointer)
        self.unknown["unreadable"] += 1
        self._add("unknown", "system", place, text=entry.problem or "", tool="unreadable")
        self.gap(f"the file contains {entry.problem}", place)

    def set_folder(self, folder: Any) -> None:
        """Record the folder in which the agent works. Only the first absolute path is recorded."""
        if self.folder is None and isinstance(folder, str) and folder.startswith("/") and len(folder) < _SHORT_TEXT:
            self.folder = folder.rstrip("/") or None

    def gap(self, reason: str, place: Place) -> None:
        """Record a reason why the session is incomplete, unless it is already recorded, and the place that shows
        it.
        """
        if len(self.gaps) < _MOST_GAPS and all(gap.reason != reason for gap in self.gaps):
            self.gaps.append(Gap(reason, place))

    def place(self, entry: Entry, *parts: str | int) -> Place:
        """Return the place of a part of an entry. `parts` are the keys and indices that lead to this part."""
        suffix = "".join(f"/{part}" for part in parts)
        return Place(self.file, entry.line, entry.pointer + suffix)

    def build(self) -> AgentTranscript:
        """Return the transcript, with gaps for calls without a result and for too many events."""
        for index in list(self._open_calls.values())[:_MOST_GAPS]:
            if index < len(self.events):
                self.gap("a tool call has no result", self.events[index].place)
        if self._skipped_events:
            self.gap(
                f"{format_count(self._skipped_events, 'event')} beyond the first {MOST_EVENTS:,} were not read",
                self.events[-1].place,
            )
        return AgentTranscript(
            self.name,
            self.form,
            self.agent or self.form,
            tuple(self.events),
            tuple(self.gaps),
            self.has_tools,
            self.folder,
            dict(self.unknown),
        )

    def _call_id_or_new(self, call_id: str | None) -> str:
        return call_id or f"c{len(self.events)}"

    def _shorten(self, text: str) -> tuple[str, bool]:
        limit = min(MOST_TEXT, max(_SHORT_TEXT, self._text_left))
        is_cut = len(text) > limit
        if is_cut:
            left_out = format_count(len(text) - limit, "character")
            text = f"{text[: limit // 2]}\n[{left_out} left out]\n{text[-(limit // 2) :]}"
        self._text_left -= len(text)
        return text, is_cut

    def _add(  # noqa: PLR0913 (the fields of an event)
        self,
        kind: EventKind,
        speaker: Speaker,
        place: Place,
        *,
        text: str = "",
        tool: str | None = None,
        call_id: str | None = None,
        command: str | None = None,
        exit_code: int | None = None,
        path: str | None = None,
        old_text: str | None = None,
        at_line: int | None = None,
        cut: bool = False,
        is_line_by_line: bool = False,
    ) -> None:
        if len(self.events) >= MOST_EVENTS:
            self._skipped_events += 1
            return
        stored_text, is_cut = self._shorten(text)
        if is_cut and kind in ("call", "edit"):
            self.gap("a tool call was too long, so only a part of it is stored", place)
        self.events.append(
            AgentEvent(
                number=len(self.events),
                kind=kind,
                speaker=speaker,
                place=place,
                text=stored_text,
                tool=None if tool is None else tool[:200],
                call_id=call_id,
                command=None if command is None else self._shorten(command)[0],
                exit_code=exit_code,
                path=path,
                old_text=old_text,
                at_line=at_line,
                session=self.session,
                cut=cut or is_cut,
                is_line_by_line=is_line_by_line and not is_cut,
            )
        )


def strip_empty_lines(text: str, place: Place) -> tuple[str, Place]:
    """Return a text without empty first and last lines, and the place of its first line."""
    body = text.lstrip("\n")
    return body.rstrip("\n"), replace(place, line=place.line + len(text) - len(body))


def text_of(content: Any) -> str:
    """Return the text of a message's content; a part without text becomes its type, such as `[image]`."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (text_of(part) for part in content)))
    if isinstance(content, dict):
        for key in ("text", "content", "output", "value", "refusal", "parts"):
            if isinstance(content.get(key), (str, list)):
                return text_of(content[key])
        kind = content.get("type")
        return f"[{kind}]" if isinstance(kind, str) and kind not in ("text", "thinking", "reasoning") else ""
    return "" if content is None else str(content)


def _to_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return ""


def _has_tool_keys(value: Any) -> bool:
    """Return whether a key within the first five levels of nesting suggests that a tool was used."""
    levels: list[Iterable[Any]] = [[value]]
    for _depth in range(5):
        next_level: list[Any] = []
        for item in levels.pop():
            if isinstance(item, dict):
                if _TOOL_KEYS & item.keys():
                    return True
                next_level += item.values()
            elif isinstance(item, list):
                next_level += item[:100]
        levels.append(next_level[:2000])
    return False


def file_name(path: Path) -> str:
    """Return the name of a transcript: its file name, or the whole path if it has none."""
    return path.name or str(path)
