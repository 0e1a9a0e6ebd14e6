"""Runs a transcript's commands again, several times, on a copy of the workspace and without a network."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gedanken.auditing.audited import Audited, Rerun
from gedanken.auditing.plan import Plan, Step, Which, plan_of, roots_of
from gedanken.auditing.same_output import compare_outputs
from gedanken.auditing.state import FOLDER, State, inside, make_edits, prepare
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.counts import many
from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.experiment.progress import Progress
from gedanken.records.importers.transcripts.commands import plain
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.workspace import HOME

REAL_RUNS = 3
"""How often each command is run again. Lines that differ among these real runs are not compared with the
transcript."""
LIMITS = Limits(wall_seconds=120, cpus=1, memory_mib=2048)
SETUP_LIMITS = Limits(wall_seconds=900, cpus=2, memory_mib=4096)
_LACKS = re.compile(
    r"command not found|No such file or directory|ModuleNotFoundError|ImportError|No module named|cannot find module|"
    r"can't open file|not installed|Cannot find package|: not found",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(
    r"Could not resolve|Temporary failure in name resolution|Name or service not known|Network is unreachable|"
    r"getaddrinfo|ENOTFOUND|EAI_AGAIN|Connection refused|Failed to establish a new connection|No route to host",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?:date|uptime|time|timeit|ls\s+-\w*l|stat|ps|top|git log|history|uname|whoami|hostname|env|pwd)\b"
)
_ENDED_BY_US = (
    Cause.TIMED_OUT,
    Cause.OUT_OF_MEMORY,
    Cause.OUTPUT_CAP,
    Cause.DISK_FULL,
    Cause.KILLED,
    Cause.ENGINE_LOST,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The user's options for running commands again."""

    which: Which
    workspace: Path | None = None
    image: str | None = None
    setup: str | None = None
    """A command that prepares the workspace before any other command runs. Only this command may use the network."""
    sandbox: str = "auto"


async def rerun(audited: Audited, asked: Asked, progress: Progress) -> Audited:
    """Run the commands of a session again, and return the session with the compared outputs. Raises BadInput or
    NoSandbox."""
    plan = plan_of(audited.transcript, audited.claims, asked.which)
    compared = [step for step in plan.commands if step.said is not None]
    if not compared:
        return replace(audited, state="there is no command that can be run again")
    root = next(roots_of(audited.transcript, plan), None)
    async with _opened(asked, progress) as machine:
        state = await prepare(machine, asked.workspace, plan, root)
        if asked.setup:
            await _set_up(machine, asked.setup, progress)
        machine.mark("start")
        runs: list[list[Execution | None]] = []
        lost: dict[int, str] = {}
        for seed in range(1, REAL_RUNS + 1):
            progress.say(f"running {many(len(plan.commands), 'command')} again, round {seed} of {REAL_RUNS}")
            branch = machine.branch(seed)
            runs.append(await _run(branch, plan, state, root, lost))
            await branch.__aexit__()
    judged = [
        _judged(step, [run for run in real if run is not None], state, lost.get(at), root)
        for at, (step, *real) in enumerate(zip(plan.commands, *runs, strict=True))
        if step.said is not None
    ]
    told = state.told + (f"; not run: the last {many(plan.left_out, 'command')}" if plan.left_out else "")
    return replace(audited, state=told, reruns=tuple(judged))


@asynccontextmanager
async def _opened(asked: Asked, progress: Progress) -> AsyncIterator[SandboxMachine]:
    from gedanken.sandbox.choice import open_engine
    from gedanken.sandbox.docker_engine import DockerEngine
    from gedanken.sandbox.session import owned_folder

    engine = await off_loop(
        open_engine, "docker" if asked.image and asked.sandbox == "auto" else asked.sandbox, progress
    )
    if asked.image:
        if not isinstance(engine, DockerEngine):
            raise BadInput(
                f"--image {asked.image}: the sandbox {engine.name} does not use images; use docker or podman"
            )
        engine = replace(engine, image=asked.image)
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
    """Run the user's own command with a network. Processes that the command starts are killed when it ends."""
    progress.say(f"setting up, with a network: {command}")
    done = await replace(machine, network=True, limits=SETUP_LIMITS).run(command)
    if done.exit_code != 0:
        raise BadInput(
            f"the --setup command failed (exit code {done.exit_code}, {done.cause}): {done.terminal.strip()[-300:]}"
        )


