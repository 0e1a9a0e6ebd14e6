"""Runs the conformance kit on a machine: attacks and ordinary programs that test its sandbox from inside."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

from gedanken.experiment.errors import BadInput
from gedanken.experiment.execution import Limits, RealMachine
from gedanken.experiment.progress import Progress
from gedanken.sandbox.conformance import CheckResult, run_checks
from gedanken.sandbox.conformance.kit import select_checks


async def check_machine(
    sandbox: str, progress: Progress, *, loose: bool, only: str | None, trusted: bool
) -> tuple[str, tuple[str, ...], list[CheckResult]]:
    """Run the conformance checks, or those named `only` (a name or a group), on the machine that `sandbox` names.

    Return the machine's name, the limits that it cannot enforce, and the results. With `loose`, the machine is a
    temporary container without hardening. `trusted` allows the sandbox `host`. Raises BadInput or NoSandbox.
    """
    from gedanken.sandbox.datasets import ensure_dataset
    from gedanken.sandbox.loose_engine import loosen_limits, open_loose
    from gedanken.sandbox.machine import SandboxMachine
    from gedanken.sandbox.open_engine import open_engine
    from gedanken.sandbox.session import owned_folder

    select_checks(only)
    if loose and sandbox not in ("auto", "docker"):
        raise BadInput(
            f"--loose removes the hardening of a Docker container; it cannot be combined with --sandbox {sandbox}"
        )
    _dataset, data = await asyncio.to_thread(ensure_dataset, "mnist", progress)
    engine_context = (
        open_loose(progress, data) if loose else nullcontext(open_engine(sandbox, progress, trusted=trusted))
    )
    with engine_context as engine, owned_folder("check") as artifacts:

        def open_machine(limits: Limits) -> AbstractAsyncContextManager[RealMachine]:
            return SandboxMachine.open(engine, data, loosen_limits(limits) if loose else limits, artifacts=artifacts)

        kit = run_checks(open_machine, progress, only, bare_host=engine.name == "host")
        return engine.name, engine.not_enforced(), [result async for result in kit]
