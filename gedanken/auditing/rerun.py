"""Runs a transcript's commands again, several times, on a copy of the workspace and without a network."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gedanken.auditing.audited import AuditedSession, Rerun
from gedanken.auditing.output_comparison import compare_outputs
from gedanken.auditing.plan import Plan, RerunChoice, Step, plan_of, roots_of
from gedanken.auditing.workspace_state import FOLDER, State, make_edits, path_in_copy, prepare
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.experiment.progress import Progress
from gedanken.records.importers.transcripts.commands import without_escape_codes
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.workspace import HOME

REAL_RUNS = 3
"""How often each command is run again.

Lines that differ among these real runs are not compared with the transcript.
"""
LIMITS = Limits(wall_seconds=120, cpus=1, memory_mib=2048)
SETUP_LIMITS = Limits(wall_seconds=900, cpus=2, memory_mib=4096)
_MISSING_TOOL = re.compile(
    r"command not found|No such file or directory|ModuleNotFoundError|ImportError|No module named|cannot find module|"
    r"can't open file|not installed|Cannot find package|: not found",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(
    r"Could not resolve|Temporary failure in name resolution|Name or service not known|Network is unreachable|"
    r"getaddrinfo|ENOTFOUND|EAI_AGAIN|Connection refused|Failed to establish a new connection|No route to host",
    re.IGNORECASE,
)
_TIME_DEPENDENT = re.compile(
    r"\b(?:date|uptime|time|timeit|ls\s+-\w*l|stat|ps|top|git log|history|uname|whoami|hostname|env|pwd)\b"
)
_QUOTED_CHARACTERS = 300
_ENDED_BY_SANDBOX = (
    Cause.TIMED_OUT,
    Cause.OUT_OF_MEMORY,
    Cause.OUTPUT_CAP,
    Cause.DISK_FULL,
    Cause.KILLED,
    Cause.ENGINE_LOST,
)


@dataclass(frozen=True, slots=True)
class RerunOptions:
    """The user's options for running commands again."""

    which: RerunChoice
    workspace: Path | None = None
    image: str | None = None
    setup: str | None = None
    """A command that prepares the workspace before any other command runs. Only this command may use the network."""
    sandbox: str = "auto"


async def rerun(audited: AuditedSession, options: RerunOptions, progress: Progress) -> AuditedSession:
    """Run the commands of a session again, compare their outputs with the recorded ones, and return the session with
    the results.

    Raises BadInput or NoSandbox.
    """
    plan = plan_of(audited.transcript, audited.claims, options.which)
    compared_steps = [step for step in plan.commands if step.recorded is not None]
    if not compared_steps:
        return replace(audited, state="there is no command that can be run again")
    root = next(roots_of(audited.transcript, plan), None)
    async with _open_machine(options, progress) as machine:
        state = await prepare(machine, options.workspace, plan, root)
        if options.setup:
            await _set_up(machine, options.setup, progress)
        machine.mark("start")
        runs: list[list[Execution | None]] = []
        failed_edits: dict[int, str] = {}
        for seed in range(1, REAL_RUNS + 1):
            progress.say(f"running {format_count(len(plan.commands), 'command')} again, round {seed} of {REAL_RUNS}")
            branch = machine.branch(seed)
            runs.append(await _run_round(branch, plan, state, root, failed_edits))
            await branch.__aexit__()
    reruns = [
        _judge_step(
            step, [run for round_runs in runs if (run := round_runs[index])], state, failed_edits.get(index), root
        )
        for index, step in enumerate(plan.commands)
        if step.recorded is not None
    ]
    description = state.description + (
        f"; not run: the last {format_count(plan.left_out, 'command')}" if plan.left_out else ""
    )
    return replace(audited, state=description, reruns=tuple(reruns))


@asynccontextmanager
async def _open_machine(options: RerunOptions, progress: Progress) -> AsyncIterator[SandboxMachine]:
    from gedanken.sandbox.docker_engine import DockerEngine
    from gedanken.sandbox.open_engine import open_engine
    from gedanken.sandbox.session import owned_folder

    engine = await off_loop(
        open_engine, "docker" if options.image and options.sandbox == "auto" else options.sandbox, progress
    )
    if options.image:
        if not isinstance(engine, DockerEngine):
            raise BadInput(
                f"--image {options.image}: the sandbox {engine.name} does not use images; use docker or podman"
            )
        engine = replace(engine, image=options.image)
    for line in engine.not_enforced():
        progress.say(f"the sandbox {engine.name} cannot enforce: {line}")
    with owned_folder("audit") as folder:
        data = folder / "data"
        data.mkdir(exist_ok=True)
        machine = await off_loop(SandboxMachine.open, engine, data, LIMITS)
        try:
            yield machine
        finally:
            await machine.__aexit__()


async def _set_up(machine: SandboxMachine, command: str, progress: Progress) -> None:
    """Run the user's `--setup` command, which may use the network. Processes that it starts are killed when it
    ends.
    """
    progress.say(f"setting up, with a network: {command}")
    execution = await replace(machine, network=True, limits=SETUP_LIMITS).run(command)
    if execution.exit_code != 0:
        reason = f"exit code {execution.exit_code}" if execution.cause is Cause.FAILED else str(execution.cause)
        output = execution.terminal.strip()[-_QUOTED_CHARACTERS:]
        ending = f"; its output ends: {output}" if output else "; it printed nothing"
        raise BadInput(f"the --setup command failed: {reason}{ending}")