async def _run(
    machine: SandboxMachine, plan: Plan, state: State, root: str | None, lost: dict[int, str]
) -> list[Execution | None]:
    """Run every command once, and return the executions in order. If an edit cannot be made, put the reason into
    `lost` for each later command."""
    runs: list[Execution | None] = []
    problem = ""
    for step in plan.steps:
        if not isinstance(step, Step):
            if state.replays:
                problem = problem or "; ".join((await make_edits(machine, step))[:1])
            continue
        for name, source in step.files.items():
            await machine.run(f"cat > ~/{FOLDER}/{name} <<'GEDANKEN_END'\n{source}\nGEDANKEN_END")
        # after an edit that could not be made, the workspace is no longer the agent's
        if problem:
            lost.setdefault(len(runs), problem)
        runs.append(await machine.run(_typed(step, root)))
    return runs


def _typed(step: Step, root: str | None) -> str:
    """Return the command to type into the sandbox, in the copy of the agent's folder."""
    here = f"{HOME}/{FOLDER}"
    command = re.sub(rf"{re.escape(root)}(?![\w.-])", here, step.command) if root else step.command
    if step.below:
        below = inside(step.below, root)
        return f"cd {here}/{below} 2>/dev/null || cd {here}\n{command}" if not below.startswith("/") else command
    return f"cd {here}\n{command}" if step.anew else command


def _judged(step: Step, real: Sequence[Execution], state: State, lost: str | None, root: str | None) -> Rerun:
    said = step.said or ""
    texts = [_as_said(run.terminal, root) for run in real]
    first = real[0]
    made = Rerun(
        step.command,
        step.event,
        step.place,
        step.claimed,
        said,
        "not reproducible here",
        "",
        real=tuple(real),
        imagined=step.imagined,
        claims=step.claims,
        is_line_by_line=step.is_line_by_line,
    )
    shown = compare_outputs(_without_prompt(said, step.command), texts, part=step.cut)
    ends = {run.exit_code for run in real}
    other_end = step.exit_code is not None and step.exit_code not in ends
    noise = f"; this ignores {many(shown.noisy, 'line')} in which the real runs differ" if shown.noisy else ""
    if step.claimed and not said.strip():
        return replace(
            made, reason=f"its output is not shown, so nothing can be compared; when run here, {_ended(first)}"
        )
    if not shown.differences and not other_end:
        if not shown.lines and (shown.noisy or step.cut):
            told = "every line differs among the real runs" if shown.noisy else "the output has no comparable line"
            return replace(made, reason=told)
        return replace(
            made, outcome="reproduced", reason=f"{many(REAL_RUNS, 'real run')} printed the same output{noise}"
        )
    why = _why_not(said, real, "\n".join(texts)) or _why_elsewhere(step, state, lost)
    if why:
        return replace(made, reason=why, differences=shown.differences)
    told = (
        f"the recorded run ended with exit code {step.exit_code}, but the real runs with {first.exit_code}"
        if other_end
        else ""
    )
    if shown.differences:
        others = many(len(shown.differences), "line differs", "lines differ")
        told = f"{others} from what {many(REAL_RUNS, 'real run')} printed" + (f"; {told}" if told else "")
    return replace(made, outcome="differs", reason=told + noise, differences=shown.differences)


def _why_not(said: str, real: Sequence[Execution], printed: str) -> str | None:
    """Return why the real outputs prove nothing about the transcript; None if they can be compared with it."""
    ended = next((run.cause for run in real if run.cause in _ENDED_BY_US), None)
    if ended is not None:
        return f"it reached a limit of this sandbox: {ended}"
    if _NO_NETWORK.search(printed) and not _NO_NETWORK.search(said):
        return "it needs a network, but this sandbox has none"
    if (found := _LACKS.search(printed)) and not _LACKS.search(said):
        line = next((line for line in printed.splitlines() if found[0] in line), found[0])
        return f"something is missing here: {line.strip()[:200]}"
    return "the real runs end with different exit codes" if len({run.exit_code for run in real}) > 1 else None


def _why_elsewhere(step: Step, state: State, lost: str | None) -> str | None:
    """Return why a real output may differ although the transcript is true; None if no reason is known."""
    if lost:
        return f"the workspace is not the one in which the agent worked: {lost}"
    if not state.trusted:
        return "the workspace is not in the state it was in when the agent ran the command"
    return "its output depends on the time or on the machine" if _CLOCK.search(step.command) else None


def _ended(run: Execution) -> str:
    return f"it ended with exit code {run.exit_code}" if run.exit_code is not None else str(run.cause)


def _as_said(text: str, root: str | None) -> str:
    """Return a real output in which the path of the workspace's copy is replaced by the agent's folder."""
    text = plain(text)
    return text.replace(f"{HOME}/{FOLDER}", root) if root else text


def _without_prompt(said: str, command: str) -> str:
    """Return the output `said`. If its first line only repeats the prompt and the command, that line is emptied."""
    first, _break, rest = said.partition("\n")
    return (
        f"\n{rest}" if command and first.strip().endswith(command.strip()) and first.strip()[:1] in "$>#%~(" else said
    )
