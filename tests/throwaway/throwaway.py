"""A distribution with plug-ins of every kind: ones that work, and ones that do not."""

import json
from collections.abc import Iterator

from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.finding import Finding, LineRef
from gedanken.experiment.progress import Progress
from gedanken.records.importers.importer import BroughtFile, Run
from gedanken.records.importers.logs import printed
from gedanken.sandbox.engine import Engine
from gedanken.sandbox.gpus import GpuWish


def open_toaster(progress: Progress, gpus: GpuWish) -> Engine:
    """An engine that never works."""
    raise NoSandbox(f"the toaster is not plugged in, and has no GPU but {gpus}")


def open_kettle(progress: Progress, gpus: GpuWish) -> str:
    """What is no engine."""
    return "hot water"


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
