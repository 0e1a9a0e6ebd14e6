"""Opens the real machine for runs, probes and the shell."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.experiment.blocking import off_loop
from gedanken.experiment.execution import Limits
from gedanken.experiment.persona import Dataset
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import SandboxSpec

ANY_SANDBOX = SandboxSpec()

if TYPE_CHECKING:
    from gedanken.sandbox.machine import SandboxMachine


@asynccontextmanager
async def open_real_machine(  # noqa: PLR0913 (each is an option of a machine)
    data: str,
    limits: Limits,
    progress: Progress,
    sandbox: SandboxSpec = ANY_SANDBOX,
    *,
    run_id: str | None = None,
    run: str = "",
    artifacts: Path | None = None,
    keeps: Callable[[], bool] = lambda: False,
) -> "AsyncIterator[tuple[SandboxMachine, Dataset]]":
    """Open a real machine with the data set called `data`.

    Yield the machine and the description of the data set. The workspace is stored under the name `run_id`. If a dead
    process left a workspace under this name, it is used again if it belongs to the same run (`run`, a random id), and
    otherwise deleted. Files that commands leave behind are copied to the folder `artifacts`.

    At the end, the workspace is removed, unless a command was run in it and `keeps()` returns True. Raises BadInput
    or NoSandbox.
    """
    from gedanken.sandbox.datasets import ensure_dataset
    from gedanken.sandbox.gpus import parse_gpus
    from gedanken.sandbox.machine import SandboxMachine
    from gedanken.sandbox.open_engine import open_engine

    gpus = parse_gpus(sandbox.gpus)
    engine = await off_loop(open_engine, sandbox.name, progress, gpus, trusted=sandbox.trusted)
    dataset, folder = await off_loop(ensure_dataset, data, progress)
    open_machine = partial(SandboxMachine.open, run_id=run_id, run=run, gpus=gpus, artifacts=artifacts)
    machine = await off_loop(open_machine, engine, folder, limits)
    for line in engine.not_enforced():
        progress.say(f"the sandbox {engine.name} cannot enforce: {line}")
    try:
        yield machine, dataset
    finally:
        if keeps() and machine.session.is_used:
            machine.session.release()
        else:
            await machine.__aexit__()
