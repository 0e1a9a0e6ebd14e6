"""Converts the names of turns, which the graph's state stores, to the texts in the store."""

from collections.abc import Sequence

from gedanken.agents.session import Session, Turn
from gedanken.agents.terminal import mentioning, placing, typing
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.graphs.state import SessionRef, TurnRef
from gedanken.records.run_store import RunStore

NOTHING: SessionRef = {"stored": [], "context": []}


def placed(program: Program) -> TurnRef:
    """Return the name of the turn that puts a program version on the imagined machine."""
    return f"placed:{program.label}"


def told(line: int) -> TurnRef:
    """Return the name of the turn with the coder's instruction at a script line."""
    return f"told:{line}"


def typed(label: str) -> TurnRef:
    """Return the name of the turn in which an execution was imagined."""
    return f"typed:{label}"


def session_of(refs: SessionRef, experiment: Experiment, store: RunStore) -> Session:
    """Return a session with the texts of its turns."""
    return Session(texts_of(refs["stored"], experiment, store), texts_of(refs["context"], experiment, store))


def texts_of(refs: Sequence[TurnRef], experiment: Experiment, store: RunStore) -> tuple[Turn, ...]:
    """Return the texts of the turns with these names."""
    return tuple(_turn_of(ref, experiment, store) for ref in refs)


def _turn_of(ref: TurnRef, experiment: Experiment, store: RunStore) -> Turn:
    kind, _, name = ref.partition(":")
    if kind == "placed":
        program = store.programs[name]
        return placing(program.name, program.source)
    if kind == "told":
        return mentioning(experiment.script[int(name)].tell or "")
    execution = store.executions[name]
    line = execution.line
    typed_text = typing(experiment.script[line].type or "", experiment.told_before(line))
    return Turn(typed_text, execution.raw_reply or "")
