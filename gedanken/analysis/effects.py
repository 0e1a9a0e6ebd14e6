"""Computes the effects of changes to a supplied program, from the runs of its versions."""

from collections.abc import Sequence

from gedanken.compare.interventions import Effects, Intervention, weigh_effects
from gedanken.experiment.execution import Execution, leaves
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import RunLog
from gedanken.probes.interventions import CHANGES

MOST_RUNS = 1000
"""Maximum number of real runs and of imagined runs that are used of each version."""


def effects_in(log: RunLog) -> tuple[tuple[Effects, ...], tuple[str, ...]]:
    """For each supplied program with real and imagined runs, compute the effects of its changes. Also return notes.

    The notes say what was left out. The newest version of a change counts. A change is left out if several models or
    personas imagined the runs.
    """
    programs, executions = log.programs, log.executions
    found, notes = [], []
    for base in programs:
        changes = {
            program.change: program
            for program in programs
            if program.base == base.label and program.change in CHANGES
        }
        # a difference would have two possible causes
        unlike = [change for change, version in changes.items() if len(_imagined_by(log, base, version)) > 1]
        for change in unlike:
            notes.append(
                f"{base.label}: {change}: left out, because its runs and those of the unchanged program were "
                f"imagined by different models or personas"
            )
            del changes[change]
        tried = [_tried(version, executions) for version in (base, *changes.values())]
        if changes and tried[0].real and tried[0].imagined:
            found.append(weigh_effects(base.label, tried[0], tried[1:]))
    return tuple(effect for effect in found if effect is not None), tuple(notes)


def _imagined_by(log: RunLog, *programs: Program) -> set[tuple[str, str]]:
    """Return the pairs of model and persona that imagined the runs of these programs; empty if the run is no fork."""
    spec, labels = log.spec, {program.label for program in programs}
    # only a fork can have several models or personas
    if spec is None or not spec.earlier:
        return set()
    lines = {run.line for run in log.executions if run.imagined and run.program in labels}
    return {(spec.model_at(line).name, spec.played_at(line).model_dump_json()) for line in lines}


def _tried(program: Program, executions: Sequence[Execution]) -> Intervention:
    here = leaves(execution for execution in executions if execution.program == program.label)
    change = CHANGES.get(program.change or "")
    return Intervention(
        program.change,
        change.expected if change else 0,
        change is None or change.neutral,
        tuple(run for run in here if not run.imagined)[:MOST_RUNS],
        tuple(run for run in here if run.imagined)[:MOST_RUNS],
    )
