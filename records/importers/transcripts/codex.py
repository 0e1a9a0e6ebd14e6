"""Reads Codex sessions: their stored files, old and new, and the output of `codex exec --json`."""

import json
import re
from typing import Any

from gedanken.experiment.agent_transcript import Place
from gedanken.records.importers.transcripts import commands
from gedanken.records.importers.transcripts.builder import TranscriptBuilder, text_of
from gedanken.records.importers.transcripts.messages import read_item
from gedanken.records.importers.transcripts.source import Entry, Source

FORM = "codex"
_WRAPPERS = ("session_meta", "response_item", "event_msg", "turn_context", "compacted")
_STREAM = ("thread.started", "turn.started", "item.completed", "turn.completed")
_OUTPUT_HEADER = re.compile(
    r"(?:(?:Chunk ID|Wall time|Process exited with code|Process running with session ID|Original token count|"
    r"Exit code|Total output lines|Duration)\b[^\n]*\n)+(?:Output:\n?)?"
)
_EXIT_CODE = re.compile(r"^(?:Exit code: |Process exited with code )(-?\d{1,4})$", re.MULTILINE)
_TOOL_EVENTS = ("exec_command_end", "patch_apply_end", "mcp_tool_call_end")
_IGNORED = (
    "item_started",
    "item_updated",
    "thread.started",
    "turn.started",
    "turn.completed",
    "item.started",
    "item.updated",
)
_EXEC_IN_CODE = re.compile(r"""tools\.(?:exec_command|shell)\(\s*\{[^}]*?\bcmd\s*:\s*("(?:[^"\\]|\\.)*")""")


def read(source: Source) -> list[TranscriptBuilder] | None:
    """Return the session in a file; None if the file is not from Codex."""
    if not source.is_lines:
        return None
    values = [entry.value for entry in source.head if isinstance(entry.value, dict)]
    is_new = any(value.get("type") in _WRAPPERS and ("payload" in value or "item" in value) for value in values)
    is_stream = any(value.get("type") in _STREAM for value in values)
    is_old = bool(values) and "instructions" in values[0] and "timestamp" in values[0] and "id" in values[0]
    if not (is_new or is_stream or is_old or any("record_type" in value for value in values)):
        return None
    rollout = _Rollout(
        source, only_events=is_new and not any(value.get("type") == "response_item" for value in values)
    )
    for entry in source.entries():
        rollout.read(entry)
    return [rollout.builder]


