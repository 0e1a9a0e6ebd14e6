"""Builds the record of a transcript: runs with their results, and changes of files."""

import re
from dataclasses import dataclass, field

from gedanken.compare.audit.commands.command_lines import parse_steps
from gedanken.compare.audit.commands.file_changes import Edit, shell_edits
from gedanken.compare.audit.commands.file_history import FileHistory
from gedanken.compare.audit.commands.shell_changes import changes_unnamed_files
from gedanken.compare.audit.commands.undo_commands import Undo, update_undos
from gedanken.compare.audit.outputs.outcomes import (
    is_output_cut,
    printed_exit_code,
    stated_exit_code,
    strip_control_sequences,
)
from gedanken.compare.audit.record.record import Output, Record
from gedanken.compare.audit.record.runs import Run, shorten_command
from gedanken.experiment.agent_transcript import AgentEvent, AgentTranscript

_READING_TOOL = re.compile(
    r"(?:read|view|open|ls|list|glob|grep|search|find|todo|plan|think|fetch|web|browse|ask|question|memory|note|scroll|goto|edit|write|create|str_replace|"
    r"replace|insert|update_plan|finish|submit|exit_plan|complete|attempt_completion|message|notebook_?read|multi_?edit|apply_patch|skill|toolsearch|image|"
    r"google_web|update_t|save_memory|store_memory|manage_todo|activate_skill|codebase_search|semantic|switch_mode|"
    r"report_intent|copilot_(?:read|find|list|search|create|replace|insert|apply|fetch|think|manage|multi))",
    re.IGNORECASE,
)
_RUNNING_TOOL = re.compile(
    r"(?<![pt])run(?!cat)|exec|(?<!la)test|build|compil|lint|diagnos|debug|launch|evaluat|shell|termin|bash|command|"
    r"deploy",
    re.IGNORECASE,
)
"""Matches words in the name of a tool that runs programs or reads their results."""
_TODO_TOOL = re.compile(r"task_?(?:create|update|list|get)\b", re.IGNORECASE)
_EDITOR_FAILED = re.compile(
    r"^\s*(?:<tool_use_error>|error\b|failed|no (?:match|replacement)|"
    r"string (?:to replace )?not found|.{0,60}(?:did not appear verbatim|was not found|could not be|"
    r"not been read yet|doesn't want to proceed|rejected))",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:doesn't want to (?:proceed|take this action)|was rejected|user (?:denied|rejected|declined)|"
    r"permission (?:to use .{1,40} )?(?:has been )?denied|requires approval|aborted by user|"
    r"blocked by)",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(
    r"\"?run_in_background\"?\s*:\s*true|\bnohup\b|(?<!&)&\s*$|running in (?:the )?background|"
    r"Process running with session ID|still running",
    re.IGNORECASE,
)


def build_record(transcript: AgentTranscript) -> Record:
    """Return the record of a transcript: its runs with their results, and its changes of files."""
    return _RecordBuilder(transcript).build()


@dataclass(slots=True)
class _RecordBuilder:
    transcript: AgentTranscript
    calls: dict[str, AgentEvent] = field(default_factory=dict)
    open_runs: dict[str, Run] = field(default_factory=dict)
    known_paths: set[str] = field(default_factory=set)
    pending_edits: dict[str, list[int]] = field(default_factory=dict)
    put_back: FileHistory = field(default_factory=FileHistory)

    def build(self) -> Record:
        record = Record(self.transcript)
        record.sub_agents = {event.session for event in self.transcript.events if event.session}
        for event in self.transcript.events:
            match event.kind:
                case "call":
                    self._add_call(record, event)
                case "edit":
                    self._add_edit(record, event)
                case "result":
                    self._add_result(record, event)
                case "unknown":
                    record.possible_unseen_runs.append(
                        (event.number, "the transcript has an event of an unknown kind")
                    )
                case "message" if event.speaker != "agent":
                    record.outputs.append(Output(event.number, event.text, is_result=False))
        return record

    def _add_call(self, record: Record, event: AgentEvent) -> None:
        key = f"{event.session}/{event.call_id}" if event.call_id else ""
        if event.command is not None:
            run = Run(event.number, None, event.command, event.session, parse_steps(event.command))
            run.is_background = bool(
                _BACKGROUND.search(event.text[:5_000]) or _BACKGROUND.search(event.command[-200:])
            )
            record.runs.append(run)
            if key:
                self.open_runs[key] = run
            for path, existed in shell_edits(event.command):
                record.edits.append(Edit(event.number, path, None, "", existed=existed or path in self.known_paths))
                self.known_paths.add(path)
            undos = update_undos(event.number, event.command, record.undos)
            undos += [
                Undo(event.number, (path,), is_stash=False) for path in self.put_back.files_put_back(event.command)
            ]
            if changes_unnamed_files(event.command) or len(undos) > len(record.undos):
                record.unnamed_changes.append(event.number)
            record.undos = undos
            return
        if event.path:
            self.known_paths.add(event.path)
        if key:
            self.calls[key] = event
        name = (event.tool or "").rsplit("__", 1)[-1]
        if _TODO_TOOL.match(name):
            return
        if re.match(r"(?:task|agent|spawn_agent|dispatch)", name, re.IGNORECASE):
            if not record.sub_agents:
                record.possible_unseen_runs.append(
                    (event.number, "a sub-agent worked, but its own transcript is missing")
                )
        elif _RUNNING_TOOL.search(name) or not (_READING_TOOL.match(name) or event.path):
            record.possible_unseen_runs.append(
                (
                    event.number,
                    f"the tool “{shorten_command(event.tool or 'without a name')}” may have run what is claimed",
                )
            )

    def _add_edit(self, record: Record, event: AgentEvent) -> None:
        path = event.path or ""
        is_known = path in self.known_paths or bool(event.old_text)
        self.known_paths.add(path)
        if event.call_id:
            self.pending_edits.setdefault(f"{event.session}/{event.call_id}", []).append(len(record.edits))
        record.edits.append(Edit(event.number, path, event.old_text, event.text, is_known))
        if event.old_text is not None or not path:
            self.put_back.record_unknown_text(path)
        elif self.put_back.is_earlier_text(path, event.text):
            record.undos.append(Undo(event.number, (path,), is_stash=False))
            record.unnamed_changes.append(event.number)

    def _add_result(self, record: Record, event: AgentEvent) -> None:
        key = f"{event.session}/{event.call_id}" if event.call_id else ""
        text = strip_control_sequences(event.text)
        if key in self.pending_edits:
            failed = bool(event.exit_code) or _EDITOR_FAILED.match(text[:400]) is not None
            for index in sorted(self.pending_edits.pop(key), reverse=True):
                if failed and index < len(record.edits):
                    record.edits[index] = record.edits[index]._replace(path="")
        record.outputs.append(Output(event.number, text, is_result=True))
        self._remember_read_text(key, text)
        run = self.open_runs.get(key)
        if run is None and not key and record.runs and record.runs[-1].result is None:
            run = record.runs[-1]
        if run is not None:
            _finish_run(run, event, text)

    def _remember_read_text(self, key: str, text: str) -> None:
        """Remember the text of a file that was read, because it may be written back later."""
        call, run = self.calls.get(key), self.open_runs.get(key)
        if call is not None and call.path and not _EDITOR_FAILED.match(text[:400]):
            self.put_back.record_text(call.path, text)
        elif (
            run is not None
            and len(run.steps) == 1
            and run.steps[0].words[0] == "cat"
            and len(run.steps[0].words) == 2
        ):
            self.put_back.record_text(run.steps[0].words[1], text)


def _finish_run(run: Run, event: AgentEvent, text: str) -> None:
    run.result = event.number
    run.text = f"{run.text}\n{text}" if run.text else text
    printed_code = printed_exit_code(run.command, text) if "$" in run.command else None
    stated_code = printed_code if printed_code is not None else stated_exit_code(text)
    is_requested = stated_code is not None and ("$?" in run.command or printed_code is not None)
    run.exit_code = stated_code if is_requested or event.exit_code is None else event.exit_code
    run.is_cut_by_agent = run.is_cut_by_agent or event.cut or is_output_cut(text)
    run.is_incomplete = (
        run.is_incomplete
        or run.is_cut_by_agent
        or any(step.is_piped and step.family != "quiet" for step in run.steps)
    )
    run.is_background = run.is_background or _BACKGROUND.search(text[:300]) is not None
    run.is_refused = _REFUSED.search(text[:400]) is not None
