"""Reports what is present or missing on this machine (`gedanken doctor`); starts, downloads and builds nothing."""

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

# Imported here and not where they are used: the groups are examined in threads, and parallel imports can deadlock.
import docker
import requests
from docker.errors import DockerException, ImageNotFound
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gedanken.agents.weights import BYTES, MODEL_NAME, weights_path
from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.escaping import harmless
from gedanken.experiment.persona import Dataset
from gedanken.experiment.plugins import GROUPS, OUT_OF_DATE, Plugin, installed_plugins, plugins_by_name
from gedanken.experiment.secrets import shown_address
from gedanken.experiment.suggested_command import suggested_command
from gedanken.experiment.user_folders import cache_folder
from gedanken.experiment.version import __version__
from gedanken.sandbox.datasets import CIFAR10_FOLDER, CIFAR10_PATH_VARIABLE, DATASETS
from gedanken.sandbox.gpus import GpuRequest, cdi_devices, device_options
from gedanken.sandbox.image import CUDA_IMAGE, IMAGE, is_current, is_podman
from gedanken.sandbox.leftovers import list_leftovers
from gedanken.sandbox.wheels import REQUIREMENTS

ANSWER_SECONDS = 4
"""Time limit in seconds for one engine or program to answer."""
EXAMINATION_SECONDS = 10
"""Time limit in seconds for examining all groups, such as `engines` and `disk`. The groups are examined in parallel.
"""
SCARCE_BYTES = 3 << 30
AMPLE_BYTES = 10 << 30
"""Free disk space in bytes that is enough for an image, the embedded model and some workspaces.

The CUDA image needs this amount once more.
"""
PACKAGES = ("docker", "langgraph", "langchain", "pydantic", "xllamacpp")
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY")

State = Literal["ok", "missing", "warning"]
_ONLY_WITH_A_GPU = "needed only if there is an NVIDIA GPU"
_STYLES: dict[State, str] = {"ok": "green", "missing": "bold red", "warning": "yellow"}


class Line(NamedTuple):
    """One line of the report: an item, such as an engine, and its state."""

    group: str
    name: str
    state: State
    detail: str
    remedy: str = ""
    """A command or advice for fixing the item; set on every line whose state is not `ok`."""


def examine() -> list[Line]:
    """Examine all groups in parallel.

    If a group cannot be examined, or takes longer than `EXAMINATION_SECONDS`, it gives one line with the reason.
    """
    _load_own_plugins()  # before the threads start, because parallel imports can deadlock
    lines_by_group: dict[str, list[Line]] = {group: [] for group in _EXAMINERS}
    threads = {
        group: threading.Thread(target=_examine_into, args=(group, lines), daemon=True)
        for group, lines in lines_by_group.items()
    }
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + EXAMINATION_SECONDS
    for group, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            lines_by_group[group] = [
                Line(group, group, "missing", f"no answer within {EXAMINATION_SECONDS} s", _EXAMINERS[group][1])
            ]
    return [line for lines in lines_by_group.values() for line in lines]


def print_doctor(lines: Sequence[Line], console: Console) -> None:
    """Print each item with its state and remedy, and at the end the number of missing items."""
    table = Table.grid(padding=(0, 2))
    for column in range(3):
        table.add_column(no_wrap=column < 2, overflow="fold")
    group = ""
    for line in lines:
        if line.group != group:
            group = line.group
            table.add_row(Text(group, style="bold"))
        detail = Text(harmless(line.detail))
        if line.remedy:
            detail.append(f"\n-> {harmless(line.remedy)}", style="dim")
        table.add_row(Text(f"  {line.state}", style=_STYLES[line.state]), Text(harmless(line.name)), detail)
    console.print(table)
    missing = sum(line.state == "missing" for line in lines)
    summary = {0: "nothing is missing", 1: "one item is missing"}.get(missing, f"{missing} items are missing")
    console.print(Text(summary, style="bold"))


def _examine_into(group: str, lines: list[Line]) -> None:
    examine_group, remedy = _EXAMINERS[group]
    try:
        lines += examine_group()
    except Exception as error:  # the page should report any error of an examination
        lines.append(Line(group, group, "missing", _error_message(error), remedy))


