"""Wraps a real machine, so that the ledger stores its executions and no command with a stored result is run again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from gedanken.compare.commands.answers import BOOT_COMMANDS
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Cause, Execution, OnOutput
from gedanken.records.ledger import Ledger, digest, reading_entry
from gedanken.records.plain_values import build_value
from gedanken.sandbox.machine import SandboxMachine, may_be_cut_off
from gedanken.traces.terminal_run import mark_as_from_ledger

ENVIRONMENT = "environment"
EMPTY_STATE = digest("an empty workspace")
_STATE_FILE = "trunk.at"
"""Name of the file in the session's folder that records the state of the trunk's workspace."""
REPEATED = "run again, to restore the workspace"

Tell = Callable[[str], None]
ReserveMachine = Callable[[str, float, Callable[[], bool]], AbstractAsyncContextManager[Callable[[float], None]]]
"""Type of a function that reserves the machine for an execution.

Its arguments are the name of the execution, its maximum seconds, and a function that says whether it was started
before. It returns a context manager, whose `with` block receives a function to be called with the seconds used.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a workspace from the state `before` to the state `after`.

    Either `command` was run, or the file `name` was written with the content `text`.
    """

    before: str
    after: str
    command: str | None = None
    name: str = ""
    text: str = ""


class KeptMachine:
    """A machine that runs a command only if the ledger has no result for it; see RealMachine.

    The state of a workspace is the digest of everything written and typed in it. Before a command really runs, the
    state is restored from a mark, or by running earlier commands again; the user is told about that.
    """

    def __init__(  # noqa: PLR0913 (the parts of a machine, put together in one place)
        self,
        ledger: Ledger,
        environment: str,
        name: str,
        real: SandboxMachine | None,
        tell: Tell,
        note: Tell,
        lends: ReserveMachine,
    ) -> None:
        """Wrap the machine `real`. In a replay, it is None, and a missing entry of the ledger is an error.

        For `environment`, see SandboxMachine.environment; for `tell`, `note` and `lends`, see `keep_executions`.
        """
        self.name = name
        self.seed = 0
        self.reseed = False
        self._ledger = ledger
        self._environment = environment
        self._real = real
        self._tell_user = tell
        self._note = note
        self._reserve = lends
        self._state = EMPTY_STATE
        self._marked_state: str | None = None
        self._steps: list[Step] = []
        self._trunk: KeptMachine = self
        self._branch_machine: SandboxMachine | None = None
        self._lock = asyncio.Lock()

    def write(self, name: str, text: str) -> None:
        """Record a file for the home folder. It is really written only before a command has to be run."""
        after = digest([self._state, "write", name, text])
        self._add_step(Step(self._state, after, name=name, text=text))

    def mark(self, label: str) -> None:  # noqa: ARG002 (states have names of their own)
        """Make the current state of the workspace the starting point of branches."""
        self._marked_state = self._state

    def branch(self, seed: int, *, reseed: bool = False) -> Self:
        """Return a machine with this seed, whose workspace is a copy of the last mark; see RealMachine.branch."""
        branch = type(self)(
            self._ledger, self._environment, self.name, self._real, self._tell_user, self._note, self._reserve
        )
        branch.seed, branch.reseed = seed, reseed
        branch._state = self._marked_state or self._state
        branch._trunk = self
        return branch

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace that a branch made for itself. The workspace of the trunk stays."""
        if self._branch_machine is not None:
            await self._branch_machine.__aexit__()

    async def run(self, command: str, *, on_output: OnOutput | None = None, label: str | None = None) -> Execution:
        """Run one command line; see RealMachine.run. If its result is in the ledger, nothing is run.

        If the engine is lost, the result is not stored. In a replay, raises BadInput if the ledger lacks the result.
        """
        key = self._key(self._state, command)
        if (entry := await off_loop(self._ledger.get, "executions", key)) is not None:
            execution = self._parse_execution(entry, key)
            self._register_artifacts(execution)
            mark_as_from_ledger()
            if on_output:
                on_output(execution.terminal)
            self._add_command_step(command)
            return execution
        if self._real is None:
            raise BadInput(
                f"replay: the ledger contains no result of this command with seed {self.seed}: {command[:100]}"
            )
        await off_loop(self._ledger.flush)
        name = f"{label or 'typed'}-{key[:12]}"
        is_trunk = self._trunk is self
        machine = await (self._prepare_trunk(name, command) if is_trunk else self._prepare_branch(name, command))
        execution = await self._run_reserved(machine, command, name, on_output)
        if may_be_cut_off(execution):
            self._note(
                f"{command[:200]} with seed {self.seed} ended with exit code {execution.exit_code} while no "
                "process watched it, perhaps because its engine ended: the command was run again"
            )
            machine = await self._restore_workspace()
            execution = await self._run_reserved(machine, command, name, on_output)
        if execution.cause is Cause.ENGINE_LOST:
            self._note(f"the engine was lost while {command[:200]} ran with seed {self.seed}")
            return execution
        values = asdict(execution)
        if execution.terminal == execution.stdout:
            del values["terminal"]
        stored_entry = await off_loop(self._ledger.put, "executions", key, values)
        execution = self._parse_execution(stored_entry, key)
        self._add_command_step(command)
        if is_trunk:
            # Without the flush, the command could be run again in a workspace that it has already changed.
            await off_loop(self._ledger.flush)
            await off_loop(self._write_state, self._state)
        return execution

    def _parse_execution(self, entry: dict[str, Any], key: str) -> Execution:
        """Return the execution in an entry of the ledger. Raises BadInput if it cannot be read."""
        # `called` and `program` become parts of file names, which a malicious entry could misuse.
        values = {"terminal": entry.get("stdout"), **entry, "called": None, "program": None}
        return build_value(Execution, values, self._ledger.path("executions", key))

    async def _restore_workspace(self) -> SandboxMachine:
        """Return the machine with its workspace as it was before the current command."""
        mark, branch = _mark_name(self._state), self._branch_machine
        if branch is not None:
            self._branch_machine = await off_loop(branch.at_mark, mark)
            return self._branch_machine
        async with self._lock:
            assert self._real is not None
            self._real = await off_loop(self._real.at_mark, mark)
            self._register_written_files(self._state)
            return self._real

    async def _run_reserved(
        self, machine: SandboxMachine, command: str, name: str, on_output: OnOutput | None
    ) -> Execution:
        max_seconds = machine.limits.wall_seconds
        async with self._reserve(name, max_seconds, lambda: machine.has_begun(name, command)) as count_seconds:
            execution = await machine.run(command, on_output=on_output, label=name)
            count_seconds(execution.seconds)
        return execution

    def _add_step(self, step: Step) -> None:
        self._steps.append(step)
        self._state = step.after

    def _add_command_step(self, command: str) -> None:
        after = digest([self._state, "run", command, self.seed, self.reseed])
        self._add_step(Step(self._state, after, command=command))

    def _register_artifacts(self, execution: Execution) -> None:
        """Register the artifacts that an earlier process copied, so that they are not copied again."""
        if self._real is not None:
            self._real.copied_files.update({artifact.sha256: artifact.path for artifact in execution.artifacts})

    async def _prepare_trunk(self, name: str, command: str) -> SandboxMachine:
        """Return the trunk's machine. Its workspace is in the state that the command starts from, saved as a mark."""
        async with self._lock:
            assert self._real is not None
            trunk_state, running_name = self._read_state()
            # If a dead process left this command in progress, the workspace stays as it is.
            if not (
                trunk_state is None and running_name == name and await off_loop(self._real.has_begun, name, command)
            ):
                await self._bring_trunk_to(self._state)
                mark = _mark_name(self._state)
                await off_loop(self._real.mark, mark)
                await off_loop(self._real.session.delete_marks, mark)
                await off_loop(self._write_state, None, name)
            self._register_written_files(self._state)
            return self._real

    async def _prepare_branch(self, name: str, command: str) -> SandboxMachine:
        """Return the machine of a branch. At the branch's first command, its workspace is copied from a mark."""
        if self._branch_machine is not None:
            return self._branch_machine
        trunk, mark = self._trunk, _mark_name(self._state)
        async with trunk._lock:
            assert trunk._real is not None
            if not trunk._real.session.has_mark(mark):
                await trunk._bring_trunk_to(self._state)
            await off_loop(trunk._real.mark, mark)
            trunk._register_written_files(self._state)
            has_old_branch = trunk._real.has_branch(self.seed, reseed=self.reseed)
            branch = await off_loop(trunk._real.branch, self.seed, reseed=self.reseed)
        # If a dead process had started this command, its workspace is used as it is.
        if has_old_branch and not await off_loop(branch.has_begun, name, command):
            branch = await off_loop(branch.at_mark, mark)
        self._branch_machine = branch
        return branch

    async def _bring_trunk_to(self, state: str) -> None:
        """Bring the trunk's workspace into a state, by restoring a mark or repeating earlier steps."""
        assert self._real is not None
        current_state, _running_name = self._read_state()
        if current_state == state:
            return
        steps = self._steps_to(state)
        marks = [index for index, step in enumerate(steps) if self._real.session.has_mark(_mark_name(step.before))]
        if self._real.session.has_mark(_mark_name(state)):
            marks.append(len(steps))
        current_index = next((index for index, step in enumerate(steps) if step.before == current_state), None)
        newest_mark = max(marks, default=None)
        if current_index is not None and (newest_mark is None or current_index >= newest_mark):
            start = current_index
        else:
            start = 0 if newest_mark is None else newest_mark
            mark = (
                None
                if newest_mark is None
                else _mark_name(state if newest_mark == len(steps) else steps[newest_mark].before)
            )
            await off_loop(self._write_state, None)
            self._real = await off_loop(self._real.at_mark, mark)
        for step in steps[start:]:
            await self._repeat_step(step)
        await off_loop(self._write_state, state)

    async def _repeat_step(self, step: Step) -> None:
        assert self._real is not None
        await off_loop(self._write_state, None)
        if step.command is None:
            await off_loop(self._real.write, step.name, step.text)
            return
        if step.command in BOOT_COMMANDS:  # they show what the machine is, and leave nothing behind
            return
        self._tell_user(f"{step.command[:60]} is {REPEATED}")
        self._note(f"{step.command[:200]} was {REPEATED}; the second result is not stored")
        max_seconds = self._real.limits.wall_seconds
        async with self._reserve(f"again-{uuid4().hex}", max_seconds, lambda: False) as count_seconds:
            execution = await self._real.run(step.command)
            count_seconds(execution.seconds)
        if execution.cause is Cause.ENGINE_LOST:
            raise NoSandbox("; ".join(execution.notes))

    def _steps_to(self, state: str) -> list[Step]:
        if state == EMPTY_STATE:
            return []
        last_index = next(index for index, step in enumerate(self._steps) if step.after == state)
        return self._steps[: last_index + 1]

    def _register_written_files(self, state: str) -> None:
        """Tell the real machine which files gedanken itself wrote. They are not artifacts, which only commands leave
        behind.
        """
        assert self._real is not None
        self._real.written.update(step.name for step in self._steps_to(state) if step.name)

    def _read_state(self) -> tuple[str | None, str]:
        """Return the state of the trunk's workspace (None while a command is running) and the name of the running
        execution.
        """
        try:
            stored = json.loads(self._state_path.read_text())
            state, running_name = stored["state"], stored["doing"]
            return (self._state_after(running_name) if state is None and running_name else state), running_name
        except FileNotFoundError:
            return EMPTY_STATE, ""
        except (OSError, ValueError, KeyError, TypeError):
            return None, ""

    def _state_after(self, running_name: str) -> str | None:
        """Return the state of the workspace after an execution on the trunk; None if the execution is not among the
        steps so far.
        """
        # A process can end after it stored the result of its last command, and before it recorded the new state.
        for step in self._steps:
            if step.command is not None and running_name.endswith(f"-{self._key(step.before, step.command)[:12]}"):
                return step.after
        return None

    def _key(self, state: str, command: str) -> str:
        """Return the key under which the ledger stores the result of a command that is run in a workspace with this
        state.
        """
        return digest([self._environment, state, command, self.seed, self.reseed])

    def _write_state(self, state: str | None, running_name: str = "") -> None:
        temporary = self._state_path.with_suffix(".new")
        temporary.write_text(json.dumps({"state": state, "doing": running_name}))
        temporary.rename(self._state_path)

    @property
    def _state_path(self) -> Path:
        assert self._real is not None
        return self._real.session.folder / _STATE_FILE


