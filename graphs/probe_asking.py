"""Asks the imagined machine the questions of a probe, and estimates how long a plan takes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import NamedTuple

from gedanken.agents.concurrency import run_concurrently
from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.metering import estimate_tokens
from gedanken.agents.session import Session
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BadInput, NoModel
from gedanken.experiment.execution import RETRIED_CAUSES, Execution
from gedanken.experiment.probe_design import Arm, ProbeDesign, Question
from gedanken.experiment.probe_events import AnswerKept
from gedanken.experiment.probe_item import ProbeItem
from gedanken.graphs.context import Context
from gedanken.probes.schedule import Unit, interleave, items_of, pilot_of, units_of
from gedanken.prompts import render
from gedanken.records.kept_failures import has_later_answer, place_of_question
from gedanken.traces.terminal_run import terminal_run

FILE, COMMAND = "probe.py", "python3 probe.py"
STEPS_FACTOR = 8
"""How many times more tokens a reply may have if working steps are allowed."""
TOKENS_PER_REQUEST = 250
"""Approximate number of tokens of a request, not counting its program."""


def design_of(context: Context) -> ProbeDesign:
    """Return the design of the probe. Raises BadInput if the run is not a probe."""
    if context.spec.probe is None:
        raise BadInput("the spec of this run contains no `probe`")
    return context.spec.probe


def planned_items(context: Context) -> list[ProbeItem]:
    """Return the items of the plan. Call this only after the plan was stored."""
    design, plan = design_of(context), context.store.plan
    assert plan is not None
    return items_of(design, plan.sizes or (), plan.groups)


def schedule_of(context: Context) -> list[Unit]:
    """Return all units of the plan in the order in which they are asked. A unit is the questions of one session.

    The first units are the pilot: they are asked to find out how long one question takes.
    """
    design, plan, items = design_of(context), context.store.plan, planned_items(context)
    assert plan is not None
    direct, further_units = units_of(design, items)
    pilot = pilot_of(design, items)
    return [*pilot, *(unit for unit in interleave(direct, further_units[: plan.more]) if unit not in pilot)]


def has_truth(context: Context, unit: Unit) -> bool:
    """Return whether a unit's answers can be scored, which means that none of its items has a problem."""
    return all(not context.store.items[question.item].problem for question in unit)


class Estimate(NamedTuple):
    """What the plan of a probe is expected to take."""

    questions: int
    read: int
    """Approximate number of tokens that the model reads."""
    written: int
    """Maximum number of tokens that the model writes."""
    seconds: float | None
    """Time in seconds, estimated from the time that earlier questions took; None before the first answer."""


def estimate_of(context: Context) -> Estimate:
    """Estimate how many questions, tokens and seconds the whole plan needs."""
    items = {item.id: item for item in planned_items(context)}
    planned_questions = [question for unit in schedule_of(context) for question in unit]
    reply_tokens = context.experiment.limits.reply_tokens
    answers = list(context.store.answers.values())
    seconds_per_question = seconds_taken(answers, context.model.pace.parallel)
    return Estimate(
        questions=len(planned_questions),
        read=sum(
            TOKENS_PER_REQUEST + estimate_tokens(items[question.item].program) for question in planned_questions
        ),
        written=sum(
            reply_tokens * (STEPS_FACTOR if question.arm == "steps" else 1) for question in planned_questions
        ),
        seconds=sum(
            seconds_per_question.get(question.arm, seconds_per_question["direct"]) for question in planned_questions
        )
        if answers
        else None,
    )


def seconds_left(context: Context) -> float | None:
    """Return how many seconds of the time limit are left, counting the work of all processes; None without a
    limit.
    """
    limit_minutes = design_of(context).minutes
    if limit_minutes is None:
        return None
    return 60 * limit_minutes - context.store.seconds_worked - (time.monotonic() - context.began)


