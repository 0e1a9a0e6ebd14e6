"""Finding a Docker engine that answers."""

import os
from typing import TYPE_CHECKING

from experiment.errors import NoSandbox

if TYPE_CHECKING:
    from docker import DockerClient

ANSWER_SECONDS = 120


def connect() -> "DockerClient":
    """Return a client of the engine that `DOCKER_HOST` or the default socket names.

    Raises NoSandbox, saying what to do, when none answers.
    """
    import docker
    import requests
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=ANSWER_SECONDS)
        client.ping()
    except (DockerException, requests.RequestException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "the default socket")
        raise NoSandbox(f"no Docker engine answers at {where}: {_remedy(error)}") from None
    return client


def _remedy(error: BaseException) -> str:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return "you may not use its socket; add yourself to the group `docker` and log in again, or run as root"
    if "FileNotFoundError" in text or "Connection refused" in text or "ConnectionRefused" in text:
        return "install Docker (on Debian: `apt-get install docker.io`) and start its daemon `dockerd`"
    return text.splitlines()[0][:200] if text else type(error).__name__
