"""The nodes of the experiment graph. Each stores its results before they are used."""

from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from gedanken.agents.coder import Coder, same_program
from gedanken.agents.concurrency import run_concurrently
from gedanken.agents.leakage import find_leak
from gedanken.agents.session import Session
from gedanken.agents.surprisal import surprisals
from gedanken.analysis.analyze import analyze, analyze_line
from gedanken.compare.commands.answers import BOOT_COMMANDS
from gedanken.compare.source.acceptance import PreviousVersion, find_problems
from gedanken.compare.source.diff import judge_edit, judge_repeat
from gedanken.experiment.approval import Approve, Reject, read_decision, redact_decision, with_source
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BudgetSpent, NoSandbox
from gedanken.experiment.execution import Cause, Execution
from gedanken.experiment.program import Program
from gedanken.experiment.run_log import DONE, NO_WORKING_PROGRAM
from gedanken.experiment.surprisal import NotAvailable, Surprisal
from gedanken.graphs.approval import approval_question, needs_approval, rejection_of
from gedanken.graphs.boot_limits import boot_limits, check_booted
from gedanken.graphs.context import Context
from gedanken.graphs.logged_nodes import leaf, logged
from gedanken.graphs.reporters import queue_reporter, text_reporter
from gedanken.graphs.routing import (
    MAX_TRIES,
    REJECTED,
    base_of,
    executed_versions,
    failure_in,
    failure_ref,
    follows_samples,
    given_program,
    latest_version,
    next_step,
    programs_in,
    run_tasks,
    shown_endings,
    surprisal_questions,
    tries_of,
    with_script_line,
)
from gedanken.graphs.state import STOPPED, RunTask, State
from gedanken.graphs.turns import execution_ref, session_of
from gedanken.graphs.visibility import introduce
from gedanken.traces.terminal_run import terminal_run

FIRST = -1
"""The line index of the boot commands, which come before the first line of the script."""


