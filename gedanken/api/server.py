"""Builds the graphs that `langgraph.json` names, for LangGraph's server (for example `langgraph dev`)."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime
from pydantic import ValidationError

from gedanken.analysis.analyze import ComparisonCache
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.run_spec import RunSpec
from gedanken.graphs.context import open_context
from gedanken.graphs.experiment_graph import MAX_STEPS
from gedanken.graphs.probe_served import ProbeServing, build_served_probe
from gedanken.graphs.served import ServedExecution, build_served_graph
from gedanken.graphs.state import STOPPED
from gedanken.records.read_log import MOST_FOLDER_BYTES, read_spec
from gedanken.records.read_run import is_run_folder
from gedanken.records.run_folder import make_folder
from gedanken.records.run_store import RunStore, open_store, reopen_store
from gedanken.resuming import is_loopback_url
from gedanken.runner import check_spec, root_inputs, run_id_of, write_report
from gedanken.terminal.screen import Screen
from gedanken.traces.opening import traced

RUNS = Path("runs").absolute()
_THREAD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@asynccontextmanager
async def experiment(config: RunnableConfig, runtime: ServerRuntime[RunSpec]) -> AsyncIterator[Any]:
    """Yield the experiment graph. A store, a machine and a model are opened only when the graph is executed.

    Each thread of the server has one run folder, `runs/thread-ID`, and continues the run in it. Raises BadInput,
    NoSandbox or NoModel.
    """
    async with _serve_graph(config, runtime, ServedExecution, build_served_graph) as graph:
        yield graph


@asynccontextmanager
async def probe(config: RunnableConfig, runtime: ServerRuntime[RunSpec]) -> AsyncIterator[Any]:
    """Yield the probe graph, whose context is a RunSpec with a `probe`; see `experiment`."""
    async with _serve_graph(config, runtime, ProbeServing, build_served_probe) as graph:
        yield graph


@asynccontextmanager
async def _serve_graph(
    config: RunnableConfig,
    runtime: ServerRuntime[RunSpec],
    serves: type[ServedExecution],
    build: Callable[[ServedExecution | None], Any],
) -> AsyncIterator[Any]:
    executed = runtime.execution_runtime
    if executed is None:
        yield build(None)
        return
    spec = await off_loop(spec_from_context, executed.context)
    if (spec.probe is not None) != (serves is ProbeServing):
        raise BadInput(
            "context: probe: a spec with a probe needs the graph `probe`; any other spec needs the graph `experiment`"
        )
    folder = RUNS / f"thread-{_thread_id(config)}"
    screen = Screen()
    screen.console.quiet = True
    with ExitStack() as stack:
        store = await off_loop(_open_run_store, stack, folder, spec)
        compared = ComparisonCache()
        async with open_context(spec, store, run_id_of(folder), screen, compared) as context:
            serving = serves(context)
            tracing = ExitStack()
            traces = await off_loop(tracing.enter_context, traced(folder, root_inputs(spec), screen))
            try:
                yield build(serving).with_config(**traces, recursion_limit=MAX_STEPS)
            except GedankenError as error:
                serving.outcome = f"{STOPPED}{error}"
                raise
            finally:
                await off_loop(tracing.close)
                await off_loop(store.finish, serving.outcome)
                await off_loop(write_report, store, compared, screen)


def spec_from_context(context: Any) -> RunSpec:
    """Return the RunSpec that a client sent as the `context`.

    Raises BadInput if it is not a RunSpec, if it asks for a sandbox without isolation, or if it names an address of a
    model on another machine.
    """
    try:
        spec = context if isinstance(context, RunSpec) else RunSpec.model_validate(context or {})
    except ValidationError as error:
        first_error = error.errors()[0]
        raise BadInput(
            f"context: {'.'.join(map(str, first_error['loc']))}: {first_error['msg']}; the context must be a RunSpec"
        ) from error
    # anybody may reach the server, even a web page in a browser
    if spec.sandbox.trusted or spec.sandbox.name == "host":
        raise BadInput("a server runs no programs without isolation: name a sandbox other than host")
    if spec.model.base_url is not None and not is_loopback_url(spec.model.base_url):
        raise BadInput(
            "the server sends no API key to an address that a client names; set the address in the server's "
            "environment"
        )
    check_spec(spec)
    return spec


def _open_run_store(stack: ExitStack, folder: Path, spec: RunSpec) -> RunStore:
    if not is_run_folder(folder):
        return stack.enter_context(open_store(make_folder(folder), spec))
    if read_spec(UntrustedFolder(folder, MOST_FOLDER_BYTES)).key != spec.key:
        raise BadInput(f"this thread contains another run, in {folder}: start a new thread")
    return stack.enter_context(reopen_store(folder))


def _thread_id(config: RunnableConfig) -> str:
    name = str(config.get("configurable", {}).get("thread_id", ""))
    if not _THREAD_ID.fullmatch(name):
        raise BadInput(
            "a thread's name must begin with a letter or digit, and have at most 64 letters, digits, `_` and `-`"
        )
    return name
