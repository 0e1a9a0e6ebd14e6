"""Starts a fork: a new run that equals another run up to a line of the script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from gedanken.experiment.budget import Used
from gedanken.experiment.errors import BadInput, BudgetSpent, NotKept
from gedanken.experiment.execution import MAY_COME, Execution
from gedanken.experiment.persona import USUAL_MACHINE, Persona
from gedanken.experiment.run_log import NO_WORKING_PROGRAM, EarlierPart, Opened, RunLog, RunSetup
from gedanken.experiment.run_spec import ModelSpec, Part, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.records.kept_failures import answered_in, is_replaced, is_settled, taken_over
from gedanken.records.kept_model import set_aside
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_folder import make_folder, new_folder
from gedanken.records.run_lock import is_at_work
from gedanken.records.run_store import open_store
from gedanken.resuming import FORKED, Again, copy_resized, spec_to_resume
from gedanken.runner import RunResult, check, go
from gedanken.terminal.screen import Screen


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that apply from the line of the fork on; None leaves a setting as it is."""

    experiment: Experiment | None = None
    """The experiment whose name and script the fork takes over; the lines before the fork must be unchanged."""
    persona: Persona | None = None
    model: str | None = None


async def fork(  # noqa: PLR0913 (what a fork is made of)
    folder: Path, at: int, changes: Changes, screen: Screen, again: Again, out: Path | None = None
) -> RunResult:
    """Start a run that equals the run in `folder` up to script line `at` (from 1), and continues with the changes.

    Results before line `at` are copied from the ledger of that run. If the model is replaced, the old one is not
    asked again. Raises BadInput if a change would have no effect, and the same errors as `run`.
    """
    was, source = spec_to_resume(folder, again, asks_its_model=changes.model is None), read_run(folder)
    spec = _changed(was, source, at, changes, again)
    check(spec)
    target = make_folder(out or new_folder(f"{spec.experiment.name}-fork"))
    with open_store(target, spec) as store:
        copied = frozenset[str]()
        try:
            ledger, other = Ledger(target), Ledger(folder, writes=False)
            same = _same_before(was, spec, at)
            answered = ledger.take_over(
                other,
                lambda: taken_over(source, other.answered() | answered_in(source), same, at - 1),
                is_at_work=is_at_work(folder),
            )
            copied = ledger.results()
            if spec.model.name != was.model.name:
                set_aside(ledger, was.model)
            store.take_decisions(source)
            copy_resized(source, store)
            if source.setup is not None:
                store.know_earlier_models(_known(part, source.setup) for part in spec.earlier)
                if source.machine_facts is not None:  # the copied lines were imagined with these facts
                    facts = spec.played.resolve(source.machine_facts)
                    store.opened(Opened(machine=source.machine_facts, dataset=source.setup.dataset, facts=facts))
            told = taken_in_words(
                source, spec.experiment, at, lambda run: is_settled(run, answered) or is_replaced(run, spec)
            )
            store.note(f"{FORKED}{spec.parent}: {told}")
            return await go(store, screen, again.collector)
        except NotKept:
            if Ledger(target, writes=False).results() == copied and store.used == Used():
                store.discard()
            else:
                screen.say(f"what was paid for is kept in {target}")
            raise
        except BudgetSpent:
            raise
        except BaseException:
            if store.is_empty:
                store.discard()
            raise


def _same_before(was: RunSpec, spec: RunSpec, at: int) -> int:
    """Count the leading script lines whose replies the fork can take over."""
    if (spec.model.name, spec.persona) != (was.model.name, was.persona):
        return at - 1
    lines = zip(was.experiment.script, spec.experiment.script, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], lines))


