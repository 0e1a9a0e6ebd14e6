"""Resumes, approves, extends and replays existing runs."""

import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.analysis.analyze import ComparisonCache, analyze
from gedanken.experiment.approval import (
    BY_PERSON,
    Approve,
    EditProgram,
    Reject,
    format_decision,
    needs_person,
    redact_decision,
)
from gedanken.experiment.budget import Budget
from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput, BudgetSpent, RequestRefused
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.secrets import REMOVED, shown_address
from gedanken.experiment.suggested_command import suggested_command
from gedanken.experiment.use_events import Settled
from gedanken.records.kept_failures import failures_of
from gedanken.records.read_log import LOST_FILE_NOTE, MOST_FOLDER_BYTES, REPLAY, is_replay, read_spec, start_time
from gedanken.records.read_run import is_run_folder, read_run, with_tokens
from gedanken.records.run_files import SPEC
from gedanken.records.run_folder import make_folder, new_folder
from gedanken.records.run_lock import is_in_use
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.report.writing import PAGE, PROBE
from gedanken.runner import RunResult, check_collector, check_spec, run_graph_and_report, run_rest
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.graphs.context import Context

FORKED_NOTE = "forked from "
"""Beginning of the note that a fork gets when the results of the original run have been copied.

A fork without this note cannot be resumed.
"""
RESIZED_NOTE = "the sample size "
"""Beginning of the notes that say that the sample size was changed.

Replays and forks copy these notes, because they have the changed sample size.
"""
RUNS = Path("runs")
# strict, because clients parse URLs differently: some end the host at a backslash, others at the last @
_LOOPBACK_URL = re.compile(
    r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:[/?][A-Za-z0-9._~!$&'()*+,;=:/?%-]*)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """Options that must be given again when a run is resumed.

    They are not read from the run folder.
    """

    base_url: str | None = None
    trusted: bool = False
    collector: str | None = None
    """Address of an OpenTelemetry collector that also receives the trace."""
    budget: Budget | None = None
    """New limits for the whole run, which replace all previous limits; None keeps the previous ones."""


async def resume(folder: Path, screen: Screen, options: ResumeOptions) -> RunResult:
    """Continue a run where its last process ended. If the run is complete, only return its result.

    Raises the same errors as `run`.
    """
    if (result := _finished_result(folder)) is not None:
        is_probe = result.log.spec is not None and result.log.spec.probe is not None
        suggestion = "" if is_probe else "; to add runs: gedanken extend"
        screen.say(f"{folder} is finished, so there is nothing to resume{suggestion}")
        for note in failures_of(result.log).notes:
            screen.say(note)
        return result
    stored_spec = _read_stored_spec(folder)
    spec = spec_to_resume(folder, options)
    check_spec(spec)
    _report_dropped_limits(stored_spec, spec, screen)
    with reopen_store(folder, spec if options.budget else None, was=stored_spec) as store:
        store.spec = spec
        return await run_rest(store, screen, options.collector)


def _finished_result(folder: Path) -> RunResult | None:
    """Return the result of a complete run; None if work is left to do."""
    page = folder / PAGE if (folder / PAGE).is_file() else None
    if not is_run_folder(folder) or is_in_use(folder) or not (page or (folder / PROBE).is_file()):
        return None
    log = read_run(folder)
    is_complete = not any(note.endswith(LOST_FILE_NOTE) for note in log.notes)
    if not log.is_over or not is_complete or log.spec is None:
        return None
    if failures_of(log).repeated:
        return None
    if log.spec.probe is None:
        return RunResult(log, analyze(with_tokens(log)), page) if page else None
    # a probe that asks only a user's suite has no report
    is_complete = bool(page) or not log.spec.probe.families
    return RunResult(log, None, page) if is_complete else None


async def approve(
    folder: Path, answer: Approve | EditProgram | Reject | None, screen: Screen, options: ResumeOptions
) -> RunResult:
    """Store a person's decision on the program that waits for approval, and continue the run.

    If `answer` is None, the person is asked. Raises the same errors as `resume`; BadInput if no program waits, or if
    programs of this run need no approval.
    """
    stored_spec = _read_stored_spec(folder)
    spec = spec_to_resume(folder, options)
    check_spec(spec)
    log = read_run(folder)  # before anything is written: a refusal must leave the run folder as it is
    if answer is None:
        _check_asks(spec, log, log.programs)
        return await resume(folder, screen, options)
    _waiting_program(spec, log)
    answer = redact_decision(answer)  # use exactly what is stored, because a replay has nothing else
    _report_dropped_limits(stored_spec, spec, screen)
    # checked again in the store, because another process may have stored a decision meanwhile
    spec_to_store, still_waits = spec if options.budget else None, partial(_waiting_program, spec)
    with reopen_store(folder, spec_to_store, was=stored_spec, check=still_waits) as store:
        store.spec = spec
        store.keep_decision(_waiting_program(spec, store.log), answer)
        return await run_rest(store, screen, options.collector)


def _check_asks(spec: RunSpec, log: RunLog, programs: Sequence[Program]) -> None:
    """Raise BadInput if the program that follows `programs` needs no person's approval."""
    answers = {(decision.program, decision.sha256): decision.answer for decision in log.decisions}
    if needs_person(spec.approve, [answers.get((program.label, program.sha256)) for program in programs]):
        return
    reason = (
        "was started without --approve"
        if spec.approve == "none"
        else "has --approve=first, and a person has accepted a program"
    )
    assert log.folder is not None
    raise BadInput(
        f"{log.folder}: this run {reason}, so no program of it waits for approval; to continue: "
        f"{suggested_command('gedanken resume', log.folder)}"
    )


def _waiting_program(spec: RunSpec, log: RunLog) -> Program:
    """Return the program that waits for approval. Raises BadInput if no program waits."""
    newest, folder = next(reversed(log.programs), None), log.folder
    assert folder is not None
    advice = f"to continue: {suggested_command('gedanken resume', folder)}"
    if newest is None or newest.given or newest.works is not None:
        raise BadInput(f"{folder}: no program of this run waits for approval")
    for decision in log.decisions:
        if (decision.program, decision.sha256) == (newest.label, newest.sha256):
            decision_text = format_decision(newest.label, decision.answer)
            raise BadInput(f"{folder}: a person has already decided: {decision_text}; {advice}")
    if any(execution.program == newest.label for execution in log.executions):
        raise BadInput(f"{folder}: {newest.label} has already been run, so it needs no approval")
    if newest.prompt == BY_PERSON:
        raise BadInput(f"{folder}: a person wrote {newest.label}, so it runs without approval; {advice}")
    _check_asks(spec, log, log.programs[:-1])
    return newest


async def extend(
    folder: Path, real: int | None, imagined: int | None, screen: Screen, options: ResumeOptions
) -> RunResult:
    """Add real runs and imagined runs until their numbers are `real` and `imagined`. None leaves a number unchanged.

    Raises BadInput if a number would shrink or neither would grow, and the same errors as `run`.
    """
    stored = _read_stored_spec(folder)
    old_spec = spec_to_resume(folder, options)
    counts = {"real": real, "imagined": imagined}
    new_spec = old_spec.model_copy(update={name: count for name, count in counts.items() if count is not None})
    if new_spec.real < old_spec.real or new_spec.imagined < old_spec.imagined or new_spec == old_spec:
        raise BadInput(f"the run already has {_format_counts(old_spec)}; ask for more with --real or --imagined")
    replaced_models = sorted({part.model.name for part in old_spec.earlier} - {old_spec.model.name})
    if replaced_models and new_spec.imagined > old_spec.imagined:
        raise BadInput(
            f"{folder}: the model of this run was {', '.join(replaced_models)} until a fork changed it, so no "
            "imagined runs can be added; extend the original run, and fork it again"
        )
    log = read_run(folder)
    # before the new sample size is recorded: a failed call must change nothing
    _check_can_extend(old_spec, new_spec, log)
    check_spec(new_spec)
    _report_dropped_limits(stored, new_spec, screen)
    note = (
        f"{RESIZED_NOTE}was changed after results could be seen (before: {_format_counts(old_spec)}; now: "
        f"{_format_counts(new_spec)}): adding runs until a difference shows makes a difference by chance more likely "
        "than the p-value says"
    )
    with reopen_store(folder, new_spec, note, was=stored) as store:
        old_count = len(store.executions)
        try:
            return await run_rest(store, screen, options.collector)
        except BadInput:
            if len(store.executions) == old_count:
                note = f"{RESIZED_NOTE}stayed at {_format_counts(old_spec)}: the extension was refused"
                store.revert(old_spec, note, log.outcome)
            raise


def copy_resized(source: RunLog, store: RunStore) -> None:
    """Copy the notes on a changed sample size from the run `source`."""
    for note in source.notes:
        if note.startswith(RESIZED_NOTE):
            store.note(note)


def _check_can_extend(old_spec: RunSpec, new_spec: RunSpec, log: RunLog) -> None:
    """Raise BadInput if no real or imagined runs can be added."""
    if old_spec.probe is not None:
        raise BadInput(
            f"{log.folder}: a probe has no real or imagined runs to add to; start another one with gedanken probe"
        )
    if new_spec.imagined > old_spec.imagined and not old_spec.simulate:
        raise BadInput(f"{log.folder}: nothing is imagined in this run, so no imagined runs can be added")
    if not any(line.runs for line in old_spec.experiment.script):
        raise BadInput(f"{log.folder}: no line of its script runs a program, so there is nothing to repeat")
    if log.is_over and not any(program.works or program.given for program in log.programs):
        raise BadInput(f"{log.folder}: no program of this run worked, so there is nothing to repeat")


async def replay(folder: Path, screen: Screen, out: Path | None = None) -> RunResult:
    """Repeat a run from its ledger alone into a new folder.

    No model, engine or API key is used. Raises BadInput if there is no ledger, or if it lacks a command's result;
    NotStored if it lacks a reply.
    """
    source = read_run(folder)
    if source.spec is None:
        raise BadInput(
            f"{folder}: an earlier version of gedanken made this run, without a ledger; the run can be compared, but "
            "not replayed"
        )
    target = make_folder(out or new_folder(f"{source.spec.experiment.name}-replay"))
    with open_store(target, source.spec) as store:
        try:
            store.settle(Settled(name=REPLAY))  # marks this folder as a replay
            copy_resized(source, store)
            return await run_graph_and_report(_open_replay(source.spec, store, source), screen)
        except BaseException:
            store.discard()
            raise


@asynccontextmanager
async def _open_replay(spec: RunSpec, store: RunStore, source: RunLog) -> "AsyncIterator[Context]":
    from gedanken.graphs.context import replay_context

    yield replay_context(spec, store, source, ComparisonCache())


def newest_unfinished(screen: Screen | None = None, budget: Budget | None = None) -> Path:
    """Return the folder of the newest unfinished run under `runs/`, and show its path on `screen`.

    Runs that can be resumed come before those that cannot; a run that used up its budget can be resumed if the new
    `budget` is larger. Runs at work and replays are ignored. Raises BadInput if there is no unfinished run.
    """
    unresumable: list[Path] = []
    for path in _run_folders_newest_first():
        try:
            if not is_run_folder(path) or is_in_use(path) or is_replay(path) or (log := read_run(path)).is_over:
                continue
        except (BadInput, OSError):
            continue
        if _can_be_resumed(log, budget):
            newer = (
                f"; resuming does not help these newer runs: {', '.join(map(str, unresumable))}"
                if unresumable
                else ""
            )
            if screen is not None:
                screen.say(f"resuming {path}{newer}")
            return path
        unresumable.append(path)
    if unresumable:  # the error on resuming it says what would help
        return unresumable[0]
    raise BadInput("there is no unfinished run under runs/; name a run folder")


def _run_folders_newest_first() -> list[Path]:
    start_times: list[tuple[str, Path]] = []
    for path in RUNS.iterdir() if RUNS.is_dir() else ():
        with suppress(BadInput):
            start_times.append((start_time(path), path))
    return [path for _time, path in sorted(start_times, reverse=True)]


def _can_be_resumed(log: RunLog, budget: Budget | None) -> bool:
    """Return whether it helps to resume an unfinished run.

    It does not help if the run waits for approval, or if the model's server has refused a request for good. If the
    run used up its budget, it helps only with a new `budget`.
    """
    is_spent = BudgetSpent.SAID in log.outcome and budget is None
    if log.spec is None or is_spent or RequestRefused.SAID in log.outcome:
        return False
    with suppress(BadInput):
        _waiting_program(log.spec, log)
        return False
    return True


def spec_to_resume(folder: Path, options: ResumeOptions, *, asks_its_model: bool = True) -> RunSpec:
    """Return the spec of the run in `folder`, with the base URL and the budget of `options` if they are given.

    `options.trusted` is required if programs run without isolation. `options.base_url` is required if the model is on
    another machine or the folder belongs to another user, unless `asks_its_model` is False. Raises BadInput if
    something required is missing, or if the run cannot be continued.
    """
    check_collector(options.collector)
    spec = _read_stored_spec(folder)
    address = spec.model.base_url
    # The folder may come from anybody, so API keys go only to addresses that the user confirms. In another user's
    # folder, even an address of this machine may lead to a server of that user.
    is_elsewhere = address is not None and (
        REMOVED in address or not is_loopback_url(address) or not _is_owned_by_user(folder)
    )
    if address is not None and is_elsewhere and options.base_url is None and asks_its_model:
        raise BadInput(
            f"{folder}: the model of this run is at {shown_address(address)}, and gedanken sends no API key to "
            "an address that only a run folder names; if you trust the address, give it with --base-url"
        )
    if is_replay(folder):
        raise BadInput(
            f"{folder}: this is a replay, which has no ledger, so everything would be run and requested again; use "
            "the original run, or replay it once more: gedanken run --replay"
        )
    if spec.parent and not any(note.startswith(FORKED_NOTE) for note in read_run(folder).notes):
        raise BadInput(
            f"{folder}: the fork was interrupted before the original run was copied; remove this folder, and fork "
            "again"
        )
    if spec.sandbox.trusted and not options.trusted:
        raise BadInput(
            f"{folder}: this run executes programs without isolation; to allow that, add --i-trust-this-code"
        )
    new_address = options.base_url if asks_its_model else None
    model = spec.model.model_copy(update={"base_url": new_address or spec.model.base_url})
    return spec.model_copy(update={"model": model, "budget": options.budget or spec.budget})


def _read_stored_spec(folder: Path) -> RunSpec:
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder")
    # later, when no other process can change the stored spec, `reopen_store` compares it with this one
    return read_spec(UntrustedFolder(folder, MOST_FOLDER_BYTES))


def _is_owned_by_user(folder: Path) -> bool:
    """Return whether the stored spec belongs to the user of this process."""
    return (folder / SPEC).stat().st_uid == os.geteuid()


def _report_dropped_limits(old_spec: RunSpec, spec: RunSpec, screen: Screen) -> None:
    if dropped := old_spec.budget.dropped_in(spec.budget):
        screen.say(f"limits that no longer apply, because --budget does not name them: {dropped}")


def is_loopback_url(address: str) -> bool:
    """Return whether every client takes the URL for an address of this machine (loopback)."""
    return _LOOPBACK_URL.fullmatch(address) is not None


def _format_counts(spec: RunSpec) -> str:
    return f"{format_count(spec.real, 'real run')} and {format_count(spec.imagined, 'imagined run')}"
