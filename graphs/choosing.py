"""Stores each node's choice of the next nodes in the state, where a user can edit it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from gedanken.experiment.errors import BadInput
from gedanken.graphs.context import Context
from gedanken.graphs.state import Next, State


def choosing(node: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a node so that its update of the state includes the next nodes."""

    @wraps(node)
    async def chooses(state: Any, runtime: Runtime[Context]) -> dict[str, Any]:
        done: Command[Any] = await node(state, runtime)
        return {**(done.update or {}), "goto": _plain(done.goto)}

    return chooses


class Chosen(Runnable[State, list[str | Send]]):
    """Reads the next nodes from the state. Traces leave this step out."""

    name = "chosen"

    def __init__(self, destinations: Sequence[str]) -> None:
        """`destinations` are the names of the nodes that can be next."""
        self.destinations = tuple(destinations)

    def invoke(self, input: State, config: RunnableConfig | None = None, **_more: Any) -> list[str | Send]:  # noqa: ARG002
        """Return the next nodes. Raises BadInput if an edited state names one that cannot be next."""
        try:
            chosen = [Send(one["node"], one["task"]) if one["task"] else one["node"] for one in input["goto"]]
        except (KeyError, TypeError) as error:
            raise BadInput('state: goto: must be a list of {"node": NAME, "task": null or a task}') from error
        for one in input["goto"]:
            if one["node"] not in self.destinations:
                raise BadInput(f"state: goto: {one['node']!r} is not one of {', '.join(self.destinations)}")
        return chosen

    async def ainvoke(self, input: State, config: RunnableConfig | None = None, **_more: Any) -> list[str | Send]:
        """Return the next nodes, read from the state; see `invoke`."""
        return self.invoke(input, config)


def _plain(goto: Any) -> list[Next]:
    each = goto if isinstance(goto, list | tuple) else [goto]
    return [
        {"node": one.node, "task": one.arg} if isinstance(one, Send) else {"node": one, "task": None} for one in each
    ]
