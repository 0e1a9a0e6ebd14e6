"""Starts a fork: a new run that equals another run up to a line of the script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from gedanken.experiment.budget import Used
from gedanken.experiment.errors import BadInput, BudgetSpent, NotStored
from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.experiment.persona import DEFAULT_MACHINE, Persona
from gedanken.experiment.run_log import NO_WORKING_PROGRAM, EarlierPart, Opened, RunLog, RunSetup
from gedanken.experiment.run_spec import ModelSpec, Part, RunSpec
from gedanken.experiment.script import Experiment
from gedanken.records.kept_failures import answered_places, copied_places, is_replaced, is_settled
from gedanken.records.kept_model import rename_model_card
from gedanken.records.ledger import Ledger
from gedanken.records.read_run import read_run
from gedanken.records.run_folder import make_folder, new_folder
from gedanken.records.run_lock import is_in_use
from gedanken.records.run_store import open_store
from gedanken.resuming import FORKED_NOTE, ResumeOptions, copy_resized, spec_to_resume
from gedanken.runner import RunResult, check_spec, run_rest
from gedanken.terminal.screen import Screen


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that a fork makes from its first changed line on. A field that is None changes nothing."""

    experiment: Experiment | None = None
    """The experiment whose name and script replace those of the run. Its lines before the fork must equal those of
    the run.
    """
    persona: Persona | None = None
    model: str | None = None


async def fork(  # noqa: PLR0913 (all that defines a fork)
    folder: Path, fork_line: int, changes: Changes, screen: Screen, options: ResumeOptions, out: Path | None = None
) -> RunResult:
    """Start a fork of the run in `folder` at script line `fork_line` (from 1).

    The fork equals the run before that line, and applies the changes from that line on. Results before that line are
    copied from the ledger of the run. If the model is replaced, the old one is not asked again. Raises BadInput if a
    change would have no effect, and the same errors as `run`.
    """
    source_spec, source = spec_to_resume(folder, options, asks_its_model=changes.model is None), read_run(folder)
    spec = _fork_spec(source_spec, source, fork_line, changes, options)
    check_spec(spec)
    target = make_folder(out or new_folder(f"{spec.experiment.name}-fork"))
    with open_store(target, spec) as store:
        copied_results = frozenset[str]()
        try:
            ledger, source_ledger = Ledger(target), Ledger(folder, writes=False)
            shared_lines = _count_shared_lines(source_spec, spec, fork_line)
            answered = ledger.copy_from(
                source_ledger,
                lambda: copied_places(
                    source, source_ledger.answered_places() | answered_places(source), shared_lines, fork_line - 1
                ),
                is_at_work=is_in_use(folder),
            )
            copied_results = ledger.result_names()
            if spec.model.name != source_spec.model.name:
                rename_model_card(ledger, source_spec.model)
            store.copy_decisions(source)
            copy_resized(source, store)
            if source.setup is not None:
                store.record_earlier_models(_earlier_part(part, source.setup) for part in spec.earlier)
                if source.machine_facts is not None:  # the copied lines were imagined with these facts
                    facts = spec.played.resolve(source.machine_facts)
                    store.record_machine(
                        Opened(machine=source.machine_facts, dataset=source.setup.dataset, facts=facts)
                    )
            description = describe_copied_results(
                source, spec.experiment, fork_line, lambda run: is_settled(run, answered) or is_replaced(run, spec)
            )
            store.note(f"{FORKED_NOTE}{spec.parent}: {description}")
            return await run_rest(store, screen, options.collector)
        except NotStored:
            if Ledger(target, writes=False).result_names() == copied_results and store.used == Used():
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


def _count_shared_lines(source_spec: RunSpec, spec: RunSpec, fork_line: int) -> int:
    if (spec.model.name, spec.persona) != (source_spec.model.name, source_spec.persona):
        return fork_line - 1
    lines = zip(source_spec.experiment.script, spec.experiment.script, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], lines))


