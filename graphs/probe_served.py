"""Builds the probe graph for LangGraph's server; see graphs/served.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langgraph.graph import StateGraph

from gedanken.experiment.blocking import off_loop
from gedanken.experiment.run_spec import RunSpec
from gedanken.graphs.probe_asking import ask_units, has_truth, schedule_of
from gedanken.graphs.probe_graph import add_probe_nodes
from gedanken.graphs.probe_state import ProbeState
from gedanken.graphs.served import ServedExecution

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph


@dataclass(slots=True)
class ProbeServing(ServedExecution):
    """One execution of the probe graph by the server."""

    async def make_ready(self, state: Any) -> None:
        """Ask the questions before the checkpoint once more; the replies come from the ledger."""
        async with self._ready:
            if self._is_ready:
                return
            # The ledger numbers equal requests in the order in which this process makes them.
            context, asked_count = self.context, state.get("asked", 0)
            if asked_count and context.store.plan is not None and context.store.items:
                schedule = await off_loop(schedule_of, context)
                units = [unit for unit in schedule[:asked_count] if has_truth(context, unit)]
                items = {name: stored.item for name, stored in context.store.items.items()}
                await ask_units(context, items, units, [], lambda _answer: None)
            self._is_ready = True


def build_served_probe(
    serving: ServedExecution | None,
) -> "CompiledStateGraph[ProbeState, RunSpec, ProbeState, ProbeState]":
    """Build the probe graph that `serving` executes; if `serving` is None, the graph is only for reading."""
    graph = StateGraph(ProbeState, context_schema=RunSpec)
    add_probe_nodes(graph, serving.node) if serving else add_probe_nodes(graph)
    return graph.compile()
