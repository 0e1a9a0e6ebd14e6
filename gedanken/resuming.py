"""Resumes, approves, extends and replays existing runs."""

import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.analysis.analyze import Compared, analyze
from gedanken.experiment.approval import BY_PERSON, Approve, EditIt, Reject, asks_person, in_words, without_keys
from gedanken.experiment.budget import Budget
from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput, BudgetSpent, RequestRefused
from gedanken.experiment.files import Inside
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.secrets import REMOVED, shown_address
from gedanken.experiment.suggested import to_type
from gedanken.experiment.use_events import Settled
from gedanken.records.kept_failures import failures_of
from gedanken.records.read_log import LEFT_OUT, MOST_FOLDER_BYTES, REPLAY, is_replay, read_spec, when_begun
from gedanken.records.read_run import is_run_folder, read_run, with_tokens
from gedanken.records.run_files import SPEC
from gedanken.records.run_folder import make_folder, new_folder
from gedanken.records.run_lock import is_at_work
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.report.writing import PAGE, PROBE
from gedanken.runner import RunResult, check, check_collector, drive, go
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.graphs.context import Context

FORKED = "forked from "
"""Beginning of a note that a fork gets once the results of the original run are copied. A fork without it cannot be
resumed."""
RESIZED = "the sample size "
"""Beginning of the notes on a changed sample size. Replays and forks copy them, because they have that size too."""
RUNS = Path("runs")
# strict, because clients parse URLs differently: some end the host at a backslash, others at the last @
_HERE = re.compile(
    r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:[/?][A-Za-z0-9._~!$&'()*+,;=:/?%-]*)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Again:
    """Options that must be given again when a run is resumed, because they are not read from its folder."""

    base_url: str | None = None
    trusted: bool = False
    collector: str | None = None
    """Address of an OpenTelemetry collector that also receives the trace."""
    budget: Budget | None = None
    """New limits for the whole run. They replace all previous limits; None keeps the previous ones."""


async def resume(folder: Path, screen: Screen, again: Again) -> RunResult:
    """Continue a run where its last process ended. If the run is complete, only return its result. Raises the same
    errors as `run`."""
    if (ended := _ended(folder)) is not None:
        is_probe = ended.log.spec is not None and ended.log.spec.probe is not None
        more = "" if is_probe else "; to add runs: gedanken extend"
        screen.say(f"{folder} is finished, so there is nothing to resume{more}")
        for note in failures_of(ended.log).notes:
            screen.say(note)
        return ended
    was = _stored(folder)
    spec = spec_to_resume(folder, again)
    check(spec)
    _tell_dropped(was, spec, screen)
    with reopen_store(folder, spec if again.budget else None, was=was) as store:
        store.spec = spec
        return await go(store, screen, again.collector)


def _ended(folder: Path) -> RunResult | None:
    """Return the result of a complete run; None if anything is left to do."""
    page = folder / PAGE if (folder / PAGE).is_file() else None
    if not is_run_folder(folder) or is_at_work(folder) or not (page or (folder / PROBE).is_file()):
        return None
    log = read_run(folder)
    is_whole = not any(note.endswith(LEFT_OUT) for note in log.notes)
    if not log.is_over or not is_whole or log.spec is None:
        return None
    if failures_of(log).repeated:
        return None
    if log.spec.probe is None:
        return RunResult(log, analyze(with_tokens(log)), page) if page else None
    # a probe that asks only a user's suite has no report
    is_whole = bool(page) or not log.spec.probe.families
    return RunResult(log, None, page) if is_whole else None


async def approve(folder: Path, answer: Approve | EditIt | Reject | None, screen: Screen, again: Again) -> RunResult:
    """Store a person's decision on the waiting program, and continue the run. If `answer` is None, the person is
    asked.

    Raises the same errors as `resume`, and BadInput if no program waits, or if the run asks no person.
    """
    was = _stored(folder)
    spec = spec_to_resume(folder, again)
    check(spec)
    log = read_run(folder)  # before anything is written: a refusal must leave the run folder as it is
    if answer is None:
        _check_asks(spec, log, log.programs)
        return await resume(folder, screen, again)
    _waiting(spec, log)
    answer = without_keys(answer)  # what is used must be what is stored: a replay knows nothing else
    _tell_dropped(was, spec, screen)
    asked, still_waits = spec if again.budget else None, partial(_waiting, spec)  # another process may have decided
    with reopen_store(folder, asked, was=was, check=still_waits) as store:
        store.spec = spec
        store.keep_decision(_waiting(spec, store.log), answer)
        return await go(store, screen, again.collector)


def _check_asks(spec: RunSpec, log: RunLog, before: Sequence[Program]) -> None:
    """Raise BadInput if the run asks no person about the program that follows the programs in `before`."""
    said = {(decided.program, decided.sha256): decided.answer for decided in log.decisions}
    if asks_person(spec.approve, [said.get((program.label, program.sha256)) for program in before]):
        return
    why = (
        "was started without --approve"
        if spec.approve == "none"
        else "has --approve=first, and a person has accepted a program"
    )
    assert log.folder is not None
    raise BadInput(
        f"{log.folder}: this run {why}, so no program of it waits for approval; to continue: "
        f"{to_type('gedanken resume', log.folder)}"
    )


def _waiting(spec: RunSpec, log: RunLog) -> Program:
    """Return the program that waits for approval. Raises BadInput if none does."""
    newest, folder = next(reversed(log.programs), None), log.folder
    assert folder is not None
    to_go_on = f"to continue: {to_type('gedanken resume', folder)}"
    if newest is None or newest.given or newest.works is not None:
        raise BadInput(f"{folder}: no program of this run waits for approval")
    for said in log.decisions:
        if (said.program, said.sha256) == (newest.label, newest.sha256):
            told = in_words(newest.label, said.answer)
            raise BadInput(f"{folder}: a person has already decided: {told}; {to_go_on}")
    if any(execution.program == newest.label for execution in log.executions):
        raise BadInput(f"{folder}: {newest.label} has already been run, so it needs no approval")
    if newest.prompt == BY_PERSON:
        raise BadInput(f"{folder}: a person wrote {newest.label}, so it runs without approval; {to_go_on}")
    _check_asks(spec, log, log.programs[:-1])
    return newest


async def extend(folder: Path, real: int | None, imagined: int | None, screen: Screen, again: Again) -> RunResult:
    """Add seeds (`real`) and samples (`imagined`) up to the new totals; None leaves a number as it is.

    Raises BadInput if a number would shrink or neither would grow, and the same errors as `run`.
    """
    stored = _stored(folder)
    was = spec_to_resume(folder, again)
    counts = {"real": real, "imagined": imagined}
    now = was.model_copy(update={name: count for name, count in counts.items() if count is not None})
    if now.real < was.real or now.imagined < was.imagined or now == was:
        raise BadInput(f"the run already has {_counts(was)}; ask for more with --real or --imagined")
    others = sorted({part.model.name for part in was.earlier} - {was.model.name})
    if others and now.imagined > was.imagined:
        raise BadInput(
            f"{folder}: the model of this run was {', '.join(others)} until a fork changed it, so no imagined "
            "runs can be added; extend the original run, and fork it again"
        )
    log = read_run(folder)
    # before the new sample size is recorded: a failed call must change nothing
    _check_repeated(was, now, log)
    check(now)
    _tell_dropped(stored, now, screen)
    why = (
        f"{RESIZED}was changed after results could be seen (before: {_counts(was)}; now: {_counts(now)}): "
        "adding runs until a difference shows makes a difference by chance more likely than the p-value says"
    )
    with reopen_store(folder, now, why, was=stored) as store:
        had = len(store.executions)
        try:
            return await go(store, screen, again.collector)
        except BadInput:
            if len(store.executions) == had:
                why = f"{RESIZED}stayed at {_counts(was)}: the extension was refused"
                store.take_back(was, why, log.outcome)
            raise


def copy_resized(source: RunLog, store: RunStore) -> None:
    """Copy the notes on a changed sample size from the run `source`."""
    for note in source.notes:
        if note.startswith(RESIZED):
            store.note(note)


def _check_repeated(was: RunSpec, now: RunSpec, log: RunLog) -> None:
    """Raise BadInput if the run cannot get any further real or imagined runs."""
    if was.probe is not None:
        raise BadInput(
            f"{log.folder}: a probe has no real or imagined runs to add to; start another one with gedanken probe"
        )
    if now.imagined > was.imagined and not was.simulate:
        raise BadInput(f"{log.folder}: nothing is imagined in this run, so no imagined runs can be added")
    if not any(line.runs for line in was.experiment.script):
        raise BadInput(f"{log.folder}: no line of its script runs a program, so there is nothing to repeat")
    if log.is_over and not any(program.works or program.given for program in log.programs):
        raise BadInput(f"{log.folder}: no program of this run worked, so there is nothing to repeat")


async def replay(folder: Path, screen: Screen, out: Path | None = None) -> RunResult:
    """Repeat a run from its ledger alone into a new folder, without a model, an engine or an API key.

    Raises BadInput if there is no ledger, or if it lacks a command's result; NotKept if it lacks a reply.
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
            return await drive(_replaying(source.spec, store, source), screen)
        except BaseException:
            store.discard()
            raise


@asynccontextmanager
async def _replaying(spec: RunSpec, store: RunStore, source: RunLog) -> "AsyncIterator[Context]":
    from gedanken.graphs.context import replay_context

    yield replay_context(spec, store, source, Compared())


def newest_unfinished(screen: Screen | None = None, budget: Budget | None = None) -> Path:
    """Return the folder of the newest unfinished run under runs/, and tell `screen` which it is.

    Of these runs, those that resuming helps go before the others; `budget` is the new budget, if there is one. Runs
    at work and replays do not count. Raises BadInput if there is none.
    """
    passed: list[Path] = []
    for path in _newest_first():
        try:
            if not is_run_folder(path) or is_at_work(path) or is_replay(path) or (log := read_run(path)).is_over:
                continue
        except (BadInput, OSError):
            continue
        if _is_helped(log, budget):
            newer = f"; resuming does not help these newer runs: {', '.join(map(str, passed))}" if passed else ""
            if screen is not None:
                screen.say(f"resuming {path}{newer}")
            return path
        passed.append(path)
    if passed:  # resuming it says what does help
        return passed[0]
    raise BadInput("there is no unfinished run under runs/; name a run folder")


def _newest_first() -> list[Path]:
    """Return the folders of runs under runs/, by the time at which the runs began."""
    begun: list[tuple[str, Path]] = []
    for path in RUNS.iterdir() if RUNS.is_dir() else ():
        with suppress(BadInput):
            begun.append((when_begun(path), path))
    return [path for _time, path in sorted(begun, reverse=True)]


def _is_helped(log: RunLog, budget: Budget | None) -> bool:
    """Return whether resuming an unfinished run needs neither a person's approval nor a larger budget, and the
    model's server has not refused a request for good."""
    is_spent = BudgetSpent.SAID in log.outcome and budget is None
    if log.spec is None or is_spent or RequestRefused.SAID in log.outcome:
        return False
    with suppress(BadInput):
        _waiting(log.spec, log)
        return False
    return True


def spec_to_resume(folder: Path, again: Again, *, asks_its_model: bool = True) -> RunSpec:
    """Return the spec of the run in `folder`, with the base URL and budget of `again`, if given.

    If programs run without isolation, `again.trusted` must allow it. If the model is on another machine, or the
    folder is another user's, `again.base_url` must give its address, except with `asks_its_model=False`. Raises
    BadInput if one of these is missing, or if the run cannot be continued.
    """
    check_collector(again.collector)
    spec = _stored(folder)
    address = spec.model.base_url
    # The folder may come from anybody: API keys go only to addresses that the user confirms. An address of this
    # machine may lead to a server of another user, whose folder names it.
    is_elsewhere = address is not None and (REMOVED in address or not is_here(address) or not _is_own(folder))
    if address is not None and is_elsewhere and again.base_url is None and asks_its_model:
        raise BadInput(
            f"{folder}: the model of this run is at {shown_address(address)}, and gedanken sends no API key to "
            "an address that only a run folder names; if you trust the address, give it with --base-url"
        )
    if is_replay(folder):
        raise BadInput(
            f"{folder}: this is a replay, which has no ledger, so everything would be run and requested again; use "
            "the original run, or replay it once more: gedanken run --replay"
        )
    if spec.parent and not any(note.startswith(FORKED) for note in read_run(folder).notes):
        raise BadInput(
            f"{folder}: the fork was interrupted before the original run was copied; remove this folder, and fork "
            "again"
        )
    if spec.sandbox.trusted and not again.trusted:
        raise BadInput(
            f"{folder}: this run executes programs without isolation; to allow that, add --i-trust-this-code"
        )
    given = again.base_url if asks_its_model else None
    model = spec.model.model_copy(update={"base_url": given or spec.model.base_url})
    return spec.model_copy(update={"model": model, "budget": again.budget or spec.budget})


def _stored(folder: Path) -> RunSpec:
    """Return the stored spec of the run in a folder."""
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder")
    # read before anything is decided by it; `reopen_store` compares it when no other process can change it any more
    return read_spec(Inside(folder, MOST_FOLDER_BYTES))


def _is_own(folder: Path) -> bool:
    """Return whether the stored spec belongs to the user of this process."""
    return (folder / SPEC).stat().st_uid == os.geteuid()


def _tell_dropped(was: RunSpec, spec: RunSpec, screen: Screen) -> None:
    if dropped := was.budget.dropped_in(spec.budget):
        screen.say(f"limits that no longer apply, because --budget does not name them: {dropped}")


def is_here(address: str) -> bool:
    """Return whether every client reads the URL as an address of this machine (loopback)."""
    return _HERE.fullmatch(address) is not None


def _counts(spec: RunSpec) -> str:
    return f"{many(spec.real, 'real run')} and {many(spec.imagined, 'imagined run')}"
