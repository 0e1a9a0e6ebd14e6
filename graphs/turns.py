"""Converts the names of turns, which the graph's state stores, to the texts in the store."""

from collections.abc import Sequence

from gedanken.agents.session import Session, Turn
from gedanken.agents.terminal import file_turn, mention_turn, typed_message
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.graphs.state import SessionRef, TurnRef
from gedanken.records.run_store import RunStore

NOTHING: SessionRef = {"stored": [], "context": []}


def placement_ref(program: Program) -> TurnRef:
    """Return the name of the turn that puts a program version on the imagined machine."""
    return f"placed:{program.label}"


def instruction_ref(line: int) -> TurnRef:
    """Return the name of the turn with the coder's instruction at a script line."""
    return f"told:{line}"


def execution_ref(label: str) -> TurnRef:
    """Return the name of the turn in which an execution was imagined."""
    return f"typed:{label}"


def session_of(refs: SessionRef, experiment: Experiment, store: RunStore) -> Session:
    """Return a session with the texts of its turns."""
    return Session(turns_of(refs["stored"], experiment, store), turns_of(refs["context"], experiment, store))


def turns_of(refs: Sequence[TurnRef], experiment: Experiment, store: RunStore) -> tuple[Turn, ...]:
    """Return the texts of the turns with these names."""
    return tuple(_turn_of(ref, experiment, store) for ref in refs)


def _turn_of(ref: TurnRef, experiment: Experiment, store: RunStore) -> Turn:
    kind, _, name = ref.partition(":")
    if kind == "placed":
        program = store.programs[name]
        return file_turn(program.name, program.source)
    if kind == "told":
        return mention_turn(experiment.script[int(name)].tell or "")
    execution = store.executions[name]
    line = execution.line
    typed_text = typed_message(experiment.script[line].type or "", experiment.texts_before(line))
    return Turn(typed_text, execution.raw_reply or "")
