"""Reads Claude Code sessions: their stored files, and output in the format `stream-json`."""

import re
from pathlib import Path
from typing import Any

from gedanken.experiment.agent_transcript import Place, Speaker
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.messages import read_call
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "claude-code"
_BOOKKEEPING = frozenset(
    [
        "summary",
        "file-history-snapshot",
        "queue-operation",
        "progress",
        "custom-title",
        "ai-title",
        "agent-name",
        "last-prompt",
        "tag",
        "mode",
        "permission-mode",
        "pr-link",
        "bridge-session",
        "worktree-state",
        "attachment",
        "result",
        "rate_limit_event",
        "stream_event",
        "content-replacement",
        "agent-color",
        "agent-setting",
        "started",
        "speculation-accept",
        "task-summary",
    ]
)
"""Kinds of entries that contain no tool calls."""
_AGENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AGENT_ID_IN_TEXT = re.compile(r"\bagentId: ([A-Za-z0-9][A-Za-z0-9_-]{0,63})")
_SUB_AGENTS = ("Task", "Agent")
_BACKGROUND_READERS = ("BashOutput", "TaskOutput", "AgentOutputTool")
_BACKGROUND_ID = re.compile(r"(?:running in (?:the )?background with ID|task_id|bash_id)\W+([A-Za-z0-9_-]{1,64})")
_MAX_DEPTH = 5
_MOST_FILES = 500


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a file; None if the file is not from Claude Code."""
    values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
    if not source.is_lines or not any(map(_is_turn, values)):
        return None
    session = _Session(source)
    session.read(source, "", 0)
    return [session.finished()]


def _is_turn(entry: dict[str, Any]) -> bool:
    message = entry.get("message")
    if entry.get("type") in ("user", "assistant"):
        return isinstance(message, dict) and ("content" in message or "role" in message)
    return entry.get("type") == "system" and "subtype" in entry and ("session_id" in entry or "sessionId" in entry)


class _Session:
    """A session together with the sessions of its sub-agents."""

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.builder = TranscriptBuilder(source.path.name, FORM, source.name)
        self.seen: set[str] = set()
        """Ids of the entries read so far. A resumed session begins with copies of earlier entries, which are
        skipped."""
        self.parents: dict[str, Place] = {}
        self.tools: dict[str, str] = {}
        self.background: dict[str, tuple[str, Place]] = {}
        """Background commands whose output the agent has not read yet, by the id of the background task."""
        self.sub_agents: set[str] = set()
        """Names of the sub-agents whose events have been read."""
        self.started: dict[str, Place] = {}
        self.files = 0

    def read(self, source: Source, agent: str, depth: int) -> None:
        """Add the events of a file that records `agent`, which is empty for the main agent.

        `depth` is the number of agents above this one.
        """
        previous_file = self.builder.file
        self.builder.file = source.name
        for entry in source.entries():
            if entry.problem or not isinstance(entry.value, dict):
                self.builder.unreadable_entry(
                    entry if entry.problem else Entry(None, entry.line, problem="a line that is not an entry")
                )
            else:
                self._add_entry(entry, agent, depth)
        self.builder.file = previous_file

    def finished(self) -> TranscriptBuilder:
        """Return the session, with a gap for each kind of missing part: entries, sub-agents, background outputs."""
        for parent, place in self.parents.items():
            if parent not in self.seen:
                self.builder.gap("the session continues from entries that are missing", place)
        for name, place in self.started.items():
            if name not in self.sub_agents:
                self.builder.gap(
                    "the actions of a sub-agent are missing, here and in the other files of this folder", place
                )
        for _command, place in self.background.values():
            self.builder.gap("the output of a command in the background was never read", place)
        return self.builder

    def _add_entry(self, entry: Entry, agent: str, depth: int) -> None:
        value, builder = entry.value, self.builder
        kind, place = value.get("type"), builder.place(entry)
        identity = value.get("uuid")
        if isinstance(identity, str):
            if identity in self.seen:
                return
            self.seen.add(identity)
        parent = value.get("parentUuid")
        if isinstance(parent, str) and parent not in self.seen:
            self.parents.setdefault(parent, place)
        builder.set_folder(value.get("cwd"))
        name = agent or _sub_agent_name(value)
        if name:
            self.sub_agents.add(name)
        builder.session = name
        if kind in ("user", "assistant") and isinstance(value.get("message"), dict):
            self._add_message(entry, value["message"], depth)
        elif kind == "system":
            self._add_system_entry(value, place)
        elif kind not in _BOOKKEEPING:
            builder.unknown_entry(str(kind or "entry"), value, place)

    def _add_system_entry(self, value: dict[str, Any], place: Place) -> None:
        subtype = str(value.get("subtype") or "system")
        if subtype in ("compact_boundary", "microcompact_boundary"):
            self.builder.mark("compaction", place, text_of(value.get("content")))
            self.builder.gap("the conversation was compacted", place)
        elif subtype == "init":
            self.builder.agent = _agent_name(value.get("model"), value.get("claude_code_version"))
        else:
            self.builder.mark(subtype[:80], place, text_of(value.get("content"))[:2000])

    def _add_message(self, entry: Entry, message: dict[str, Any], depth: int) -> None:
        value, builder = entry.value, self.builder
        is_agent = value["type"] == "assistant"
        if is_agent and not builder.session and not builder.agent and message.get("model") != "<synthetic>":
            builder.agent = _agent_name(message.get("model"), value.get("version"))
        if value.get("isCompactSummary"):
            builder.mark("compaction", builder.place(entry), text_of(message.get("content")))
            builder.gap("the conversation was compacted", builder.place(entry))
            return
        speaker: Speaker = "agent" if is_agent else "system" if value.get("isMeta") else "user"
        content = message.get("content")
        if not isinstance(content, list):
            text = text_of(content)
            if not is_agent and self._add_user_command(text, builder.place(entry, "message", "content")):
                return
            is_notice = re.match(
                r"\s*<(?:system-reminder|command-name|command-message|local-command-|bash-|task-notif)", text
            )
            builder.say(
                "system" if is_notice and speaker == "user" else speaker,
                text,
                builder.place(entry, "message", "content"),
            )
            return
        for index, part in enumerate(content):
            place = builder.place(entry, "message", "content", index)
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "text":
                builder.say(speaker, text_of(part.get("text")), place)
            elif kind in ("thinking", "redacted_thinking"):
                builder.mark("reasoning", place, text_of(part.get("thinking")), "agent")
            elif kind in ("tool_use", "server_tool_use"):
                self._add_call(part, place)
            elif isinstance(kind, str) and kind.endswith("tool_result"):
                self._add_result(part, value.get("toolUseResult", value.get("tool_use_result")), place, depth)
            elif kind in ("image", "document"):
                builder.mark(str(kind), place)
            else:
                builder.unknown_entry(str(kind or "content"), part, place)

    def _add_user_command(self, text: str, place: Place) -> bool:
        """Add a command that the user typed, its output, or a report on a background command.

        Return False for any other text.
        """
        if command_match := re.fullmatch(r"\s*<bash-input>(.*)</bash-input>\s*", text, re.DOTALL):
            self.builder.call("typed by the user", {"command": command_match[1]}, place, "typed")
        elif re.match(r"\s*<bash-stdout>", text):
            self.builder.result(re.sub(r"</?bash-(?:stdout|stderr)>", "", text), place, "typed")
        elif re.match(r"\s*<task-notification>", text):
            task_match, exit_match = (
                re.search(r"<task-id>([\w-]{1,64})</task-id>", text),
                re.search(r"exit code (\d{1,3})", text),
            )
            command, _place = self.background.get(task_match[1] if task_match else "", (None, None))
            self.builder.late_result(text, place, command, int(exit_match[1]) if exit_match else None)
        else:
            return False
        return True

    def _add_call(self, part: dict[str, Any], place: Place) -> None:
        name, call_id = str(part.get("name")), part.get("id")
        if isinstance(call_id, str):
            self.tools[call_id] = name
            if name in _SUB_AGENTS:
                self.started[call_id] = place
        arguments = part.get("input")
        fields = arguments if isinstance(arguments, dict) else {}
        task_id = next((fields[key] for key in ("bash_id", "task_id", "shell_id") if key in fields), None)
        if name in _BACKGROUND_READERS and isinstance(task_id, str) and task_id in self.background:
            command, _place = self.background.pop(task_id)
            self.builder.call(name, arguments, place, call_id if isinstance(call_id, str) else None, command)
        else:
            read_call(self.builder, part, place)

    def _add_result(self, part: dict[str, Any], details: Any, place: Place, depth: int) -> None:
        builder = self.builder
        call_id = part.get("tool_use_id")
        call_id = call_id if isinstance(call_id, str) else None
        content = part.get("content")
        text = "" if content is None and isinstance(details, dict) else None if content is None else text_of(content)
        fields = details if isinstance(details, dict) else {}
        tool, command = self.tools.get(call_id or "", ""), builder.command_of(call_id)
        failed = part.get("is_error") is True
        if tool in _SUB_AGENTS:
            self._add_sub_agent(call_id, fields, text or "", depth)
        exit_code = None
        if command is not None:
            task_id = (
                fields.get("backgroundTaskId") or ((text and _BACKGROUND_ID.search(text[:300])) or [None, None])[1]
            )
            if isinstance(task_id, str) and tool not in _BACKGROUND_READERS:
                self.background[task_id] = (command, place)
            elif "stdout" in fields and not failed and not fields.get("interrupted"):
                exit_code = None if fields.get("returnCodeInterpretation") else 0
        builder.result(text, place, call_id, exit_code=exit_code, failed=failed, tool=tool or None)

    def _add_sub_agent(self, call_id: str | None, fields: dict[str, Any], text: str, depth: int) -> None:
        """Add the events of a sub-agent from its own file, before the result of the call that started it."""
        match = _AGENT_ID_IN_TEXT.search(text)
        name = fields.get("agentId") or (match[1] if match else None)
        place = self.started.pop(call_id or "", None)
        if not isinstance(name, str) or not _AGENT_ID.fullmatch(name):
            if place is not None and not self.sub_agents:
                self.builder.gap(
                    "the actions of a sub-agent are missing, here and in the other files of this folder", place
                )
            return
        if name in self.sub_agents:
            return
        path = None if depth >= _MAX_DEPTH or self.files >= _MOST_FILES else _sub_agent_file(self.path, name)
        if path is None:
            if place is not None:
                self.started[name] = place
            return
        self.files += 1
        previous_session = self.builder.session
        self.sub_agents.add(name)
        self.read(Source(path), name, depth + 1)
        self.builder.session = previous_session


def _sub_agent_file(path: Path, name: str) -> Path | None:
    """Return the file with a sub-agent's session; None if there is no such file, or if it is a link."""
    for folder in (path.parent / path.stem / "subagents", path.parent, path.parent / "subagents"):
        candidate = folder / f"agent-{name}.jsonl"
        if candidate.is_file() and not candidate.is_symlink() and not folder.is_symlink() and candidate != path:
            return candidate
    return None


def _sub_agent_name(value: dict[str, Any]) -> str:
    """Return the name of the sub-agent that an entry names, or an empty text."""
    if value.get("isSidechain") is True:
        return str(value.get("agentId") or "sidechain")[:64]
    parent = value.get("parent_tool_use_id")
    return parent[:64] if isinstance(parent, str) else ""


def _agent_name(model: Any, version: Any) -> str:
    return " ".join(["claude-code", *(str(part)[:80] for part in (version, model) if part)])
