"""Shows what the graph does while a run goes on: its events, its updates, how it ended."""

from collections.abc import AsyncIterator
from typing import Any

from gedanken.experiment.counts import format_count
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import INTERRUPTED
from gedanken.records.run_store import RunStore
from gedanken.terminal.run_plan import RunPlan, update_plan
from gedanken.terminal.screen import Screen


async def follow_events(
    events: AsyncIterator[Any], store: RunStore, screen: Screen, plan: RunPlan
) -> tuple[str, Any]:
    """Show the progress of the graph. Return its outcome, and its question to a person (or None)."""
    outcome, question = INTERRUPTED, None
    async for mode, event in events:
        if mode == "custom":
            _show_event(screen, event)
            continue
        for node, update in event.items():
            if node == "__interrupt__":
                question = update[0].value
                continue
            outcome = (update or {}).get("outcome", outcome)
            resolved = _resolve_labels(store, update or {})
            _show_update(screen, node, resolved)
            update_plan(plan, node, resolved)
    return outcome, question


def _resolve_labels(store: RunStore, update: dict[str, Any]) -> dict[str, Any]:
    """Return the `update` of a node. Labels in it are replaced by the programs and executions that they name."""
    return {
        **update,
        "programs": [store.programs[label] for label in update.get("programs", [])],
        "executions": [store.executions[label] for label in update.get("executions", [])],
    }


def _show_event(screen: Screen, event: dict[str, Any]) -> None:
    if "ahead" in event:
        screen.waits(event["node"], event["who"], event["ahead"])
    else:
        screen.hear(event["node"], event["who"], event["text"], event.get("limit"))


def _show_update(screen: Screen, node: str, update: dict[str, Any]) -> None:
    executions: list[Execution] = update.get("executions", [])
    programs: list[Program] = update.get("programs", [])
    for execution in executions:
        if node == "persona" and not execution.imagined:
            continue
        run_name = f"sample {execution.sample}" if execution.imagined else f"seed {execution.seed}"
        command = " ".join(execution.command.split())[:60]
        title = run_name if execution.program else f"imagined {command}" if node == "persona" else command
        output_lines = execution.stdout.strip().splitlines()
        last_line = f": {output_lines[-1][:100]}" if output_lines else ""
        worker = None if node == "persona" else run_name
        screen.finished(node, f"{title} {_format_ending(execution)}, {execution.seconds:.1f} s{last_line}", worker)
    for program in programs:
        if program.given:
            if program.works is None:
                screen.finished(node, f"{program.label}, {program.told}: {program.change or 'as it is'}")
        elif program.works is None:
            screen.finished(node, f"{program.label}, {_origin_of_program(program)}")
        elif not program.works:
            edited = f", an edit that {program.edit}," if program.edit else ""
            screen.finished(node, f"{program.label}{edited} refused: {'; '.join(program.problems)}")
        elif program.edit:
            screen.finished(node, f"{program.label}, an edit that {program.edit}")
    if node == "compare":
        screen.finished(node, format_count(update.get("found", 0), "finding"))


def _origin_of_program(program: Program) -> str:
    return "edited by a person" if program.prompt == "person" else f"written for the {program.prompt} prompt"


def _format_ending(execution: Execution) -> str:
    """Return how an execution ended, or why its reply was cut off."""
    prefix = "the reply was "
    reason = next((note for note in execution.notes if note.startswith(f"{prefix}cut")), None)
    return reason.removeprefix(prefix) if reason and execution.cause is Cause.CUT else str(execution.cause)
