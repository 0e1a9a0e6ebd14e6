"""Provides a real machine on Docker for use from Python, with the image and the data that it needs."""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from gedanken.experiment.blocking import Blocking
from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Execution, Limits, OnOutput
from gedanken.experiment.progress import Progress, Silent
from gedanken.sandbox.datasets import DATASETS, ensure_dataset
from gedanken.sandbox.machine import DEFAULT_LIMITS, SandboxMachine
from gedanken.sandbox.open_engine import open_engine


@dataclass(slots=True)
class DockerMachine(Blocking):
    """A terminal in a Docker sandbox, with a workspace that exists while the machine is open.

    Open it with `async with`, or with `with` in a notebook.
    """

    dataset: str = "mnist"
    """The content of `/data`: `mnist` or `cifar10`."""
    limits: Limits = DEFAULT_LIMITS
    progress: Progress = field(default_factory=Silent)
    """Receives the progress of getting the image and the data."""
    name: str = field(default="docker", init=False)
    _machine: SandboxMachine | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        """Connect to the engine, and get the image and the data if they are missing. Raises BadInput or NoSandbox."""
        if self.dataset not in DATASETS:
            raise BadInput(f"no data set is called {self.dataset}; the data sets are {', '.join(DATASETS)}")
        self._machine = await asyncio.to_thread(self._open)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace."""
        if self._machine is not None:
            await self._machine.__aexit__(*exc)
            self._machine = None

    async def run(self, command: str, *, on_output: OnOutput | None = None) -> Execution:
        """Run one command line of bash; see `Machine.run`."""
        if self._machine is None:
            raise NoSandbox("the machine is not open: use it in `async with`, or in `with`")
        return await self._machine.run(command, on_output=on_output)

    def _open(self) -> SandboxMachine:
        engine = open_engine("docker", self.progress)
        _dataset, folder = ensure_dataset(self.dataset, self.progress)
        return SandboxMachine.open(engine, folder, self.limits)
