"""Runs the conformance checks on a machine."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Self

import psutil

from gedanken.experiment.errors import BadInput, GedankenError
from gedanken.experiment.execution import Execution, Limits, RealMachine
from gedanken.experiment.progress import Progress
from gedanken.sandbox.conformance import (
    artifacts,
    causes,
    host,
    kernel,
    network,
    ordinary,
    output,
    privileges,
    processes,
    protected,
    resources,
    training,
)
from gedanken.sandbox.conformance.canary import Canaries
from gedanken.sandbox.conformance.check import SMALL, Check, CheckResult, Trial, judge_trial
from gedanken.sandbox.conformance.neighbour import neighbour_of
from gedanken.sandbox.conformance.prelude import PRELUDE

OpenMachine = Callable[[Limits], AbstractAsyncContextManager[RealMachine]]

CHECKS: tuple[Check, ...] = (
    *ordinary.CHECKS,
    *training.CHECKS,
    *causes.CHECKS,
    *output.CHECKS,
    *processes.CHECKS,
    *resources.CHECKS,
    *network.CHECKS,
    *host.CHECKS,
    *privileges.CHECKS,
    *kernel.CHECKS,
    *protected.CHECKS,
    *artifacts.CHECKS,
)
NOT_TRIED = "not tried: attacks are never run on the host itself"
_PATIENCE_SECONDS = 60
_SURVIVAL_SECONDS = 1.0
_POLL_SECONDS = 0.05


async def run_checks(
    open_machine: OpenMachine, progress: Progress, only: str | None = None, *, bare_host: bool = False
) -> AsyncIterator[CheckResult]:
    """Yield the results of all checks, or of those with the name or group `only`.

    `open_machine` opens machines, which must copy artifacts. If `bare_host` is True, attacks are not run but reported
    as failed. Raises BadInput for an unknown `only`, and the machine's error if it cannot even run the command
    `true`.
    """
    checks = select_checks(only)
    with Canaries.placed() as canaries, progress.step("checking the machine", len(checks), "checks") as update:
        async with open_machine(SMALL) as machine:
            await machine.run("true")
        async with _Machines(open_machine) as machines:
            for number, check in enumerate(checks):
                update(number)
                if bare_host and not check.harmless:
                    yield CheckResult(check.name, check.group, False, NOT_TRIED)
                else:
                    yield await _run_check(check, machines, canaries)


def select_checks(only: str | None) -> tuple[Check, ...]:
    """Return the checks with the name or group `only`; all checks for None. Raises BadInput for an unknown name."""
    checks = tuple(check for check in CHECKS if only in (None, check.name, check.group))
    if not checks:
        groups = ", ".join(dict.fromkeys(check.group for check in CHECKS))
        raise BadInput(f"no check and no group of checks is called {only!r}; the groups are {groups}")
    return checks


@dataclass(slots=True)
class _Machines:
    """The open machines: one for each set of limits, which the checks with these limits share."""

    open_machine: OpenMachine
    shared: dict[Limits, tuple[RealMachine, AsyncExitStack]] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for limits in tuple(self.shared):
            await self.drop(limits)

    @asynccontextmanager
    async def lend(self, check: Check) -> AsyncIterator[RealMachine]:
        if check.needs_own_machine:
            async with self.open_machine(check.limits) as machine:
                yield machine
            return
        if check.limits not in self.shared:
            stack = AsyncExitStack()
            self.shared[check.limits] = await stack.enter_async_context(self.open_machine(check.limits)), stack
        yield self.shared[check.limits][0]

    async def drop(self, limits: Limits) -> None:
        """Close a shared machine, so that the next check has a fresh one."""
        if limits in self.shared:
            await self.shared.pop(limits)[1].aclose()

    async def drop_quietly(self, limits: Limits) -> None:
        """Close a machine that has already failed, ignoring further errors."""
        with suppress(GedankenError, OSError):
            await self.drop(limits)


async def _run_check(check: Check, machines: _Machines, canaries: Canaries) -> CheckResult:
    try:
        async with asyncio.timeout(check.limits.wall_seconds + _PATIENCE_SECONDS):
            async with machines.lend(check) as machine:
                trial = await _run_trial(check, machine, canaries)
            held, detail = judge_trial(check, trial)
            if not held:
                await machines.drop(check.limits)
    except TimeoutError:
        held, detail = False, "the check did not finish in time"
        await machines.drop_quietly(check.limits)
    except (GedankenError, OSError) as error:
        held, detail = False, f"the machine failed: {error}"
        await machines.drop_quietly(check.limits)
    return CheckResult(check.name, check.group, held, detail)


async def _run_trial(check: Check, machine: RealMachine, canaries: Canaries) -> Trial:
    marker = f"gedanken-check-{secrets.token_hex(6)}"
    command = _command(check, machine, canaries, marker)
    canaries.count_connections()
    async with neighbour_of(machine) if check.neighbour else nullcontext():
        execution, seen_alive, grown_mib = await _run_watched(check, machine, command, marker)
    survivors = await _count_survivors(marker) if check.searches_processes else 0
    after = await check.sequel(machine, canaries) if check.sequel else None
    return Trial(
        execution=execution,
        after=after,
        seen_alive=seen_alive,
        survivors=survivors,
        grown_mib=grown_mib,
        visitors=canaries.count_connections(),
        leaked=any(canaries.is_in(candidate) for candidate in (execution, after) if candidate),
    )


def _command(check: Check, machine: RealMachine, canaries: Canaries, marker: str) -> str:
    program = canaries.fill(check.program)
    for name, value in check.limits.model_dump().items():
        program = program.replace(f"@{name}@", f"{value}")
    if check.language == "bash":
        return program
    # The hyphen keeps Python from importing this file instead of a module of the same name.
    machine.write(f"check-{check.name}.py", PRELUDE + program)
    return f"cd && python3 check-{check.name}.py {marker}"


async def _run_watched(
    check: Check, machine: RealMachine, command: str, marker: str
) -> tuple[Execution, bool, float]:
    """Run a command. Return its execution, whether the host saw its processes, and by how many MiB gedanken's memory
    grew.
    """
    process = psutil.Process()
    initial_bytes = max_bytes = process.memory_info().rss
    seen_alive = False
    running = asyncio.create_task(machine.run(command))
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=_POLL_SECONDS)
            max_bytes = max(max_bytes, process.memory_info().rss)
            if check.searches_processes and not seen_alive:
                seen_alive = await asyncio.to_thread(_count_processes, marker) > 0
    finally:
        running.cancel()
    return running.result(), seen_alive, (max_bytes - initial_bytes) / (1 << 20)


async def _count_survivors(marker: str) -> int:
    deadline = time.monotonic() + _SURVIVAL_SECONDS
    while (count := await asyncio.to_thread(_count_processes, marker)) and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
    return count


def _count_processes(marker: str) -> int:
    return sum(marker in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