def taken_in_words(
    source: RunLog, experiment: Experiment, at: int, is_kept: Callable[[Execution], bool] = lambda _run: False
) -> str:
    """State what a fork at line `at` copies from the original run `source`. `is_kept` says whether the fork keeps a
    failed execution."""
    lines = {run.line for run in source.executions}
    asked = {index for index, line in enumerate(experiment.script[: at - 1]) if line.type is not None}
    is_past = source.is_over or any(line >= at - 1 for line in lines)
    failed = [run for run in source.executions if run.line < at - 1 and run.cause in MAY_COME]
    lacks = not all(is_kept(run) for run in failed)
    if lacks or not is_past or not asked <= lines:
        return (
            "the fork copies the results that the original run has before that line, and runs or requests the others"
        )
    if at == 1:
        return "only the boot commands, which ran before the first line, are copied from the original run"
    return "everything before that line is copied from the original run"


def _changed(was: RunSpec, source: RunLog, at: int, changes: Changes, again: Again) -> RunSpec:
    """Return the spec of the fork. Raises BadInput if the changes do not fit the run."""
    if was.probe is not None:
        raise BadInput(f"{source.folder}: a probe has no script, so it cannot be forked")
    experiment = was.experiment
    if changes.experiment is not None:
        experiment = _with_script(was, at, changes.experiment, source)
    elif not 1 <= at <= len(experiment.script):
        raise BadInput(f"--at {at}: the script has {len(experiment.script)} lines")
    if changes.persona is not None:
        _check_persona(was, experiment, at, changes.persona)
    model = was.model
    if changes.model is not None:
        model = ModelSpec(name=changes.model, base_url=again.base_url, parallel=was.model.parallel)
        _check_model(was, experiment, source, at, model)
    _check_reached(experiment, source, at)
    update = {
        "experiment": experiment,
        "parent": f"{source.setup.run if source.setup else ''} at line {at}",
        "earlier": _earlier(was, at, changes, model),
        "model": model,
        "persona": changes.persona or was.persona,
    }
    spec = was.model_copy(update=update)
    _check_models(was, spec, source, at)
    return spec


def _earlier(was: RunSpec, at: int, changes: Changes, model: ModelSpec) -> tuple[Part, ...]:
    """Return all parts of the fork except the last. A part is a range of script lines with one model and one
    persona."""
    parts = [_part(was, until) for until in sorted({*(part.until for part in was.earlier), at})]
    changed = [
        part
        if part.until <= at
        else part.model_copy(
            update={
                "persona": changes.persona or part.persona,
                "model": model if changes.model else part.model,
            }
        )
        for part in parts
    ]
    last = Part(until=200, model=model, persona=changes.persona or was.persona)
    after = [*changed[1:], last]
    return tuple(
        part
        for part, follows in zip(changed, after, strict=True)
        if (part.model.name, part.persona) != (follows.model.name, follows.persona)
    )


def _part(was: RunSpec, until: int) -> Part:
    """Return the part of the run `was` that ends before script line `until`, with its model and persona."""
    part = was.part_at(until - 2)
    return Part(until=until, model=part.model if part else was.model, persona=part.persona if part else was.persona)


def _known(part: Part, setup: RunSetup) -> EarlierPart:
    """Return `part` as an EarlierPart, with the facts about its model from `setup`, the original run's set-up."""
    model = setup.model_at(part.until - 2)
    assert model is not None
    return EarlierPart(part.until, model, part.persona.name, ())


def _with_script(was: RunSpec, at: int, experiment: Experiment, source: RunLog) -> Experiment:
    before, after = was.experiment.script, experiment.script
    if not 1 <= at <= min(len(before) + 1, len(after)):
        raise BadInput(
            f"--at {at}: the original script ({len(before)} lines) and the new script ({len(after)} lines) must both "
            "reach that line"
        )
    for number, (one, other) in enumerate(zip(before, after[: at - 1], strict=False), start=1):
        if one != other:
            raise BadInput(
                f"line {number} of the script comes before line {at}, so it must be the same as in {source.folder}"
            )
    if before[at - 1 :] == after[at - 1 :]:
        raise BadInput(
            f"from line {at} on, the script is the same as that of {source.folder}, so nothing would change"
        )
    return Experiment.model_validate(was.experiment.model_dump() | {"name": experiment.name, "script": after})


