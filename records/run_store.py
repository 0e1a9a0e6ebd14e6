"""Writes the folder of a run: each event is appended to the log as it happens."""

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from gedanken.compare.source.diff import diff_of
from gedanken.experiment.approval import Approve, EditProgram, Reject, format_decision
from gedanken.experiment.budget import Used
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.experiment.files import UntrustedFolder, name_in_errors
from gedanken.experiment.finding import Finding
from gedanken.experiment.probe_design import Plan
from gedanken.experiment.probe_events import AnswerKept, ItemKept, Judged, Planned
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import (
    FORMAT,
    Decided,
    EarlierPart,
    Ended,
    Heartbeat,
    ModelFacts,
    ModelKnown,
    Noted,
    Opened,
    RunEvent,
    RunLog,
    Started,
    SurprisalKept,
    WorkBegan,
    WorkEnded,
)
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.secrets import redacted_value
from gedanken.experiment.surprisal import Surprisal
from gedanken.experiment.use_events import Reserved, Settled
from gedanken.experiment.version import __version__
from gedanken.records.changed_results import ChangedResults
from gedanken.records.event_log import EventLog
from gedanken.records.folder_space import FolderSpace
from gedanken.records.read_log import MOST_FOLDER_BYTES, MOST_LOG_BYTES, read_events, read_log, read_spec
from gedanken.records.run_files import (
    LOG,
    RUN_VIEW,
    SPEC,
    base_of,
    diff_path,
    execution_event,
    program_event,
    program_path,
    texts_of,
    to_json,
    transcript,
    write_file,
)
from gedanken.records.run_folder import make_subfolders, remove_abandoned_files, remove_run_folder
from gedanken.records.run_lock import check_files, locked_log
from gedanken.records.run_view import run_view
from gedanken.records.work_clock import WorkClock, call_repeatedly, counted_until

VIEW_SECONDS = 1.0
"""Minimum number of seconds between two updates of `run.json` during a run."""


