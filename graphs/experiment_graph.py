"""Builds the graph of an experiment from its nodes, such as `persona`, `write` and `execute`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import TimeoutPolicy

from gedanken.graphs import nodes
from gedanken.graphs.context import Context
from gedanken.graphs.next_nodes import ChosenNodes, store_choice
from gedanken.graphs.state import RunTask, State

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[..., Any]
MAX_STEPS = 4000
LINE_NODES = ("give", "write", "execute", "report")
"""The nodes that may begin the next line of the script, and `report`, which follows the last line."""
CHOOSING_NODES: dict[str, tuple[Node, tuple[str, ...]]] = {
    "persona": (nodes.persona, LINE_NODES),
    "give": (nodes.give, LINE_NODES),
    "write": (nodes.write, ("approve", *LINE_NODES, "simulate", "compare")),
    "approve": (nodes.approve, (*LINE_NODES, "simulate", "compare")),
    "execute": (nodes.execute, ("write", "replicate", "simulate", "compare")),
    "compare": (nodes.compare, LINE_NODES),
}
"""The nodes that choose the next node. Each has its function and the nodes that it can choose."""
IDLE = TimeoutPolicy(idle_timeout=1800)
"""Timeout of the node `report`: the time without progress after which the node fails. The other nodes need none,
because machines and the `RequestQueue` of `gedanken.agents.rate_limits` have time limits.
"""


def build_graph(
    checkpointer: "BaseCheckpointSaver[Any] | None" = None,
) -> "CompiledStateGraph[State, Context, State, State]":
    """Compile the graph of an experiment. Invoke it with `recursion_limit=MAX_STEPS` and `durability="sync"`."""
    graph = StateGraph(State, context_schema=Context)
    add_nodes(graph)
    return graph.compile(checkpointer=checkpointer)


def add_nodes(graph: "StateGraph[Any, Any, Any, Any]", wrap: Callable[[Node], Node] = lambda node: node) -> None:
    """Add all nodes and edges to a graph; `wrap` wraps each node."""
    for name, (node, destinations) in CHOOSING_NODES.items():
        graph.add_node(name, wrap(store_choice(node)))
        graph.add_conditional_edges(name, ChosenNodes(destinations), list(destinations))
    graph.add_node("replicate", wrap(nodes.replicate), input_schema=RunTask)
    graph.add_node("simulate", wrap(nodes.simulate), input_schema=RunTask)
    graph.add_node("report", wrap(nodes.report), timeout=IDLE)
    graph.add_edge(START, "persona")
    graph.add_edge("replicate", "compare")
    graph.add_edge("simulate", "compare")
    graph.add_edge("report", END)
