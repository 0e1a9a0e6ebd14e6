"""Runs commands with bare `docker run` and the flags of one of gedanken's own containers.

The flags are read from what the engine reports about that container.
"""

import asyncio
import hashlib
import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.machine import SandboxMachine
from gedanken.sandbox.owner import RUN_LABEL

if TYPE_CHECKING:
    from docker import DockerClient

# What is written in several ways for the same thing; mounts are compared as the engine understood them.
_NOT_COMPARED = {"AutoRemove", "ConsoleSize", "ContainerIDFile", "Mounts", "Binds", "RestartPolicy"}
_COMPARED_CONFIG = ("User", "WorkingDir", "Hostname", "Env")
# Named beside the HostConfig's own fields, in the order in which a reader of `docker run --help` meets them.
_PLAIN_FLAGS = {
    "NetworkMode": "--network",
    "PidsLimit": "--pids-limit",
    "Memory": "--memory",
    "MemorySwap": "--memory-swap",
    "ShmSize": "--shm-size",
    "IpcMode": "--ipc",
    "PidMode": "--pid",
    "UsernsMode": "--userns",
    "Runtime": "--runtime",
}
_REPEATED_FLAGS = {"CapDrop": "--cap-drop", "CapAdd": "--cap-add"}
_SWITCHES = {"ReadonlyRootfs": "--read-only", "Init": "--init", "Privileged": "--privileged"}


class Flags(NamedTuple):
    """Flags of `docker run`."""

    place: list[str]
    """Flags for the environment of a program: folders, variables, working directory."""
    bounds: list[str]
    """Flags for the limits of a program."""


class CommandResult(NamedTuple):
    """The result of a command that finished."""

    output: str
    seconds: float