def describe_copied_results(
    source: RunLog, experiment: Experiment, fork_line: int, is_kept: Callable[[Execution], bool] = lambda _run: False
) -> str:
    """Describe which results a fork at script line `fork_line` copies from the original run `source`.

    `is_kept` says whether the fork keeps a failed execution.
    """
    lines = {run.line for run in source.executions}
    typed_lines = {index for index, line in enumerate(experiment.script[: fork_line - 1]) if line.type is not None}
    has_reached_fork = source.is_over or any(line >= fork_line - 1 for line in lines)
    failed = [run for run in source.executions if run.line < fork_line - 1 and run.cause in RETRIED_CAUSES]
    lacks_results = not all(is_kept(run) for run in failed)
    if lacks_results or not has_reached_fork or not typed_lines <= lines:
        return (
            "the fork copies the results that the original run has before that line, and runs or requests the others"
        )
    if fork_line == 1:
        return "only the boot commands, which ran before the first line, are copied from the original run"
    return "everything before that line is copied from the original run"


def _fork_spec(
    source_spec: RunSpec, source: RunLog, fork_line: int, changes: Changes, options: ResumeOptions
) -> RunSpec:
    """Return the spec of the fork. Raises BadInput if the changes do not fit the run."""
    if source_spec.probe is not None:
        raise BadInput(f"{source.folder}: a probe has no script, so it cannot be forked")
    experiment = source_spec.experiment
    if changes.experiment is not None:
        experiment = _replace_script(source_spec, fork_line, changes.experiment, source)
    elif not 1 <= fork_line <= len(experiment.script):
        raise BadInput(f"--at {fork_line}: the script has {len(experiment.script)} lines")
    if changes.persona is not None:
        _check_persona(source_spec, experiment, fork_line, changes.persona)
    model = source_spec.model
    if changes.model is not None:
        model = ModelSpec(name=changes.model, base_url=options.base_url, parallel=source_spec.model.parallel)
        _check_model(source_spec, experiment, source, fork_line, model)
    _check_reached(experiment, source, fork_line)
    update = {
        "experiment": experiment,
        "parent": f"{source.setup.run if source.setup else ''} at line {fork_line}",
        "earlier": _earlier_parts(source_spec, fork_line, changes, model),
        "model": model,
        "persona": changes.persona or source_spec.persona,
    }
    spec = source_spec.model_copy(update=update)
    _check_models(source_spec, spec, source, fork_line)
    return spec


def _earlier_parts(source_spec: RunSpec, fork_line: int, changes: Changes, model: ModelSpec) -> tuple[Part, ...]:
    """Return all parts of the fork except the last.

    A part is a range of script lines with one model and one persona.
    """
    parts = [
        _part_until(source_spec, until)
        for until in sorted({*(part.until for part in source_spec.earlier), fork_line})
    ]
    changed = [
        part
        if part.until <= fork_line
        else part.model_copy(
            update={
                "persona": changes.persona or part.persona,
                "model": model if changes.model else part.model,
            }
        )
        for part in parts
    ]
    last_part = Part(until=200, model=model, persona=changes.persona or source_spec.persona)
    next_parts = [*changed[1:], last_part]
    return tuple(
        part
        for part, next_part in zip(changed, next_parts, strict=True)
        if (part.model.name, part.persona) != (next_part.model.name, next_part.persona)
    )


def _part_until(source_spec: RunSpec, until: int) -> Part:
    """Return the part of the original run that ends before script line `until`."""
    part = source_spec.part_at(until - 2)
    return Part(
        until=until,
        model=part.model if part else source_spec.model,
        persona=part.persona if part else source_spec.persona,
    )


def _earlier_part(part: Part, setup: RunSetup) -> EarlierPart:
    """Return `part` with the facts about its model from `setup`, the set-up of the original run."""
    model = setup.model_at(part.until - 2)
    assert model is not None
    return EarlierPart(part.until, model, part.persona.name, ())


def _replace_script(source_spec: RunSpec, fork_line: int, experiment: Experiment, source: RunLog) -> Experiment:
    before, after = source_spec.experiment.script, experiment.script
    if not 1 <= fork_line <= min(len(before) + 1, len(after)):
        raise BadInput(
            f"--at {fork_line}: the original script ({len(before)} lines) and the new script ({len(after)} lines) "
            "must both reach that line"
        )
    for number, (old_line, new_line) in enumerate(zip(before, after[: fork_line - 1], strict=False), start=1):
        if old_line != new_line:
            raise BadInput(
                f"line {number} of the script comes before line {fork_line}, so it must be the same "
                f"as in {source.folder}"
            )
    if before[fork_line - 1 :] == after[fork_line - 1 :]:
        raise BadInput(
            f"from line {fork_line} on, the script is the same as that of {source.folder}, so nothing would change"
        )
    return Experiment.model_validate(source_spec.experiment.model_dump() | {"name": experiment.name, "script": after})


