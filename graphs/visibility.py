"""Decides, by the experiment's conditions, what the imagined machine knows of a program."""

from collections.abc import Sequence

from gedanken.agents.terminal import file_turn
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.graphs.state import SessionRef, TurnRef
from gedanken.graphs.turns import instruction_ref, placement_ref, turns_of
from gedanken.records.run_store import RunStore


def introduce(experiment: Experiment, program: Program, turns: Sequence[TurnRef]) -> list[TurnRef]:
    """Return the turns of the session, with a turn for a new program version.

    The new turn holds the version's source or, if sources are hidden, the coder's instruction.
    """
    if experiment.conditions.source == "shown":
        return [*turns, placement_ref(program)]
    instruction = _instructions_for(experiment, program)[-1]
    # All tries of a program, which follow each other directly, have the same instruction.
    return list(turns) if list(turns[-1:]) == [instruction] else [*turns, instruction]


def session_for(experiment: Experiment, program: Program, turns: Sequence[TurnRef], store: RunStore) -> SessionRef:
    """Return the session in which a program version is imagined.

    `stored` are all turns, `context` those that the conditions allow.
    """
    stored = list(turns)
    conditions = experiment.conditions
    if conditions.session == "running":
        # The context of a failed try ends before the next version. None is imagined if sources are hidden.
        failed_try = program.works is False and not program.given
        context = _turns_until_replaced(experiment, program, stored, store) if failed_try else stored
        return {"stored": stored, "context": context}
    if conditions.source == "hidden":
        return {"stored": stored, "context": _instructions_for(experiment, program)}
    return {"stored": stored, "context": [placement_ref(program)]}


def _instructions_for(experiment: Experiment, program: Program) -> list[TurnRef]:
    lines = experiment.script[: program.line + 1]
    return [instruction_ref(index) for index, line in enumerate(lines) if line.file == program.name and line.tell]


def _turns_until_replaced(
    experiment: Experiment, program: Program, turns: list[TurnRef], store: RunStore
) -> list[TurnRef]:
    start = turns.index(placement_ref(program))
    typed_start = file_turn(program.name, program.source).typed.split("\n", 1)[0].split(" <<")[0]
    following = turns_of(turns[start + 1 :], experiment, store)
    for index, turn in enumerate(following, start=start + 1):
        if turn.typed.startswith(typed_start + " <<"):
            return turns[:index]
    return turns
