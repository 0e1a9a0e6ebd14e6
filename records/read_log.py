"""Reads the log of a run, even if its last line is incomplete."""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Execution
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import (
    FORMAT,
    ExecutionKept,
    ProgramKept,
    RunEvent,
    RunLog,
    Started,
    SurprisalKept,
)
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.surprisal import NotAvailable, Surprisal
from gedanken.records.event_log import EventLog
from gedanken.records.plain_values import build_value
from gedanken.records.run_files import LOG, SPEC, path_of_program

MOST_FOLDER_BYTES = 1 << 31
"""Maximum number of bytes that are read from one folder in total."""
MOST_LOG_BYTES = 1 << 27
MOST_SPEC_BYTES = 1 << 24
MOST_OUTPUT_BYTES = 1 << 28
LOST_FILE_NOTE = "is missing, or does not have the size that was written: its run is left out"
"""End of the note on a file that is missing or incomplete, for example after a power failure."""
REPLAY = "replay"
"""Name of the `Settled` event with which a replay marks its folder. This event records no usage."""
MOST_NATS, MOST_TOKENS = 1e9, 10**9
"""Maximum surprisal in nats, and maximum number of tokens, of one line."""

_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)


def read_log(inside: UntrustedFolder) -> RunLog:
    """Read the log of a run. Raises BadInput if it is damaged, or has another version's format."""
    events, notes = read_events(inside)
    return events.log(notes)


def read_events(inside: UntrustedFolder, spec: RunSpec | None = None) -> tuple[EventLog, tuple[str, ...]]:
    """Return the events of a run, and notes on what could not be read.

    If `spec` is None, the stored spec is used. Raises BadInput as `read_log` does.
    """
    log_path = inside.folder / LOG
    lines = inside.read(LOG, MOST_LOG_BYTES).split(b"\n")
    incomplete_line = lines.pop()  # a line without a line break was not completely written
    if not lines:
        raise BadInput(f"{log_path}: empty: the process ended before it recorded anything")
    _check_format(lines[0], log_path)
    log_events = EventLog(spec or read_spec(inside), inside.folder)
    located_events = [
        (_parse_event(line, f"{log_path}:{number}"), f"{log_path}:{number}")
        for number, line in enumerate(lines[1:], start=2)
        if _parse_json(line, f"{log_path}:{number}") != {"format": FORMAT}  # again, by a process that resumed the run
    ]
    lost_paths = _lost_texts([event for event, _location in located_events], inside)
    for event, location in located_events:
        if not lost_paths & set(_referenced_paths(event)):
            _add_event(log_events, event, inside, location)
    notes = (
        [f"{LOG}: the last line was cut while it was being written, and is left out"]
        if incomplete_line.strip()
        else []
    )
    notes += [f"{path} {LOST_FILE_NOTE}" for path in sorted(lost_paths)]
    return log_events, tuple(notes)


def start_time(folder: Path) -> str:
    """Return the time at which a run began (UTC, ISO 8601); empty if its log does not say so.

    Raises BadInput if the log cannot be read.
    """
    started = _read_started_event(folder)
    return started.time if started else ""


def random_id(folder: Path) -> str:
    """Return the random id of the run in a folder; empty if the log does not name it, or cannot be read."""
    with suppress(BadInput):
        if started := _read_started_event(folder):
            return started.run
    return ""


def _read_started_event(folder: Path) -> Started | None:
    lines = UntrustedFolder(folder, MOST_LOG_BYTES).read(LOG, MOST_LOG_BYTES).split(b"\n")
    started_line = next((line for line in lines if b'"kind": "started"' in line), None)
    event = None if started_line is None else _parse_event(started_line, folder / LOG)
    return event if isinstance(event, Started) else None


def is_replay(folder: Path) -> bool:
    """Return whether a run is a replay: made from another run's ledger."""
    mark = f'"kind": "settled", "name": "{REPLAY}",'.encode()  # quotes inside a text would be escaped
    try:
        return mark in UntrustedFolder(folder, MOST_LOG_BYTES).read(LOG, MOST_LOG_BYTES)
    except BadInput:
        return False


