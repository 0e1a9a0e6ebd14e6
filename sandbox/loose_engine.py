"""Provides an engine without hardening, to show that the conformance checks fail on such an engine."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Progress
from gedanken.sandbox.conformance.canary import VARIABLE
from gedanken.sandbox.connect import connect_docker
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.engine import HOOK, Order
from gedanken.sandbox.image import ensure_image
from gedanken.sandbox.session import owned_folder

CAPABILITIES = ["SYS_ADMIN", "SYS_PTRACE", "SYSLOG"]
BOUNDED_PROCESSES = 1024
BOUNDED_MEMORY = "1g"


@dataclass(frozen=True, slots=True)
class LooseEngine(DockerEngine):
    """An engine without isolation: programs are root, have all capabilities and a network, and can write everywhere.

    Attacks still do not affect the host, because programs write only to copies, and the socket `docker.sock` leads to
    no engine.
    """

    copies: Path = Path()
    """Folder with copies of `data` and of the hook, and the socket `docker.sock`; deleted with the engine."""

    def options(self, order: Order) -> dict[str, Any]:
        """Return docker-py's options for creating a container without hardening."""
        from docker.types import Mount

        hardened = DockerEngine.options(self, order)
        kept_options = (
            "name",
            "labels",
            "command",
            "working_dir",
            "hostname",
            "environment",
            "log_config",
            "use_config_proxy",
        )
        copied_paths = {"/data": self.copies / "data", "/opt/gedanken/hook": self.copies / "hook"}
        mounts = [
            Mount(mount["Target"], str(copied_paths.get(mount["Target"], mount["Source"])), type="bind")
            for mount in hardened["mounts"]
            if not mount["Target"].endswith(".sh")
        ]
        scripts = [mount for mount in hardened["mounts"] if mount["Target"].endswith(".sh")]
        socket_mount = Mount("/var/run/docker.sock", str(self.copies / "docker.sock"), type="bind")
        return {
            **{name: hardened[name] for name in kept_options},
            "mounts": [*mounts, *scripts, socket_mount],
            "environment": {**hardened["environment"], VARIABLE: os.environ.get(VARIABLE, "")},
            "user": "0:0",
            "network_mode": "bridge",
            "cap_add": CAPABILITIES,
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
            "pids_limit": BOUNDED_PROCESSES,
            "mem_limit": BOUNDED_MEMORY,
        }


@contextmanager
def open_loose(progress: Progress, data: Path) -> Iterator[LooseEngine]:
    """Open an engine without hardening, with copies of `data` and of the hook.

    Raises NoSandbox if Docker does not answer.
    """
    client = connect_docker()
    image = ensure_image(client, progress)
    with owned_folder("loose") as copies:
        shutil.copytree(data, copies / "data")
        shutil.copytree(HOOK, copies / "hook")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(copies / "docker.sock"))
            listener.listen()
            yield LooseEngine(client, image, "docker without hardening", copies=copies)


def loosen_limits(limits: Limits) -> Limits:
    """Return limits far beyond those that a check expects, but still finite."""
    return limits.model_copy(
        update={
            "wall_seconds": limits.wall_seconds + 10,
            "cpus": 2,
            "memory_mib": 1024,
            "processes": 1024,
            "open_files": 4096,
            "printed_mib": 2 * limits.printed_mib,
            "workspace_mib": limits.workspace_mib + 256,
            "workspace_files": limits.workspace_files + 20_000,
            "file_mib": limits.file_mib + 256,
        }
    )
