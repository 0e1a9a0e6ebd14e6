"""Stores each node's choice of the next nodes in the state, where a user can edit it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from gedanken.experiment.errors import BadInput
from gedanken.graphs.context import Context
from gedanken.graphs.state import NextNode, State


def store_choice(node: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a node so that its update of the state includes the next nodes."""

    @wraps(node)
    async def choose(state: Any, runtime: Runtime[Context]) -> dict[str, Any]:
        command: Command[Any] = await node(state, runtime)
        return {**(command.update or {}), "goto": _serialize_goto(command.goto)}

    return choose


class ChosenNodes(Runnable[State, list[str | Send]]):
    """Reads the next nodes from the state. Traces leave this step out."""

    name = "chosen"

    def __init__(self, destinations: Sequence[str]) -> None:
        """`destinations` are the names of the nodes that can be next."""
        self.destinations = tuple(destinations)

    def invoke(self, input: State, config: RunnableConfig | None = None, **_options: Any) -> list[str | Send]:  # noqa: ARG002
        """Return the next nodes. Raises BadInput if an edited state names one that cannot be next."""
        try:
            next_nodes = [
                Send(entry["node"], entry["task"]) if entry["task"] else entry["node"] for entry in input["goto"]
            ]
        except (KeyError, TypeError) as error:
            raise BadInput('state: goto: must be a list of {"node": NAME, "task": null or a task}') from error
        for entry in input["goto"]:
            if entry["node"] not in self.destinations:
                raise BadInput(f"state: goto: {entry['node']!r} is not one of {', '.join(self.destinations)}")
        return next_nodes

    async def ainvoke(self, input: State, config: RunnableConfig | None = None, **_options: Any) -> list[str | Send]:
        return self.invoke(input, config)


def _serialize_goto(goto: Any) -> list[NextNode]:
    targets = goto if isinstance(goto, list | tuple) else [goto]
    return [
        {"node": target.node, "task": target.arg} if isinstance(target, Send) else {"node": target, "task": None}
        for target in targets
    ]
