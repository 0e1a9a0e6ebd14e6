"""The effects of the changes of a supplied program, computed from the runs of its versions."""

from collections.abc import Iterable, Sequence

from gedanken.compare.interventions import Effects, Intervention, weigh_effects
from gedanken.experiment.execution import Execution, leaves
from gedanken.experiment.program import Program
from gedanken.probes.interventions import CHANGES

MOST_RUNS = 1000
"""Maximum number of real runs, and of imagined runs, per version: as many as a run can request; a supplied folder may
hold more."""


def effects_in(programs: Iterable[Program], executions: Sequence[Execution]) -> tuple[Effects, ...]:
    """Compute the effects for each supplied program that was changed and has both real and imagined runs.

    If a change was made twice, its newest version counts. A change that was not run is left out.
    """
    programs = tuple(programs)
    found = []
    for base in programs:
        changes = {
            program.change: program
            for program in programs
            if program.base == base.label and program.change in CHANGES
        }
        tried = [_tried(version, executions) for version in (base, *changes.values())]
        if changes and tried[0].real and tried[0].imagined:
            found.append(weigh_effects(base.label, tried[0], tried[1:]))
    return tuple(effect for effect in found if effect is not None)


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
