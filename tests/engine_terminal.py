"""Types commands into an engine, as a machine does, in a workspace of its own."""

import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from gedanken.experiment.execution import Limits
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.engine import Ended, Engine, Job, Order, Signal
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.workspace import Workspace

NO_GPUS = GpuRequest()
TRAINING = """
import torch
from torchvision import datasets, transforms
data = datasets.MNIST("./data", train=True, download=True, transform=transforms.ToTensor())
net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(net.parameters(), 0.1)
losses = []
for images, labels in torch.utils.data.DataLoader(data, 64, shuffle=True):
    loss = torch.nn.functional.cross_entropy(net(images), labels)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
print("learnt" if sum(losses[-20:]) < 0.5 * sum(losses[:20]) else losses)
"""
WAITS_FOR_SIGTERM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"asked\\n"), sys.exit(3)))
os.write(1, b"ready\\n")
time.sleep(30)
"""
DOUBLE_FORK = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.execv("/bin/sleep", ["sleep", sys.argv[1]])
"""


class CommandResult(NamedTuple):
    """The two outputs of a command, and how it ended."""

    stdout: str
    stderr: str
    ended: Ended


@dataclass(frozen=True)
class Typist:
    """A terminal on an engine. It does not stop a command that runs too long."""

    engine: Engine
    workspace: Workspace
    data: Path
    limits: Limits = field(default_factory=lambda: Limits(wall_seconds=60))

    @contextmanager
    def started(self, command: str, gpus: GpuRequest = NO_GPUS) -> Iterator[Job]:
        """Start a command, and remove its job at the end."""
        name = f"gedanken-test-{uuid.uuid4().hex[:8]}"
        job = self.engine.start(Order(name, command, self.workspace, self.data, self.limits, gpus=gpus))
        try:
            yield job
        finally:
            job.remove()

    def type(self, command: str, gpus: GpuRequest = NO_GPUS) -> CommandResult:
        """Run a command to its end."""
        with self.started(command, gpus) as job:
            return read_job(job)

    def python(self, source: str, argument: str = "") -> CommandResult:
        """Run a program to its end."""
        self.workspace.write("program.py", source)
        return self.type(f"python3 program.py {argument}")


@contextmanager
def open_typist(engine: Engine, data: Path, limits: Limits | None = None) -> Iterator[Typist]:
    """Open a terminal in a workspace that the sandbox's user can reach. This user cannot enter pytest's own
    folders.
    """
    limits = limits or Limits(wall_seconds=60)
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=cache_folder()))
    folder.chmod(0o755)
    workspace = Workspace.create(folder / "workspace", limits)
    try:
        yield Typist(engine, workspace, data, limits)
    finally:
        workspace.remove()
        shutil.rmtree(folder)


def read_job(job: Job, when_ready: tuple[Signal, ...] = ()) -> CommandResult:
    """Read a job's output to its end. When the first output arrives, send the signals `when_ready`."""
    stdout, stderr = bytearray(), bytearray()
    signal_thread = threading.Thread(target=lambda: [job.signal(name) for name in when_ready])  # type: ignore[func-returns-value]
    for stdout_part, stderr_part in job.read():
        stdout += stdout_part or b""
        stderr += stderr_part or b""
        if when_ready and signal_thread.ident is None:
            signal_thread.start()
    return CommandResult(stdout.decode(errors="replace"), stderr.decode(errors="replace"), job.ended())


def sleepers(seconds: str) -> list[psutil.Process]:
    """Processes of this machine that sleep for exactly `seconds`, after giving them one second to end."""
    deadline = time.monotonic() + 1
    while sleeping := [process for process in psutil.process_iter() if _sleeps(process, seconds)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return sleeping


def _sleeps(process: psutil.Process, seconds: str) -> bool:
    try:
        return process.cmdline() == ["sleep", seconds]
    except psutil.Error:
        return False
