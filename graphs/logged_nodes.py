"""Records in the log which node is running."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar, cast

from langgraph.runtime import Runtime

from gedanken.experiment.errors import Interrupted
from gedanken.experiment.script import Experiment
from gedanken.graphs.context import Context, store_learned_facts

Node = TypeVar("Node", bound=Callable[..., Coroutine[Any, Any, Any]])


def logged(node: Node) -> Node:
    """Wrap a node, so that the log records its beginning, its end, and what was learned about the model."""

    @wraps(node)
    async def logged_work(state: Any, runtime: Runtime[Context]) -> Any:
        context = runtime.context
        with context.store.work(node.__name__, _describe_work(node.__name__, state, context.experiment)):
            try:
                return await node(state, runtime)
            finally:
                store_learned_facts(context)

    return cast(Node, logged_work)


def leaf(node: Node) -> Node:
    """Wrap a node that works on one seed or sample. The node does nothing if the run is interrupted before the node
    starts.
    """

    @wraps(node)
    async def leaf_work(state: Any, runtime: Runtime[Context]) -> Any:
        try:
            return await node(state, runtime)
        except Interrupted:  # an error would end other seeds and samples that are running
            return {}

    return cast(Node, leaf_work)


def _describe_work(name: str, state: Any, experiment: Experiment) -> str:
    """Return what a node works on, such as `line 4, seed 2 of train-v1`, or an empty text."""
    if name in ("persona", "report"):
        return ""
    if name in ("replicate", "simulate"):
        run_name = f"{'seed' if name == 'replicate' else 'sample'} {state['number']}"
        run_name += ", reseeded" if state["reseed"] else ""
        program_name = f" of {state['program']}" if state["program"] else ""
        return f"line {state['index'] + 1}, {run_name}{program_name}"
    # While the coder fixes a failure, the current line is still the one that runs the program.
    is_fixing = name == "approve" or (name == "write" and state.get("failure"))
    line_index = state["writing"] if is_fixing else state["index"]
    subject = {"execute": "seed 0", "compare": ""}.get(
        name, experiment.script[line_index].file or experiment.script[line_index].give
    )
    return f"line {line_index + 1}" + (f", {subject}" if subject else "")
