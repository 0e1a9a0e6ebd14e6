"""Runs each command in its own hardened container, on Docker, or on Podman through Docker's API."""

import hashlib
import os
import resource
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.engine import (
    FIRST_SCRIPT,
    GRACE_SECONDS,
    HOOK,
    SESSION_SCRIPT,
    Ended,
    EngineLost,
    Order,
    Signal,
    backstop_seconds,
)
from gedanken.sandbox.gpus import explain_gpu_error
from gedanken.sandbox.owner import COMMAND_LABEL, SESSION_LABEL
from gedanken.sandbox.seccomp import docker_profile
from gedanken.sandbox.workspace import HOME, user_id

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

LOG_MIB = 8
_STDOUT, _STDERR = 1, 2
_END_SECONDS = 30
_PODMAN_PROCESSES = 16_384

Pieces = Iterator[tuple[bytes | None, bytes | None]]


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """Runs each command in its own container, without privileges, and without a network unless its order says so.

    A program sees three things of the host: its workspace and, read-only, the data set and the start-up hook.
    """

    client: "DockerClient"
    image: str
    name: str = "docker"
    gpu_options: dict[str, Any] = field(default_factory=dict)
    """Options for creating a container with the requested GPUs."""
    asks_for_gpus: bool = False

    @property
    def contents(self) -> str:
        with _errors_as_no_sandbox():
            return str(self.client.images.get(self.image).id)

    def start(self, order: Order) -> "DockerJob":
        """Create a container, attach to it and start it; see Engine.start."""
        from docker.errors import APIError

        with _errors_as_no_sandbox():
            try:
                container = self.client.containers.create(self.image, **self.options(order))
            except APIError as error:
                # The engine may create a container only now that a process requested just before it died.
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
                if (late_job := self.find(order)) is not None:
                    return late_job
                container = self.client.containers.create(self.image, **self.options(order))
        return self._start(container, order)

    def find(self, order: Order) -> "DockerJob | None":
        """Return the job of the container that an earlier process started for this order; see Engine.find."""
        from docker.errors import NotFound

        with _errors_as_no_sandbox():
            try:
                container = self.client.containers.get(order.name)
            except NotFound:
                return None
        labels = container.labels
        if labels.get(SESSION_LABEL) != order.labels.get(SESSION_LABEL):
            raise NoSandbox(
                f"the container {order.name} belongs to another user's run, or to a run in another cache folder"
            )
        if labels.get(COMMAND_LABEL) != _digest(order.command):
            raise NoSandbox(f"the container {order.name} ran another command; `gedanken sandbox clean` removes it")
        if container.status == "created":
            # Its command has not begun. If the engine died since, this container may not start; a new one will.
            with _errors_as_no_sandbox():
                container.remove(force=True)
            return None
        return DockerJob(self.name, container, order, lambda: _read_log(container), _start_time(container))

    def clear(self, session: Path) -> None:
        """Remove containers of a session that could not be removed when they ended; see Engine.clear."""
        import requests
        from docker.errors import DockerException

        with suppress(DockerException, requests.RequestException):
            label_filter = {"label": f"{SESSION_LABEL}={session}"}
            for container in self.client.containers.list(all=True, filters=label_filter, ignore_removed=True):
                container.remove(force=True)

    def not_enforced(self) -> tuple[str, ...]:
        """Return one entry about system calls if libseccomp is missing, otherwise none; see `Engine.not_enforced`."""
        if docker_profile() is None:
            return ("system calls: libseccomp is not installed, so only the engine's own profile filters them",)
        return ()

    def options(self, order: Order) -> dict[str, Any]:
        """Return docker-py's options for creating the container of an order."""
        from docker.types import LogConfig, Ulimit

        limits = order.limits
        uid = user_id()
        ulimits = {"nofile": limits.open_files, "fsize": limits.file_mib << 20, "core": 0}
        if self.name == "podman":  # the engine would otherwise request more than its user may have
            ulimits["nproc"] = min(_PODMAN_PROCESSES, resource.getrlimit(resource.RLIMIT_NPROC)[1])
        return {
            "name": order.name,
            "labels": {**order.labels, COMMAND_LABEL: _digest(order.command)},
            "command": [
                "bash",
                "/opt/gedanken/first.sh",
                f"{backstop_seconds(limits):g}",
                f"{GRACE_SECONDS:g}",
                order.command,
            ],
            "working_dir": HOME,
            "hostname": "ubuntu",
            "environment": {"HOME": HOME, "USER": "user", **order.environment},
            "user": f"{uid}:{uid}",
            "mounts": _mounts(order),
            # Podman makes some folders of a read-only root writable; this one would stay writable.
            **({"tmpfs": {"/var/tmp": "ro,size=4k"}} if self.name == "podman" else {}),
            "network_mode": "bridge" if order.network else limits.network,
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges", *self._seccomp()],
            "pids_limit": limits.processes,
            "mem_limit": f"{limits.memory_mib}m",
            "memswap_limit": f"{limits.memory_mib}m",
            "shm_size": f"{limits.memory_mib // 2}m",
            "nano_cpus": int(limits.cpus * 1e9),
            "ulimits": [Ulimit(name=name, soft=limit, hard=limit) for name, limit in ulimits.items()],
            "log_config": LogConfig(type="json-file", config={"max-size": f"{LOG_MIB // 2}m", "max-file": "2"}),
            # Proxies in the user's Docker configuration may hold passwords.
            "use_config_proxy": False,
            **self.gpu_options,
        }

    def _start(self, container: "Container", order: Order) -> "DockerJob":
        try:
            with _errors_as_no_sandbox():
                pieces = container.attach(stdout=True, stderr=True, stream=True, demux=True)
                container.start()
        except NoSandbox:
            DockerJob(self.name, container, order, lambda: iter(()), 0).remove()
            raise
        return DockerJob(self.name, container, order, lambda: pieces, time.monotonic())

    def probe(self) -> None:
        """Start a container with the GPU options and remove it.

        Raises NoSandbox, with the reason, if it does not start.
        """
        with _errors_as_no_sandbox():
            container = self.client.containers.create(self.image, "true", network_mode="none", **self.gpu_options)
            try:
                container.start()
            finally:
                container.remove(force=True)

    def _seccomp(self) -> list[str]:
        """Return the option for gedanken's seccomp profile; empty without libseccomp.

        The option contains the profile itself or, for Podman, its path.
        """
        profile = docker_profile()
        if profile is None:
            return []
        if self.name != "podman":
            return [f"seccomp={profile}"]
        path = cache_folder() / "seccomp.json"
        if not path.exists() or path.read_text() != profile:
            new_file = path.with_suffix(f".{os.getpid()}")
            new_file.write_text(profile)
            new_file.rename(path)
        return [f"seccomp={path}"]