def seconds_taken(answers: Sequence[AnswerKept], parallel: int) -> dict[Arm, float]:
    """Return the average seconds per question in each arm, divided by `parallel`, the number of concurrent requests.

    If no question of the arm `direct` was answered, its average is assumed to be 10 seconds.
    """
    seconds_by_arm: dict[Arm, list[float]] = {}
    for answer in answers:
        seconds_by_arm.setdefault(answer.question.arm, []).append(answer.execution.seconds)
    # The first answer of an arm does not count if there are others: its prompt was processed without a cache.
    averages: dict[Arm, float] = {
        arm: fmean(seconds[1:] or seconds) / parallel for arm, seconds in seconds_by_arm.items() if seconds
    }
    return {"direct": 10.0 / parallel, **averages}


async def ask_units(
    context: Context,
    items: Mapping[str, ProbeItem],
    units: Sequence[Unit],
    losses: list[NoModel],
    on_answer: Callable[[AnswerKept], None],
) -> list[AnswerKept]:
    """Ask the questions of all units, several units at the same time, and return the answers.

    Each answer is stored and passed to `on_answer`. If the model is lost, the error is added to `losses`, and no
    further question is asked.
    """
    tasks = [partial(_ask_unit, context, items, unit, losses, on_answer) for unit in units]
    answers_by_unit = await run_concurrently(tasks, context.model.pace.parallel)
    return [answer for unit_answers in answers_by_unit for answer in unit_answers]


async def _ask_unit(
    context: Context,
    items: Mapping[str, ProbeItem],
    unit: Unit,
    losses: list[NoModel],
    on_answer: Callable[[AnswerKept], None],
) -> list[AnswerKept]:
    """Ask the questions of one unit in one session, in order, until the model is lost."""
    answers: list[AnswerKept] = []
    session = Session()
    for number, question in enumerate(unit if not losses else (), start=1):
        machine = _machine_for_question(context, question, session, losses)
        has_missing_answer = any(answer.execution.cause in RETRIED_CAUSES for answer in answers)
        place = place_of_question(question) if has_missing_answer else None
        is_settled = has_later_answer(unit[number:], context.answered)
        machine.model = context.in_session(context.model, place, is_settled=is_settled)
        item = items[question.item]
        machine.place(FILE, item.program)
        execution = await _ask(context, machine, item, question)
        if losses:
            break
        session = machine.session
        answers.append(AnswerKept(question=question, execution=execution))
        await off_loop(context.store.keep_answer, answers[-1])
        on_answer(answers[-1])
    return answers


def _machine_for_question(
    context: Context, question: Question, session: Session, losses: list[NoModel]
) -> ImaginedMachine:
    machine = context.imagined_machine(session, question.sample, line=0)
    with_steps = question.arm == "steps"
    reply_tokens = machine.limits.reply_tokens * (STEPS_FACTOR if with_steps else 1)
    return replace(
        machine,
        errors=losses,
        steps=with_steps,
        limits=machine.limits.model_copy(update={"reply_tokens": reply_tokens}),
    )


async def _ask(context: Context, machine: ImaginedMachine, item: ProbeItem, question: Question) -> Execution:
    trace_metadata = {"origin": "imagined", "machine": machine.name, "sample": question.sample}
    async with (
        context.cores.take(context.model.cores, lambda _ahead: context.check_may_start()) as waited,
        terminal_run(COMMAND, **trace_metadata, item=item.id, arm=question.arm, waited=round(waited, 1)) as traced,
    ):
        # The text before the program is the same in all questions, so the server's cache may serve it.
        return traced.ended(await machine.run(COMMAND, tells=_tells(context, item, question), fresh=False))


def _tells(context: Context, item: ProbeItem, question: Question) -> list[str]:
    tells = [item.told] if item.told else []
    if question.arm == "forced":  # only here may it be told real output (rule 2 of docs/design.md)
        real_output = context.store.items[item.id].given or ""
        tells.append(render("probe-forced", size=item.size, given=real_output.strip()))
    return tells
