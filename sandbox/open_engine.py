"""Chooses the engine that runs programs: a named engine, or the working engine with the strongest isolation."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.plugins import MACHINES, OUT_OF_DATE, plugins_by_name
from gedanken.experiment.progress import Progress
from gedanken.sandbox.base_image import engine_errors
from gedanken.sandbox.connect import connect_docker, connect_podman
from gedanken.sandbox.docker_engine import DockerEngine
from gedanken.sandbox.engine import Engine, OpensEngine
from gedanken.sandbox.gpus import NO_GPUS, GpuRequest, device_options
from gedanken.sandbox.image import ensure_image
from gedanken.sandbox.plugin_engine import PluginEngine

if TYPE_CHECKING:
    from docker import DockerClient

_STRONGEST_FIRST = ("docker", "podman", "bubblewrap")


def sandbox_names() -> tuple[str, ...]:
    """Return all names that `--sandbox` accepts: `auto`, the built-in engines with the strongest isolation first, and
    the plug-ins.
    """
    order = {name: index for index, name in enumerate((*_STRONGEST_FIRST, "host"))}
    return ("auto", *sorted(plugins_by_name(MACHINES), key=lambda name: order.get(name, len(order))))


def open_engine(name: str, progress: Progress, gpus: GpuRequest = NO_GPUS, *, trusted: bool = False) -> Engine:
    """Open the engine called `name`, with everything that it needs.

    The name `auto` chooses the working engine with the strongest isolation. Raises BadInput for an unknown name, and
    for `host` unless `trusted` is True. Raises NoSandbox, with the remedy, if the engine does not work.
    """
    if name not in sandbox_names():
        raise BadInput(f"--sandbox {name}: must be one of {', '.join(sandbox_names())}")
    if name == "host" and not trusted:
        raise BadInput(
            "--sandbox host isolates nothing: programs that a model wrote would run as you, with access to your "
            "files and your network; if you want that, add --i-trust-this-code"
        )
    if name != "auto":
        return _open_by_name(name, progress, gpus)
    refusals = []
    for candidate in _STRONGEST_FIRST:
        try:
            engine = _open_by_name(candidate, progress, gpus)
        except NoSandbox as error:
            refusals.append(f"{candidate}: {error}")
            continue
        if refusals:
            progress.say(f"sandbox: {candidate}, because no stronger sandbox works ({'; '.join(refusals)})")
        return engine
    raise NoSandbox("no sandbox works here. " + "; ".join(refusals))


CONTAINERS = ("docker", "podman")
"""Names of the engines that run commands in containers."""


class Engines(NamedTuple):
    """The container engines on which containers of gedanken may exist."""

    clients: "list[DockerClient]"
    """Clients of the engines that answer."""
    unreachable: dict[str, str]
    """Names of the engines that do not answer, each with the reason."""


def find_engines() -> Engines:
    """Connect to Docker and Podman. Return clients of the engines that answer, and the reasons why the others do
    not.
    """
    engines = Engines([], {})
    for name, connect in zip(CONTAINERS, (connect_docker, connect_podman), strict=True):
        try:
            engines.clients.append(connect())
        except NoSandbox as error:
            engines.unreachable[name] = str(error)
    return engines


def _open_by_name(name: str, progress: Progress, gpus: GpuRequest) -> Engine:
    plugin = plugins_by_name(MACHINES).get(name)
    if plugin is None:  # an engine that `auto` tries
        raise NoSandbox(OUT_OF_DATE)
    open_function: OpensEngine = plugin.load()
    with plugin.guarded():
        engine = open_function(progress, gpus)
        if not isinstance(engine, Engine):
            raise plugin.wrong_type_error(engine, "an engine")
    return engine if plugin.is_ours else PluginEngine(plugin, engine)


def open_docker(progress: Progress, gpus: GpuRequest) -> Engine:
    """Return an engine that uses Docker, after building its image if it is missing."""
    return _open_with_image(connect_docker(), "docker", progress, gpus)


def open_podman(progress: Progress, gpus: GpuRequest) -> Engine:
    """Return an engine that uses Podman, after building its image if it is missing."""
    return _open_with_image(connect_podman(), "podman", progress, gpus)


def open_bubblewrap_engine(progress: Progress, gpus: GpuRequest) -> Engine:
    """Return an engine that uses bubblewrap. Raises NoSandbox if `gpus` requires GPUs."""
    from gedanken.sandbox.bubblewrap_engine import open_bubblewrap

    if gpus.kind not in ("none", "auto"):
        raise NoSandbox(f"this sandbox gives programs no GPU; for --gpus {gpus} use docker, podman or host")
    return open_bubblewrap(progress)


def open_host_engine(progress: Progress, gpus: GpuRequest) -> Engine:  # noqa: ARG001  a program there sees every GPU
    """Return the engine that runs commands directly on this machine and isolates nothing.

    `open_engine` opens it only for trusted code.
    """
    from gedanken.sandbox.host_engine import open_host

    return open_host(progress)


def _open_with_image(
    client: "DockerClient", name: Literal["docker", "podman"], progress: Progress, gpus: GpuRequest
) -> DockerEngine:
    with engine_errors(f"{name} does not answer a request for its properties"):
        info = client.info()
    options = device_options(gpus, info, podman=name == "podman")
    image = ensure_image(client, progress, cuda=bool(options))
    engine = DockerEngine(client, image, name, options, asks_for_gpus=bool(options))
    if not options or gpus.kind != "auto":
        return engine
    return engine if _can_start(engine, progress) else replace(engine, gpu_options={})


def _can_start(engine: DockerEngine, progress: Progress) -> bool:
    """Return whether a container with the engine's GPU options starts."""
    # Only a test can tell: an engine may list a runtime whose driver does not work.
    try:
        engine.probe()
    except NoSandbox as error:
        progress.say(f"--gpus auto: {error}; continuing without a GPU")
        return False
    return True