@dataclass(frozen=True, slots=True)
class DockerJob:
    """The job of one container; see Job."""

    engine: str
    container: "Container"
    order: Order
    reader: Callable[[], Pieces]
    started_at: float
    """Time at which the container was started, on the clock of this process's time.monotonic()."""

    def read(self) -> Pieces:
        """Yield pieces of the container's output as they arrive."""
        with _errors_as_engine_lost():
            yield from self.reader()

    def age(self) -> float:
        """Return the seconds since the container was started."""
        return time.monotonic() - self.started_at

    def signal(self, name: Signal) -> None:
        """Send a signal to the container's first process.

        The process passes SIGTERM on to the command. SIGKILL ends all processes.
        """
        from docker.errors import APIError

        with _errors_as_engine_lost(), suppress(APIError):
            self.container.kill(name)

    def ended(self) -> Ended:
        """Wait until the engine reports that the container has ended, and describe how."""
        with _errors_as_engine_lost():
            self.container.wait(timeout=_END_SECONDS)
            self.container.reload()
        state = self.container.attrs["State"]
        exit_code = int(state["ExitCode"])
        if state.get("Error") and exit_code in (127, 128) and not _duration(state):
            raise EngineLost(f"the engine could not start the command: {state['Error'][:300]}")
        oom_kills = (
            state.get("OOMKilled") if self.engine != "podman" else self.order.workspace.read_saved("oom_kills")
        )
        return Ended(exit_code, bool(oom_kills), _duration(state))

    def remove(self) -> None:
        """Remove the container, killing the processes in it."""
        import requests
        from docker.errors import DockerException

        with suppress(DockerException, requests.RequestException):
            self.container.remove(force=True)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message; its class name if the message is empty."""
    text = str(getattr(error, "explanation", None) or error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__


def _mounts(order: Order) -> list[Any]:
    from docker.types import Mount

    workspace = order.workspace
    writable = {HOME: workspace.home, "/tmp": workspace.tmp, "/run/session": workspace.shell}
    read_only = {
        "/etc/passwd": workspace.passwd,
        "/opt/gedanken/first.sh": FIRST_SCRIPT,
        "/opt/gedanken/session.sh": SESSION_SCRIPT,
        "/opt/gedanken/hook": HOOK,
        "/data": order.data,
    }
    mounts = [Mount(target, str(path), type="bind") for target, path in writable.items()]
    return mounts + [Mount(target, str(path), type="bind", read_only=True) for target, path in read_only.items()]


def _read_log(container: "Container") -> Pieces:
    """Wait for the container's end, then yield its log."""
    # The log is not followed while it grows: if it is rotated meanwhile, readers lose pieces from its middle.
    container.wait(timeout=None)
    api = container.client.api
    address = f"{api.base_url}/v{api.api_version}/containers/{container.id}/logs"
    with api.get(address, params={"stdout": 1, "stderr": 1}, stream=True, timeout=None) as response:
        response.raise_for_status()
        # The header of a frame: the stream, three zeros, the length (Docker's API, “Attach”).
        while header := response.raw.read(8):
            stream, length = struct.unpack(">BxxxL", header)
            data = response.raw.read(length)
            # The engine's own message that it cannot continue reading.
            if stream not in (_STDOUT, _STDERR):
                raise EngineLost(data.decode(errors="replace").strip()[:300])
            yield (data, None) if stream == _STDOUT else (None, data)


