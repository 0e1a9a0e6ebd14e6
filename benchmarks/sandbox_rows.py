"""The benchmarks of the sandbox: what each one runs, in which sandboxes, and what it checks afterwards."""

import asyncio
import os
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sandbox_bare import Bare, CommandResult, run
from benchmarks.sandbox_peers import Peers
from benchmarks.sandbox_table import OURS, Check, Measurement
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.progress import Silent
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.engine import HOOK
from gedanken.sandbox.environment import ensure_environment
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.owner import RUN_LABEL
from gedanken.sandbox.session import sessions_folder

if TYPE_CHECKING:
    from docker import DockerClient

BARE = "`docker run`, same flags"
HELLO = "echo hello"
GIB = 1 << 30
MEMORY_MB = 150
EXECUTIONS = 200
CONCURRENCY = 8
DEFAULTS = Limits()

PRINTER = """
import os
block = (b"x" * ({width} - 1) + b"\\n") * (65536 // {width})
left = {total}
while left:
    left -= os.write(1, block[:left])
"""

TRAINING = """
import time
import torch
from torch import nn
from torchvision import datasets, transforms

torch.set_num_threads(1)
torch.manual_seed(0)
data = datasets.MNIST("data", train=True, transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(
    nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
    nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10),
)
optimizer = torch.optim.Adam(model.parameters())
loss_of = nn.CrossEntropyLoss()
started = time.perf_counter()
for epoch in range({epochs}):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
    print(f"epoch {{epoch + 1}} loss {{loss.item():.4f}}")
print(f"trained in {{time.perf_counter() - started:.4f}} s")
"""

Timed = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Setup:
    """What all measurements share: the Docker client, the engine, the data folder and the numbers of rounds."""

    client: "DockerClient"
    engine: DockerEngine
    data: Path
    rounds: int
    long_rounds: int
    """Number of rounds for measurements that take many seconds."""
    peer_rounds: int
    """Number of rounds for measurements in which a peer takes about ten seconds."""

    def open(self, limits: Limits = DEFAULTS) -> SandboxMachine:
        """Open one of our machines."""
        return SandboxMachine.open(self.engine, self.data, limits)

    async def bare(self, machine: SandboxMachine) -> Bare:
        """Return the baseline for one of our machines: bare `docker run` with the same flags."""
        return await Bare.like(self.client, self.engine.image, machine)


async def interleave(name: str, timed: Mapping[str, tuple[int, Timed]]) -> dict[str, list[float]]:
    """Time the functions in turn, alternately forwards and backwards; return the seconds of each by name.

    `timed` maps the name of each sandbox to how often it is timed, and to the function that times it once. In a fixed
    order, each function would always run right after the same other function, and find the machine as that one left
    it.
    """
    seconds: dict[str, list[float]] = {sandbox: [] for sandbox in timed}
    max_samples = max(samples for samples, _ in timed.values())
    for index in range(max_samples):
        turns = list(timed.items())
        for sandbox, (samples, measure) in turns[::-1] if index % 2 else turns:
            if index < samples:
                seconds[sandbox].append(await measure())
                print(
                    f"{name} {index + 1}/{samples} {sandbox}: {seconds[sandbox][-1]:.3f} s",
                    file=sys.stderr,
                    flush=True,
                )
    return seconds


async def session(place: Setup) -> list[Measurement]:
    """Measure a session with one command, from starting a container to stopping it."""
    async with place.open() as machine:
        bare = await place.bare(machine)

        async def ours() -> float:
            started = time.perf_counter()
            async with place.open() as opened:
                expect(await opened.run(HELLO), "hello\n")
            return time.perf_counter() - started

        async def theirs() -> float:
            return bare.run("bash", "-c", HELLO).seconds

        await ours(), await theirs()
        timed: dict[str, tuple[int, Timed]] = {BARE: (place.rounds, theirs), OURS: (place.rounds, ours)}
        with Peers(place.engine.image) as peers:
            for peer, title in peers.titles().items():
                timed[title] = (place.peer_rounds, _peer_timer(peers, peer, "session"))
            seconds = await interleave("session", timed)
    notes = ["the peers run with their own defaults: with a network, and without the limits of the sandbox"]
    return [Measurement("session", "a session of one command, start to stop", seconds, target=1.2, notes=notes)]


