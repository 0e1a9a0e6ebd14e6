"""Continuing existing runs: after a kill, with more samples, with another script, or as a replay of
stored results."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gedanken.analysis.analyze import Compared
from gedanken.experiment.approval import Approve, EditIt, Reject
from gedanken.experiment.budget import Budget
from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.experiment.run_log import RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.script import Experiment
from gedanken.experiment.secrets import REMOVED, shown_address
from gedanken.records.ledger import Ledger
from gedanken.records.read_log import MOST_FOLDER_BYTES, read_spec
from gedanken.records.read_run import is_run_folder, read_run
from gedanken.records.run_store import RunStore, make_folder, open_store, reopen_store
from gedanken.runner import RunResult, check, check_collector, drive, go, new_folder
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.graphs.context import Context

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Again:
    """Options that a person must repeat when a run is resumed, because they are not read from its folder."""

    base_url: str | None = None
    trusted: bool = False
    collector: str | None = None
    """Address of an OpenTelemetry collector that also receives the trace."""
    budget: Budget | None = None
    """New limit for the whole run; None leaves it unchanged."""


async def resume(folder: Path, screen: Screen, again: Again) -> RunResult:
    """Continue a run where its last process ended. Finished work is neither run nor requested again.

    Raises the same errors as `run`.
    """
    spec = _asked(folder, again)
    check(spec)
    with reopen_store(folder, spec if again.budget else None) as store:
        store.spec = spec
        return await go(store, screen, again.collector)


async def approve(folder: Path, answer: Approve | EditIt | Reject, screen: Screen, again: Again) -> RunResult:
    """Decide whether the program that waits in a run may run, and continue the run. Raises the same errors as
    `resume`, and BadInput if no program waits."""
    spec = _asked(folder, again)
    check(spec)
    with reopen_store(folder, spec if again.budget else None) as store:
        store.spec = spec
        newest = next(reversed(store.programs.values()), None)
        if newest is None or newest.given or newest.works is not None or store.decision_on(newest) is not None:
            raise BadInput(f"{folder}: no program waits for approval there")
        if any(execution.program == newest.label for execution in store.executions.values()):
            raise BadInput(f"{folder}: {newest.label} was run already")
        store.keep_decision(newest, answer)
        return await go(store, screen, again.collector)


async def extend(folder: Path, real: int | None, imagined: int | None, screen: Screen, again: Again) -> RunResult:
    """Continue a run with more seeds and samples than before; only the new ones are run.

    Raises BadInput if the numbers would not grow, and the same errors as `run`.
    """
    was = _asked(folder, again)
    asked = {"real": real, "imagined": imagined}
    now = was.model_copy(update={name: count for name, count in asked.items() if count is not None})
    if now.real < was.real or now.imagined < was.imagined or now == was:
        raise BadInput(f"the run has {_counts(was)} already; name more of either with --real or --imagined")
    check(now)
    with reopen_store(folder, now) as store:
        store.note(
            f"the sample size was changed after results could be seen, from {_counts(was)} to {_counts(now)}: who "
            "looks, and goes on until a difference shows, finds one by chance more often than a p value says"
        )
        return await go(store, screen, again.collector)


async def fork(  # noqa: PLR0913 (what a fork is made of)
    folder: Path, at: int, experiment: Experiment, screen: Screen, again: Again, out: Path | None = None
) -> RunResult:
    """Start a run that equals another one up to script line `at`, counted from 1, and then follows another script.

    Only the script of `experiment` is used. Raises BadInput if it differs before that line, or is the same after it,
    and the same errors as `run`.
    """
    was = _asked(folder, again)
    before, after = was.experiment.script, experiment.script
    if not 1 <= at <= min(len(before) + 1, len(after)):
        raise BadInput(
            f"--at {at}: both scripts must reach that line; they have {len(before)} and {len(after)} lines"
        )
    for number, (one, other) in enumerate(zip(before, after[: at - 1], strict=False), start=1):
        if one != other:
            raise BadInput(f"line {number} of the script is another one than in {folder}, and comes before line {at}")
    if before[at - 1 :] == after[at - 1 :]:
        raise BadInput(f"from line {at} on the script is that of {folder}: nothing would change")
    changed = was.experiment.model_dump() | {"name": experiment.name, "script": after}
    spec = was.model_copy(
        update={"experiment": Experiment.model_validate(changed), "parent": f"{folder.name} at line {at}"}
    )
    check(spec)
    target = make_folder(out or new_folder(f"{experiment.name}-fork"))
    with open_store(target, spec) as store:
        try:
            Ledger(target).take_over(Ledger(folder, writes=False))
            store.take_decisions(read_run(folder))
            store.note(f"forked from {spec.parent}: everything before that line is taken from there")
            return await go(store, screen, again.collector)
        except BaseException:
            if not store.executions:
                store.discard()
            raise


async def replay(folder: Path, screen: Screen, out: Path | None = None) -> RunResult:
    """Repeat a run from its ledger (the store of everything that was run and requested) into a new folder, without
    model, engine or key.

    Raises BadInput if the ledger lacks something.
    """
    source = read_run(folder)
    if source.spec is None:
        raise BadInput(f"{folder}: a run of an earlier version kept no ledger; it can be compared, and not replayed")
    target = make_folder(out or new_folder(f"{source.spec.experiment.name}-replay"))
    with open_store(target, source.spec) as store:
        try:
            return await drive(_replaying(source.spec, store, source), screen)
        except BaseException:
            store.discard()
            raise


@asynccontextmanager
async def _replaying(spec: RunSpec, store: RunStore, source: RunLog) -> "AsyncIterator[Context]":
    from gedanken.graphs.context import replay_context

    yield replay_context(spec, store, source, Compared())


def newest_unfinished() -> Path:
    """Return the newest run folder under runs/ whose run is unfinished. Raises BadInput."""
    begun = [path for path in RUNS.iterdir() if is_run_folder(path)] if RUNS.is_dir() else []
    for path in sorted(begun, key=lambda folder: folder.stat().st_mtime, reverse=True):
        try:
            if not read_run(path).is_over:
                return path
        except BadInput:
            continue
    raise BadInput("there is no unfinished run under runs/; name a run folder")


def _asked(folder: Path, again: Again) -> RunSpec:
    """Read the spec of the run in `folder`, which may come from anybody.

    If programs would run without isolation, or keys would be sent to an address that the folder names, a person must
    confirm that again. Raises BadInput.
    """
    check_collector(again.collector)
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder")
    spec = read_spec(Inside(folder, MOST_FOLDER_BYTES))
    address = spec.model.base_url
    if address is not None and again.base_url is None and (REMOVED in address or not is_here(address)):
        raise BadInput(
            f"{folder}: its model is asked at {shown_address(address)}, and no key goes to an address that a folder "
            "names; if that is where it is to go, give it once more with --base-url"
        )
    if spec.sandbox.trusted and not again.trusted:
        raise BadInput(f"{folder}: it runs programs without isolation; say --i-trust-this-code once more")
    model = spec.model.model_copy(update={"base_url": again.base_url or spec.model.base_url})
    return spec.model_copy(update={"model": model, "budget": again.budget or spec.budget})


def is_here(address: str) -> bool:
    """Return whether the folder is from this machine."""
    try:
        return urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")
    except ValueError:
        return False


def _counts(spec: RunSpec) -> str:
    return f"{many(spec.real, 'real run')} and {many(spec.imagined, 'imagined run')}"
