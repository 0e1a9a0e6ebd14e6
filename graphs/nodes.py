"""The nodes of the graph, named as the design names them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from gedanken.agents.at_once import at_once
from gedanken.agents.coder import Coder, Failure, ending_of, same_program
from gedanken.agents.leakage import leaked
from gedanken.agents.session import Session
from gedanken.agents.surprisal import surprisals
from gedanken.agents.terminal import typing
from gedanken.compare.commands.answers import BOOT_COMMANDS, compare_answers, compare_with_persona, gpus_not_seen
from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.source.acceptance import Before, problems_of
from gedanken.compare.source.diff import judge_edit, judge_repeat
from gedanken.experiment.errors import NoModel, NoSandbox
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.finding import Finding
from gedanken.experiment.program import Program
from gedanken.graphs.booting import boot_limits
from gedanken.graphs.routing import (
    TRIES,
    attach,
    base_of,
    endings_shown,
    follows_samples,
    given_program,
    latest,
    next_step,
    questions,
    run_tasks,
    runs_before,
    tries_of,
    versions_run,
)
from gedanken.graphs.state import (
    DONE,
    NO_WORKING_PROGRAM,
    STOPPED,
    Context,
    RunTask,
    SentMessages,
    State,
    keep_programs,
)
from gedanken.graphs.visibility import introduce

Emit = Callable[[str], None]


async def persona(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Boot both machines and have them say who they are.

    The imagined one is asked on a branch: what it is asked here leaves no mark on the session that is measured.
    """
    context = runtime.context
    executions: list[Execution] = []
    for command in BOOT_COMMANDS:
        executions.append(await context.machine.run(command, on_output=_emit(runtime, "persona", "real")))
    findings = list(gpus_not_seen(context.machine_facts))
    if context.simulate:
        answers = await _ask_who_it_is(runtime)
        for really, answer in zip(tuple(executions), answers, strict=True):
            findings += compare_answers(really, answer, context.persona.claims)
        executions += answers
        findings += compare_with_persona(executions, context.persona, context.machine_facts)
    step = next_step(context, state)
    update = {"index": step.index, "executions": executions, "findings": findings}
    return Command(update=update, goto=step.node)


async def _ask_who_it_is(runtime: Runtime[Context]) -> list[Execution]:
    """The answers to the boot commands, each asked in a session of its own. Raises NoModel where none came."""
    context = runtime.context
    usual = context.imagined_machine(Session(), sample=0)
    gpus = context.persona.gpus_in(context.machine_facts).count

    async def ask(command: str) -> Execution:
        machine = replace(usual, limits=boot_limits(command, usual.limits, gpus, steps=usual.steps))
        async with context.cores.take(context.model.cores, _waiting(runtime, "persona", "imagined")):
            heard = _emit(runtime, "persona", "imagined", machine.limits.reply_tokens)
            return await machine.ask(command, fresh=command == BOOT_COMMANDS[0], on_output=heard)

    work = [partial(ask, command) for command in BOOT_COMMANDS]
    answers = await at_once(work, context.model.pace.parallel)
    if all(answer.cause is Cause.NO_REPLY for answer in answers):
        raise NoModel(answers[0].notes[0])
    return answers