def _check_format(line: bytes, location: object) -> None:
    header = _parse_json(line, location)
    version = header.get("format") if isinstance(header, dict) else None
    if version != FORMAT:
        raise BadInput(f"{location}: format {version!r}; this version of gedanken reads format {FORMAT}")


def read_spec(inside: UntrustedFolder) -> RunSpec:
    """Read the spec of a run. Raises BadInput if it is missing, or if this version cannot read it."""
    try:
        return RunSpec.model_validate_json(inside.read(SPEC, MOST_SPEC_BYTES))
    except ValidationError as error:
        first_error = error.errors()[0]
        field_path = ".".join(map(str, first_error["loc"]))
        is_unknown = first_error["type"] == "extra_forbidden"
        message = (
            "this version of gedanken does not know this field; another version may"
            if is_unknown
            else first_error["msg"]
        )
        raise BadInput(f"{inside.folder / SPEC}: {f'{field_path}: ' if field_path else ''}{message}") from error


def _parse_json(line: bytes, location: object) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{location}: damaged: this line is not JSON") from error


def _parse_event(line: bytes, location: object) -> RunEvent:
    try:
        return _EVENT.validate_json(line)
    except ValidationError as error:
        first_error = error.errors()[0]
        if first_error["type"].startswith("union_tag"):
            raise BadInput(f"{location}: unknown event; a newer version of gedanken may know it") from error
        field_path = ".".join(map(str, first_error["loc"]))
        raise BadInput(
            f"{location}: damaged, or written by another version: {field_path}: {first_error['msg']}"
        ) from error


def _add_event(log_events: EventLog, event: RunEvent, inside: UntrustedFolder, location: object) -> None:
    match event:
        case ProgramKept():
            source = inside.read(event.path, MOST_OUTPUT_BYTES).decode(errors="replace")
            program = build_value(Program, {**event.program, "source": source}, location)
            log_events.programs[program.label] = program
        case ExecutionKept():
            execution = build_value(
                Execution, {**event.execution, **_read_texts(event, inside, location), "called": None}, location
            )
            log_events.executions[execution.label] = execution
        case SurprisalKept():
            _check_surprisal(event.found, location)
    log_events.take(event)


def _lost_texts(events: Sequence[RunEvent], inside: UntrustedFolder) -> set[str]:
    """Return the paths of missing files, and of outputs whose size is not the recorded one."""
    sizes: dict[str, int] = {}
    for event in events:
        if isinstance(event, ExecutionKept):
            sizes |= event.sizes  # a file may have been written again
    programs = {event.path for event in events if isinstance(event, ProgramKept)}
    return {path for path, size in sizes.items() if inside.size(path) != size} | {
        path for path in programs if inside.size(path) is None
    }


def _referenced_paths(event: RunEvent) -> Iterator[str]:
    if isinstance(event, ProgramKept):
        yield event.path
    elif isinstance(event, ExecutionKept):
        yield from event.files.values()
        if program := event.execution.get("program"):
            yield path_of_program(program)


def _read_texts(event: ExecutionKept, inside: UntrustedFolder, location: object) -> dict[str, str]:
    if "stdout" not in event.files or not event.files.keys() <= {"stdout", "terminal", "raw_reply"}:
        raise BadInput(f"{location}: files: stdout is missing, or a file has an unknown name")
    texts: dict[str, str] = {}
    for path in event.files.values():
        if path not in texts:
            texts[path] = inside.read(path, MOST_OUTPUT_BYTES).decode(errors="replace")
    return {name: texts[path] for name, path in event.files.items()}


def _check_surprisal(surprisal: Surprisal, location: object) -> None:
    for program in () if isinstance(surprisal, NotAvailable) else surprisal:
        for line in (*(program.real or ()), *(program.imagined or ())):
            if not (math.isfinite(line.nats) and abs(line.nats) <= MOST_NATS and 0 <= line.tokens <= MOST_TOKENS):
                raise BadInput(f"{location}: surprisal: impossible numbers")
