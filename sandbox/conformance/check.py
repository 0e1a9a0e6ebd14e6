"""Defines what a check is and what it observes, and the judges (criteria for passing) that most checks share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from gedanken.experiment.execution import Cause, Execution, Limits, RealMachine
from gedanken.sandbox.conformance.canary import Canaries

SMALL = Limits(
    wall_seconds=20,
    cpus=1,
    memory_mib=256,
    processes=64,
    open_files=256,
    output_bytes=64 << 10,
    printed_mib=64,
    workspace_mib=64,
    workspace_files=4000,
    file_mib=32,
)
"""Limits that most checks use, so that they can share a machine."""
SIGSYS_EXIT_CODE = 128 + 31
_DETAIL_CHARACTERS = 160


class CheckResult(NamedTuple):
    """The result of one check.

    `held` says whether the machine kept its promise; `detail` is a line that explains the result.
    """

    name: str
    group: str
    held: bool
    detail: str


class Verdict(NamedTuple):
    """A judge's verdict on a trial.

    `held` says whether the machine kept its promise; `detail` is a line that explains the verdict.
    """

    held: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What was observed while a check's program ran, inside the machine and on the host."""

    execution: Execution
    after: Execution | None = None
    """The execution that the check's `sequel` returned; usually it is the execution of a second command. None if the
    check has no sequel.
    """
    seen_alive: bool = False
    """True if the host's process table showed a process of the program while it ran."""
    survivors: int = 0
    """Number of the program's processes that were still alive one second after the machine reported the program's
    end.
    """
    grown_mib: float = 0.0
    """By how many MiB the memory of gedanken's own process grew while the program ran."""
    visitors: int = 0
    """Number of connections that reached sockets of the host."""
    leaked: bool = False
    """True if a secret of the host was leaked."""


Judge = Callable[[Trial], Verdict]
Sequel = Callable[[RealMachine, Canaries], Awaitable[Execution]]


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of a machine, and the program that tests it."""

    name: str
    group: str
    promise: str
    program: str
    """One command line of bash, or Python code. Python code is run after PRELUDE (`prelude.py`)."""
    judge: Judge
    language: Literal["python", "bash"] = "python"
    limits: Limits = SMALL
    needs_own_machine: bool = False
    """True if the machine cannot be used by other checks afterwards."""
    harmless: bool = False
    """True if the check may be run directly on the host."""
    searches_processes: bool = False
    """True if the host's process table is searched for processes that the check left running."""
    neighbour: bool = False
    """True if a second program, with another seed, runs at the same time."""
    sequel: Sequel | None = None
    """A function that is called after the program has ended, to do something more on the same machine."""


def judge_trial(check: Check, trial: Trial) -> Verdict:
    """Return the verdict of `check.judge` on a trial, unless the machine broke a promise that every check tests.

    Every check fails if a secret leaked, a socket of the host was reached, or the engine was lost. If
    `check.searches_processes` is True, the check also fails if the program's processes were not visible from the
    host, or did not end.
    """
    if trial.leaked:
        return Verdict(False, "a secret of the host was leaked")
    if trial.visitors:
        return Verdict(False, "a socket of the host was reached")
    if trial.execution.cause is Cause.ENGINE_LOST:
        return Verdict(False, f"the engine was lost: {ending(trial.execution)}")
    verdict = check.judge(trial)
    if verdict.held and check.searches_processes and not trial.seen_alive:
        return Verdict(False, "its processes cannot be seen from the host, so it is unknown whether they have ended")
    if check.searches_processes and trial.survivors:
        return Verdict(False, f"{trial.survivors} of its processes were still alive a second after its end")
    return verdict


def type_command(command: str) -> Sequel:
    """Return a sequel of a check that types `command` into the same machine."""

    async def sequel(machine: RealMachine, _canaries: Canaries) -> Execution:
        return await machine.run(command)

    return sequel


def refused(trial: Trial) -> Verdict:
    """Pass if the program reports that each of its attempts was refused, or if the system call filter killed the
    program.
    """
    report_lines = [line for line in trial.execution.stdout.splitlines() if line.startswith(("BREACH: ", "held: "))]
    breaches = [line.removeprefix("BREACH: ") for line in report_lines if line.startswith("BREACH: ")]
    if breaches:
        return Verdict(False, _shorten("; ".join(breaches)))
    if report_lines:
        return Verdict(True, _shorten("; ".join(dict.fromkeys(line.removeprefix("held: ") for line in report_lines))))
    if trial.execution.exit_code == SIGSYS_EXIT_CODE:
        return Verdict(True, "killed by the filter of system calls")
    return Verdict(False, f"the program tried nothing: {ending(trial.execution)}")


def refused_or(*causes: Cause) -> Judge:
    """Return a judge that passes a trial if each attempt was refused, or if the program ended first for one of
    `causes`.
    """

    def judge(trial: Trial) -> Verdict:
        if trial.execution.cause in causes and "BREACH: " not in trial.execution.stdout:
            return Verdict(True, f"ended: {trial.execution.cause}")
        return refused(trial)

    return judge


def still_usable(first_judge: Judge) -> Judge:
    """Return a judge that passes a trial if `first_judge` passes it and the next command printed `well`."""

    def judge(trial: Trial) -> Verdict:
        if trial.after is None or trial.after.stdout != "well\n":
            problem = ending(trial.after) if trial.after else "it was not run"
            return Verdict(False, f"the next command did not work: {problem}")
        return first_judge(trial)

    return judge


def prints(expected: str) -> Judge:
    """Return a judge that passes a trial if the program finished and printed exactly `expected`."""

    def judge(trial: Trial) -> Verdict:
        return printed(trial.execution, expected)

    return judge


def then_prints(expected: str) -> Judge:
    """Return a judge that passes a trial if the next command finished and printed exactly `expected`."""

    def judge(trial: Trial) -> Verdict:
        if trial.after is None:
            return Verdict(False, "the next command was not run")
        return printed(trial.after, expected)

    return judge


def printed(execution: Execution, expected: str) -> Verdict:
    """Return the verdict on an execution.

    The execution passes if it finished and its standard output is exactly `expected`.
    """
    held = execution.cause is Cause.FINISHED and execution.stdout == expected
    return Verdict(held, _shorten(" ".join(expected.split())) if held else ending(execution))


def ends(cause: Cause, *, exit_code: int | None = None, within: float | None = None, shows: str = "") -> Judge:
    """Return a judge that passes a trial if the program ended by `cause` and printed `shows`.

    The program must also end with `exit_code`, at most `within` seconds after its start. A condition that is None is
    not checked.
    """

    def judge(trial: Trial) -> Verdict:
        execution = trial.execution
        if execution.cause is not cause or exit_code not in (None, execution.exit_code):
            return Verdict(False, ending(execution))
        if within is not None and execution.seconds > within:
            return Verdict(False, f"it took {execution.seconds:.1f} s, more than {within:g} s")
        if shows not in execution.terminal:
            return Verdict(False, "its earlier output was lost")
        return Verdict(True, f"{cause}, {execution.seconds:.1f} s")

    return judge


def ending(execution: Execution) -> str:
    """Return one line that says how an execution ended, with the last line of its output."""
    lines = [line for line in execution.terminal.splitlines() if line.strip()]
    return _shorten(f"{execution.cause}, exit code {execution.exit_code}: {(lines or ['it printed nothing'])[-1]}")


def _shorten(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= _DETAIL_CHARACTERS else printable[: _DETAIL_CHARACTERS - 1] + "…"
