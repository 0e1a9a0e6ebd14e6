"""Executes a run: opens the store and the context, drives the graph, and writes the report."""

import asyncio
import errno
import os
import platform
import sqlite3
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gedanken.analysis.analysis import Analysis
from gedanken.analysis.analyze import ComparisonCache, analyze
from gedanken.analysis.probe_result import probe_result
from gedanken.analysis.probe_verdict import verdict_of
from gedanken.experiment.approval import Question
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import (
    AwaitsApproval,
    BadInput,
    BudgetSpent,
    GedankenError,
    Interrupted,
    NoModel,
    NoSandbox,
    NotStored,
    RequestRefused,
)
from gedanken.experiment.execution import Cause
from gedanken.experiment.run_log import INTERRUPTED, UNFINISHED, RunLog
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.secrets import redacted, shown_address
from gedanken.experiment.suggested_command import suggested_command
from gedanken.loading.programs import check_supplied
from gedanken.records.folder_space import check_printed
from gedanken.records.run_folder import make_folder, new_folder
from gedanken.records.run_store import RunStore, open_store
from gedanken.run_events import follow_events
from gedanken.terminal.approval import ask_person
from gedanken.terminal.budget import enforce_minutes, estimate_usage
from gedanken.terminal.interrupts import interruptible
from gedanken.terminal.machine_load import slowdown
from gedanken.terminal.run_plan import RunPlan, plan_steps
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.graphs.context import Context


@dataclass(frozen=True, slots=True, repr=False)
class RunResult:
    """The result of a run.

    Its `repr` omits the fields: they contain all outputs, and `asyncio.run` computes the `repr`.
    """

    log: RunLog
    analysis: Analysis | None
    """The comparison; None if comparing failed, or if the run is a probe."""
    page: Path | None
    """Path of the report; None if there is none."""


async def run(spec: RunSpec, screen: Screen, out: Path | None = None, collector: str | None = None) -> RunResult:
    """Execute a run in the folder `out`, or in a new one under `runs/`.

    The trace of the run also goes to the OpenTelemetry `collector`, if given. Before an error is raised, all work is
    stopped; `gedanken resume` can continue the run.

    Raises BadInput if the run cannot begin; NoSandbox or NoModel if the sandbox or the model cannot be used, or is
    lost; also BudgetSpent, AwaitsApproval and Interrupted.
    """
    check_spec(spec)
    check_printed(spec)
    check_collector(collector)
    folder = make_folder(out or new_folder(spec.experiment.name))
    with open_store(folder, spec) as store:
        try:
            return await run_rest(store, screen, collector)
        except BudgetSpent:  # the usage so far counts when the run is resumed
            raise
        except BaseException as error:
            if not store.is_empty:
                raise
            store.discard()  # nothing was paid for, so no incomplete folder is left behind
            if out is None:
                with suppress(OSError):
                    folder.parent.rmdir()
            if isinstance(error, Interrupted):
                raise Interrupted from None
            raise


def check_spec(spec: RunSpec) -> None:
    """Raise BadInput if a spec cannot be run or stored, contains an API key, or has a probe that could give no
    result.
    """
    from gedanken.agents.registry import check_name

    check_supplied(spec.experiment)
    check_name(spec.model)
    personas = (spec.persona, *(part.persona for part in spec.earlier))
    spec_text = spec.experiment.model_dump_json() + "".join(persona.model_dump_json() for persona in personas)
    if redacted(spec_text) != spec_text:
        raise BadInput("the experiment or the persona contains an API key of this environment; delete the key there")
    if spec.probe is not None:
        from gedanken.probing.design_checks import check_design, check_size

        check_size(spec)
        check_design(spec.probe, spec.model.name)


def check_collector(address: str | None) -> None:
    """Raise BadInput if traces cannot be sent to this address, or if the packages for sending them are not
    installed.
    """
    if address is not None:
        try:
            from gedanken.traces.otlp import check_address
        except ImportError as error:
            raise BadInput(
                "sending a trace to a collector needs another package: pip install 'gedanken[otlp]'"
            ) from error
        check_address(address)


