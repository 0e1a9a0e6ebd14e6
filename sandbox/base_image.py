"""Finds, pulls or makes (from Debian packages) the base image on which the sandbox's image is built."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.failure_reasons import last_message
from gedanken.experiment.folders import work_folder
from gedanken.experiment.progress import Progress, Update, seconds_since, show_progress
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.debian import make_debian

if TYPE_CHECKING:
    from docker import DockerClient

PULLED_BASE = "python:3.11-slim-bookworm"
BOOTSTRAPPED_BASE = "gedanken/base:bookworm"
CUDA_BASE = "pytorch/pytorch:2.13.0-cuda12.6-cudnn9-runtime"
"""An image with the PyTorch version of requirements.txt, for the oldest CUDA version, which most drivers support."""
LONG_TIMEOUT_SECONDS = 3600
"""Timeout in seconds of engine requests that report no progress.

They save, load or import an image, or are one step of a build.
"""

# Download sizes; used only to estimate how much is left.
_PULLED_BYTES = {PULLED_BASE: 45e6, CUDA_BASE: 3.5e9}


class Base(NamedTuple):
    """An image on which the sandbox's image can be built, and its properties."""

    name: str
    python: str
    """Version of its Python, such as `3.11`."""
    has_torch: bool
    """True if PyTorch and torchvision are installed."""


def find_base(client: "DockerClient", cuda: bool, requested: str | None, progress: Progress) -> Base:
    """Return the requested base image, or the default image for the CPU or CUDA.

    A missing image is pulled. If the default image for the CPU is missing and was made from Debian packages before,
    that image is used; if pulling fails, one is made. Raises NoSandbox, with the remedy, if no image can be obtained
    or the image has no Python.
    """
    name = requested or (CUDA_BASE if cuda else PULLED_BASE)
    if not cuda and not requested and _has_image(client, BOOTSTRAPPED_BASE) and not _has_image(client, name):
        name = BOOTSTRAPPED_BASE
    if not _has_image(client, name):
        try:
            with engine_errors(f"{name} cannot be pulled"):
                _pull(client, name, progress)
        except NoSandbox as error:
            if cuda or requested:
                raise NoSandbox(
                    f"{error}; run `docker pull {name}` and `docker save` elsewhere, then `docker load` here; "
                    "or choose a local image with `gedanken sandbox build --base`"
                ) from None
            reason = str(error).rpartition(": ")[2]
            progress.say(f"{name} cannot be pulled ({reason}); a base image is built from Debian packages instead")
            name = _import_debian(client, progress)
    try:
        return _inspect(client, name)
    except NoSandbox as error:
        if name != BOOTSTRAPPED_BASE:
            raise
        progress.say(f"{error}; building the base image again")
        return _inspect(client, _import_debian(client, progress))


@contextmanager
def engine_errors(prefix: str) -> Iterator[None]:
    """Turn errors and timeouts of an engine into NoSandbox, with a message that begins with `prefix`."""
    import requests
    from docker.errors import BuildError, DockerException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (requests.Timeout, requests.ConnectionError, HTTPError) as error:
        raise NoSandbox(f"{prefix}: the engine does not answer ({last_message(str(error))})") from error
    except BuildError as error:
        raise NoSandbox(f"{prefix}: {_build_log(error)}") from error
    except (DockerException, requests.RequestException, OSError) as error:
        raise NoSandbox(f"{prefix}: {last_message(getattr(error, 'explanation', None) or str(error))}") from error


@contextmanager
def long_timeout(client: "DockerClient") -> Iterator[None]:
    """Raise the client's timeout to `LONG_TIMEOUT_SECONDS` during the `with` block."""
    previous_timeout, client.api.timeout = client.api.timeout, LONG_TIMEOUT_SECONDS
    try:
        yield
    finally:
        client.api.timeout = previous_timeout


def _has_image(client: "DockerClient", name: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _pull(client: "DockerClient", name: str, progress: Progress) -> None:
    from docker.errors import DockerException
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(name)
    expected = _PULLED_BYTES.get(name, 1.0)
    with progress.step(f"pulling {name}", expected) as update:
        download = _DownloadProgress(expected, update)
        for event in client.api.pull(repository, tag=tag or "latest", stream=True, decode=True):
            if event.get("error"):
                raise DockerException(event["error"])
            download.hear(event)


class _DownloadProgress:
    """Computes the progress of an image download. The size of each layer is known only when its download begins."""

    def __init__(self, expected: float, update: Update) -> None:
        self._expected = expected
        self._update = update
        self._done: dict[str, float] = {}
        self._total: dict[str, float] = {}

    def hear(self, event: dict[str, object]) -> None:
        detail = event.get("progressDetail")
        layer = str(event.get("id"))
        if event.get("status") == "Download complete":
            self._done[layer] = self._total.get(layer, 0.0)
        elif event.get("status") == "Downloading" and isinstance(detail, dict) and detail.get("total"):
            self._done[layer], self._total[layer] = float(detail["current"]), float(detail["total"])
        share = sum(self._done.values()) / max(self._expected, sum(self._total.values()))
        self._update(share * self._expected)


def _import_debian(client: "DockerClient", progress: Progress) -> str:
    with work_folder(cache_folder() / "base") as folder:
        tar_path = make_debian(folder, progress)
        repository, tag = BOOTSTRAPPED_BASE.split(":")
        clock = seconds_since(time.monotonic())
        with (
            engine_errors("the base cannot be imported"),
            show_progress(progress, "importing the base", 6.0, clock, "seconds"),
            long_timeout(client),
        ):
            response = client.api.import_image_from_file(str(tar_path), repository=repository, tag=tag)
            if "error" in response:  # the engine reports this error with a success status
                raise OSError(response)
    return BOOTSTRAPPED_BASE


_INSPECTION_CODE = """
import importlib.util as u, sys
print("%d.%d" % sys.version_info[:2], bool(u.find_spec("torch") and u.find_spec("torchvision")))
"""


def _inspect(client: "DockerClient", name: str) -> Base:
    from docker.types import Ulimit

    with engine_errors(f"{name} cannot be used as a base image, which must have Python 3"):
        container = client.containers.create(
            name,
            ["-c", _INSPECTION_CODE],
            entrypoint=["python3"],
            network_mode="none",
            # Without these limits, a Podman that is itself confined requests more than it may have.
            ulimits=[Ulimit(name=limit, soft=1024, hard=1024) for limit in ("nofile", "nproc")],
            use_config_proxy=False,
        )
        try:
            container.start()
            container.wait()
            output = container.logs().decode(errors="replace")
        finally:
            container.remove(force=True)
    match = re.search(r"^(\d+\.\d+) (True|False)$", output, re.MULTILINE)
    if match is None:
        raise NoSandbox(f"{name} cannot be used as a base image: {last_message(output)}")
    return Base(name, match[1], match[2] == "True")


def _build_log(error: Exception) -> str:
    """Return the last error line of a failed build. The message of the exception itself contains only an exit
    code.
    """
    log = [str(part.get("stream", "")) for part in getattr(error, "build_log", ())]
    error_lines = [line for line in "".join(log).splitlines() if "ERROR" in line or "Error" in line]
    return last_message("\n".join(error_lines) or str(error))