async def command(place: Setup) -> list[Measurement]:
    """Measure a further command in an open session."""
    async with place.open() as machine:
        bare = await place.bare(machine)

        async def ours() -> float:
            started = time.perf_counter()
            expect(await machine.run(HELLO), "hello\n")
            return time.perf_counter() - started

        async def theirs() -> float:
            return bare.run("bash", "-c", HELLO).seconds

        await ours(), await theirs()
        timed: dict[str, tuple[int, Timed]] = {BARE: (place.rounds, theirs), OURS: (place.rounds, ours)}
        with Peers(place.engine.image) as peers, peers.opened():
            for peer, title in peers.titles().items():
                timed[title] = (place.rounds, _peer_timer(peers, peer, "command"))
            seconds = await interleave("command", timed)
    notes = ["ours and `docker run` take a fresh container each time, the peers go on in the one they have"]
    return [Measurement("command", "a further command in that session", seconds, target=1.2, notes=notes)]


def _peer_timer(peers: Peers, peer: str, request: str) -> Timed:
    async def ask() -> float:
        return await asyncio.to_thread(peers.ask, peer, request)

    return ask


async def drain(place: Setup, width: int = 1024) -> list[Measurement]:
    """Measure a program that prints 1 GiB in lines of `width` bytes."""
    peaks: list[float] = []
    growths: list[float] = []
    async with place.open() as machine:
        bare = await place.bare(machine)
        machine.write("printer.py", PRINTER.format(width=width, total=GIB))

        async def ours() -> float:
            before = _reset_peak()
            started = time.perf_counter()
            execution = await machine.run("python3 printer.py")
            seconds = time.perf_counter() - started
            expect_bytes(execution, GIB)
            peaks.append(_memory_mb("VmHWM"))
            growths.append(peaks[-1] - before)
            return seconds

        async def theirs() -> float:
            return bare.drain("python3", "printer.py")

        timed = {"`docker logs --follow > /dev/null`": (place.long_rounds, theirs), OURS: (place.long_rounds, ours)}
        seconds = await interleave(f"drain {width}", timed)
        followed = bare.followed_bytes("python3", "printer.py")
    log = " ".join(flag for flag in bare.flags.bounds if flag.startswith("max-"))
    notes = [
        f"both with the log options {log}, which `docker logs --follow` cannot keep up with: "
        f"it showed {followed / GIB:.0%} of the bytes; ours accounted for every one",
        f"this process grew by {max(growths):.1f} MB at most",
    ]
    memory = Check("peak memory of this process", f"{max(peaks):.0f} MB", f"< {MEMORY_MB} MB", max(peaks) < MEMORY_MB)
    title = f"1 GiB printed in lines of {width} bytes, to its end"
    return [Measurement(f"drain {width}", title, seconds, "speed", 0.8, [memory], notes)]


async def drain_short(place: Setup) -> list[Measurement]:
    """Measure a program that prints 1 GiB in lines of 64 bytes: the engine has a cost for each line."""
    return await drain(place, 64)


def _reset_peak() -> float:
    """Reset the kernel's record of this process's peak memory; return the current memory in MB.

    See `clear_refs` in proc(5).
    """
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_mb("VmRSS")


def _memory_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    match = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert match is not None
    return int(match[1]) * 1024 / 1e6


async def training(place: Setup, epochs: int = 20) -> list[Measurement]:
    """Measure the same training in the sandbox, in a container without limits, and on the host."""
    loops: dict[str, list[float]] = {}
    bare_name, host_name = "`docker run` without limits", "on the host"

    async with place.open() as machine:
        bare = await place.bare(machine)
        machine.write("train.py", TRAINING.format(epochs=epochs))

        async def ours() -> float:
            started = time.perf_counter()
            execution = await machine.run("python3 train.py")
            seconds = time.perf_counter() - started
            loops.setdefault(OURS, []).append(_training_seconds(execution.terminal))
            return seconds

        async def theirs() -> float:
            ran = bare.run_unconfined("python3", "train.py")
            loops.setdefault(bare_name, []).append(_training_seconds(ran.output))
            return ran.seconds

        async def on_host() -> float:
            ran = await asyncio.to_thread(_run_on_host, machine, place.data)
            loops.setdefault(host_name, []).append(_training_seconds(ran.output))
            return ran.seconds

        timers: dict[str, Timed] = {bare_name: theirs, OURS: ours, host_name: on_host}
        for measure in timers.values():
            await measure()
        loops.clear()
        seconds = await interleave(
            "training", {sandbox: (place.long_rounds, measure) for sandbox, measure in timers.items()}
        )
    notes = [
        "without limits: the same image, data and one thread, as root, no seccomp, no limit of any kind",
        "on the host: in no container, with the Python packages that sandboxes without images use",
    ]
    loop = {sandbox: loops[sandbox] for sandbox in seconds}
    return [
        Measurement("training", "training on MNIST, its loop by its own clock", loop, "speed", 0.97, notes=notes),
        Measurement("training whole", "the same, container and imports included", seconds, "speed", 0.97),
    ]