async def _run_round(
    machine: SandboxMachine, plan: Plan, state: State, root: str | None, failed_edits: dict[int, str]
) -> list[Execution | None]:
    """Run every command once, and return the executions in order.

    If an edit cannot be made, the reason is stored in `failed_edits` for each later command.
    """
    runs: list[Execution | None] = []
    problem = ""
    for step in plan.steps:
        if not isinstance(step, Step):
            if state.replays:
                problem = problem or "; ".join((await make_edits(machine, step))[:1])
            continue
        for name, source in step.files.items():
            await machine.run(f"cat > ~/{FOLDER}/{name} <<'GEDANKEN_END'\n{source}\nGEDANKEN_END")
        # after an edit that could not be made, the workspace differs from the agent's
        if problem:
            failed_edits.setdefault(len(runs), problem)
        runs.append(await machine.run(_sandbox_command(step, root)))
    return runs


def _sandbox_command(step: Step, root: str | None) -> str:
    """Return the command line that runs a step in the sandbox, in the copy of the agent's folder."""
    work_folder = f"{HOME}/{FOLDER}"
    command = re.sub(rf"{re.escape(root)}(?![\w.-])", work_folder, step.command) if root else step.command
    if step.folder:
        subfolder = path_in_copy(step.folder, root)
        return (
            f"cd {work_folder}/{subfolder} 2>/dev/null || cd {work_folder}\n{command}"
            if not subfolder.startswith("/")
            else command
        )
    return f"cd {work_folder}\n{command}" if step.starts_in_agent_folder else command


def _judge_step(
    step: Step, real: Sequence[Execution], state: State, failed_edit: str | None, root: str | None
) -> Rerun:
    recorded = step.recorded or ""
    texts = [_with_agent_folder(run.terminal, root) for run in real]
    first_run = real[0]
    result = Rerun(
        step.command,
        step.event,
        step.place,
        step.claimed,
        recorded,
        "not reproducible here",
        "",
        real=tuple(real),
        imagined=step.imagined,
        claims=step.claims,
        is_line_by_line=step.is_line_by_line,
    )
    comparison = compare_outputs(_without_prompt(recorded, step.command), texts, part=step.cut)
    exit_codes = {run.exit_code for run in real}
    is_other_exit_code = step.exit_code is not None and step.exit_code not in exit_codes
    noise_note = (
        f"; this ignores {format_count(comparison.noisy_lines, 'line')} in which the real runs differ"
        if comparison.noisy_lines
        else ""
    )
    if step.claimed and not recorded.strip():
        return replace(
            result,
            reason=f"its output is not shown, so nothing can be compared; when run here, {_format_ending(first_run)}",
        )
    if not comparison.differences and not is_other_exit_code:
        if not comparison.lines and (comparison.noisy_lines or step.cut):
            reason = (
                "every line differs among the real runs"
                if comparison.noisy_lines
                else "the output has no comparable line"
            )
            return replace(result, reason=reason)
        return replace(
            result,
            outcome="reproduced",
            reason=f"{format_count(REAL_RUNS, 'real run')} printed the same output{noise_note}",
        )
    excuse = _why_not_comparable(recorded, real, "\n".join(texts)) or _why_output_may_differ(step, state, failed_edit)
    if excuse:
        return replace(result, reason=excuse, differences=comparison.differences)
    reason = (
        f"the recorded run ended with exit code {step.exit_code}, but the real runs with {first_run.exit_code}"
        if is_other_exit_code
        else ""
    )
    if comparison.differences:
        differing_lines = format_count(len(comparison.differences), "line differs", "lines differ")
        reason = f"{differing_lines} from what {format_count(REAL_RUNS, 'real run')} printed" + (
            f"; {reason}" if reason else ""
        )
    return replace(result, outcome="differs", reason=reason + noise_note, differences=comparison.differences)


def _why_not_comparable(recorded: str, real: Sequence[Execution], printed: str) -> str | None:
    """Return the reason why the real outputs cannot be compared with the recorded one; None if they can."""
    limit_reached = next((run.cause for run in real if run.cause in _ENDED_BY_SANDBOX), None)
    if limit_reached is not None:
        return f"it reached a limit of this sandbox: {limit_reached}"
    if _NO_NETWORK.search(printed) and not _NO_NETWORK.search(recorded):
        return "it needs a network, but this sandbox has none"
    if (match := _MISSING_TOOL.search(printed)) and not _MISSING_TOOL.search(recorded):
        line = next((line for line in printed.splitlines() if match[0] in line), match[0])
        return f"something is missing here: {line.strip()[:200]}"
    return "the real runs end with different exit codes" if len({run.exit_code for run in real}) > 1 else None


def _why_output_may_differ(step: Step, state: State, failed_edit: str | None) -> str | None:
    """Return a reason why a real output may differ even if the transcript is true; None if no such reason is
    known.
    """
    if failed_edit:
        return f"the workspace is not the one in which the agent worked: {failed_edit}"
    if not state.trusted:
        return "the workspace is not in the state it was in when the agent ran the command"
    return "its output depends on the time or on the machine" if _TIME_DEPENDENT.search(step.command) else None


def _format_ending(run: Execution) -> str:
    return f"it ended with exit code {run.exit_code}" if run.exit_code is not None else str(run.cause)


def _with_agent_folder(text: str, root: str | None) -> str:
    """Return a real output with the agent's folder in place of the path of the copy."""
    text = without_escape_codes(text)
    return text.replace(f"{HOME}/{FOLDER}", root) if root else text


def _without_prompt(output: str, command: str) -> str:
    """Return the output. If its first line only repeats the prompt and the command, this line is emptied."""
    first_line, _break, rest = output.partition("\n")
    return (
        f"\n{rest}"
        if command and first_line.strip().endswith(command.strip()) and first_line.strip()[:1] in "$>#%~("
        else output
    )
