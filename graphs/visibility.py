"""What the imagined machine knows of a program when it imagines its run, by the conditions. Pure."""

from gedanken.agents.session import Session, Turn
from gedanken.agents.terminal import mentioning, placing
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment

Turns = tuple[Turn, ...]


def introduce(experiment: Experiment, program: Program, turns: Turns) -> Turns:
    """The session after it came to know of a version: of its source, or only of what the coder was told."""
    if experiment.conditions.source == "shown":
        return (*turns, placing(program.name, program.source))
    told = _tells_of(experiment, program)[-1]
    # Each try of a program is told the same, and one after the other with nothing between.
    return turns if turns[-1:] == (told,) else (*turns, told)


def session_for(experiment: Experiment, program: Program, turns: Turns) -> Session:
    """The session in which a version is imagined; all `turns` stay stored.

    A failed version is imagined in the session as it was while that version stood there; where sources are hidden,
    none is imagined.
    """
    conditions = experiment.conditions
    if conditions.session == "running":
        failed_try = program.works is False and not program.given
        return Session(turns, _until_replaced(program, turns) if failed_try else turns)
    if conditions.source == "hidden":
        return Session(turns, _tells_of(experiment, program))
    return Session(turns, (placing(program.name, program.source),))


def _tells_of(experiment: Experiment, program: Program) -> Turns:
    """What its coder was told, edit by edit."""
    lines = experiment.script[: program.line + 1]
    return tuple(mentioning(line.tell) for line in lines if line.file == program.name and line.tell)


def _until_replaced(program: Program, turns: Turns) -> Turns:
    placed = placing(program.name, program.source)
    start = turns.index(placed)
    opening = placed.typed.split("\n", 1)[0].split(" <<")[0]
    for at in range(start + 1, len(turns)):
        if turns[at].typed.startswith(opening + " <<"):
            return turns[:at]
    return turns