class _Rollout:
    def __init__(self, source: Source, *, only_events: bool) -> None:
        self.builder = TranscriptBuilder(source.path.name, FORM, source.name)
        self.builder.agent = FORM
        self.only_events = only_events
        """True if the file contains messages only as events (`event_msg`). Otherwise each message is also an item
        (`response_item`), and its event is ignored."""

    def read(self, entry: Entry) -> None:
        """Add the events of one line."""
        builder, value = self.builder, entry.value
        if entry.problem or not isinstance(value, dict):
            builder.unreadable_entry(
                entry if entry.problem else Entry(None, entry.line, problem="a line that is not an entry")
            )
            return
        kind = value.get("type")
        payload = next((value[key] for key in ("payload", "item") if isinstance(value.get(key), dict)), None)
        inner = Entry(payload, entry.line, "/payload" if isinstance(value.get("payload"), dict) else "/item")
        if kind == "session_meta" or (kind is None and "instructions" in value):
            self._add_session_meta(payload or value, entry)
        elif kind == "turn_context" and payload is not None:
            self.builder.set_folder(payload.get("cwd"))
            self._add_model(payload.get("model"))
        elif kind == "response_item" and payload is not None:
            self._add_item(inner)
        elif kind == "event_msg" and payload is not None:
            self._add_event(inner)
        elif kind == "compacted":
            builder.mark("compaction", builder.place(entry), text_of((payload or value).get("message")))
            builder.gap("the conversation was compacted", builder.place(entry))
        elif kind in ("item.completed", "item_completed") and payload is not None:
            self._add_streamed_item(inner)
        elif kind in _IGNORED or value.get("record_type") == "state":
            pass
        elif kind in ("turn.failed", "error"):
            builder.mark("error", builder.place(entry), text_of(value.get("message") or value.get("error")))
        else:
            self._add_item(entry)

    def _add_session_meta(self, meta: dict[str, Any], entry: Entry) -> None:
        self.builder.set_folder(meta.get("cwd"))
        if meta.get("cli_version"):
            self.builder.agent = f"{FORM} {str(meta['cli_version'])[:40]}"
        if meta.get("forked_from_id"):
            self.builder.gap("the session continues an earlier one in another file", self.builder.place(entry))

    def _add_model(self, model: Any) -> None:
        if isinstance(model, str) and model not in self.builder.agent:
            self.builder.agent = f"{self.builder.agent} {model[:80]}"

    def _add_item(self, entry: Entry) -> None:
        builder, item = self.builder, entry.value
        place, kind = builder.place(entry), item.get("type")
        call_id = item.get("call_id")
        if kind in ("function_call_output", "custom_tool_call_output"):
            self._add_output(item, place)
        elif kind == "custom_tool_call" and item.get("name") == "exec":
            self._add_code_call(str(item.get("input")), place, call_id if isinstance(call_id, str) else None)
        elif kind == "function_call" and item.get("name") == "write_stdin":
            builder.call("write_stdin", item.get("arguments"), place, call_id, "")
        elif kind in ("ghost_snapshot", "ghost_commit", "compaction_trigger"):
            builder.mark(str(kind), place)
        elif kind == "function_call" and str(item.get("name")).startswith(("spawn_agent", "delegate")):
            builder.call(str(item.get("name")), item.get("arguments"), place, call_id)
            builder.gap("a sub-agent worked in a session of its own, which is missing", place)
        elif not read_item(builder, item, entry):
            builder.unknown_entry(str(kind or "item"), item, place)

    def _add_code_call(self, code: str, place: Place, call_id: str | None) -> None:
        """Add a call whose input is code. If the code runs exactly one command, add the call with this command."""
        matches = _EXEC_IN_CODE.findall(code)
        command = None
        if len(matches) == 1 and code.count("tools.") == 1:
            try:
                command = json.loads(matches[0])
            except ValueError:
                command = None
        if command is None and "apply_patch" not in code:
            self.builder.unknown["exec"] += 1
            self.builder.gap(
                "the agent ran code that calls tools, and the record does not show which commands ran", place
            )
        self.builder.call("exec", {"input": code} if command is None else {"command": command}, place, call_id)

    def _add_output(self, item: dict[str, Any], place: Place) -> None:
        output, sources = item.get("output"), [item]
        if isinstance(output, dict):
            sources.append(output)
        elif isinstance(output, str) and output.startswith("{"):
            try:
                parsed = json.loads(output, strict=False)
            except (ValueError, RecursionError):
                parsed = None
            if isinstance(parsed, dict) and "output" in parsed:
                output, sources = (
                    parsed["output"],
                    [item, parsed, *([parsed["metadata"]] if "metadata" in parsed else [])],
                )
        text = None if output is None else text_of(output)
        exit_code, is_cut = None, False
        if text and (header := _OUTPUT_HEADER.match(text)):
            exit_match = _EXIT_CODE.search(header[0])
            exit_code = int(exit_match[1]) if exit_match else None
            is_cut = "Total output lines" in header[0]
            text = text[header.end() :]
        call_id = item.get("call_id")
        failed = any(isinstance(source, dict) and source.get("success") is False for source in sources)
        if is_cut and text and not commands.was_cut(text):
            text += "\n[output truncated]"
        self.builder.result(text, place, call_id, told=sources, exit_code=exit_code, failed=failed)

    def _add_event(self, entry: Entry) -> None:
        builder, event = self.builder, entry.value
        kind, place, call_id = event.get("type"), builder.place(entry), event.get("call_id")
        if kind in _TOOL_EVENTS and isinstance(call_id, str):
            self._add_tool_event(event, place, call_id)
        elif kind in ("user_message", "agent_message"):
            if self.only_events:
                builder.say("user" if kind == "user_message" else "agent", text_of(event.get("message")), place)
        elif kind == "turn_aborted":
            builder.mark("aborted", place, text_of(event.get("reason")))
        elif kind == "context_compacted":
            builder.mark("compaction", place)
            builder.gap("the conversation was compacted", place)
        elif kind == "session_configured":
            self._add_model(event.get("model"))
        elif kind == "item_completed" and self.only_events and isinstance(event.get("item"), dict):
            self._add_streamed_item(Entry(event["item"], entry.line, f"{entry.pointer}/item"))

    def _add_tool_event(self, event: dict[str, Any], place: Place, call_id: str) -> None:
        """Record the exit code that an event gives for an open call. If no other entry shows the call, add the call
        and its result.
        """
        builder, exit_code = self.builder, event.get("exit_code")
        if builder.is_open(call_id):
            if isinstance(exit_code, int):
                builder.set_exit_code(call_id, exit_code)
        elif event.get("type") == "exec_command_end" and (self.only_events or event.get("source") == "user_shell"):
            builder.call("exec", {"command": event.get("command")}, place, call_id)
            output = event.get("aggregated_output")
            text = output if isinstance(output, str) else f"{event.get('stdout') or ''}{event.get('stderr') or ''}"
            builder.result(text, place, call_id, told=(event,))

    def _add_streamed_item(self, entry: Entry) -> None:
        """Add a finished item of `codex exec --json`."""
        builder, item = self.builder, entry.value
        kind, place, call_id = str(item.get("type")), builder.place(entry), str(item.get("id"))
        if kind == "agent_message":
            builder.say("agent", text_of(item.get("text")), place)
        elif kind == "reasoning":
            builder.mark("reasoning", place, text_of(item.get("text")), "agent")
        elif kind == "command_execution":
            command = item.get("command")
            builder.call(
                "command_execution",
                {},
                place,
                call_id,
                commands.typed_command(command) if isinstance(command, str) else "",
            )
            builder.result(text_of(item.get("aggregated_output")), place, call_id, told=(item,))
        elif kind == "file_change":
            builder.call("file_change", {}, place, call_id)
            for change in item.get("changes") or ():
                if isinstance(change, dict) and isinstance(change.get("path"), str):
                    deletes = change.get("kind") == "delete"
                    builder.edit(
                        "file_change", commands.Edit(change["path"], "", "", deletes=deletes), place, call_id
                    )
            builder.result("", place, call_id, failed=item.get("status") == "failed")
        elif kind == "mcp_tool_call":
            builder.call(f"{item.get('server')}.{item.get('tool')}", item.get("arguments"), place, call_id)
            builder.result(
                text_of(item.get("result") or item.get("error")), place, call_id, failed=bool(item.get("error"))
            )
        elif kind in ("todo_list", "web_search", "error", "UserMessage", "AgentMessage", "Plan"):
            builder.mark(kind, place, text_of(item.get("message")))
        else:
            builder.unknown_entry(kind, item, place)
