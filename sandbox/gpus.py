"""Parses requests for GPUs (`--gpus`), and returns the options with which container engines provide the GPUs."""

import json
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gedanken.experiment.errors import BadInput, NoSandbox

CDI_KIND = "nvidia.com/gpu"
CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")
"""Default folders of CDI specifications (Container Device Interface), read by both Docker and Podman."""
PODMAN_WITH_CDI = (5, 4)
"""The first Podman version whose Docker API accepts CDI names; earlier versions ignore such requests."""
_ID = re.compile(r"[0-9]{1,3}(?::[0-9]{1,3})?|(?:GPU|MIG)-[0-9A-Fa-f][0-9A-Za-z/-]*")
_SINGLE_PREFIX = "device="
"""Prefix of a single GPU index, as in `device=1`; without the prefix, the number would be a count of GPUs."""
_DOCKER_REMEDY = (
    "install the package nvidia-container-toolkit, then as root `nvidia-ctk runtime configure --runtime=docker` "
    "and restart dockerd"
)
_CDI_REMEDY = (
    "install the package nvidia-container-toolkit, then as root "
    "`nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`"
)


@dataclass(frozen=True, slots=True)
class GpuRequest:
    """The value of `--gpus`."""

    kind: Literal["none", "auto", "all", "count", "ids"] = "none"
    count: int = 0
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the request as a value of `--gpus`, for example `all`, `2`, `device=1` or `0,2`."""
        if self.kind == "count":
            return str(self.count)
        if self.kind == "ids":
            return (_SINGLE_PREFIX if len(self.ids) == 1 else "") + ",".join(self.ids)
        return self.kind

    def gpus_per_program(self, count: int) -> int:
        """Return how many GPUs each program has, if the machine has `count`."""
        return {"none": 0, "count": self.count, "ids": len(self.ids)}.get(self.kind, count)


NO_GPUS = GpuRequest()


def parse_gpus(text: str) -> GpuRequest:
    """Parse the value of `--gpus`: auto, none, all, a number, or ids. Raises BadInput for any other text.

    Ids are indices or UUIDs separated by commas; a single index is written `device=1`.
    """
    for kind in ("none", "auto", "all"):
        if text == kind:
            return GpuRequest(kind)
    if re.fullmatch(r"[1-9][0-9]{0,2}", text):
        return GpuRequest("count", count=int(text))
    ids = tuple(text.removeprefix(_SINGLE_PREFIX).split(","))
    if text.isdigit() or len(set(ids)) < len(ids) or not all(_ID.fullmatch(gpu) for gpu in ids):
        raise BadInput(
            f"--gpus {text}: must be auto, none, all, a number of GPUs (1 to 999), or different ids, such as 0,2 "
            "or GPU-UUID,GPU-UUID; a single index must be written as device=1"
        )
    return GpuRequest("ids", ids=ids)


def device_options(wish: GpuRequest, info: Mapping[str, Any], podman: bool) -> dict[str, Any]:
    """Return docker-py's options for creating a container with the requested GPUs.

    `info` is the engine's description of itself. If the engine cannot provide the GPUs, the options are empty for
    `auto`; for any other request, NoSandbox is raised, saying what to install.
    """
    from docker.types import DeviceRequest

    if wish.kind == "none":
        return {}
    try:
        if not podman and _has_runtime(wish, info):
            ids, count = list(wish.ids), wish.count or -1
            selection = {"device_ids": ids} if ids else {"count": count}
            return {"device_requests": [DeviceRequest(capabilities=[["gpu"]], **selection)]}
        names = _cdi_names(wish, info, podman)
    except NoSandbox:
        if wish.kind == "auto":
            return {}
        raise
    return {"device_requests": [DeviceRequest(driver="cdi", device_ids=names)]}


def cdi_devices(info: Mapping[str, Any], podman: bool) -> list[str]:
    """List the CDI device names, such as `nvidia.com/gpu=0`, that the engine is known to offer."""
    discovered = info.get("DiscoveredDevices")
    if discovered is not None:
        names = [str(device.get("ID", "")) for device in discovered]
        return [name for name in names if name.startswith(f"{CDI_KIND}=")]
    if info.get("Name") != platform.node():
        return []
    folders = info.get("CDISpecDirs") or (CDI_FOLDERS if podman else ())
    return [f"{CDI_KIND}={name}" for folder in folders for name in _devices_in(Path(folder))]


def judge_gpus(wish: GpuRequest, seen: int, asked: bool) -> str | None:
    """Return a message if `torch.cuda` sees fewer GPUs inside the sandbox than were requested; None otherwise.

    `asked` is False if the request was `auto` and the engine had no GPUs to provide.
    """
    minimum = {"none": 0, "auto": int(asked), "all": 1, "count": wish.count, "ids": len(wish.ids)}[wish.kind]
    if seen >= minimum:
        return None
    return (
        f"--gpus {wish}: torch.cuda sees {seen} GPUs inside the sandbox, but {minimum} or more are needed; check "
        "`nvidia-smi` on the host, and whether PyTorch there is a CUDA build (`gedanken sandbox build --cuda`)"
    )


def explain_gpu_error(error: BaseException) -> NoSandbox | None:
    """If `error` says that an engine could not provide GPUs, return a NoSandbox with the reason and the remedy; None
    for any other error.
    """
    text = str(error)
    for sign, meaning in _ERROR_MEANINGS.items():
        if sign in text:
            return NoSandbox(f"the engine gives the container no GPU: {meaning}; or use --gpus none")
    return None


_ERROR_MEANINGS = {
    "could not select device driver": f"it has no driver for NVIDIA devices; {_DOCKER_REMEDY}",
    "unresolvable CDI devices": f"it does not know this CDI device; {_CDI_REMEDY}",
    f"stat {CDI_KIND}=": "this Podman's Docker API does not accept CDI names; use Podman 5.4 or newer, or Docker",
    "nvidia-container-cli": "NVIDIA's container tool failed; check whether `nvidia-smi` works on the host",
    "nvml error": "the NVIDIA driver does not answer; check whether `nvidia-smi` works on the host",
}


def _has_runtime(wish: GpuRequest, info: Mapping[str, Any]) -> bool:
    """Return whether Docker can provide GPUs without CDI: by NVIDIA's runtime or hook."""
    if "nvidia" in (info.get("Runtimes") or {}):
        return True
    is_local = info.get("Name") == platform.node()
    return wish.kind != "auto" and is_local and shutil.which("nvidia-container-runtime-hook") is not None