def _start_time(container: "Container") -> float:
    """Return when a container started, on this process's monotonic clock; the current time if it is not running."""
    state = container.attrs["State"]
    if not state.get("Running"):
        return time.monotonic()
    with _errors_as_no_sandbox():
        engine_time = container.client.info().get("SystemTime")  # the engine's clock: this machine's may differ
    now = _parse_time(engine_time) if engine_time else time.time()
    return time.monotonic() - max(0.0, now - _parse_time(state["StartedAt"]))


def _duration(state: dict[str, Any]) -> float:
    return max(0.0, round(_parse_time(state["FinishedAt"]) - _parse_time(state["StartedAt"]), 3))


def _parse_time(text: str) -> float:
    """Convert a time that the engine reports (perhaps with nanoseconds) to seconds since 1970; 0 for something that
    never happened.
    """
    if text.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(text).timestamp()


def _digest(command: str) -> str:
    return hashlib.sha256(command.encode()).hexdigest()[:16]


@contextmanager
def _errors_as_no_sandbox() -> Iterator[None]:
    import requests
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException) as error:
        no_sandbox = explain_gpu_error(error) or NoSandbox(
            f"the engine could not create a container: {first_line(error)}"
        )
        raise no_sandbox from error


@contextmanager
def _errors_as_engine_lost() -> Iterator[None]:
    import requests
    import urllib3
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise EngineLost(first_line(error)) from error
