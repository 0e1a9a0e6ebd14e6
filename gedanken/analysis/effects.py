"""Computes the effects of changes to a supplied program, from the runs of its versions."""

from collections.abc import Sequence

from gedanken.compare.interventions import Effects, Intervention, compare_effects
from gedanken.experiment.execution import Execution, measured_runs
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.probes.interventions import CHANGES

MOST_RUNS = 1000
"""Maximum number of real runs, and of imagined runs, that are used from each version."""


def effects_in(log: RunLog) -> tuple[tuple[Effects, ...], tuple[str, ...]]:
    """Compute the effects of the changes to each supplied program that has real and imagined runs.

    If a change was run in several versions, only the newest one counts. A change is left out if its runs, or those of
    the unchanged program, were imagined by several models or with several personas. Also return notes on what was
    left out.
    """
    programs, executions = log.programs, log.executions
    effects, notes = [], []
    for base in programs:
        changes = {
            program.change: program
            for program in programs
            if program.base == base.label and program.change in CHANGES
        }
        # then a difference would have two possible causes
        mixed_changes = [
            change for change, version in changes.items() if len(_models_and_personas(log, base, version)) > 1
        ]
        for change in mixed_changes:
            notes.append(
                f"{base.label}: {change}: left out, because its runs and those of the unchanged program were "
                f"imagined by different models or personas"
            )
            del changes[change]
        interventions = [_intervention(version, executions) for version in (base, *changes.values())]
        if changes and interventions[0].real and interventions[0].imagined:
            effects.append(compare_effects(base.label, interventions[0], interventions[1:]))
    return tuple(effect for effect in effects if effect is not None), tuple(notes)


def _models_and_personas(log: RunLog, *programs: Program) -> set[tuple[str, str]]:
    """Return the pairs of model and persona that imagined the runs of these programs.

    The set is empty if the run is not a fork.
    """
    spec, labels = log.spec, {program.label for program in programs}
    # only a fork can have several models or personas
    if spec is None or not spec.earlier:
        return set()
    lines = {run.line for run in log.executions if run.imagined and run.program in labels}
    return {(spec.model_at(line).name, spec.played_at(line).model_dump_json()) for line in lines}


def _intervention(program: Program, executions: Sequence[Execution]) -> Intervention:
    runs = measured_runs(execution for execution in executions if execution.program == program.label)
    change = CHANGES.get(program.change or "")
    return Intervention(
        program.change,
        change.expected if change else 0,
        change is None or change.neutral,
        tuple(run for run in runs if not run.imagined)[:MOST_RUNS],
        tuple(run for run in runs if run.imagined)[:MOST_RUNS],
    )