def _cdi_names(wish: GpuRequest, info: Mapping[str, Any], podman: bool) -> list[str]:
    engine = f"{'Podman' if podman else 'Docker'} {info.get('ServerVersion', '')}".strip()
    if podman and _version(info) < PODMAN_WITH_CDI:
        raise NoSandbox(
            f"--gpus {wish}: the Docker API of {engine} gives containers no GPU; use Podman 5.4 or newer, or Docker"
        )
    devices = cdi_devices(info, podman)
    if not devices:
        remedy = _CDI_REMEDY if podman else f"{_DOCKER_REMEDY}; or, from Docker 28.2 on, {_CDI_REMEDY}"
        raise NoSandbox(f"--gpus {wish}: {engine} offers neither an NVIDIA runtime nor a CDI device; {remedy}")
    # A specification may list each GPU twice, by index and by UUID.
    all_devices = [name for name in devices if name == f"{CDI_KIND}=all"]
    indices = [name for name in devices if name.rpartition("=")[2].isdigit()]
    single_devices = indices or [name for name in devices if name not in all_devices]
    requested = [f"{CDI_KIND}={gpu}" for gpu in wish.ids] or single_devices[: wish.count]
    missing = [name for name in requested if name not in devices]
    if missing or len(requested) < wish.count:
        raise NoSandbox(f"--gpus {wish}: {engine} offers only {', '.join(devices)}; {_CDI_REMEDY}")
    return requested or all_devices or single_devices


def _version(info: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", str(info.get("ServerVersion", "")))[:2])


def _devices_in(folder: Path) -> Iterator[str]:
    """Yield the names of the NVIDIA devices that the CDI files in `folder` describe; unreadable files are ignored."""
    import yaml

    for path in sorted(folder.glob("*")):
        try:
            if path.suffix == ".json":
                specification = json.loads(path.read_text())
            elif path.suffix in (".yaml", ".yml"):
                specification = yaml.safe_load(path.read_text())
            else:
                continue
            if specification["kind"] == CDI_KIND:
                yield from [str(device["name"]) for device in specification["devices"]]
        except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
            continue