async def run_rest(store: RunStore, screen: Screen, collector: str | None = None) -> RunResult:
    """Do the rest of the run in `store`: all work whose result is not yet in its ledger.

    Raises the same errors as `run`.
    """
    from gedanken.graphs.context import open_context

    compared = ComparisonCache()
    opening = open_context(store.spec, store, run_id_of(store.folder), screen, compared)
    try:
        return await run_graph_and_report(opening, screen, collector)
    except (GedankenError, OSError, asyncio.CancelledError) as error:
        if store.log.outcome == UNFINISHED:  # its engine or its model could not be opened
            from gedanken.graphs.state import STOPPED

            is_interrupt = isinstance(error, asyncio.CancelledError)
            with suppress(OSError):
                store.end(INTERRUPTED if is_interrupt else f"{STOPPED}{error}")
        raise


async def run_graph_and_report(
    opening: "AbstractAsyncContextManager[Context]", screen: Screen, collector: str | None = None
) -> RunResult:
    """Run the graph in the context that `opening` opens, and write the report. Raises the same errors as `run`."""
    from langgraph.errors import NodeTimeoutError

    from gedanken.graphs.state import STOPPED

    outcome, has_advice = INTERRUPTED, False  # the error itself says what helps
    async with opening as context:
        store = context.store
        # a replay has no ledger, so it cannot be resumed
        resumable_folder = None if context.meter is None else store.folder
        try:
            outcome = await _run_within_budget(context, screen, collector)
            if context.ledger is not None:
                await off_loop(context.ledger.flush)
            if outcome.startswith(STOPPED):
                raise _lost_error(store, outcome.removeprefix(STOPPED))
            if outcome == INTERRUPTED:
                raise Interrupted(resumable_folder)
        except asyncio.CancelledError:
            raise Interrupted(resumable_folder) from None
        except GedankenError as error:
            has_advice = isinstance(error, AwaitsApproval | BudgetSpent | NotStored | RequestRefused)
            outcome = outcome if isinstance(error, Interrupted) else f"{STOPPED}{error}"
            raise
        except sqlite3.Error as error:
            outcome = f"{STOPPED}{error}"
            raise OSError(errno.ENOSPC, f"a checkpoint was not written: {error}") from error
        except OSError as error:
            if error.filename is None:  # as for a file that is already open
                error.filename = str(store.folder)
            outcome = f"{STOPPED}{error}"
            raise
        except NodeTimeoutError as error:
            outcome = f"{STOPPED}{error}"
            message = f"{context.model.name} did not reply in time; try again later, or use another model"
            raise NoModel(message) from error
        except Exception as error:
            outcome = f"crashed: {type(error).__name__}: {error}"
            raise
        finally:
            if outcome.startswith(STOPPED) and resumable_folder and not has_advice:
                screen.say(
                    f"finished work is kept; to continue: {suggested_command('gedanken resume', resumable_folder)}"
                )
            context.finish(outcome)
            analysis, page = write_report(store, context.compared, screen)
        return RunResult(store.log, analysis, page)


def _lost_error(store: RunStore, message: str) -> NoModel | NoSandbox:
    """Return the error for a run that ended because its engine or its model was lost."""
    is_engine_lost = any(execution.cause is Cause.ENGINE_LOST for execution in store.executions.values())
    return NoSandbox(message) if is_engine_lost else NoModel(message)


def write_report(store: RunStore, compared: ComparisonCache, screen: Screen) -> tuple[Analysis | None, Path | None]:
    """Compare the stored results and write the report. Return the comparison and the path of the report.

    The comparison is None for a probe. Either is None if it could not be made.
    """
    from gedanken.records.read_run import with_tokens
    from gedanken.report.writing import write_comparison, write_page, write_probe

    analysis = None
    try:
        if store.spec.probe is not None:
            log = store.log
            write_probe(store.folder, probe_result(log))
            return None, _write_probe_report(log, screen) if store.spec.probe.families else None
        analysis = analyze(with_tokens(store.log), compared)
        store.findings = analysis.findings
        store.write_view()
        write_comparison(store.folder, analysis)
        return analysis, write_page(store.folder, analysis)
    except Exception as error:  # any error: the folder may contain hours of training
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        screen.say(
            f"the report could not be made ({reason}); the run is kept; to try again: "
            f"{suggested_command('gedanken report', store.folder)}"
        )
        return analysis, None


