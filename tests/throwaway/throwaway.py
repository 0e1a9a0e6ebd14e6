"""A distribution with plug-ins of every kind, some of which work and some of which do not."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import typer
from langchain_core.language_models.fake_chat_models import ParrotFakeChatModel

from gedanken.agents.model import Model
from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.progress import Progress
from gedanken.experiment.run_spec import ModelSpec
from gedanken.records.importers.importer import BroughtFile, Run
from gedanken.records.importers.logs import printed
from gedanken.sandbox.engine import Engine, Job, Order
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.open_engine import open_docker


def open_whale(progress: Progress, gpus: GpuRequest) -> Engine:
    """Open a Docker engine under another name."""
    return open_docker(progress, gpus)


def open_toaster(progress: Progress, gpus: GpuRequest) -> Engine:
    """An engine that can never be opened."""
    raise NoSandbox(f"the toaster is not plugged in, and has no GPU but {gpus}")


def open_kettle(progress: Progress, gpus: GpuRequest) -> str:
    """Return something that is not an engine."""
    return "hot water"


class Stove:
    """An engine that can be opened, but fails to start any command."""

    name = "stove"
    asks_for_gpus = False
    contents = "nothing"

    def __init__(self, progress: Progress, gpus: GpuRequest) -> None:
        """Open without any work."""

    def start(self, order: Order) -> Job:
        """Fail with an exception that is not one of gedanken's."""
        raise ZeroDivisionError("no gas")

    def find(self, order: Order) -> Job | None:
        """Return None: no command was left running."""
        return None

    def clear(self, session: Path) -> None:
        """Do nothing: no command was left running."""

    def not_enforced(self) -> tuple[str, ...]:
        """Return nothing: the engine says that it enforces everything."""
        return ()


def takes_nothing() -> None:
    """A plug-in without parameters, so that calling it with an argument raises TypeError."""


def shouting(runs: RunSet) -> Iterator[Finding]:
    """Find imagined lines in capital letters if no real run has such a line."""
    if any(line.isupper() for run in runs.real for line in run.lines):
        return
    for run in runs.imagined:
        label = run.execution.label
        for number, line in enumerate(run.lines, start=1):
            if line.isupper():
                yield Finding("shouting", (label,), (LineRef(label, number, line, "stdout"),), observed="shouts")


def found_elsewhere(runs: RunSet) -> Iterator[Finding]:
    """Yield a finding on a run that does not exist."""
    yield Finding("elsewhere", ("seed-900",))


def read_notebook(brought: BroughtFile) -> Run | None:
    """Return what the cells of a notebook printed as a run."""
    if brought.path.suffix != ".ipynb":
        return None
    cells = json.loads(brought.text)["cells"]
    text = "".join("".join(output["text"]) for cell in cells for output in cell["outputs"])
    return Run(brought.path.name, printed(text, brought.path))


def reads_no_run(brought: BroughtFile) -> str:
    """Return something that is not a run."""
    return "a run"


class Parrot:
    """A provider whose models repeat what they are told."""

    def check(self, spec: ModelSpec) -> None:
        """Accept any name of a model."""

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        """Yield a model that wraps a chat model of LangChain."""
        yield Model(name=spec.name, chat=ParrotFakeChatModel())


class Silent(Parrot):
    """A provider whose models cannot be opened."""

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        """Fail with an exception that is not one of gedanken's."""
        raise KeyError(spec.name)
        yield


PARROT = Parrot()
SILENT = Silent()


class Names:
    """An exporter that stores the names of all trace entries."""

    def __init__(self, folder: Path) -> None:
        """Write the names to a file in the run folder `folder`."""
        self._path, self._names = folder / "names.txt", list[str]()

    def begin(self, run: dict[str, Any]) -> None:
        """Do nothing: the name is stored when the entry has ended."""

    def export(self, run: dict[str, Any]) -> None:
        """Remember the name of the entry."""
        self._names.append(run["name"])

    def close(self) -> None:
        """Write the names."""
        self._path.write_text("\n".join(self._names))


class Full(Names):
    """An exporter that fails as if the disk was full."""

    def begin(self, run: dict[str, Any]) -> None:
        """Do nothing."""

    def export(self, run: dict[str, Any]) -> None:
        """Fail as if the disk was full."""
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        """Do nothing: no name was stored."""


def open_nowhere(folder: Path) -> str:
    """Return something that is not an exporter."""
    return "nowhere"


COUNT, STUMBLES = typer.Typer(), typer.Typer()


@COUNT.command()
def count(to: int = 3) -> None:
    """Print the numbers up to `to`."""
    print(*range(1, to + 1))
    raise typer.Exit(to)


@STUMBLES.command()
def stumbles() -> None:
    """Fail after half of the work."""
    raise LookupError("half way\nthere")
