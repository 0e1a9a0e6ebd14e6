"""Runs the graph of a probe to its end, and shows its progress."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from gedanken.experiment.probe_design import Plan
from gedanken.experiment.run_log import INTERRUPTED
from gedanken.terminal.budget import enforce_minutes, limits_in_words
from gedanken.terminal.interrupts import interruptible
from gedanken.terminal.screen import Screen

if TYPE_CHECKING:
    from gedanken.graphs.context import Context

REPORT_SECONDS = 20.0
"""Seconds between two reports of the results so far and the remaining time."""


async def drive_probe(context: "Context", screen: Screen, collector: str | None, inputs: dict[str, Any]) -> str:
    """Run the graph of a probe to its end, and return the outcome of the run.

    `inputs` is stored as the input of the trace's root entry. If a `collector` (of OpenTelemetry) is given, the trace
    is also sent there.
    """
    from langgraph.errors import GraphDrained
    from langgraph.runtime import RunControl

    from gedanken.graphs.checkpoints import open_checkpoints, thread_id
    from gedanken.graphs.experiment_graph import MAX_STEPS
    from gedanken.graphs.probe_graph import build_probe_graph
    from gedanken.traces.opening import traced

    folder, control = context.store.folder, RunControl()
    graph_input: Any = {"asked": 0}
    try:
        with open_checkpoints(folder) as saver:
            graph = build_probe_graph(saver)
            with traced(folder, inputs, screen, collector) as traces:
                config: Any = {
                    **traces,
                    "configurable": {"thread_id": thread_id(folder)},
                    "recursion_limit": MAX_STEPS,
                    "run_name": "gedanken probe",
                }
                interrupt_handler = interruptible(control, context.stop_starting, screen)
                signals = interrupt_handler if screen.takes_signals else nullcontext()
                seconds_left = context.meter.seconds_left() if context.meter else None
                with signals, enforce_minutes(control, seconds_left, context.spec.budget):
                    events = graph.astream(
                        graph_input,
                        config,
                        context=context,
                        stream_mode=["updates", "custom"],
                        durability="sync",
                        control=control,
                    )
                    return await _follow_events(events, context, screen)
    except GraphDrained:
        return INTERRUPTED


async def _follow_events(events: AsyncIterator[Any], context: "Context", screen: Screen) -> str:
    outcome, progress = INTERRUPTED, _ProgressDisplay(screen)
    with progress.steps:
        async for mode, event in events:
            if mode == "custom":
                progress.hear(event)
                continue
            for node, update in event.items():
                outcome = (update or {}).get("outcome", outcome)
                if node == "plan" and context.store.plan is not None:
                    screen.say(_describe_plan(context, context.store.plan))
    return outcome


def _describe_plan(context: "Context", plan: Plan) -> str:
    from gedanken.graphs.probe_asking import estimate_of

    usage, price = estimate_of(context), context.store.log.price
    sizes = (
        f"sizes {', '.join(map(str, plan.sizes))}; {plan.groups} programs of each kind and size; "
        if plan.sizes
        else ""
    )
    cost = f"${price.of(usage.read, usage.written):.2f} at most" if price else "unknown price"
    tokens = f"about {usage.read:,} tokens to read, at most {usage.written:,} to write, {cost}"
    minutes = (
        "" if usage.seconds is None else f", about {usage.seconds / 60:.0f} min at the speed of the first answers"
    )
    limits = limits_in_words(context.spec.budget)
    return (
        f"plan: {sizes}{usage.questions} questions; {tokens}{minutes}{f'; the budget is {limits}' if limits else ''}"
    )


class _ProgressDisplay:
    def __init__(self, screen: Screen) -> None:
        self.steps = ExitStack()
        self._screen = screen
        self._updates: dict[str, Any] = {}
        self._outcomes: Counter[str] = Counter()
        self._start_time = self._last_report_time = time.monotonic()

    def hear(self, event: dict[str, Any]) -> None:
        if "ran" in event:
            self._update("running programs", "programs", event["ran"], event["of"])
            return
        if not self._outcomes:
            self._start_time = time.monotonic()
        self._outcomes[event["outcome"]] += 1
        answer_count = self._outcomes.total()
        self._update("asking", "questions", answer_count, max(answer_count, event["units"]))
        now = time.monotonic()
        if now - self._last_report_time >= REPORT_SECONDS:
            self._last_report_time = now
            self._screen.say(
                self._format_estimate(answer_count, event["units"], now - self._start_time, event["seconds_left"])
            )

    def _format_estimate(self, answer_count: int, units: int, seconds: float, limit: float | None) -> str:
        right = self._outcomes["right"]
        minutes_left = seconds / answer_count * max(0, units - answer_count) / 60
        time_text = f"about {minutes_left:.0f} min left"
        if limit is not None and limit / 60 < minutes_left:
            time_text = (
                f"{max(0.0, limit) / 60:.0f} min left, enough for about "
                f"{answer_count + limit * answer_count / seconds:.0f} questions in all"
            )
        other_outcomes = ", ".join(
            f"{name} {n}" for name, n in self._outcomes.most_common() if name not in ("right", "")
        )
        shares = f"right {right} ({right / answer_count:.0%})" + (f", {other_outcomes}" if other_outcomes else "")
        return f"{answer_count} of about {units} questions: {shares}; {time_text}"

    def _update(self, title: str, unit: str, done: int, total: int) -> None:
        if title not in self._updates:
            self.steps.close()
            self._updates[title] = self.steps.enter_context(self._screen.step(title, total, unit))
        self._updates[title](done)