def keep_executions(
    machine: SandboxMachine, ledger: Ledger, tell: Tell, note: Tell, lends: ReserveMachine
) -> KeptMachine:
    """Wrap a machine with a ledger. `lends` is called to reserve the machine for each execution.

    `tell` receives messages for the waiting user, and `note` receives notes for the log. Raises BadInput if the run
    was started in another environment.
    """
    environment = machine.environment
    entry = ledger.get("about", ENVIRONMENT)
    if entry is None:
        ledger.check_start_record(ENVIRONMENT, "executions")
        ledger.put("about", ENVIRONMENT, {"environment": environment, "name": machine.name})
    elif entry.get("environment") != environment:
        raise BadInput(
            f"the environment has changed since the run was started ({machine.name}: its image, data or limits), "
            "so the run cannot be continued; its results are kept"
        )
    return KeptMachine(ledger, environment, machine.name, machine, tell, note, lends)


def replay_machine(ledger: Ledger) -> KeptMachine:
    """Return a machine for a replay, which answers only from the ledger.

    Raises BadInput if the ledger is missing or cannot be read.
    """
    entry = ledger.get("about", ENVIRONMENT)
    if entry is None:
        raise BadInput(f"{ledger.folder}: cannot be replayed, because the ledger is missing")
    with reading_entry(ledger.path("about", ENVIRONMENT)):
        return KeptMachine(
            ledger, str(entry["environment"]), str(entry["name"]), None, _ignore, _ignore, reserve_nothing
        )


def _ignore(_message: str) -> None:
    pass


def _mark_name(state: str) -> str:
    return f"at-{state[:16]}"


@asynccontextmanager
async def reserve_nothing(
    _name: str, _most_seconds: float, _has_begun: Callable[[], bool]
) -> AsyncIterator[Callable[[float], None]]:
    """The `ReserveMachine` of machines without a budget: reserve and count nothing."""
    yield lambda _seconds: None