def _write_probe_report(log: RunLog, screen: Screen) -> Path | None:
    """Write the report of a probe, with the verdict. Return its path, or None if there are no answers."""
    from gedanken.compare.verdict.sentences import describe_verdict
    from gedanken.report.writing import PAGE, write_probe_page

    if log.folder is None or not log.answers:
        return None
    screen.say("judging the answers")
    verdict = verdict_of(log)
    screen.say(describe_verdict(verdict))
    return write_probe_page(log.folder / PAGE, [(log, verdict)])


def run_id_of(folder: Path) -> str:
    """Return the name that engines use for the run in `folder`.

    The name is unique to this folder and never changes.
    """
    path = folder.resolve()  # the same for every path or link to the folder
    safe_name = (
        "".join(char for char in path.name if char.isascii() and (char.isalnum() or char in "_-")).lstrip("_-")[:48]
        or "run"
    )
    return f"{safe_name}-{sha256(os.fsencode(path)).hexdigest()[:6]}"


async def _run_within_budget(context: "Context", screen: Screen, collector: str | None) -> str:
    """Run the graph; return its outcome. Raises BudgetSpent if the run stopped because the budget is used up."""
    from gedanken.graphs.state import STOPPED

    if context.spec.budget and context.spec.probe is None:
        screen.say(estimate_usage(context.spec, context.store.log.price))
    try:
        if context.spec.probe is None:
            outcome = await _run_graph(context, screen, collector)
        else:
            from gedanken.probing.driving import drive_probe

            outcome = await drive_probe(context, screen, collector, root_inputs(context.spec))
    except (NoModel, asyncio.CancelledError):
        if spent := context.budget_error():
            raise spent from None
        raise
    if (outcome.startswith(STOPPED) or outcome == INTERRUPTED) and (spent := context.budget_error()):
        raise spent
    return outcome


async def _run_graph(context: "Context", screen: Screen, collector: str | None) -> str:
    from langgraph.errors import GraphDrained
    from langgraph.runtime import RunControl
    from langgraph.types import Command

    from gedanken.graphs.checkpoints import open_checkpoints, thread_id
    from gedanken.graphs.experiment_graph import MAX_STEPS, build_graph
    from gedanken.traces.opening import traced

    spec, folder = context.spec, context.store.folder
    steps = plan_steps(spec.experiment, spec.real, spec.imagined, spec.simulate)
    plan = RunPlan(steps, await off_loop(slowdown))
    control = RunControl()
    graph_input: Any = {"index": -1}
    try:
        with open_checkpoints(folder) as saver:
            graph = build_graph(saver)
            with traced(folder, root_inputs(spec), screen, collector) as traces:
                config: Any = {
                    **traces,
                    "configurable": {"thread_id": thread_id(folder)},
                    "recursion_limit": MAX_STEPS,
                    "run_name": f"gedanken {spec.experiment.name}",
                }
                while True:
                    progress = screen.run(spec.experiment.limits.reply_tokens, plan)
                    interrupt_handler = interruptible(control, context.stop_starting, screen)
                    signals = interrupt_handler if screen.takes_signals else nullcontext()
                    seconds_left = context.meter.seconds_left() if context.meter else None
                    with progress, signals, enforce_minutes(control, seconds_left, spec.budget):
                        events = graph.astream(
                            graph_input,
                            config,
                            context=context,
                            stream_mode=["updates", "custom"],
                            durability="sync",
                            control=control,
                        )
                        outcome, question = await follow_events(events, context.store, screen, plan)
                    if question is None:
                        return outcome
                    with context.store.clock.paused():
                        answer = ask_person(Question.model_validate(question), folder)
                    graph_input = Command(resume=answer.model_dump(mode="json"))
    except GraphDrained:
        return INTERRUPTED


def root_inputs(spec: RunSpec) -> dict[str, Any]:
    """Return the input of the trace's root entry: the options of the run, and the versions of the software."""
    options = spec.model_dump(mode="json")
    for values in (options, *options["earlier"]):
        address = values["model"]["base_url"]
        values["model"]["base_url"] = address and shown_address(address)
    versions = {name: version(name) for name in ("gedanken", "langchain-core", "langgraph")}
    return {"spec": options, "versions": {**versions, "python": platform.python_version()}}