class Bare:
    """Runs commands in an image with `docker run`: the baseline for one of gedanken's own machines."""

    def __init__(self, client: "DockerClient", image: str, flags: Flags) -> None:
        self.client = client
        self.image = image
        self.flags = flags

    @classmethod
    async def like(cls, client: "DockerClient", image: str, machine: SandboxMachine) -> "Bare":
        """Read the flags of a running container of `machine`, and check that they create an equal container.

        Raises SystemExit if they do not.
        """
        running = asyncio.create_task(machine.run("sleep 3"))
        attributes = await _container_of(client, machine.session.folder.name, running)
        await running
        flags = _read_flags(attributes, client.images.get(image).attrs["Config"]["Env"])
        bare = cls(client, image, flags)
        created = bare._inspect_created()
        differing = sorted(
            key for key in _comparable(created) if _comparable(created)[key] != _comparable(attributes).get(key)
        )
        if differing:
            raise SystemExit(f"docker run would make another container than ours, in {', '.join(differing)}")
        return bare

    def run(self, *command: str) -> CommandResult:
        """Run a command with all flags of our machine, and remove the container afterwards."""
        return run(["docker", "run", "--rm", *self.flags.place, *self.flags.bounds, self.image, *command])

    def run_unconfined(self, *command: str) -> CommandResult:
        """Run a command in the same environment without any limits, as root."""
        unconfined = ["--security-opt", "seccomp=unconfined"]
        return run(["docker", "run", "--rm", *self.flags.place, *unconfined, self.image, *command])

    def drain(self, *command: str) -> float:
        """Run a command while `docker logs --follow` reads its output; return the seconds until both have ended."""
        started = time.perf_counter()
        with self._detached(*command) as name:
            # Its exit code is not looked at: it may give up when the engine cuts the log off under it.
            follow = ["docker", "logs", "--follow", name]
            subprocess.run(follow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            run(["docker", "wait", name])
            return time.perf_counter() - started

    def followed_bytes(self, *command: str) -> int:
        """Return how many bytes of a command's output `docker logs --follow` shows."""
        byte_count = 0
        with (
            self._detached(*command) as name,
            subprocess.Popen(
                ["docker", "logs", "--follow", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as process,
        ):
            assert process.stdout is not None
            while piece := process.stdout.read(1 << 20):
                byte_count += len(piece)
        return byte_count

    @contextmanager
    def _detached(self, *command: str) -> Iterator[str]:
        name = f"bench-{uuid.uuid4().hex[:8]}"
        options = ["--detach", "--name", name, *self.flags.place, *self.flags.bounds]
        try:
            run(["docker", "run", *options, self.image, *command])
            yield name
        finally:
            run(["docker", "rm", "--force", name])

    def _inspect_created(self) -> dict[str, Any]:
        container = run(["docker", "create", *self.flags.place, *self.flags.bounds, self.image, "true"])
        try:
            return json.loads(run(["docker", "inspect", container.output.strip()]).output)[0]  # type: ignore[no-any-return]
        finally:
            run(["docker", "rm", container.output.strip()])


async def _container_of(client: "DockerClient", run_id: str, running: "asyncio.Task[Any]") -> dict[str, Any]:
    while not running.done():
        for container in client.containers.list(filters={"label": f"{RUN_LABEL}={run_id}", "status": "running"}):
            attributes: dict[str, Any] = container.attrs
            return attributes
        await asyncio.sleep(0.1)
    raise SystemExit(f"no container of the run {run_id} was seen: {running.result()}")


def _read_flags(attributes: dict[str, Any], image_environment: list[str]) -> Flags:
    config, host = attributes["Config"], attributes["HostConfig"]
    place = ["--workdir", config["WorkingDir"], "--hostname", config["Hostname"]]
    for variable in config["Env"]:
        if variable not in image_environment:
            place += ["--env", variable]
    for mount in host["Mounts"]:
        read_only = ",readonly" if mount.get("ReadOnly") else ""
        place += ["--mount", f"type=bind,source={mount['Source']},target={mount['Target']}{read_only}"]
    bounds = ["--user", config["User"]]
    for key, flag in _PLAIN_FLAGS.items():
        bounds += [flag, str(host[key])] if host.get(key) else []
    for key, flag in _REPEATED_FLAGS.items():
        for value in host.get(key) or ():
            bounds += [flag, value]
    for option in host["SecurityOpt"] or ():
        bounds += ["--security-opt", _write_profile(option)]
    bounds += [flag for key, flag in _SWITCHES.items() if host.get(key)]
    bounds += ["--cpus", f"{host['NanoCpus'] / 1e9:g}"]
    for limit in host["Ulimits"] or ():
        bounds += ["--ulimit", f"{limit['Name']}={limit['Soft']}:{limit['Hard']}"]
    bounds += ["--log-driver", host["LogConfig"]["Type"]]
    for key, value in host["LogConfig"]["Config"].items():
        bounds += ["--log-opt", f"{key}={value}"]
    return Flags(place, bounds)


def _write_profile(option: str) -> str:
    """Return a security option as `docker run` takes it.

    An inline seccomp profile is written to a file, because the command line needs a path.
    """
    kind, _, profile = option.partition("=")
    if kind != "seccomp" or not profile.startswith("{"):
        return option
    folder = cache_folder() / "benchmarks"
    folder.mkdir(exist_ok=True)
    path = folder / f"seccomp-{hashlib.sha256(profile.encode()).hexdigest()[:12]}.json"
    path.write_text(profile)
    return f"seccomp={path}"


def _comparable(attributes: dict[str, Any]) -> dict[str, object]:
    host = {key: value for key, value in attributes["HostConfig"].items() if key not in _NOT_COMPARED}
    config = {key: attributes["Config"][key] for key in _COMPARED_CONFIG}
    mounts = [[mount[key] for key in ("Source", "Destination", "RW")] for mount in attributes["Mounts"]]
    host["SecurityOpt"] = [_without_spaces(option) for option in host["SecurityOpt"] or ()]
    return {key: _normalize(value) for key, value in {**host, **config, "Mounts": mounts}.items()}


def _without_spaces(option: str) -> str:
    kind, _, profile = option.partition("=")
    return f"{kind}={json.dumps(json.loads(profile))}" if profile.startswith("{") else option


def _normalize(value: object) -> object:
    """Return a value that is equal for equal settings: None for anything empty, and a sorted list for a list."""
    if isinstance(value, list):
        return sorted(json.dumps(item, sort_keys=True) for item in value) or None
    return value or None


def run(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> CommandResult:
    """Run a command on the host.

    Raises SystemExit if it fails, because the time of a failed command means nothing.
    """
    started = time.perf_counter()
    completed = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
    seconds = time.perf_counter() - started
    if completed.returncode != 0:
        raise SystemExit(f"{' '.join(command[:2])} failed: {completed.stderr.strip()[-500:]}")
    return CommandResult(completed.stdout, seconds)