def _check_persona(was: RunSpec, experiment: Experiment, at: int, persona: Persona) -> None:
    """Raise BadInput if the persona would change nothing from line `at` on."""
    if not was.simulate or not any(line.type is not None for line in experiment.script[at - 1 :]):
        raise BadInput(f"--persona: from line {at} on, nothing is imagined, so no persona is played there")
    facts = {"name", "about"}
    new = experiment.conditions.play(persona).model_dump(exclude=facts)
    lines = range(at - 1, len(experiment.script))
    if all(was.played_at(line).model_dump(exclude=facts) == new for line in lines):
        raise BadInput(f"--persona: from line {at} on, the persona {persona.name} is the same as {was.persona.name}")


def _check_model(was: RunSpec, experiment: Experiment, source: RunLog, at: int, model: ModelSpec) -> None:
    """Raise BadInput if the model would change nothing from line `at` on."""
    after = experiment.script[at - 1 :]
    if all(was.model_at(line).name == model.name for line in range(at - 1, len(experiment.script))):
        raise BadInput(f"--model: from line {at} on, the run already uses {model.name}")
    imagines = was.simulate and any(line.type is not None for line in after)
    failed = {program.label for program in source.programs if program.works is False and not program.given}
    mends = any(run.program in failed and run.line >= at - 1 for run in source.executions)
    if not imagines and not mends and not any(line.file for line in after):
        raise BadInput(f"--model: from line {at} on, no model is used")


def _check_models(was: RunSpec, spec: RunSpec, source: RunLog, at: int) -> None:
    """Raise BadInput if the fork would need a new reply from a model that an earlier fork replaced."""
    for index in _new_requests(was, spec, source, at):
        model = spec.model_at(index).name
        # not asked any more: the fork would pay for the lines before, and then fail
        if model != spec.model.name:
            until = next(part.until for part in reversed(spec.earlier) if part.model.name != spec.model.name)
            raise BadInput(
                f"--at {at}: with this change, line {index + 1} would need a new reply from {model}, which is not "
                f"asked any more, because a fork has replaced it; fork at line {until} or later, or add --model to "
                f"use one model from line {at} on"
            )


def _new_requests(was: RunSpec, spec: RunSpec, source: RunLog, at: int) -> Iterator[int]:
    """Yield the indexes of the lines from `at` on that certainly need new replies."""
    before, facts = was.experiment.script, source.machine_facts or USUAL_MACHINE
    is_fresh, is_new_session = spec.experiment.conditions.session == "fresh", False
    for index, line in enumerate(spec.experiment.script[at - 1 :], start=at - 1):
        is_imagined = spec.simulate and line.type is not None
        played = [[(fact.name, fact.value) for fact in one.played_at(index).resolve(facts)] for one in (was, spec)]
        is_other_persona = is_imagined and played[0] != played[1]
        is_new_session |= is_other_persona or line not in before[index : index + 1]
        is_alone = line.file is not None or (is_fresh and line.runs is not None)
        # in a session, a request changes with all before it; alone, only with its own line (or a program to be
        # edited, which is not known yet)
        is_new = (line not in before or is_other_persona) if is_alone else is_new_session
        if is_new and (is_imagined or line.file is not None):
            yield index


def _check_reached(experiment: Experiment, source: RunLog, at: int) -> None:
    """Raise BadInput if the original run (`source`) ended before line `at`, because no version of its program
    worked."""
    last = max((run.line for run in source.executions), default=-1)
    if source.outcome == NO_WORKING_PROGRAM and (first := experiment.next_step(at - 2)) is not None and first > last:
        raise BadInput(
            f"--at {at}: {source.folder} ended at line {last + 1}, because no version of the program worked"
        )
