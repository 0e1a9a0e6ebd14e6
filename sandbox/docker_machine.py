"""A machine whose every command runs in a hardened container of its own."""

import asyncio
import codecs
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from experiment.errors import NoSandbox
from experiment.execution import Cause, Execution, Limits, OnOutput
from experiment.persona import Dataset, World
from sandbox.artifacts import collect
from sandbox.owner import OWNER_LABEL, RUN_LABEL, this_owner
from sandbox.session import HOME, Session, user_id

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

HERE = Path(__file__).parent
GRACE_SECONDS = 2.0
OOM_EXIT_CODE = 137


@dataclass(frozen=True, slots=True)
class DockerMachine:
    """A terminal on a Docker engine, with one workspace for all its commands.

    Of the host a program sees its own workspace, the data set (read-only) and the start-up hook (read-only):
    no network, no capabilities, no way to gain rights, a read-only root, bounded processes, memory and cores.
    """

    client: "DockerClient"
    image: str
    data: Path
    limits: Limits = Limits()
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    session: Session = field(default_factory=Session.create)
    seed: int = 0
    reseed: bool = False
    artifacts: Path | None = None
    """Folder that takes what commands leave in the workspace; None leaves it there."""
    written: set[str] = field(default_factory=set)
    """Names of files that were put there from outside, and are therefore no artifacts."""
    name: str = "docker"

    def branch(self, seed: int, *, reseed: bool = False) -> Self:
        """The same machine with another seed, working on its own copy of the workspace."""
        return replace(self, session=self.session.branch(), seed=seed, reseed=reseed)

    def mark(self) -> None:
        """Have branches start from the workspace as it is now."""
        self.session.mark()

    def write(self, name: str, text: str) -> None:
        """Put a file into the home folder."""
        self.session.write(name, text)
        self.written.add(name)

    async def __aenter__(self) -> Self:
        """Leave the machine as it is: it starts with its first command."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace."""
        self.session.remove()

    async def run(self, command: str, *, on_output: OnOutput | None = None, label: str = "command") -> Execution:
        """Run one command line of bash in a fresh container; see Machine.run.

        `label` becomes part of the container's name. Raises NoSandbox when the engine does not answer.
        """
        import requests
        from docker.errors import DockerException

        started = time.monotonic()
        try:
            container = await asyncio.to_thread(self._create, command, label)
        except (DockerException, requests.RequestException) as error:
            raise NoSandbox(f"the Docker engine could not make a container: {_first_line(error)}") from error
        try:
            capture = _Capture(self.limits.output_bytes, on_output, asyncio.get_running_loop())
            cause = await self._follow(container, capture)
            state = await asyncio.to_thread(_state_of, container)
        except (DockerException, requests.RequestException) as error:
            return self._result(command, capture, Cause.ENGINE_LOST, None, started, _first_line(error))
        finally:
            await asyncio.shield(asyncio.to_thread(_remove, container))
        kept = await asyncio.to_thread(self._collect, label)
        exit_code = state.get("ExitCode")
        if cause is Cause.FINISHED and exit_code != 0:
            out_of_memory = state.get("OOMKilled") and exit_code == OOM_EXIT_CODE
            cause = Cause.OUT_OF_MEMORY if out_of_memory else Cause.FAILED
        return replace(self._result(command, capture, cause, exit_code, started), artifacts=kept)

    def _collect(self, label: str) -> tuple[str, ...]:
        if self.artifacts is None:
            return ()
        folder = f"{label}-s{self.seed}{'-reseeded' if self.reseed else ''}"
        names = collect(self.session.home, self.artifacts / folder, frozenset(self.written))
        return tuple(f"{folder}/{name}" for name in names)

    async def measure(self, dataset: Dataset) -> World:
        """Find out what is true of this machine by asking from inside. Raises NoSandbox if it cannot tell."""
        asked = await self.run("python3 -m gedanken_world", label="world")
        if asked.exit_code != 0:
            raise NoSandbox(f"the sandbox cannot describe itself: {asked.output.strip()[-300:]}")
        facts = json.loads(asked.stdout)
        return World(
            machine=self.name,
            cpus=self.limits.cpus,
            memory_mib=self.limits.memory_mib,
            dataset=dataset,
            **facts,
        )

    def _result(
        self,
        command: str,
        capture: "_Capture",
        cause: Cause,
        exit_code: int | None,
        started: float,
        note: str | None = None,
    ) -> Execution:
        notes = [note] if note else []
        if capture.dropped:
            notes.append(f"{capture.dropped} bytes of output were dropped at the cap")
        if self.reseed:
            notes += sorted(set(self._explicit_seeds().splitlines()))
        return Execution(
            machine=self.name,
            command=command,
            exit_code=exit_code,
            cause=cause,
            seconds=round(time.monotonic() - started, 3),
            stdout=capture.text(stdout_only=True),
            output=capture.text(),
            seed=self.seed,
            arm="reseeded" if self.reseed else "as written",
            notes=tuple(notes),
        )

    def _explicit_seeds(self) -> str:
        """What the hook wrote of seeds it offset; the program may have put anything there."""
        try:
            path = self.session.shell / "explicit_seeds"
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return ""
        with os.fdopen(descriptor, "rb") as file:
            return file.read(4096).decode(errors="replace")

    async def _follow(self, container: "Container", capture: "_Capture") -> Cause:
        """Start the container and read it to its end, stopping it at the time limit or the output cap."""
        stream = await asyncio.to_thread(container.attach, stdout=True, stderr=True, stream=True, demux=True)
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        full = asyncio.Event()
        threading.Thread(
            target=_drain,
            args=(stream, capture, lambda event: loop.call_soon_threadsafe(event.set), ended, full),
            daemon=True,
        ).start()
        await asyncio.to_thread(container.start)
        waits = {asyncio.create_task(ended.wait()), asyncio.create_task(full.wait())}
        try:
            done, _ = await asyncio.wait(waits, timeout=self.limits.wall_seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.is_set():
                return Cause.OUTPUT_CAP if full.is_set() else Cause.FINISHED
            await _stop(container, ended)
            return Cause.OUTPUT_CAP if done else Cause.TIMED_OUT
        finally:
            for task in waits:
                task.cancel()

    def _create(self, command: str, label: str) -> "Container":
        from docker.types import LogConfig

        environment = {
            "HOME": HOME,
            "USER": "user",
            "GEDANKEN_SEED": str(self.seed),
            "PYTHONHASHSEED": str(self.seed),
            "GEDANKEN_CPUS": f"{self.limits.cpus:g}",
        }
        if self.reseed:
            environment["GEDANKEN_RESEED"] = str(1000 * self.seed)
        uid = user_id()
        options: dict[str, Any] = {
            "name": f"gedanken-{self.run_id}-{label}-s{self.seed}-{uuid.uuid4().hex[:6]}",
            "labels": {RUN_LABEL: self.run_id, OWNER_LABEL: this_owner()},
            "command": ["bash", "/opt/gedanken/session.sh", command],
            "working_dir": HOME,
            "hostname": "ubuntu",
            "environment": environment,
            "user": f"{uid}:{uid}",
            "volumes": self._volumes(),
            "network_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "pids_limit": self.limits.processes,
            "mem_limit": f"{self.limits.memory_mib}m",
            "memswap_limit": f"{self.limits.memory_mib}m",
            "nano_cpus": int(self.limits.cpus * 1e9),
            "log_config": LogConfig(type="json-file", config={"max-size": "8m", "max-file": "1"}),
            "init": True,
            # Proxies in the user's Docker configuration may hold passwords.
            "use_config_proxy": False,
            "detach": True,
        }
        return self.client.containers.create(self.image, **options)

    def _volumes(self) -> dict[str, dict[str, str]]:
        session = self.session
        return {
            str(session.home): {"bind": HOME, "mode": "rw"},
            str(session.tmp): {"bind": "/tmp", "mode": "rw"},
            str(session.shell): {"bind": "/run/session", "mode": "rw"},
            str(session.passwd): {"bind": "/etc/passwd", "mode": "ro"},
            str(HERE / "session.sh"): {"bind": "/opt/gedanken/session.sh", "mode": "ro"},
            str(HERE / "hook"): {"bind": "/opt/gedanken/hook", "mode": "ro"},
            str(self.data): {"bind": "/data", "mode": "ro"},
        }


class _Capture:
    """What a command printed, up to a cap; written by the reading thread, read when that has ended."""

    def __init__(self, cap: int, on_output: OnOutput | None, loop: asyncio.AbstractEventLoop) -> None:
        self._room = cap
        self._chunks: list[tuple[bool, str]] = []
        self._decoders = [codecs.getincrementaldecoder("utf-8")(errors="replace") for _ in range(2)]
        self._on_output = on_output
        self._loop = loop
        self._context = copy_context()
        self.dropped = 0

    @property
    def is_full(self) -> bool:
        return self._room <= 0

    def add(self, is_stdout: bool, data: bytes) -> None:
        kept = data[: max(0, self._room)]
        self.dropped += len(data) - len(kept)
        self._room -= len(data)
        if not kept:
            return
        text = self._decoders[is_stdout].decode(kept)
        self._chunks.append((is_stdout, text))
        if self._on_output:
            self._loop.call_soon_threadsafe(self._on_output, text, context=self._context)

    def text(self, *, stdout_only: bool = False) -> str:
        return "".join(text for is_stdout, text in self._chunks if is_stdout or not stdout_only)


def _drain(
    stream: Iterator[tuple[bytes | None, bytes | None]],
    capture: _Capture,
    signal: Callable[[asyncio.Event], None],
    ended: asyncio.Event,
    full: asyncio.Event,
) -> None:
    """Read until the container ends. It never stops reading at the cap: killing would then hang."""
    try:
        for stdout, stderr in stream:
            for is_stdout, data in ((True, stdout), (False, stderr)):
                if data:
                    capture.add(is_stdout, data)
            if capture.is_full and not full.is_set():
                signal(full)
    except OSError as error:
        capture.add(False, f"\n[the connection to the engine broke: {_first_line(error)}]\n".encode())
    finally:
        with suppress(RuntimeError):  # the loop has gone: nobody waits any more
            signal(ended)


async def _stop(container: "Container", ended: asyncio.Event) -> None:
    """Ask the container to end, then kill it."""
    from docker.errors import APIError

    for name in ("SIGTERM", "SIGKILL"):
        with suppress(APIError):
            await asyncio.to_thread(container.kill, name)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), GRACE_SECONDS if name == "SIGTERM" else 30)
            return


def _state_of(container: "Container") -> dict[str, Any]:
    container.wait(timeout=30)
    container.reload()
    state: dict[str, Any] = container.attrs["State"]
    return state


def _remove(container: "Container") -> None:
    from docker.errors import APIError

    with suppress(APIError):
        container.remove(force=True)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
