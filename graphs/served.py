"""Builds the experiment graph for LangGraph's server, with the spec as its context."""

import asyncio
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from langgraph.graph import StateGraph
from langgraph.runtime import Runtime

from gedanken.experiment.approval import BY_PERSON, Approve
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BadInput
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import INTERRUPTED
from gedanken.experiment.run_spec import RunSpec
from gedanken.graphs.approval import needs_approval
from gedanken.graphs.context import Context
from gedanken.graphs.experiment_graph import add_nodes
from gedanken.graphs.state import State
from gedanken.records.run_store import RunStore
from gedanken.records.trunk import trunk_of

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph


@dataclass(slots=True)
class ServedExecution:
    """One execution of the graph by the server: from its beginning, or from a checkpoint."""

    context: Context
    outcome: str = INTERRUPTED
    """How the run ended. The initial value says that it was interrupted; the last node records another outcome."""
    _ready: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_ready: bool = False

    async def restore_machine(self, state: Any) -> None:
        """Bring the real machine into the state that it had at the checkpoint, using results from the ledger."""
        async with self._ready:
            if self._is_ready:
                return
            labels = {*state.get("programs", ()), *state.get("executions", ())}
            machine = self.context.machine
            for step in await off_loop(trunk_of, self.context.store):
                # The task of one seed or sample has no labels: the whole trunk was done before it.
                if step.label not in labels and "number" not in state:
                    continue
                if isinstance(step, Program):
                    if self._was_placed(step):
                        machine.write(step.name, step.source)
                    continue
                label = f"line{step.line + 1}" + (f"-{step.program}" if step.program else "")
                if step.program:
                    machine.mark(label)
                await machine.run(step.command, label=None if step.line < 0 else label)
            self._is_ready = True

    def _was_placed(self, program: Program) -> bool:
        is_by_person = program.prompt == BY_PERSON
        decision = self.context.store.decision_on(program)
        return is_by_person or isinstance(decision, Approve) or not needs_approval(self.context, program)

    def node(self, node_function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a node so that it runs in this execution's context."""

        @wraps(node_function)
        async def served(state: Any, runtime: Runtime[Any]) -> Any:
            check_state(self.context.store, state)
            await self.restore_machine(state)
            update = await node_function(state, runtime.override(context=self.context))
            if isinstance(update, dict):
                self.outcome = update.get("outcome", self.outcome)
            return update

        return served


def check_state(store: RunStore, state: Any) -> None:
    """Raise BadInput if a state names a line, program or execution that the run does not have. A client may have
    edited the state.
    """
    line_count = len(store.spec.experiment.script)
    for name in ("index", "writing"):
        line_index = state.get(name, -1)
        if not isinstance(line_index, int) or not -1 <= line_index < line_count:
            raise BadInput(
                f"state: {name}: {str(line_index)[:40]}: must be the index of a script line, -1 to {line_count - 1}"
            )
    task_program = [state["program"]] if state.get("program") is not None else []
    _check_labels("programs", [*task_program, *state.get("programs", ())], store.programs, store)
    _check_labels("executions", state.get("executions", ()), store.executions, store)


def _check_labels(name: str, labels: Iterable[object], known_labels: Container[object], store: RunStore) -> None:
    for label in labels:
        if not isinstance(label, str) or label not in known_labels:
            raise BadInput(f"state: {name}: {str(label)[:100]} is not in {store.folder}")


def build_served_graph(serving: ServedExecution | None) -> "CompiledStateGraph[State, RunSpec, State, State]":
    """Build the experiment graph that `serving` executes; if `serving` is None, the graph is only for reading."""
    graph = StateGraph(State, context_schema=RunSpec)
    add_nodes(graph, serving.node) if serving else add_nodes(graph)
    return graph.compile()
