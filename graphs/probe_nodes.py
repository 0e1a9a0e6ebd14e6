"""The nodes of the probe graph. Each stores its results before they are used."""

from collections.abc import Callable
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Command

from gedanken.analysis.probe_scores import programs_to_judge_answers, score_answer, suite_of
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import NoModel
from gedanken.experiment.probe_events import AnswerKept, ItemKept, Judged
from gedanken.experiment.probe_item import SUITE, ProbeItem
from gedanken.experiment.run_log import DONE
from gedanken.graphs.context import Context, store_learned_facts
from gedanken.graphs.probe_asking import (
    ask_units,
    design_of,
    has_truth,
    planned_items,
    schedule_of,
    seconds_left,
    seconds_taken,
)
from gedanken.graphs.probe_state import ProbeState
from gedanken.graphs.state import STOPPED
from gedanken.machines.batches import ProgramResult, run_batches
from gedanken.machines.suites import check_suite, judge_by_running
from gedanken.probes.schedule import items_of, pilot_of, plan_within, sizes_of, suite_item, whole_plan

ROUND = 4
"""Number of units that are asked between two checkpoints, divided by the number of requests that may run at the same
time.
"""


async def plan(_state: ProbeState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Decide how much of the design is asked. With a time limit, a few questions are timed first."""
    context, design = runtime.context, design_of(runtime.context)
    with context.store.work("plan", ""):
        if context.store.plan is None and design.minutes is None:
            context.store.keep_plan(whole_plan(design))
        if design.minutes is None:
            return {"asked": 0}
        pilot = pilot_of(design, items_of(design, sizes_of(design)[:1], 1))
        items = {item.id: item for item in items_of(design, sizes_of(design)[:1], 1)}
        losses: list[NoModel] = []
        answers = await ask_units(context, items, pilot, losses, lambda _answer: runtime.heartbeat())
        store_learned_facts(context)
        if losses:
            raise losses[0]
        if context.store.plan is None:
            seconds_per_question = seconds_taken(answers, context.model.pace.parallel)
            planned = await off_loop(
                plan_within, design, max(0.0, seconds_left(context) or 0.0), seconds_per_question
            )
            context.store.keep_plan(planned)
    return {"asked": len(pilot)}


async def truths(_state: ProbeState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Execute the plan's programs on the real machine to get their true outputs, and also check the user's suite."""
    context, suite = runtime.context, design_of(runtime.context).suite
    items = [item for item in planned_items(context) if item.family != SUITE]
    with context.store.work("truths", f"{len(items)} items"):
        sources = {text: text for item in items for text in (item.program, item.rival, item.given) if text}

        def report_progress(done: int) -> None:
            runtime.stream_writer({"ran": done, "of": len(sources)})

        results = await run_batches(context.machine, sources, report_progress)
        stored_items = [_item_with_outputs(item, results) for item in items]
        problems = await check_suite(context.machine, suite)
        problem_texts = {name: problem.text for name, problem in problems.items()}
        stored_items += [
            ItemKept(item=suite_item(line), truth=line.output, problem=problem_texts.get(line.id, ""))
            for line in suite
        ]
        await off_loop(context.store.keep_items, stored_items)
    return {}


def _item_with_outputs(item: ProbeItem, results: dict[str, ProgramResult]) -> ItemKept:
    """Return an item with the outputs of its programs. If answers to the item cannot be scored, its `problem` says
    why.
    """
    truth = results[item.program]
    rival_output, given_output = (results[text].stdout if text else None for text in (item.rival, item.given))
    same_as_rival = "it prints the same as its rival" if rival_output == truth.stdout else ""
    return ItemKept(
        item=item, truth=truth.stdout, rival=rival_output, given=given_output, problem=truth.problem or same_as_rival
    )


async def ask(state: ProbeState, runtime: Runtime[Context]) -> Command[Any]:
    """Ask the next questions if time is left; otherwise go on to `judge`."""
    context, start = runtime.context, state.get("asked", 0)
    schedule = await off_loop(schedule_of, context)
    end = min(len(schedule), start + ROUND * context.model.pace.parallel)
    remaining_seconds = seconds_left(context)
    if start >= end or (remaining_seconds is not None and remaining_seconds <= 0):
        if start < len(schedule):
            context.store.note(
                f"the time limit was reached after {start} of {len(schedule)} planned questions or sessions"
            )
        return Command(update={"outcome": DONE}, goto="judge")
    losses: list[NoModel] = []
    with context.store.work("ask", f"{start + 1} to {end} of {len(schedule)}"):
        items = {name: stored.item for name, stored in context.store.items.items()}
        units = [unit for unit in schedule[start:end] if has_truth(context, unit)]
        await ask_units(context, items, units, losses, _answer_reporter(runtime, end, len(schedule)))
        store_learned_facts(context)
    if losses:
        return Command(update={"outcome": f"{STOPPED}{losses[0]}"}, goto="judge")
    return Command(update={"asked": end}, goto="ask")


def _answer_reporter(runtime: Runtime[Context], end: int, units: int) -> Callable[[AnswerKept], None]:
    """Return a callback that reports each answer and its outcome. The outcome is empty if only `judge` knows it."""
    context = runtime.context
    suite = suite_of(context.store.log)

    def report_answer(answer: AnswerKept) -> None:
        runtime.heartbeat()
        item_id = answer.question.item
        outcome = score_answer(context.store.items[item_id], answer, suite.get(item_id))
        progress = {"outcome": outcome.outcome if outcome else "", "up_to": end, "units": units}
        runtime.stream_writer({**progress, "seconds_left": seconds_left(context)})

    return report_answer


async def judge(state: ProbeState, runtime: Runtime[Context]) -> dict[str, Any]:
    """Run the answers that can be judged only by running them, and store whether each is right."""
    context = runtime.context
    programs = programs_to_judge_answers(context.store.log)
    with context.store.work("judge", f"{len(programs)} answers"):
        if programs:
            for key, is_right in (await judge_by_running(context.machine, programs)).items():
                await off_loop(context.store.keep_judgement, Judged(question=key, right=is_right))
    return {"outcome": state.get("outcome", DONE)}