# A killed process loses nothing that was appended. A power failure spares the ledger, the notes and the decisions. If
# it cuts the outputs of an execution, the execution is left out in reading. Resuming restores it from the ledger.
class RunStore:
    """Writes the log, spec, programs, outputs and `run.json` of a run, and holds the log in memory."""

    def __init__(self, folder: Path, spec: RunSpec, file: IO[str], events: EventLog | None = None) -> None:
        """Call `open_store` or `reopen_store` instead. `events` holds what earlier processes recorded."""
        self.folder = folder
        self.spec = spec
        self.findings: tuple[Finding, ...] = ()
        """Findings of all comparisons so far. They are written to `run.json`, but not to the log."""
        self._file = file
        self._events = events or EventLog(spec, folder)
        self._earlier_executions = dict(self._events.executions)
        """Executions that earlier processes recorded, by label. One that is recorded again is removed here."""
        self._changed_results = ChangedResults(folder)
        self._lock = threading.RLock()
        self.clock = WorkClock()
        self._viewed_at = float("-inf")
        self._room = FolderSpace(folder, os.fstat(file.fileno()).st_size)

    @property
    def log(self) -> RunLog:
        with self._lock:
            return self._events.log()

    @property
    def run(self) -> str:
        """The run's random id; empty if an earlier version began the run."""
        # The sandbox's session stores it too, so that no other run of this name takes the session over.
        return self._events.run or ""

    @property
    def can_resume(self) -> bool:
        """True if `gedanken resume` can continue the run."""
        return bool(self.executions or self.items) and not self.log.is_over

    @property
    def is_empty(self) -> bool:
        """True if no command was executed and no model was asked."""
        return not (self.executions or self.items or self.answers or self.used.tokens.calls)

    @property
    def programs(self) -> dict[str, Program]:
        """The programs by label, in the order in which they were added."""
        return self._events.programs

    @property
    def executions(self) -> dict[str, Execution]:
        """The executions by label."""
        return self._events.executions

    @property
    def plan(self) -> Plan | None:
        """The part of the probe's design that is asked; None before it is known."""
        return self._events.plan

    @property
    def items(self) -> dict[str, ItemKept]:
        """The probe's items, by id."""
        return self._events.items

    @property
    def answers(self) -> dict[str, AnswerKept]:
        """The answers to the probe's questions, by the key of the question."""
        return self._events.answers

    @property
    def model(self) -> ModelFacts | None:
        """Facts about the model; None before it is known."""
        return self._events.model

    @property
    def used(self) -> Used:
        """Tokens and GPU-seconds that all processes of this run have used so far."""
        with self._lock:
            return self._events.used

    @property
    def seconds_worked(self) -> float:
        """How many seconds earlier processes worked on the run."""
        return self._events.seconds_before

    def reserve(self, event: Reserved) -> None:
        """Record a reservation of tokens or GPU-seconds, which then only a power failure can lose.

        Raises BadInput if the run folder has no room for the result.
        """
        self.check_room()
        self._append(event, flush_to_disk=False)

    def settle(self, event: Settled) -> None:
        """Record how much of a reservation was really used."""
        self._append(event, flush_to_disk=False)

    def check_room(self) -> None:
        """Raise BadInput if the run folder has no room for more results: they could not be read again."""
        self._room.check()

    def write_spec(self) -> None:
        """Write the spec, the run's first file; it is on the disk when this returns."""
        self._put(SPEC, to_json(self.spec.model_dump(mode="json")))

    def record_work(self) -> AbstractContextManager[None]:
        """Record that this process starts to work on the run, and then repeatedly that it still works."""
        self._file.write(json.dumps({"format": FORMAT}) + "\n")
        run = uuid4().hex if self._events.run is None else self._events.run
        version, key, until = platform.python_version(), self.spec.key, counted_until(self.clock.seconds)
        self._append(Started(gedanken=__version__, python=version, spec=key, run=run, counted_until=until))
        return call_repeatedly(self._still_works)

    def _still_works(self) -> float:
        worked = self.clock.seconds
        until = counted_until(worked)
        if not self._events.has_ended:
            self._append(Heartbeat(counted_until=until), flush_to_disk=False)
        return until - worked

    def record_machine(self, event: Opened) -> None:
        """Record the measured facts of the machine."""
        self._append(event, flush_to_disk=False)  # they can be measured again

    def note(self, text: str) -> None:
        """Record a note on the run for the reader of the log."""
        self._append(Noted(what=text))

    def record_earlier_models(self, parts: Iterable[EarlierPart]) -> None:
        """Record facts about the models that were used in earlier parts of the script."""
        for part in parts:
            self._append(ModelKnown(model=part.model, until=part.until))

    def record_model(self, model: ModelFacts) -> None:
        """Record facts about the model, if they are new."""
        if self.model != model:
            self._append(ModelKnown(model=model), flush_to_disk=False)

    def keep_program(self, program: Program) -> None:
        """Record a version of a program, or a change of its fields, such as whether it works."""
        if self.programs.get(program.label) == program:
            return
        previous = self.programs.get(program.label)
        if previous is None or previous.source != program.source:
            self._put(program_path(program), program.source)
            if base := base_of(program, list(self.programs.values())):
                self._put(diff_path(program), diff_of(base, program).text, flush_to_disk=False)
        with self._lock:
            self._append(program_event(program), flush_to_disk=False)
            self._events.programs[program.label] = program

    def keep_execution(self, execution: Execution) -> None:
        """Record an execution: first its texts in files, then its event in the log."""
        if self.executions.get(execution.label) == execution:
            return
        previous = self._earlier_executions.pop(execution.label, None)
        if previous and (reason := self._changed_results.note_on_change(previous, execution)):
            self.note(reason)
        texts = texts_of(execution).items()
        sizes = {path: self._put(path, text, flush_to_disk=False) for path, text in texts}
        with self._lock:
            self._room.texts += sum(sizes.values())
            self._append(execution_event(execution, sizes), flush_to_disk=False)
            self._events.executions[execution.label] = execution
        self.write_view_if_due()

    def keep_decision(self, program: Program, answer: Approve | EditProgram | Reject) -> None:
        """Record a person's decision on whether a program may run, unless one is already recorded."""
        if self.decision_on(program) is None:
            self._append(Decided(program=program.label, sha256=program.sha256, answer=answer))
            self.note(format_decision(program.label, answer))

    def decision_on(self, program: Program) -> Approve | EditProgram | Reject | None:
        """Return a person's decision on a program with exactly this label and source; None if there is none."""
        label_and_hash = (program.label, program.sha256)
        return next(
            (
                decision.answer
                for decision in self._events.decisions
                if (decision.program, decision.sha256) == label_and_hash
            ),
            None,
        )

    def copy_decisions(self, source: RunLog) -> None:
        """Copy people's decisions from another run; they apply to programs with the same label and source."""
        for decision in source.decisions:
            self._append(decision)

    def keep_plan(self, plan: Plan) -> None:
        """Record the part of the probe's design that is asked."""
        if self.plan != plan:
            self._append(Planned(plan=plan))

    def keep_items(self, items: Iterable[ItemKept]) -> None:
        """Record items of a probe, with the real output of their programs."""
        for item in items:
            if item.item.id not in self.items:
                self._append(item, flush_to_disk=False)

    def keep_answer(self, answer: AnswerKept) -> None:
        """Record the model's answer to a question of a probe.

        It replaces an earlier answer only if that answer failed with a cause in `RETRIED_CAUSES`.
        """
        previous = self.answers.get(answer.question.key)
        if previous is None or (
            previous.execution.cause in RETRIED_CAUSES and previous.execution != answer.execution
        ):
            self._append(answer)

    def keep_judgement(self, judged: Judged) -> None:
        """Record whether an answer is right. Such an answer is an expression, which was executed to judge it."""
        if judged.question not in self._events.judged:
            self._append(judged)

    def keep_surprisal(self, surprisal: Surprisal) -> None:
        """Record the model's surprisal at the real and the imagined outputs."""
        self._append(SurprisalKept(found=surprisal))

    @contextmanager
    def work(self, node: str, who: str) -> Iterator[None]:
        """Record when a node begins and ends its work. Raises BadInput if the log has no room for the result."""
        self._room.check_log()
        self._append(WorkBegan(node=node, who=who), flush_to_disk=False)
        try:
            yield
        finally:
            with suppress(OSError):  # a full disk is reported when a result has to be stored
                self._append(WorkEnded(node=node, who=who), flush_to_disk=False)

    def end(self, outcome: str) -> None:
        """Record how this process ended its work. Without this record, the run counts as unfinished."""
        self._append(Ended(outcome=outcome))

    def finish(self, outcome: str) -> None:
        """Record how the run ended, and write `run.json` and `transcript.md`."""
        self.end(outcome)
        self.write_view()
        self._put("transcript.md", transcript(self.log), flush_to_disk=False)

    def revert(self, spec: RunSpec, reason: str, outcome: str) -> None:
        """Undo a failed change of the run: restore its earlier spec and outcome. `reason` is noted."""
        self.note(reason)
        self.spec = spec
        self.write_spec()
        self.end(outcome)

    def discard(self) -> None:
        """Remove the run's folder. Call this only if nothing was paid for."""
        with suppress(OSError):
            remove_run_folder(self.folder)

    def write_view_if_due(self) -> None:
        """Write `run.json` if it was last written at least `VIEW_SECONDS` ago."""
        if time.monotonic() - self._viewed_at >= VIEW_SECONDS:
            self.write_view()

    def write_view(self) -> None:
        """Write `run.json` from the log."""
        with self._lock:
            self._put(RUN_VIEW, to_json(run_view(self.log, self.findings)), flush_to_disk=False)
            self._viewed_at = time.monotonic()

    def _append(self, event: RunEvent, *, flush_to_disk: bool = True) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = event.model_copy(update={"time": now, "worked": round(self.clock.seconds, 3)})
        line = json.dumps(redacted_value(event.model_dump(mode="json")))
        with self._lock, name_in_errors(self.folder / LOG):
            self._file.write(line + "\n")
            self._file.flush()
            self._room.log += len(line) + 1  # in ASCII
            if flush_to_disk:
                os.fsync(self._file.fileno())
            self._events.take(event)

    def _put(self, name: str, text: str | Iterable[str], *, flush_to_disk: bool = True) -> int:
        return write_file(self.folder / name, text, flush_to_disk=flush_to_disk)