@logged
async def persona(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Type the boot commands into both machines."""
    context = runtime.context
    executions: list[Execution] = []
    for command in BOOT_COMMANDS:
        async with terminal_run(command, origin="real", machine=context.machine.name, seed=0) as trace:
            on_output = text_reporter(runtime, "persona", "real")
            executions.append(trace.ended(await context.machine.run(command, on_output=on_output)))
        await off_loop(context.store.keep_execution, executions[-1])
    if context.spec.simulate:  # in sessions of their own, so that the measured session lacks these questions
        executions += await _imagine_boot_answers(runtime)
    step = next_step(context, state)
    update = {"index": step.index, "executions": [execution.label for execution in executions]}
    return Command(update=update, goto=step.node)


async def _imagine_boot_answers(runtime: Runtime[Context]) -> list[Execution]:
    """Return the answers to the boot commands, each from its own session. Raises NoModel if all fail."""
    context = runtime.context
    base_machine = context.imagined_machine(Session(), sample=0, line=FIRST)
    gpus, model = base_machine.persona.gpus_in(context.machine_facts).count, context.model_at(FIRST)

    async def ask(command: str) -> Execution:
        machine = replace(
            base_machine, limits=boot_limits(command, base_machine.limits, gpus, steps=base_machine.steps)
        )
        async with context.cores.take(model.cores, queue_reporter(runtime, "persona", "imagined")) as seconds_waited:
            on_output = text_reporter(runtime, "persona", "imagined", machine.limits.reply_tokens)
            metadata = {
                "origin": "imagined",
                "machine": machine.name,
                "sample": 0,
                "waited": round(seconds_waited, 1),
            }
            async with terminal_run(command, **metadata) as trace:
                fresh = command == BOOT_COMMANDS[0]
                answer = trace.ended(await machine.ask(command, fresh=fresh, on_output=on_output))
        await off_loop(context.store.keep_execution, answer)
        return answer

    tasks = [partial(ask, command) for command in BOOT_COMMANDS]
    answers = await run_concurrently(tasks, model.pace.parallel)
    check_booted(answers)
    return answers


@logged
async def write(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Have the coder write, edit or fix a program, then place it, refuse it, or ask for approval."""
    context = runtime.context
    failure = failure_in(context, state)
    # While the coder fixes a failure, the current line is the one that ran the program.
    line_index = state["writing"] if failure else state["index"]
    line = context.experiment.script[line_index]
    assert line.file is not None
    earlier = programs_in(context, state)
    base = base_of(context, state, line.file, line_index) if line.edit else None
    model = context.model_at(state["index"])
    async with context.cores.take(model.cores, queue_reporter(runtime, "write", line.file)):
        on_text = text_reporter(runtime, "write", line.file)
        coder = Coder(model, context.machine_facts.dataset, on_text, context.spec.coder_seed)
        program = await coder.write(line, line_index, base, earlier, failure)
    if program.works is False:
        return await _refuse(context, state, program, program.problems[0])
    executed = executed_versions(context, state)
    earlier_sources = [base, *executed] if base else executed
    repeated_version = next(
        (version for version in earlier_sources if same_program(program.source, version.source)), None
    )
    if repeated_version is not None:
        program = replace(program, edit=judge_repeat(repeated_version, base) if base else None)
        return await _refuse(context, state, program, f"the reply was {repeated_version.label} once more, unchanged")
    known_texts = [message.text for message in coder.first_messages(line, base)[0]] + [
        version.source for version in executed
    ]
    if not line.edit and find_leak(program.source, shown_endings(context, state, line_index), known_texts):
        return await _refuse(context, state, program, "it quotes what a real run printed")
    await off_loop(context.store.keep_program, program)
    if needs_approval(context, program):
        update = {"writing": line_index, "programs": [program.label], "failure": None}
        return Command(update=update, goto="approve")
    return await _install_program(context, state, program)


@logged
async def approve(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Ask a person whether the coder's newest program may run."""
    context = runtime.context
    program = programs_in(context, state)[-1]
    decision = context.store.decision_on(program)
    if decision is None:
        # LangGraph executes the node again after the answer.
        decision = redact_decision(
            read_decision(interrupt(approval_question(context, program).model_dump(mode="json")))
        )
    await off_loop(context.store.keep_decision, program, decision)
    if isinstance(decision, Reject):
        return await _refuse(context, state, program, f"{REJECTED}{decision.reason}", rejected=True)
    if isinstance(decision, Approve):
        return await _install_program(context, state, program)
    edited_program = with_source(program, decision.source, program.version + 1)
    replaced_program = replace(program, works=False, problems=("a person edited it before it could run",))
    await off_loop(context.store.keep_program, replaced_program)
    await off_loop(context.store.keep_program, edited_program)
    return await _install_program(context, state, edited_program)


async def _install_program(context: Context, state: State, program: Program) -> Command[Any]:
    """Put a program on both machines, and continue at its script line."""
    if rejection := rejection_of(context, program):  # even where this run asks no person
        return await _refuse(context, state, program, f"{REJECTED}{rejection.reason}", rejected=True)
    context.machine.write(program.name, program.source)
    update = {
        "writing": program.line,
        "programs": [program.label],
        "turns": introduce(context.experiment, program, state.get("turns", [])),
        "failure": None,
    }
    if state["index"] != program.line:
        return Command(update=update, goto="execute")
    step = next_step(context, state)
    return Command(update={**update, "index": step.index}, goto=step.node)


@logged
async def give(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Write a program from the script to the real machine and to the imagined one."""
    context = runtime.context
    line_index = state["index"]
    program = given_program(context, state, context.experiment.script[line_index], line_index)
    await off_loop(context.store.keep_program, program)
    context.machine.write(program.name, program.source)
    turns = introduce(context.experiment, program, state.get("turns", []))
    step = next_step(context, state)
    return Command(update={"programs": [program.label], "turns": turns, "index": step.index}, goto=step.node)


@logged
async def execute(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Type the current script line into the real machine, with seed 0 (the trunk).

    If a program fails and tries are left, the coder fixes it next.
    """
    context = runtime.context
    index = state["index"]
    line = context.experiment.script[index]
    program = latest_version(context, state, line.runs)
    if program is not None:
        # The other seeds start from this mark, as the trunk does.
        await off_loop(context.machine.mark, _run_label(index, program))
    command, label = line.type or "", program.label if program else None
    metadata = _run_metadata(context, index, label, origin="real", seed=0)
    async with (
        context.cores.take(
            context.experiment.limits.cpus, queue_reporter(runtime, "execute", "seed 0")
        ) as seconds_waited,
        terminal_run(command, waited=round(seconds_waited, 1), **metadata) as trace,
    ):
        on_output = text_reporter(runtime, "execute", "seed 0")
        result = await context.machine.run(command, on_output=on_output, label=_run_label(index, program))
        execution = trace.ended(with_script_line(result, index, label))
    if result.cause is Cause.ENGINE_LOST:
        raise NoSandbox("; ".join(result.notes))
    await off_loop(context.store.keep_execution, execution)
    update: dict[str, Any] = {"executions": [execution.label]}
    if program is not None:
        program = _judge_program(context, state, program, execution)
        await off_loop(context.store.keep_program, program)
        update["programs"] = [program.label]
        if program.problems and tries_of(context, state, program) < MAX_TRIES:
            update["failure"] = failure_ref(program, execution)
            return Command(update=update, goto="write")
        if program.problems:
            update["outcome"] = NO_WORKING_PROGRAM
    next_state: State = {**state, "executions": [*state.get("executions", []), execution.label]}
    tasks = run_tasks(context, next_state, program)
    return Command(update=update, goto=_to_sends(tasks))


def _judge_program(context: Context, state: State, program: Program, execution: Execution) -> Program:
    """Return the program with `works`, `problems` and `edit` set according to its run. A program from the script only
    gets `works`.
    """
    task = context.experiment.task_at(execution.line)
    if program.given:
        return replace(program, works=execution.exit_code == 0)
    if task is None:
        return program
    script = context.experiment.script
    base = base_of(context, state, program.name, program.line) if script[program.line].edit else None
    base_facts = PreviousVersion(base.source, script[base.line].task) if base else None
    majority_share = context.machine_facts.dataset.majority_share
    problems = find_problems(program.source, execution, task, majority_share, base_facts)
    edit = judge_edit(problems, execution) if base else None
    return replace(program, works=not problems, problems=problems, edit=edit)


@leaf
@logged
async def replicate(state: RunTask, runtime: Runtime[Context]) -> dict[str, Any]:
    """Run the current script line on the real machine with another seed."""
    context = runtime.context
    index, seed = state["index"], state["number"]
    command = context.experiment.script[index].type or ""
    seed_name = f"seed {seed}"
    async with context.cores.take(
        context.experiment.limits.cpus, queue_reporter(runtime, "replicate", seed_name)
    ) as seconds_waited:
        context.check_may_start()
        branch = await off_loop(context.machine.branch, seed, reseed=state["reseed"])
        metadata = _run_metadata(context, index, state["program"], origin="real", seed=seed, reseeded=state["reseed"])
        async with branch as machine, terminal_run(command, waited=round(seconds_waited, 1), **metadata) as trace:
            label = f"line{index + 1}-{state['program']}"
            try:
                result = await machine.run(
                    command, on_output=text_reporter(runtime, "replicate", seed_name), label=label
                )
            except BudgetSpent as error:  # other seeds and samples that are running must finish
                return {"lost": str(error)}
            execution = trace.ended(with_script_line(result, index, state["program"]))
    await off_loop(context.store.keep_execution, execution)
    if result.cause is Cause.ENGINE_LOST:  # the run ends when the other seeds and samples have finished
        return {"executions": [execution.label], "lost": "; ".join(result.notes)}
    return {"executions": [execution.label]}


@leaf
@logged
async def simulate(state: RunTask, runtime: Runtime[Context]) -> dict[str, Any]:
    """Have the model imagine the current script line once."""
    context = runtime.context
    index, sample = state["index"], state["number"]
    session = session_of(state["session"], context.experiment, context.store)
    machine = context.machine_in_script(session, sample, index, state["program"])
    model = context.model_at(index)
    command, tells = context.experiment.script[index].type or "", context.experiment.texts_before(index)
    machine.errors = []  # an error would end real seeds and other samples that are running
    sample_name = f"sample {sample}"
    # Ordinary commands may use the server's cache only if the trunk, and no sample, was the last to fill it.
    is_fresh = state["program"] is not None or follows_samples(context.experiment, index)
    metadata = _run_metadata(context, index, state["program"], origin="imagined", sample=sample)
    async with (
        context.cores.take(model.cores, queue_reporter(runtime, "simulate", sample_name)) as seconds_waited,
        terminal_run(command, waited=round(seconds_waited, 1), **metadata) as trace,
    ):
        on_output = text_reporter(runtime, "simulate", sample_name)
        result = await machine.run(command, tells=tells, fresh=is_fresh, on_output=on_output)
        execution = trace.ended(with_script_line(result, index, state["program"]))
    await off_loop(context.store.keep_execution, execution)
    update: dict[str, Any] = {"executions": [execution.label]}
    if machine.errors:
        update["lost"] = str(machine.errors[0])
    if sample == 0 and execution.is_run:
        is_remembered = len(machine.session.stored) > len(session.stored)
        update["turns"] = [*state["session"]["stored"], *([execution_ref(execution.label)] if is_remembered else [])]
        if state["program"] is not None:
            update["sent"] = [{"line": index, "program": state["program"], "session": state["session"]}]
    return update


@logged
async def compare(state: State, runtime: Runtime[Context]) -> Command[Any]:
    """Compare the real and the imagined runs of the current script line."""
    context = runtime.context
    _versions, findings = await off_loop(analyze_line, context.store.log, state["index"], context.compared)
    context.store.findings += findings
    update = {"found": len(findings)}
    if reason := state.get("lost"):
        return Command(update={**update, "outcome": f"{STOPPED}{reason}"}, goto="report")
    step = next_step(context, state)
    return Command(update={**update, "index": step.index}, goto=step.node)


@logged
async def report(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Measure how probable the real output is to the model, and analyze the run."""
    context = runtime.context
    if surprisal := await _surprisal(state, runtime):  # all samples were drawn before
        await off_loop(context.store.keep_surprisal, surprisal)
    analysis = await off_loop(analyze, context.store.log, context.compared)
    context.store.findings = analysis.findings
    return {"outcome": state.get("outcome", DONE), "verdict": analysis.verdict, "found": len(analysis.findings)}


async def _surprisal(state: State, runtime: Runtime[Context]) -> Surprisal | None:
    context = runtime.context
    imagined_runs = surprisal_questions(context, state) if context.spec.surprisal and not state.get("lost") else []
    if not imagined_runs:
        return None
    scored_runs = [
        question for question in imagined_runs if context.spec.model_at(question.line).name == context.spec.model.name
    ]
    if not scored_runs:
        return NotAvailable("before the fork, another model imagined the programs")
    if context.experiment.conditions.steps:
        return NotAvailable("the reply contains working steps before the output")
    if context.model.learned.reasons:
        return NotAvailable("the model reasons before the output")
    async with context.cores.take(context.model.cores, queue_reporter(runtime, "report", "surprisal")):
        return await surprisals(context.model, scored_runs, text_reporter(runtime, "report", "surprisal"))


async def _refuse(
    context: Context, state: State, program: Program, problem: str, *, rejected: bool = False
) -> Command[Any]:
    """Store a version as a failed try, without running it."""
    refused = replace(program, works=False, problems=(problem,))
    await off_loop(context.store.keep_program, refused)
    update: dict[str, Any] = {"writing": program.line, "programs": [refused.label]}
    if tries_of(context, state, program) < MAX_TRIES:
        return Command(update={**update, "failure": failure_ref(refused, None, rejected=rejected)}, goto="write")
    update["outcome"] = NO_WORKING_PROGRAM
    return Command(update=update, goto=_to_sends(run_tasks(context, state, refused)))


def _to_sends(tasks: list[tuple[str, RunTask]]) -> list[Send] | Literal["compare"]:
    return [Send(node, task) for node, task in tasks] or "compare"


def _run_metadata(context: Context, index: int, program: str | None, **details: object) -> dict[str, object]:
    """Return the metadata by which a trace matches real and imagined runs of a program."""
    machine_facts = context.machine_facts
    program_version = context.store.programs[program] if program else None
    return {
        "machine": machine_facts.machine if details["origin"] == "real" else context.model_at(index).name,
        "program": program,
        "program_sha256": program_version.sha256 if program_version else None,
        **details,
    }


def _run_label(index: int, program: Program | None) -> str:
    return f"line{index + 1}" + (f"-{program.label}" if program else "")
