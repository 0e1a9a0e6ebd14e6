"""Controllers (the processes that watch a program) are killed with SIGKILL at random moments. Is anything run
twice, is any output lost, is anything left behind?

    python -m benchmarks.killed_controllers --kills 50 --trainings 5

Each case starts a controller, kills it, and starts another one for the same run. How often a program was run is read
from the engine's own events, not from gedanken. Each output is compared with that of an undisturbed run: both
programs print the same each time, the training because it starts from the same seed. Prints one JSON object.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Silent
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.datasets import ensure_dataset
from gedanken.sandbox.leftovers import clean, list_leftovers
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.open_engine import open_engine
from gedanken.sandbox.owner import RUN_LABEL
from gedanken.sandbox.session import sessions_folder

SHORT = "for n in 1 2 3 4 5; do echo line $n; sleep 0.2; done"
TRAINING = """
import torch; from torchvision import datasets
images = datasets.MNIST('data', train=True, download=True)
x, y = images.data.float().view(len(images), -1) / 255, images.targets
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(1, 9):
    for at in torch.randperm(len(x)).split(32):
        loss = torch.nn.functional.cross_entropy(model(x[at]), y[at])
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    print(f'Epoch {epoch}/8 loss {loss.item():.4f}', flush=True)
"""


class Case(NamedTuple):
    """The result for one controller that was killed."""

    moment: str
    """The state of the run when its controller was killed: `before the container`, `receipt`, `over`, or the
    status of the container as the engine reports it.
    """
    starts: int
    output: str


async def control(run_id: str, kind: str, result: Path) -> None:
    """Act as a controller: run the program of this run to its end, and store its output.

    If an earlier controller was killed, continue where it stopped.
    """
    if result.exists():
        return
    engine = open_engine("docker", Silent())
    _dataset, data = ensure_dataset("mnist", Silent())
    machine = await _open_machine(engine, data, run_id)
    async with machine:
        if kind == "training" and not (machine.workspace.home / "train.py").exists():
            machine.write("train.py", TRAINING)
        command = "python3 train.py" if kind == "training" else SHORT
        execution = await machine.run(command, label="only")
        new_file = result.with_suffix(".new")
        new_file.write_text(execution.terminal)
        new_file.rename(result)


async def _open_machine(engine: Any, data: Path, run_id: str) -> SandboxMachine:
    while True:
        try:
            return SandboxMachine.open(engine, data, Limits(), run_id=run_id)
        except NoSandbox:  # the kernel has not yet let go of the dead one's lock
            await asyncio.sleep(0.05)


def _start(run_id: str, kind: str, result: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "benchmarks.killed_controllers", "--control", run_id, kind, str(result)]
    return subprocess.Popen(command)


def kill_one(client: Any, kind: str, folder: Path, number: int, seconds: float) -> Case:
    """Start a controller, kill it after a random part of `seconds`, and let another one finish its run."""
    run_id = f"killed-{os.getpid()}-{kind}-{number}"
    result = folder / f"{run_id}.txt"
    since = int(time.time())
    first = _start(run_id, kind, result)
    time.sleep(random.uniform(0, seconds))
    first.kill()
    first.wait()
    moment = _moment(client, run_id, result)
    second = _start(run_id, kind, result)
    if second.wait() != 0:
        return Case(moment, _count_starts(client, run_id, since), "")
    return Case(moment, _count_starts(client, run_id, since), result.read_text())


def _moment(client: Any, run_id: str, result: Path) -> str:
    if result.exists():
        return "over"
    if list((sessions_folder() / run_id / "receipts").glob("*.json")):
        return "receipt"
    containers = client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={run_id}"}, ignore_removed=True)
    return str(containers[0].status) if containers else "before the container"


def _count_starts(client: Any, run_id: str, since: int) -> int:
    filters = {"event": "start", "label": f"{RUN_LABEL}={run_id}"}
    return sum(1 for _ in client.events(since=since, until=int(time.time()) + 1, filters=filters))


def measure(kind: str, kills: int, seed: int) -> dict[str, Any]:
    """Kill `kills` controllers that run programs of one kind; return the summary."""
    random.seed(seed)
    client = connect_docker()
    with tempfile.TemporaryDirectory(prefix="gedanken-killed-") as name:
        folder = Path(name)
        started = time.monotonic()
        if _start(f"undisturbed-{os.getpid()}", kind, folder / "undisturbed.txt").wait() != 0:
            raise SystemExit("a controller that nobody killed did not come to its end")
        seconds = time.monotonic() - started
        undisturbed = (folder / "undisturbed.txt").read_text()
        cases = []
        for number in range(kills):
            cases.append(kill_one(client, kind, folder, number, seconds))
            print(f"{kind} {number + 1}/{kills}: {cases[-1].moment}", file=sys.stderr)
    removed = clean([client])
    leftovers = [thing for thing in list_leftovers([client]) if thing.run.startswith(f"killed-{os.getpid()}-")]
    return {
        "program": kind,
        "killed": kills,
        "undisturbed_seconds": round(seconds, 1),
        "moments": dict(Counter(case.moment for case in cases)),
        "run_twice": sum(case.starts > 1 for case in cases),
        "never_run": sum(case.starts == 0 for case in cases),
        "outputs_lost": sum(case.output != undisturbed for case in cases),
        "removed_by_clean": len(removed),
        "left_after_clean": len(leftovers),
    }


def main() -> None:
    """Run the benchmark, or act as one of the controllers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="how many controllers of a short program are killed")
    parser.add_argument("--trainings", type=int, default=5, help="how many controllers of a real training are killed")
    parser.add_argument("--seed", type=int, default=0, help="seed with which the times of the kills are drawn")
    parser.add_argument("--control", nargs=3, metavar=("RUN", "KIND", "RESULT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.control:
        asyncio.run(control(arguments.control[0], arguments.control[1], Path(arguments.control[2])))
        return
    rows = []
    for kind, kills in (("short", arguments.kills), ("training", arguments.trainings)):
        if kills:
            rows.append(measure(kind, kills, arguments.seed))
    print(json.dumps({"rows": rows}, indent=2))


if __name__ == "__main__":
    main()