async def write(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Have the coder write, edit or mend a program, and put it on both machines."""
    context = runtime.context
    failure = state.get("failure")
    # While a failure is mended, the line at work is the one that ran the program.
    at = state["writing"] if failure else state["index"]
    line = context.experiment.script[at]
    assert line.file is not None
    earlier = state.get("programs", [])
    base = base_of(state, line.file, at) if line.edit else None
    async with context.cores.take(context.model.cores, _waiting(runtime, "write", line.file)):
        coder = Coder(
            context.model, context.machine_facts.dataset, _emit(runtime, "write", line.file), context.coder_seed
        )
        program = await coder.write(line, at, base, earlier, failure)
    if program.works is False:
        return _refuse(context, state, at, program, program.problems[0])
    ran = versions_run(state)
    others = [base, *ran] if base else ran
    repeated = next((other for other in others if same_program(program.source, other.source)), None)
    if repeated is not None:
        program = replace(program, edit=judge_repeat(repeated, base) if base else None)
        return _refuse(context, state, at, program, f"the reply was {repeated.label} once more, unchanged")
    known = [message.text for message in coder.first_messages(line, base)[0]] + [one.source for one in ran]
    if not line.edit and leaked(program.source, endings_shown(state, at), known):
        return _refuse(context, state, at, program, "it quotes what a real run printed")
    context.machine.write(program.name, program.source)
    update = {
        "writing": at,
        "programs": [program],
        "turns": introduce(context.experiment, program, state.get("turns", ())),
        "failure": None,
    }
    if state["index"] != at:
        return Command(update=update, goto="execute")
    step = next_step(context, state)
    return Command(update={**update, "index": step.index}, goto=step.node)


async def give(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Put a program of the script itself on both machines."""
    context = runtime.context
    at = state["index"]
    program = given_program(state, context.experiment.script[at], at)
    context.machine.write(program.name, program.source)
    turns = introduce(context.experiment, program, state.get("turns", ()))
    step = next_step(context, state)
    return Command(update={"programs": [program], "turns": turns, "index": step.index}, goto=step.node)


async def execute(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Type the line at work into the real machine: the trunk, seed 0. Send failures back to the coder."""
    context = runtime.context
    index = state["index"]
    line = context.experiment.script[index]
    program = latest(state, line.runs)
    task = context.experiment.task_at(index)
    if program is not None:
        # The other seeds start from what the trunk starts from.
        await asyncio.to_thread(context.machine.mark, _label(index, program))
    async with context.cores.take(context.experiment.limits.cpus, _waiting(runtime, "execute", "seed 0")):
        ran = await context.machine.run(
            line.type or "", on_output=_emit(runtime, "execute", "seed 0"), label=_label(index, program)
        )
    if ran.cause is Cause.ENGINE_LOST:
        raise NoSandbox("; ".join(ran.notes))
    execution = attach(ran, index, program.label if program else None)
    update: dict[str, Any] = {"executions": [execution]}
    if program is not None and program.given:
        update["programs"] = [replace(program, works=ran.exit_code == 0)]
    elif program is not None and task is not None:
        script = context.experiment.script
        base = base_of(state, program.name, program.line) if script[program.line].edit else None
        before = Before(base.source, script[base.line].task) if base else None
        problems = problems_of(program.source, execution, task, context.machine_facts.dataset.majority_share, before)
        edit = judge_edit(problems, execution) if base else None
        program = replace(program, works=not problems, problems=problems, edit=edit)
        update["programs"] = [program]
        if problems and tries_of(state, program) < TRIES:
            update["failure"] = Failure(program, problems, ending_of(execution))
            return Command(update=update, goto="write")
        if problems:
            update["outcome"] = NO_WORKING_PROGRAM
    after: State = {
        **state,
        "executions": [*state.get("executions", []), execution],
        "programs": keep_programs(state.get("programs", []), update.get("programs", [])),
    }
    tasks = run_tasks(context, after, program)
    return Command(update=update, goto=_send(tasks))


async def replicate(state: RunTask, runtime: Runtime[Context]) -> dict[str, Any]:
    """Run the line at work once more on the real machine, with another seed."""
    context = runtime.context
    index, seed = state["index"], state["number"]
    command = context.experiment.script[index].type or ""
    async with context.cores.take(context.experiment.limits.cpus, _waiting(runtime, "replicate", f"seed {seed}")):
        branch = await asyncio.to_thread(context.machine.branch, seed, reseed=state["reseed"])
        async with branch as machine:
            execution = await machine.run(
                command,
                on_output=_emit(runtime, "replicate", f"seed {seed}"),
                label=f"line{index + 1}-{state['program']}",
            )
    return {"executions": [attach(execution, index, state["program"])]}


async def simulate(state: RunTask, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have the model imagine the line at work, once."""
    context = runtime.context
    index, sample = state["index"], state["number"]
    machine = context.imagined_machine(state["session"], sample)
    command, tells = context.experiment.script[index].type or "", context.experiment.told_before(index)
    messages = machine.messages(typing(command, tells))
    machine.losses = []  # real seeds and other samples may be under way: an error would end them
    async with context.cores.take(context.model.cores, _waiting(runtime, "simulate", f"sample {sample}")):
        execution = await machine.run(
            command,
            tells=tells,
            # Ordinary commands go on from what the trunk left in the server's cache, and from nothing else.
            fresh=state["program"] is not None or follows_samples(context.experiment, index),
            on_output=_emit(runtime, "simulate", f"sample {sample}"),
        )
    update: dict[str, Any] = {"executions": [attach(execution, index, state["program"])]}
    if machine.losses:
        update["lost"] = str(machine.losses[0])
    if sample == 0 and execution.is_run:
        update["turns"] = machine.session.stored
        if state["program"] is not None:
            update["asked"] = [SentMessages(index, state["program"], tuple(messages))]
    return update


async def compare(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Hold what both machines did on the line at work side by side."""
    context = runtime.context
    index = state["index"]
    here = [execution for execution in state["executions"] if execution.line == index]
    claims = context.persona.claims
    findings: list[Finding] = []
    programs = {program.label: program for program in state.get("programs", [])}
    for label in dict.fromkeys(execution.program for execution in here):
        real = [run for run in here if run.program == label and not run.imagined]
        imagined = [run for run in here if run.program == label and run.imagined]
        if label is not None:
            before = runs_before(state, label)
            compared = compare_runs(programs[label], real, imagined, claims, before, context.machine_facts.gpus.count)
            findings += compared.findings
        elif imagined:
            findings += compare_answers(real[0], imagined[0], claims)
    if lost := state.get("lost"):
        return Command(update={"findings": findings, "outcome": f"{STOPPED}{lost}"}, goto="report")
    step = next_step(context, state)
    return Command(update={"index": step.index, "findings": findings}, goto=step.node)


async def report(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Say how the run ended, and how likely the real output was to the model: no sample comes after this."""
    context = runtime.context
    update: dict[str, Any] = {"outcome": state.get("outcome", DONE)}
    asked = questions(state) if context.surprise and not state.get("lost") else []
    if not asked:
        return update
    if context.experiment.conditions.steps:
        return {**update, "surprise": "working steps stand between what was asked and the output"}
    if context.model.learned.reasons:
        return {**update, "surprise": "the model reasons between what was asked and the output"}
    async with context.cores.take(context.model.cores, _waiting(runtime, "report", "surprise")):
        heard = _emit(runtime, "report", "surprise")
        return {**update, "surprise": await surprisals(context.model, asked, heard)}


def _refuse(context: Context, state: State, at: int, program: Program, problem: str) -> Command[Any]:
    """Count a reply that is no new program, or tells of a real run, as a failed try; it is kept, and not run."""
    refused = replace(program, works=False, problems=(problem,))
    update: dict[str, Any] = {"writing": at, "programs": [refused]}
    if tries_of(state, program) + 1 < TRIES:
        return Command(update={**update, "failure": Failure(refused, (problem,), refused=True)}, goto="write")
    update["outcome"] = NO_WORKING_PROGRAM
    return Command(update=update, goto=_send(run_tasks(context, state, refused)))


def _send(tasks: list[tuple[str, RunTask]]) -> list[Send] | Literal["compare"]:
    return [Send(node, leaf) for node, leaf in tasks] or "compare"


def _label(index: int, program: Program | None) -> str:
    return f"line{index + 1}" + (f"-{program.label}" if program else "")


def _waiting(runtime: Runtime[Context], node: str, who: str) -> Callable[[int], None]:
    """Tell how many are served before this one."""

    def wait(ahead: int) -> None:
        runtime.heartbeat()
        runtime.stream_writer({"node": node, "who": who, "ahead": ahead})

    return wait


def _emit(runtime: Runtime[Context], node: str, who: str, limit: int | None = None) -> Emit:
    """Pass on text as it appears, as a custom event; the first, empty one says that the work has begun.

    `limit` is that of the reply in tokens, where it has one of its own.
    """

    def emit(text: str) -> None:
        runtime.heartbeat()
        runtime.stream_writer({"node": node, "who": who, "text": text, "limit": limit})

    emit("")
    return emit