@contextmanager
def open_store(folder: Path, spec: RunSpec) -> Iterator[RunStore]:
    """Open a new, empty folder for a run, and write its spec. Raises BadInput if a run has begun there."""
    with locked_log(folder) as file:
        if file.tell():
            raise BadInput(f"{folder}: another process has begun a run in this folder; name another folder")
        make_subfolders(folder)
        store = RunStore(folder, spec, file)
        store.write_spec()
        with store.record_work():
            yield store


@contextmanager
def reopen_store(
    folder: Path,
    spec: RunSpec | None = None,
    why: str = "",
    was: RunSpec | None = None,
    check: Callable[[RunLog], object] | None = None,
) -> Iterator[RunStore]:
    """Open the folder of a run to resume it, with its stored spec, or with a new `spec` and a note on it, `why`.

    `was` is the stored spec as the caller read it. `check` is called with the log before anything is changed; if it
    raises an error, the run is left unchanged. Raises BadInput if the run is in use, if its spec is not `was`, or if
    the folder is unreadable or contains links.
    """
    check_files(folder)
    with locked_log(folder) as file:
        inside = UntrustedFolder(folder, MOST_FOLDER_BYTES)
        if was is not None and read_spec(inside) != was:
            raise BadInput(f"{folder}: another process has just changed what this run is to do; try again")
        if check is not None:
            check(read_log(UntrustedFolder(folder, MOST_FOLDER_BYTES)))
        make_subfolders(folder)
        remove_abandoned_files(folder)
        run_spec = spec or read_spec(inside)
        complete_bytes = inside.read(LOG, MOST_LOG_BYTES).rfind(b"\n") + 1
        os.truncate(folder / LOG, complete_bytes)  # without an incomplete last line
        events = read_events(inside, run_spec)[0] if complete_bytes else None
        store = RunStore(folder, run_spec, file, events)
        if spec is not None and not why:
            store.write_spec()
        with store.record_work():
            if why:
                store.note(why)  # first, so that no kill hides the change
                store.write_spec()
            yield store
