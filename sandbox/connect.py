"""Connects to a Docker engine, or to Podman through Docker's API."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.user_folders import cache_folder

if TYPE_CHECKING:
    from docker import DockerClient

ANSWER_SECONDS = 120
PODMAN_START_SECONDS = 20
PODMAN_IDLE_SECONDS = 600


def connect_docker() -> "DockerClient":
    """Return a client of the Docker engine at `DOCKER_HOST`, or at the default socket.

    Raises NoSandbox, with the remedy, if no engine answers there.
    """
    import docker

    address = os.environ.get("DOCKER_HOST", "the default socket")
    try:
        return _connect(partial(docker.from_env, timeout=ANSWER_SECONDS))
    except NoSandbox as error:
        raise NoSandbox(f"no Docker engine answers at {address}: {error}") from None


def connect_podman() -> "DockerClient":
    """Return a client of Podman's Docker API, after starting Podman's service if needed.

    Raises NoSandbox, with the remedy, if Podman is not installed or its service does not answer.
    """
    import docker

    for address in _podman_addresses():
        try:
            return _connect(partial(docker.DockerClient, address, timeout=ANSWER_SECONDS))
        except NoSandbox:
            continue
    podman = shutil.which("podman")
    if podman is None:
        raise NoSandbox("Podman is not installed (on Debian: `apt-get install podman`)")
    # It ends by itself after ten minutes without requests; containers do not depend on it.
    return _start_service(podman)


def _podman_addresses() -> list[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    configured_address = os.environ.get("CONTAINER_HOST")
    default_socket = "/run/podman/podman.sock" if os.getuid() == 0 else f"{runtime}/podman/podman.sock"
    sockets = [Path(default_socket), _socket_path()]
    return [configured_address] if configured_address else [f"unix://{path}" for path in sockets if path.exists()]


def _socket_path() -> Path:
    return cache_folder() / "podman.sock"


def _start_service(podman: str) -> "DockerClient":
    import docker

    address = f"unix://{_socket_path()}"
    _socket_path().unlink(missing_ok=True)
    service = subprocess.Popen(
        [podman, *_runtime_options(), "system", "service", f"--time={PODMAN_IDLE_SECONDS}", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=_socket_path().parent,  # conmon leaves a file `oom` in the folder where its service was started
    )
    deadline = time.monotonic() + PODMAN_START_SECONDS
    while True:
        try:
            return _connect(partial(docker.DockerClient, address, timeout=ANSWER_SECONDS))
        except NoSandbox as error:
            if service.poll() is not None or time.monotonic() > deadline:
                raise NoSandbox(f"Podman's service does not answer: {error}; see `podman info`") from None
        time.sleep(0.1)


def _runtime_options() -> list[str]:
    """Return Podman's options for the runtime runc.

    There are none unless runc is installed and the machine has both control group versions.
    """
    try:
        unified_controllers = Path("/sys/fs/cgroup/unified/cgroup.controllers").read_text().strip()
    except OSError:
        unified_controllers = ""
    # Podman's default runtime, crun, refuses to run with both.
    return ["--runtime", "runc"] if unified_controllers and shutil.which("runc") else []


def _connect(make_client: "Callable[[], DockerClient]") -> "DockerClient":
    import requests
    from docker.errors import DockerException

    try:
        client = make_client()
        client.ping()
    except (DockerException, requests.RequestException, OSError) as error:
        raise NoSandbox(_remedy(error)) from None
    return client


def _remedy(error: BaseException) -> str:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return "you have no access to its socket; add yourself to the group `docker` and log in again, or run as root"
    if "FileNotFoundError" in text or "Connection refused" in text or "ConnectionRefused" in text:
        return "install Docker (on Debian: `apt-get install docker.io`) and start its daemon `dockerd`"
    return text.splitlines()[0][:200] if text else type(error).__name__
