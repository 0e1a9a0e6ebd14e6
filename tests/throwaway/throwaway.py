"""A distribution with plug-ins of every kind: ones that work, and ones that do not."""

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
    """Docker, by another name."""
    return open_docker(progress, gpus)


def open_toaster(progress: Progress, gpus: GpuRequest) -> Engine:
    """An engine that never works."""
    raise NoSandbox(f"the toaster is not plugged in, and has no GPU but {gpus}")


def open_kettle(progress: Progress, gpus: GpuRequest) -> str:
    """What is no engine."""
    return "hot water"


class Stove:
    """An engine that opens, and starts nothing."""

    name = "stove"
    asks_for_gpus = False
    contents = "nothing"

    def __init__(self, progress: Progress, gpus: GpuRequest) -> None:
        """All is well so far."""

    def start(self, order: Order) -> Job:
        """Fail as other people's code does."""
        raise ZeroDivisionError("no gas")

    def find(self, order: Order) -> Job | None:
        """Nothing was left."""
        return None

    def clear(self, session: Path) -> None:
        """Nothing was left."""

    def not_enforced(self) -> tuple[str, ...]:
        """It holds everything, as it says."""
        return ()


def takes_nothing() -> None:
    """Whatever calls it with an argument gets a TypeError."""


def shouting(runs: RunSet) -> Iterator[Finding]:
    """Imagined lines in capitals, where no real run has one."""
    if any(line.isupper() for run in runs.real for line in run.lines):
        return
    for run in runs.imagined:
        label = run.execution.label
        for number, line in enumerate(run.lines, start=1):
            if line.isupper():
                yield Finding("shouting", (label,), (LineRef(label, number, line, "stdout"),), observed="shouts")


def found_elsewhere(runs: RunSet) -> Iterator[Finding]:
    """On a run that there is not."""
    yield Finding("elsewhere", ("seed-900",))


def read_notebook(brought: BroughtFile) -> Run | None:
    """What the cells of a notebook printed."""
    if brought.path.suffix != ".ipynb":
        return None
    cells = json.loads(brought.text)["cells"]
    text = "".join("".join(output["text"]) for cell in cells for output in cell["outputs"])
    return Run(brought.path.name, printed(text, brought.path))


def reads_no_run(brought: BroughtFile) -> str:
    """What is no run."""
    return "a run"


class Parrot:
    """A provider of models that say what was said to them."""

    def check(self, spec: ModelSpec) -> None:
        """Any name will do."""

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        """A chat model of LangChain, as the rest sees it."""
        yield Model(name=spec.name, chat=ParrotFakeChatModel())


class Silent(Parrot):
    """A provider that has none."""

    @asynccontextmanager
    async def open(self, spec: ModelSpec, progress: Progress) -> AsyncIterator[Model]:
        """Fails as other people's code does."""
        raise KeyError(spec.name)
        yield


PARROT = Parrot()
SILENT = Silent()


class Names:
    """An exporter that keeps the names of what ran."""

    def __init__(self, folder: Path) -> None:
        """Write beside the results."""
        self._path, self._names = folder / "names.txt", list[str]()

    def begin(self, run: dict[str, Any]) -> None:
        """Leave it until it has ended."""

    def export(self, run: dict[str, Any]) -> None:
        """Keep its name."""
        self._names.append(run["name"])

    def close(self) -> None:
        """Write them."""
        self._path.write_text("\n".join(self._names))


class Full(Names):
    """An exporter to a disk that is full."""

    def begin(self, run: dict[str, Any]) -> None:
        """Leave it until it has ended."""

    def export(self, run: dict[str, Any]) -> None:
        """Fail as a disk does."""
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        """Nothing was kept."""


def open_nowhere(folder: Path) -> str:
    """What is no exporter."""
    return "nowhere"


COUNT, STUMBLES = typer.Typer(), typer.Typer()


@COUNT.command()
def count(to: int = 3) -> None:
    """Count, as far as it is told."""
    print(*range(1, to + 1))
    raise typer.Exit(to)


@STUMBLES.command()
def stumbles() -> None:
    """Fail half way."""
    raise LookupError("half way\nthere")
