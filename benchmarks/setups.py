"""Sets gedanken up from nothing: undisturbed, beside busy programs, or killed at some moment and started again.

    python -m benchmarks.setups --out FILE undisturbed            one set-up
    python -m benchmarks.setups --out FILE busy --count 10        ten, each beside one busy program for every core
    python -m benchmarks.setups --out FILE killed --count 20 --seconds 150    killed at moments spread over 150 s

Each set-up has its own clone, cache and Docker daemon, all empty at first; pip's, npm's and apt's packages may be
cached. Needs root. `--only NUMBER` makes only the set-up with this number. For each set-up, one JSON object is
appended to FILE.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from gedanken.experiment.folders import mounts_in, remove_tree

ROOT = Path(__file__).parents[1]
ENGINE_SECONDS = 60
SETUP_SECONDS = 3600
LEFT_SECONDS = 20


@dataclass
class Outcome:
    """The result of one set-up."""

    kind: str
    number: int
    code: int | None = None
    seconds: float = 0.0
    """Duration of the set-up; if it was killed, of the second attempt."""
    killed_after: float | None = None
    killed_during: str | None = None
    said: str = ""
    left: list[str] = field(default_factory=list)
    """One sentence for each thing that should not exist afterwards, or that is missing."""

    @property
    def is_well(self) -> bool:
        """Whether the set-up succeeded and left nothing behind."""
        return self.code == 0 and not self.left


@dataclass(frozen=True)
class FreshClone:
    """A fresh clone with an empty cache and an empty engine."""

    folder: Path
    host: str

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with settings that make a set-up use this clone's folders and its engine."""
        settings = {
            "GEDANKEN_CACHE": f"{self.folder}/cache",
            "TMPDIR": f"{self.folder}/tmp",
            "DOCKER_HOST": self.host,
        }
        return {**os.environ, **settings, "GEDANKEN_STATE": f"{self.folder}/state"}

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start a set-up in its own process group."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [f"{self.folder}/clone/script/bootstrap"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                start_new_session=True,
            )

    def faults(self) -> list[str]:
        """Return one sentence for each thing that should not exist, or that is missing."""
        import docker

        client = docker.DockerClient(self.host)
        cache = self.folder / "cache"
        patterns = ["models/*.gguf", "data/mnist/dataset.json", "wheels/*/*/torch-*.whl"]
        faults = [f"missing: {pattern}" for pattern in patterns if not list(cache.glob(pattern))]
        faults += [] if client.images.list(name="gedanken/sandbox") else ["missing: the image"]
        faults += [f"left in the temporary folder: {path.name}" for path in (self.folder / "tmp").iterdir()]
        temporary = [
            Path(parent, name)
            for parent, folders, files in os.walk(cache)
            for name in (*folders, *files)
            if _is_temporary(name)
        ]
        faults += [f"left in the clone: {path.name}" for path in (self.folder / "clone").glob(".bootstrap.[!l]*")]
        faults += [f"left in the cache: {path.relative_to(cache)}" for path in temporary]
        faults += [f"left mounted: {path}" for path in self._leftover_mounts()]
        faults += [f"left a container: {container.name}" for container in client.containers.list(all=True)]
        faults += [f"left an image: {image.short_id}" for image in client.images.list(filters={"dangling": True})]
        faults += [f"left a process: {' '.join(process)}" for process in self._leftover_processes()]
        client.close()
        return faults

    def _leftover_mounts(self) -> list[Path]:
        own = [self.folder / "data", self.folder / "exec"]
        return [path for path in mounts_in(self.folder) if not any(path.is_relative_to(folder) for folder in own)]

    def _leftover_processes(self) -> list[list[str]]:
        """Return the command lines of those processes of the set-up that still run after `LEFT_SECONDS`."""
        deadline = time.monotonic() + LEFT_SECONDS
        while (remaining := self._own_processes()) and time.monotonic() < deadline:
            time.sleep(0.5)
        return remaining

    def _own_processes(self) -> list[list[str]]:
        commands = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("GEDANKEN_CACHE") == f"{self.folder}/cache":
                    commands.append(process.cmdline()[:4])
        return commands


def _is_temporary(name: str) -> bool:
    return name.startswith("gedanken-work-") or name.endswith(".part") or name == "parts"


@contextmanager
def open_fresh_clone() -> Iterator[FreshClone]:
    """Provide a fresh clone with its own Docker daemon, and remove both at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gd-", dir="/var/tmp"))
    try:
        for name in ("tmp", "cache", "state"):
            (folder / name).mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True)
        with _start_engine(folder) as host:
            yield FreshClone(folder, host)
    finally:
        # The daemon that was started here leaves its network namespace mounted.
        for path in mounts_in(folder):
            subprocess.run(["umount", str(path)], check=False)
        remove_tree(folder)


@contextmanager
def _start_engine(folder: Path) -> Iterator[str]:
    import docker
    from docker.errors import DockerException

    host = f"unix://{folder}/docker.sock"
    # In a network namespace of its own: a second daemon would take the bridge `docker0` away from the first.
    command = [
        "unshare",
        "--net",
        "dockerd",
        f"--host={host}",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
    ]
    command += [f"--pidfile={folder}/docker.pid", "--bridge=none", "--iptables=false", "--ip-forward=false"]
    with (folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + ENGINE_SECONDS
        while True:
            with suppress(DockerException):
                docker.DockerClient(host).ping()
                break
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"dockerd does not start: {(folder / 'dockerd.log').read_text()[-500:]}")
            time.sleep(0.2)
        yield host
    finally:
        daemon.terminate()
        daemon.wait()


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    """Keep `count` cores busy, each with a program."""
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


def run_setup(kind: str, number: int, killed_after: float | None = None) -> Outcome:
    """Make one set-up from nothing; if `killed_after` is given, kill it after so many seconds and start it again."""
    outcome = Outcome(kind, number)
    with open_fresh_clone() as place, busy_programs((os.cpu_count() or 1) if kind == "busy" else 0):
        log = place.folder / "setup.log"
        if killed_after is not None:
            outcome.killed_after = killed_after
            first = place.start(log)
            with suppress(subprocess.TimeoutExpired):
                first.wait(killed_after)
            with suppress(ProcessLookupError):
                os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            outcome.killed_during = _last_line(log)
        started = time.monotonic()
        process = place.start(log)
        try:
            outcome.code = process.wait(SETUP_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        outcome.seconds = round(time.monotonic() - started, 1)
        outcome.said = _last_line(log)
        outcome.left = place.faults()
        if "Traceback (most recent call last)" in log.read_text(errors="replace"):
            outcome.left.append("a traceback in the log")
        if not outcome.is_well:
            print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
    return outcome


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else ""


def main() -> None:
    """Run the benchmark."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the daemon is ended
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["undisturbed", "busy", "killed"])
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument(
        "--seconds", type=float, default=150.0, help="how many seconds an undisturbed setup takes on this machine"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments: Any = parser.parse_args()
    numbers = range(arguments.count) if arguments.only is None else [arguments.only]
    outcomes = []
    for number in numbers:
        moment = (number + random.random()) / arguments.count * arguments.seconds
        outcome = run_setup(arguments.kind, number, moment if arguments.kind == "killed" else None)
        with arguments.out.open("a") as file:
            file.write(json.dumps({**asdict(outcome), "well": outcome.is_well}) + "\n")
        outcomes.append(outcome)
    print(f"{sum(outcome.is_well for outcome in outcomes)} of {len(outcomes)} ended well and left nothing")
    raise SystemExit(not all(outcome.is_well for outcome in outcomes))


if __name__ == "__main__":
    main()
