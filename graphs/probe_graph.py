"""Builds the graph of a probe from the nodes `plan`, `truths` (real outputs), `ask` and `judge`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph

from gedanken.graphs import probe_nodes
from gedanken.graphs.context import Context
from gedanken.graphs.probe_state import ProbeState

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[..., Any]


def build_probe_graph(
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
) -> "CompiledStateGraph[ProbeState, Context, ProbeState, ProbeState]":
    """Compile the graph of a probe. Invoke it with `recursion_limit=MAX_STEPS` and `durability="sync"`."""
    graph = StateGraph(ProbeState, context_schema=Context)
    add_probe_nodes(graph)
    return graph.compile(checkpointer=checkpointer)


def add_probe_nodes(
    graph: "StateGraph[Any, Any, Any, Any]", wrap: Callable[[Node], Node] = lambda node: node
) -> None:
    """Add all nodes and edges to a graph; `wrap` wraps each node."""
    graph.add_node("plan", wrap(probe_nodes.plan))
    graph.add_node("truths", wrap(probe_nodes.truths))
    graph.add_node("ask", wrap(probe_nodes.ask), destinations=("ask", "judge"))
    graph.add_node("judge", wrap(probe_nodes.judge))
    graph.add_edge(START, "plan")
    graph.add_edge("plan", "truths")
    graph.add_edge("truths", "ask")
    graph.add_edge("judge", END)