def _check_persona(source_spec: RunSpec, experiment: Experiment, fork_line: int, persona: Persona) -> None:
    """Raise BadInput if the persona would change nothing from the line of the fork on."""
    if not source_spec.simulate or not any(line.type is not None for line in experiment.script[fork_line - 1 :]):
        raise BadInput(f"--persona: from line {fork_line} on, nothing is imagined, so no persona is played there")
    description = {"name", "about"}
    new_persona = experiment.conditions.persona_to_play(persona).model_dump(exclude=description)
    lines = range(fork_line - 1, len(experiment.script))
    if all(source_spec.played_at(line).model_dump(exclude=description) == new_persona for line in lines):
        raise BadInput(
            f"--persona: from line {fork_line} on, the persona {persona.name} is the same as "
            f"{source_spec.persona.name}"
        )


def _check_model(
    source_spec: RunSpec, experiment: Experiment, source: RunLog, fork_line: int, model: ModelSpec
) -> None:
    """Raise BadInput if the model would change nothing from the line of the fork on."""
    after = experiment.script[fork_line - 1 :]
    if all(source_spec.model_at(line).name == model.name for line in range(fork_line - 1, len(experiment.script))):
        raise BadInput(f"--model: from line {fork_line} on, the run already uses {model.name}")
    imagines = source_spec.simulate and any(line.type is not None for line in after)
    failed = {program.label for program in source.programs if program.works is False and not program.given}
    needs_repair = any(run.program in failed and run.line >= fork_line - 1 for run in source.executions)
    if not imagines and not needs_repair and not any(line.file for line in after):
        raise BadInput(f"--model: from line {fork_line} on, no model is used")


def _check_models(source_spec: RunSpec, spec: RunSpec, source: RunLog, fork_line: int) -> None:
    """Raise BadInput if the fork would need a new reply from a model that an earlier fork has replaced, and that is
    therefore not asked any more.
    """
    for index in _lines_to_request(source_spec, spec, source, fork_line):
        model = spec.model_at(index).name
        # this model gets no more requests, so the fork would pay for the lines before, and then fail
        if model != spec.model.name:
            until = next(part.until for part in reversed(spec.earlier) if part.model.name != spec.model.name)
            raise BadInput(
                f"--at {fork_line}: with this change, line {index + 1} would need a new reply from {model}, which "
                f"is not asked any more, because a fork has replaced it; fork at line {until} or later, or add "
                f"--model to use one model from line {fork_line} on"
            )


def _lines_to_request(source_spec: RunSpec, spec: RunSpec, source: RunLog, fork_line: int) -> Iterator[int]:
    """Yield the indices of the lines, from the line of the fork on, that certainly need new replies from the
    model.
    """
    source_script, facts = source_spec.experiment.script, source.machine_facts or DEFAULT_MACHINE
    is_fresh, is_new_session = spec.experiment.conditions.session == "fresh", False
    for index, line in enumerate(spec.experiment.script[fork_line - 1 :], start=fork_line - 1):
        is_imagined = spec.simulate and line.type is not None
        persona_facts = [
            [(fact.name, fact.value) for fact in run_spec.played_at(index).resolve(facts)]
            for run_spec in (source_spec, spec)
        ]
        is_persona_changed = is_imagined and persona_facts[0] != persona_facts[1]
        is_new_session |= is_persona_changed or line not in source_script[index : index + 1]
        is_alone = line.file is not None or (is_fresh and line.runs is not None)
        # in a session, a request contains everything before it; a request that stands alone contains only its own
        # line (or a program to be edited, which is not known yet)
        is_new = (line not in source_script or is_persona_changed) if is_alone else is_new_session
        if is_new and (is_imagined or line.file is not None):
            yield index


def _check_reached(experiment: Experiment, source: RunLog, fork_line: int) -> None:
    """Raise BadInput if the original run ended before the line of the fork because no program version worked."""
    last_line = max((run.line for run in source.executions), default=-1)
    if (
        source.outcome == NO_WORKING_PROGRAM
        and (next_step := experiment.next_step(fork_line - 2)) is not None
        and next_step > last_line
    ):
        raise BadInput(
            f"--at {fork_line}: {source.folder} ended at line {last_line + 1}, because no version of the "
            "program worked"
        )