def _run_on_host(machine: SandboxMachine, data: Path) -> CommandResult:
    """Run the training without a container, with the Python that sandboxes without images use."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(machine.workspace.home),
        "GEDANKEN_DATA": str(data),
        "GEDANKEN_HOOK": str(HOOK),
        "GEDANKEN_SEED": "0",
        "GEDANKEN_CPUS": "1",
        "PYTHONHASHSEED": "0",
    }
    python = ensure_environment(Silent()) / "bin" / "python"
    return run([str(python), "train.py"], cwd=machine.workspace.home, env=environment)


def _training_seconds(output: str) -> float:
    match = re.search(r"^trained in ([\d.]+) s$", output, re.MULTILINE)
    if match is None:
        raise SystemExit(f"the training did not end: {output[-500:]}")
    return float(match[1])


async def crowd(place: Setup) -> list[Measurement]:
    """Run many short commands, several at a time and each in its own workspace; check outputs and leftovers."""
    before = _count_descriptors()
    at_once = asyncio.Semaphore(CONCURRENCY)
    started = time.perf_counter()
    async with place.open(Limits(cpus=(os.cpu_count() or 1) / CONCURRENCY)) as machine:
        run_id = machine.session.folder.name

        async def run_one(number: int) -> bool:
            async with at_once:
                token = secrets.token_hex(16)
                branch = await asyncio.to_thread(machine.branch, number)
                async with branch:
                    execution = await branch.run(
                        f"echo {token} >> kept; ls; cat kept; exit {number % 100}", label=f"crowd{number}"
                    )
                print(f"crowd {number + 1}/{EXECUTIONS}", file=sys.stderr, flush=True)
                return (execution.terminal, execution.exit_code) == (f"kept\n{token}\n", number % 100)

        right_count = sum(await asyncio.gather(*(run_one(number) for number in range(EXECUTIONS))))
    seconds = time.perf_counter() - started
    containers = place.client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={run_id}"})
    mounts = Path("/proc/self/mountinfo").read_text().count(run_id)
    folders = sum(run_id in path.name for path in sessions_folder().iterdir())
    leftovers = len(containers) + mounts + folders
    checks = [
        Check("right output and exit code", f"{right_count} of {EXECUTIONS}", "all", right_count == EXECUTIONS),
        Check("containers, folders and mounts left behind", str(leftovers), "0", leftovers == 0),
    ]
    notes = [
        f"{seconds:.0f} s in all; open descriptors of this process: {before} before, {_count_descriptors()} after"
    ]
    return [Measurement("crowd", f"{EXECUTIONS} executions at {CONCURRENCY} at once", checks=checks, notes=notes)]


def _count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def expect(execution: Execution, output: str) -> None:
    """Raise SystemExit unless the command succeeded and printed `output`.

    The time of a failed command would mean nothing.
    """
    if execution.terminal != output or execution.exit_code != 0:
        raise SystemExit(f"the sandbox answered {execution}")


def expect_bytes(execution: Execution, total: int) -> None:
    """Raise SystemExit unless the command succeeded, and its kept and dropped bytes add up to `total`."""
    dropped = sum(int(count) for note in execution.notes for count in re.findall(r"^(\d+) bytes", note))
    marker = re.search(r"\n\[… \d+ bytes not kept …\]\n", execution.terminal)
    kept_bytes = len(execution.terminal.encode()) - (len(marker[0].encode()) if marker else 0)
    if kept_bytes + dropped != total or execution.exit_code != 0:
        raise SystemExit(
            f"{kept_bytes} bytes kept and {dropped} not, of {total}: {execution.cause}, {execution.notes}"
        )


ROWS: dict[str, Callable[[Setup], Awaitable[list[Measurement]]]] = {
    "session": session,
    "command": command,
    "drain": drain,
    "drain-short": drain_short,
    "training": training,
    "crowd": crowd,
}