def _versions() -> Iterator[Line]:
    yield Line("versions", "gedanken", "ok", __version__)
    yield Line("versions", "Python", "ok", f"{platform.python_version()}, {sys.executable}")
    for package in PACKAGES:
        try:
            yield Line("versions", package, "ok", metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Line("versions", package, "missing", "not installed", _EXAMINERS["versions"][1])
    pinned = [line for line in REQUIREMENTS.read_text().splitlines() if line.startswith("torch==")]
    torch = pinned[0].removeprefix("torch==")
    yield Line("versions", "torch in the sandbox", "ok", f"{torch}, unless the base image has its own")


def _engines() -> Iterator[Line]:
    engine_lines = [_docker_line(), _podman_line(), _bubblewrap_line()]
    works = any(line.state == "ok" for line in engine_lines)
    for line in engine_lines:
        yield line._replace(state="warning") if works and line.state == "missing" else line
    strongest = next((line.name for line in engine_lines if line.state == "ok"), None)
    if strongest:
        yield Line("engines", "--sandbox auto", "ok", f"uses {strongest}")


def _docker_line() -> Line:
    try:
        client = _docker_client()
        info = client.info()
        label = "Podman answers here: version" if is_podman(client) else "version"
    except Exception as error:
        remedy = (
            "apt-get install docker.io, then start dockerd; to use it without root: usermod -aG docker USER, and log "
            "in again"
        )
        return Line("engines", "docker", "missing", _error_message(error), remedy)
    rootless = "rootless" if _is_rootless(info) else "with root's rights"
    return Line("engines", "docker", "ok", f"{label} {info.get('ServerVersion')}, {rootless}")


def _podman_line() -> Line:
    remedy = "apt-get install podman; see `podman info`"
    try:
        info = _podman_info()
    except Exception as error:
        return Line("engines", "podman", "missing", _error_message(error), remedy)
    rootless = "rootless" if info["host"]["security"]["rootless"] else "with root's rights"
    return Line("engines", "podman", "ok", f"version {info['version']['Version']}, {rootless}")


def _bubblewrap_line() -> Line:
    try:
        version = _stdout_of(["bwrap", "--version"])
        _stdout_of(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"])
    except Exception as error:
        remedy = "apt-get install bubblewrap; if it cannot make namespaces: sysctl kernel.unprivileged_userns_clone=1"
        return Line("engines", "bubblewrap", "missing", _error_message(error), remedy)
    return Line("engines", "bubblewrap", "ok", f"{version}, can create namespaces")


def _gpu() -> Iterator[Line]:
    names: list[str] = []
    try:
        query = "--query-gpu=name,memory.total,driver_version"
        names = _stdout_of(["nvidia-smi", query, "--format=csv,noheader"]).splitlines()
        yield Line("GPU", "NVIDIA driver", "ok", "; ".join(names))
    except Exception as error:
        has_driver = Path("/proc/driver/nvidia").exists()
        remedy = "install the tools of NVIDIA's driver, then see `nvidia-smi`" if has_driver else _ONLY_WITH_A_GPU
        yield Line("GPU", "NVIDIA driver", "missing" if has_driver else "warning", _error_message(error), remedy)
    yield from _gpu_lines("docker", lambda: dict(_docker_client().info()), podman=False, is_needed=bool(names))
    if shutil.which("podman"):
        yield from _gpu_lines("podman", _podman_info_as_docker, podman=True, is_needed=bool(names))


def _gpu_lines(
    engine: str, engine_info: Callable[[], dict[str, Any]], *, podman: bool, is_needed: bool
) -> Iterator[Line]:
    try:
        info = engine_info()
    except Exception:
        return  # a missing engine is reported on its own line
    try:
        device_options(GpuRequest("all"), info, podman)
        devices = ", ".join(cdi_devices(info, podman)) or "none"
        runtime = "yes" if "nvidia" in (info.get("Runtimes") or {}) else "no"
        yield Line("GPU", f"for {engine}", "ok", f"NVIDIA runtime: {runtime}; CDI devices: {devices}")
    except NoSandbox as error:
        problem, _, remedy = str(error).removeprefix("--gpus all: ").partition("; ")
        state: State = "missing" if is_needed else "warning"
        yield Line("GPU", f"for {engine}", state, problem, remedy if is_needed else _ONLY_WITH_A_GPU)


def _images() -> Iterator[Line]:
    try:
        client = _docker_client()
    except NoSandbox:
        return  # a missing engine is reported on its own line
    for name, flag in ((IMAGE, ""), (CUDA_IMAGE, " --cuda")):
        remedy = f"gedanken sandbox build{flag}"
        try:
            image = client.images.get(name)
        except ImageNotFound:
            yield Line("images", name, "warning" if flag else "missing", "not built", remedy)
            continue
        size = f"{image.attrs['Size'] / 1e9:.1f} GB"
        if is_current(image.labels):
            yield Line("images", name, "ok", f"{size}, built by the current recipe")
        else:
            yield Line(
                "images",
                name,
                "warning",
                f"{size}, not built by the current recipe; it will be rebuilt when it is next used",
                remedy,
            )


def _data() -> Iterator[Line]:
    user_folder = os.environ.get(CIFAR10_PATH_VARIABLE)
    for name in DATASETS:
        if name == "cifar10" and user_folder:
            yield _user_folder_line(Path(user_folder))
            continue
        description = cache_folder() / "data" / name / "dataset.json"
        if not description.is_file():
            yield Line("data", name, "missing", "not in the cache", "gedanken sandbox data")
            continue
        dataset = Dataset.model_validate_json(description.read_text())
        detail = f"{dataset.train} training and {dataset.test} test images, from: {dataset.source}"
        if dataset.synthetic:
            remedy = f"set {CIFAR10_PATH_VARIABLE} to a folder that contains {CIFAR10_FOLDER}"
            yield Line("data", name, "warning", f"synthetic: {detail}", remedy)
        else:
            yield Line("data", name, "ok", detail)


def _user_folder_line(folder: Path) -> Line:
    exists = any((candidate / "data_batch_1").is_file() for candidate in (folder, folder / CIFAR10_FOLDER))
    remedy = "" if exists else f"unset {CIFAR10_PATH_VARIABLE}, or set it to a folder that contains {CIFAR10_FOLDER}"
    return Line("data", "cifar10", "ok" if exists else "missing", f"{CIFAR10_PATH_VARIABLE} names {folder}", remedy)


def _models() -> Iterator[Line]:
    path = weights_path()
    if path.is_file() and path.stat().st_size == BYTES:
        yield Line("models", "embedded", "ok", f"{MODEL_NAME}, {BYTES / 1e9:.1f} GB")
    else:
        detail = f"{path} is incomplete" if path.is_file() else f"{MODEL_NAME} is not in the cache"
        remedy = f"{suggested_command('rm', path)}; gedanken setup" if path.is_file() else "gedanken setup"
        yield Line("models", "embedded", "missing", detail, remedy)
    for key in KEYS:
        yield Line("models", key, "ok", "set" if os.environ.get(key) else "not set")


def _plugins() -> Iterator[Line]:
    for group in GROUPS:
        kind = group.removeprefix("gedanken.")
        try:
            used_plugins = plugins_by_name(group)
        except BadInput as error:
            yield Line("plug-ins", kind, "missing", str(error), "script/bootstrap --quick")
            continue
        for plugin in installed_plugins(group):
            yield _plugin_line(f"{kind}: {plugin.name}", plugin, used_plugins.get(plugin.name))


def _plugin_line(name: str, plugin: Plugin, used_plugin: Plugin | None) -> Line:
    source = f"{plugin.distribution} {plugin.version}"
    if plugin != used_plugin:
        reason = f"{used_plugin.distribution} has a plug-in of this name" if used_plugin else "this name is reserved"
        remedy = f"pip uninstall {plugin.distribution}, or give its plug-in another name"
        return Line("plug-ins", name, "warning", f"{source}: not used, because {reason}", remedy)
    try:
        plugin.load()
    except BadInput as error:
        remedy_to_load = (
            OUT_OF_DATE if plugin.is_ours else f"install {plugin.distribution} again, or pip uninstall it"
        )
        return Line("plug-ins", name, "warning", f"{source}: {error}", remedy_to_load)
    return Line("plug-ins", name, "ok", source)


def _load_own_plugins() -> None:
    for group in GROUPS:
        for plugin in installed_plugins(group):
            if plugin.is_ours:
                # reported later, in a line of its own
                with suppress(BadInput):
                    plugin.load()


def _disk() -> Iterator[Line]:
    yield _disk_line("cache", cache_folder(), "set GEDANKEN_CACHE to another folder, or run gedanken sandbox clean")
    try:
        root = Path(str(_docker_client().info()["DockerRootDir"]))
    except Exception:
        return  # a missing engine is reported on its own line
    if root.is_dir():
        yield _disk_line(
            "docker", root, "docker system prune, after checking what it removes; or gedanken sandbox clean"
        )


def _disk_line(name: str, folder: Path, remedy: str) -> Line:
    free = shutil.disk_usage(folder).free
    state: State = "missing" if free < SCARCE_BYTES else "warning" if free < AMPLE_BYTES else "ok"
    return Line("disk", name, state, f"{free / 1e9:.0f} GB free in {folder}", "" if state == "ok" else remedy)


def _leftovers() -> Iterator[Line]:
    try:
        clients = [_docker_client()]
    except NoSandbox:
        clients = []
    leftovers = list_leftovers(clients)
    dead = sum(leftover.owner == "dead" for leftover in leftovers)
    detail = f"{len(leftovers) - dead} containers and sessions of live runs, {dead} of dead runs"
    yield Line("leftovers", "runs", "warning" if dead else "ok", detail, "gedanken sandbox clean" if dead else "")


_EXAMINERS: dict[str, tuple[Callable[[], Iterator[Line]], str]] = {
    "versions": (_versions, "script/bootstrap --quick"),
    "engines": (_engines, "apt-get install docker.io, then start dockerd"),
    "GPU": (_gpu, "see `nvidia-smi`"),
    "images": (_images, "start docker or podman, then gedanken sandbox build"),
    "data": (_data, "gedanken sandbox data"),
    "models": (_models, "gedanken setup"),
    "plug-ins": (_plugins, "script/bootstrap --quick"),
    "disk": (_disk, "set GEDANKEN_CACHE to another folder"),
    "leftovers": (_leftovers, "gedanken sandbox list"),
}
"""For each group: the function that examines it, and the remedy to show if that fails or takes too long."""


def _docker_client() -> docker.DockerClient:
    try:
        return docker.from_env(timeout=ANSWER_SECONDS)
    except (DockerException, requests.RequestException, OSError) as error:
        problem = "you have no permission to use the engine" if "Permission" in str(error) else "no engine answers"
        address = shown_address(os.environ.get("DOCKER_HOST", "the default socket"))
        raise NoSandbox(f"{problem} at {address}") from error


def _is_rootless(info: dict[str, Any]) -> bool:
    return "name=rootless" in (info.get("SecurityOptions") or ())


def _podman_info() -> dict[str, Any]:
    info: dict[str, Any] = json.loads(_stdout_of(["podman", "info", "--format", "json"]))
    return info


def _podman_info_as_docker() -> dict[str, Any]:
    """Return Podman's host name and version in the form of the Docker API."""
    # not from Podman's own Docker API: a request to it would start a service
    info = _podman_info()
    return {"Name": info["host"]["hostname"], "ServerVersion": info["version"]["Version"]}


def _stdout_of(command: list[str]) -> str:
    """Return the standard output of a command. Raises OSError or SubprocessError whose text says what went wrong."""
    result = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=ANSWER_SECONDS
    )
    if result.returncode != 0:
        raise subprocess.SubprocessError(
            result.stderr.strip() or f"{command[0]} ended with exit code {result.returncode}"
        )
    return result.stdout.strip()


def _error_message(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError) and error.filename and os.sep not in str(error.filename):
        return f"{error.filename} is not installed"
    text = str(error).strip()
    return text.splitlines()[-1][:200] if text else type(error).__name__
