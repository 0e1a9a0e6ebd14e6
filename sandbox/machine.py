"""Implements the real machine, which executes what is typed: one workspace, and an engine that runs the commands."""

import asyncio
import json
import re
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Cause, Execution, Limits, OnOutput
from gedanken.experiment.persona import Dataset, MachineFacts
from gedanken.sandbox.artifacts import collect_artifacts
from gedanken.sandbox.capture import Capture
from gedanken.sandbox.engine import GRACE_SECONDS, Ended, Engine, EngineLost, Job, Order
from gedanken.sandbox.gpus import NO_GPUS, GpuRequest, judge_gpus
from gedanken.sandbox.leftovers import end_local
from gedanken.sandbox.owner import OWNER_LABEL, RUN_LABEL, SESSION_LABEL, order_prefix, this_owner
from gedanken.sandbox.quota import is_full, measure_usage
from gedanken.sandbox.session import Session, checked_name
from gedanken.sandbox.threads import run_in_thread, run_to_end, start_or_undo
from gedanken.sandbox.workspace import Workspace

DEFAULT_LIMITS = Limits()
READ_FROM_LOG_NOTE = (
    "started by a process of gedanken that died; if it printed more than 4 MiB, the engine may have kept only the "
    "end, and did not count the rest"
)
POLL_SECONDS = 1.0
KILL_SECONDS = 15.0
LATE_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
_SIGKILLED = 128 + 9
_SIGTERMED = 128 + 15
_ENGINE_DIED = 255
"""Exit code that Docker reports for a container if it does not know how the container ended."""
_SIGXFSZ = 128 + 25
_TIMED_OUT = 124
_INVALID_CHARACTERS = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class SandboxMachine:
    """A terminal on an engine, with one workspace for all its commands; see `RealMachine`."""

    engine: Engine
    data: Path
    session: Session
    workspace: Workspace
    limits: Limits = DEFAULT_LIMITS
    seed: int = 0
    reseed: bool = False
    gpus: GpuRequest = NO_GPUS
    artifacts: Path | None = None
    """Folder to which files are copied that commands leave in the workspace; None if none are copied."""
    written: set[str] = field(default_factory=set)
    """Names of files that `write` put into the workspace. They do not count as artifacts."""
    network: bool = False
    """True if commands can reach the host's network; see Order.network."""
    copied_files: dict[str, str] = field(default_factory=dict)
    """Maps digests of files to the paths of their copies, so that no content is copied twice."""

    @classmethod
    def open(  # noqa: PLR0913 (the parts of a machine, put together in one place)
        cls,
        engine: Engine,
        data: Path,
        limits: Limits = DEFAULT_LIMITS,
        *,
        run_id: str | None = None,
        run: str = "",
        gpus: GpuRequest = NO_GPUS,
        artifacts: Path | None = None,
    ) -> Self:
        """Start a run on an engine, or continue the run `run_id` if a dead process left it.

        `run` is the run's random id. If the session was made for a run with another random id, it is emptied. Raises
        NoSandbox if another process is working on this run, or if the disk has no room for a workspace.
        """

        def end_other(folder: Path) -> None:
            engine.clear(folder)
            end_local(order_prefix(folder.name))

        run_id = run_id or f"x{uuid.uuid4().hex[:10]}"
        session = Session.open(run_id, limits, engine.name, run=run, end_other=end_other)
        return cls(engine, data, session, session.trunk(), limits, gpus=gpus, artifacts=artifacts)

    @property
    def name(self) -> str:
        """Name of the engine that runs the commands."""
        return self.engine.name

    def branch(self, seed: int, *, reseed: bool = False) -> Self:
        """Return the same machine with another seed, on its own copy of the workspace; see RealMachine.branch."""
        workspace = self.session.branch(self.workspace, _seed_name(seed, reseed))
        return replace(self, workspace=workspace, seed=seed, reseed=reseed)

    @property
    def environment(self) -> str:
        """A text that names everything that affects all commands: engine, image, data, limits, GPUs."""
        return (
            f"{self.engine.name} {self.engine.contents} {self.data.name} {self.gpus} {self.limits.model_dump_json()}"
        )

    def has_begun(self, label: str, command: str) -> bool:
        """Return whether an earlier process started the execution `label`. It may be running or finished."""
        name = self._name(label)
        return self.session.receipt(name) is not None or self.engine.find(self._order(name, command)) is not None

    def has_branch(self, seed: int, *, reseed: bool = False) -> bool:
        """Return whether a dead process left a complete copy of the last mark for this seed."""
        return self.session.has_branch(_seed_name(seed, reseed))

    def at_mark(self, label: str | None) -> Self:
        """Return the same machine with its workspace reset to the mark `label`, a saved state.

        The workspace is emptied if `label` is None.
        """
        return replace(self, workspace=self.session.reset(self.workspace, label))

    def mark(self, label: str) -> None:
        """Save the current workspace as a mark for branches; an existing mark of this name is kept."""
        self.session.mark(label, self.workspace)

    def write(self, name: str, text: str) -> None:
        """Put a file into the home folder."""
        self.workspace.write(name, text)
        self.written.add(name)

    async def __aenter__(self) -> Self:
        """Return the machine unchanged: nothing runs before the first command."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace; if it is the trunk (the run's main workspace), remove the whole session."""
        if self.workspace.folder.name == "trunk":
            await run_to_end(partial(self.engine.clear, self.session.folder))
            await run_to_end(self.session.close)
        else:
            await run_to_end(partial(self.session.remove, self.workspace))

    async def run(self, command: str, *, on_output: OnOutput | None = None, label: str | None = None) -> Execution:
        """Run one command line of bash; see `Machine.run` and `RealMachine.run`.

        Raises NoSandbox if the engine cannot start the command, and BadInput if a different command already has this
        label.
        """
        name = self._name(label)
        if label is not None and (receipt := self.session.receipt(name)) is not None:
            if receipt.command != command:
                raise BadInput(
                    f"label {label}: already used in this run, for “{receipt.command[:80]}”; use another label"
                )
            return receipt
        order = await run_in_thread(self._order, name, command)
        job, notes = await self._find_or_start(order, label is not None)
        try:
            execution = await self._watch_to_end(job, command, name, notes, on_output)
            if label is not None and execution.cause is not Cause.ENGINE_LOST and not may_be_cut_off(execution):
                await run_in_thread(self.session.store_receipt, name, execution)
        finally:
            await run_to_end(job.remove)
        return execution

    async def measure(self, dataset: Dataset) -> MachineFacts:
        """Return the facts of this machine, measured by commands inside it.

        Raises NoSandbox if that fails, or if `torch.cuda` does not see the GPUs that were required.
        """
        report = await self.run("python3 -m gedanken_world")
        if report.exit_code != 0:
            raise NoSandbox(f"the sandbox could not report its system: {report.terminal.strip()[-300:]}")
        configured = {
            "machine": self.name,
            "cpus": self.limits.cpus,
            "memory_mib": self.limits.memory_mib,
            "dataset": dataset,
            "gpus_asked": str(self.gpus),
            "not_enforced": self.not_enforced,
        }
        try:
            machine_facts = MachineFacts.model_validate({**json.loads(report.stdout), **configured})
        except (TypeError, ValueError) as error:
            raise NoSandbox("what the sandbox reports about its system cannot be read") from error
        problem = judge_gpus(self.gpus, machine_facts.gpus.count, self.engine.asks_for_gpus)
        if problem and self.gpus.kind != "auto":
            raise NoSandbox(problem)
        return machine_facts.model_copy(update={"gpus_missing": problem})

    def _name(self, label: str | None) -> str:
        return f"{_to_valid_name(label or uuid.uuid4().hex[:8])}-{_seed_name(self.seed, self.reseed)}"

    def _order(self, name: str, command: str) -> Order:
        environment = {
            "GEDANKEN_SEED": str(self.seed),
            "PYTHONHASHSEED": str(self.seed),
            "GEDANKEN_CPUS": f"{self.limits.cpus:g}",
        }
        if self.reseed:
            environment["GEDANKEN_RESEED"] = str(1000 * self.seed)
        run_id = self.session.folder.name
        labels = {RUN_LABEL: run_id, OWNER_LABEL: this_owner(), SESSION_LABEL: str(self.session.folder)}
        return Order(
            name=f"{order_prefix(run_id)}{name}",
            command=command,
            workspace=self.workspace,
            data=self.data,
            limits=self.limits,
            environment=environment,
            labels=labels,
            gpus=self.gpus,
            network=self.network,
        )

    async def _find_or_start(self, order: Order, may_exist: bool) -> tuple[Job, tuple[str, ...]]:
        def find_or_start() -> tuple[Job, tuple[str, ...]]:
            if may_exist and (earlier_job := self.engine.find(order)) is not None:
                return earlier_job, (READ_FROM_LOG_NOTE,)
            self.workspace.repair()
            return self.engine.start(order), ()

        # The engine continues its current request when this task is cancelled; only a started command can be stopped.
        return await start_or_undo(find_or_start, lambda started: started[0].remove())

    async def _watch_to_end(
        self, job: Job, command: str, name: str, notes: tuple[str, ...], on_output: OnOutput | None
    ) -> Execution:
        loop = asyncio.get_running_loop()
        context = copy_context()
        report_output = on_output and (lambda text: _call_in_loop(loop, lambda: on_output(text), context))
        capture = Capture(self.limits.output_bytes, report_output)
        try:
            stopped = await self._watch(job, capture)
            end = await run_in_thread(job.ended)
        except EngineLost as error:
            all_notes = (*notes, f"the engine was lost: {error}")
            return self._result(command, capture, Cause.ENGINE_LOST, None, job.age(), all_notes)
        cause = await run_in_thread(self._find_cause, end, stopped)
        execution = self._result(command, capture, cause, end.exit_code, end.seconds, notes)
        return await run_in_thread(self._with_artifacts, execution, name)

    def _with_artifacts(self, execution: Execution, name: str) -> Execution:
        if self.artifacts is None:
            return execution
        self.workspace.repair()
        try:
            artifacts = collect_artifacts(
                self.workspace.home, self.artifacts, name, frozenset(self.written), self.copied_files
            )
        except OSError as error:
            return replace(execution, notes=(*execution.notes, f"files were not copied: {error.strerror}"))
        return replace(execution, artifacts=artifacts)

    async def _watch(self, job: Job, capture: Capture) -> Cause | None:
        """Read a job's output to its end; return why the job was stopped, or None if it ended by itself."""
        loop = asyncio.get_running_loop()
        reading: asyncio.Future[None] = loop.create_future()
        printed_too_much = asyncio.Event()
        max_printed = self.limits.printed_mib << 20

        def read() -> None:
            # Keep reading after a limit is exceeded: an engine that cannot write output cannot kill either.
            try:
                for stdout, stderr in job.read():
                    for is_stdout, data in ((True, stdout), (False, stderr)):
                        if data:
                            capture.add(is_stdout, data)
                    if capture.printed > max_printed and not printed_too_much.is_set():
                        _call_in_loop(loop, printed_too_much.set)
                _call_in_loop(loop, lambda: _set_result(reading, None))
            except Exception as error:  # any error: somebody waits for the end of this thread
                engine_lost = (
                    error if isinstance(error, EngineLost) else EngineLost(f"{type(error).__name__}: {error}")
                )
                _call_in_loop(loop, lambda: _set_result(reading, engine_lost))

        threading.Thread(target=read, daemon=True).start()
        reasons: dict[asyncio.Future[Any], Cause] = {
            asyncio.create_task(printed_too_much.wait()): Cause.OUTPUT_CAP,
            asyncio.create_task(self._wait_until_too_large()): Cause.DISK_FULL,
        }
        try:
            remaining = max(0.0, self.limits.wall_seconds - job.age())
            deadline = loop.time() + remaining
            done, _ = await asyncio.wait({reading, *reasons}, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
            if not done and loop.time() - deadline > LATE_SECONDS:
                # This process itself was stopped (SIGSTOP): how the command ended meanwhile can only be read now.
                done, _ = await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
            if reading in done:
                reading.result()
                return Cause.OUTPUT_CAP if printed_too_much.is_set() else None
            await _stop(job, reading)
            return next((reasons[task] for task in reasons if task in done), Cause.TIMED_OUT)
        finally:
            for task in reasons:
                task.cancel()

    async def _wait_until_too_large(self) -> None:
        """Wait until the workspace is too large; forever, if the file system limits its size."""
        if self.workspace.size_limit == "quota":
            await asyncio.Event().wait()
        while True:
            usage = await run_in_thread(measure_usage, self.workspace.folder)
            if usage.bytes > self.limits.workspace_mib << 20 or usage.files > self.limits.workspace_files:
                return
            await asyncio.sleep(POLL_SECONDS)

    def _find_cause(self, end: Ended, stopped: Cause | None) -> Cause:
        if stopped is not None:
            return stopped
        if end.exit_code == 0:
            return Cause.FINISHED
        if end.exit_code == _SIGKILLED:
            # A child killed for memory is not sufficient: its parent may have continued.
            return Cause.OUT_OF_MEMORY if end.out_of_memory else Cause.KILLED
        if end.exit_code == _TIMED_OUT and end.seconds >= self.limits.wall_seconds:
            return Cause.TIMED_OUT
        if end.exit_code == _SIGXFSZ or (self.workspace.size_limit == "quota" and is_full(self.workspace.folder)):
            return Cause.DISK_FULL
        return Cause.FAILED

    def _result(  # noqa: PLR0913 (the parts of a machine, put together in one place)
        self,
        command: str,
        capture: Capture,
        cause: Cause,
        exit_code: int | None,
        seconds: float,
        notes: tuple[str, ...],
    ) -> Execution:
        if capture.dropped:
            notes = (*notes, f"{capture.dropped} bytes of output were not kept")
        if self.reseed:
            notes = (*notes, *sorted(set(self.workspace.read_saved("explicit_seeds").splitlines())))
        stdout, terminal = capture.text(stdout_only=True), capture.text()
        return Execution(
            machine=self.name,
            command=command,
            exit_code=exit_code,
            cause=cause,
            seconds=round(seconds, 3),
            stdout=stdout,
            terminal=stdout if terminal == stdout else terminal,  # share one text in memory if they are equal
            seed=self.seed,
            arm="reseeded" if self.reseed else "as written",
            notes=notes,
            not_enforced=self.not_enforced,
        )

    @property
    def not_enforced(self) -> tuple[str, ...]:
        """Return the limits and isolation measures that are not enforced here, each with the reason."""
        polling_note = () if self.workspace.size_limit == "quota" else ("workspace size: checked only once a second",)
        return (*self.engine.not_enforced(), *polling_note)


def may_be_cut_off(execution: Execution) -> bool:
    """Return whether an execution, read from an engine's log, may have ended only because the engine died."""
    exit_codes = (_SIGKILLED, _SIGTERMED, _ENGINE_DIED)
    ended_unwatched = READ_FROM_LOG_NOTE in execution.notes and execution.exit_code in exit_codes
    return ended_unwatched and execution.cause in (Cause.KILLED, Cause.FAILED)


async def _stop(job: Job, reading: "asyncio.Future[None]") -> None:
    """Ask a job to end, then kill it. Raises EngineLost if even the killed job does not end."""
    for signal, patience in (("SIGTERM", GRACE_SECONDS), ("SIGKILL", KILL_SECONDS)):
        await run_in_thread(job.signal, signal)  # type: ignore[arg-type]
        done, _ = await asyncio.wait({reading}, timeout=patience)
        if done:
            return reading.result()
    raise EngineLost(f"a killed command did not end within {KILL_SECONDS:g} s")


def _set_result(reading: "asyncio.Future[None]", error: EngineLost | None) -> None:
    if reading.done():
        return
    if error is None:
        reading.set_result(None)
    else:
        reading.set_exception(error)


def _call_in_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], object], context: object = None) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(function, context=context)  # type: ignore[arg-type]


def _seed_name(seed: int, reseed: bool) -> str:
    return f"s{seed}{'-reseeded' if reseed else ''}"


def _to_valid_name(label: str) -> str:
    return checked_name(_INVALID_CHARACTERS.sub("_", label))
