"""Decides which programs a person must approve, and collects what the person is shown."""

from itertools import takewhile

from gedanken.compare.source.diff import diff_of
from gedanken.experiment.approval import Question, Reject, imports_of, needs_person
from gedanken.experiment.errors import NotStored
from gedanken.experiment.program import Program
from gedanken.graphs.context import Context


def needs_approval(context: Context, program: Program) -> bool:
    """Return whether a person must approve this program of the coder before it may run."""
    decisions = [context.store.decision_on(earlier) for earlier in _earlier_programs(context, program)]
    return needs_person(context.spec.approve, decisions)


def rejection_of(context: Context, program: Program) -> Reject | None:
    """Return a person's rejection of a program; None if there is none, or if the run is a replay."""
    decision = context.store.decision_on(program)
    # A replay has no meter: what the original run executed must not be refused.
    return decision if isinstance(decision, Reject) and context.meter is not None else None


def approval_question(context: Context, program: Program) -> Question:
    """Return all that is shown to the person who must approve a program. Raises NotStored in a replay."""
    if context.meter is None:  # nothing new is decided there: the replay would be another run
        raise NotStored(
            f"replay: no decision on {program.label} is stored: the original run waits for a person's approval, "
            "which gedanken approve gives"
        )
    earlier_versions = [
        candidate for candidate in _earlier_programs(context, program) if candidate.name == program.name
    ]
    return Question(
        program=program.label,
        file=program.name,
        sha256=program.sha256,
        source=program.source,
        diff=diff_of(earlier_versions[-1], program).text if earlier_versions else "",
        imports=imports_of(program.source),
        sandbox=context.machine.name,
        isolated=context.machine.name != "host",
        limits=context.experiment.limits,
    )


def _earlier_programs(context: Context, program: Program) -> list[Program]:
    return list(takewhile(lambda candidate: candidate.label != program.label, context.store.programs.values()))
