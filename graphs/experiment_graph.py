"""The graph of one experiment: persona, write, approve or give, execute, replicate and simulate, compare, report."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import TimeoutPolicy

from gedanken.graphs import nodes
from gedanken.graphs.choosing import Chosen, choosing
from gedanken.graphs.context import Context
from gedanken.graphs.state import RunTask, State

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[..., Any]
STEPS_AT_MOST = 4000
LINES = ("give", "write", "execute", "report")
"""If the graph goes for a line of the script, or after the last one."""
CHOOSING: dict[str, tuple[Node, tuple[str, ...]]] = {
    "persona": (nodes.persona, LINES),
    "give": (nodes.give, LINES),
    "write": (nodes.write, ("approve", *LINES, "simulate", "compare")),
    "approve": (nodes.approve, (*LINES, "simulate", "compare")),
    "execute": (nodes.execute, ("write", "replicate", "simulate", "compare")),
    "compare": (nodes.compare, LINES),
}
"""Nodes that say where the graph goes next, and where that may be."""
IDLE = TimeoutPolicy(idle_timeout=1800)
"""Of the last node, whose requests are not paced. A machine has its own limits of time, and so has a reply; what
may pass is asked again by `gedanken.agents.rate_limits`, so no node is tried again."""


def build_graph(
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
) -> "CompiledStateGraph[State, Context, State, State]":
    """Compile the graph. Run it with `recursion_limit=STEPS_AT_MOST` and `durability="sync"`."""
    graph = StateGraph(State, context_schema=Context)
    add_nodes(graph)
    return graph.compile(checkpointer=checkpointer)


def add_nodes(graph: "StateGraph[Any, Any, Any, Any]", within: Callable[[Node], Node] = lambda node: node) -> None:
    """Put all nodes and edges into a graph; `within` has the last word on how a node is called."""
    for name, (node, destinations) in CHOOSING.items():
        graph.add_node(name, within(choosing(node)))
        graph.add_conditional_edges(name, Chosen(), list(destinations))
    graph.add_node("replicate", within(nodes.replicate), input_schema=RunTask)
    graph.add_node("simulate", within(nodes.simulate), input_schema=RunTask)
    graph.add_node("report", within(nodes.report), timeout=IDLE)
    graph.add_edge(START, "persona")
    graph.add_edge("replicate", "compare")
    graph.add_edge("simulate", "compare")
    graph.add_edge("report", END)
