"""Builds the images that programs run in: one with PyTorch for the CPU, one for CUDA."""

import tarfile
import tempfile
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.folders import one_at_a_time
from gedanken.experiment.progress import Progress, seconds_since, show_progress
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.base_image import LONG_TIMEOUT_SECONDS, Base, engine_errors, find_base, long_timeout
from gedanken.sandbox.wheels import REQUIREMENTS, wheels

if TYPE_CHECKING:
    from docker import DockerClient


IMAGE = "gedanken/sandbox:cpu"
CUDA_IMAGE = "gedanken/sandbox:cuda"
RECIPE_LABEL = "gedanken.recipe"
BASE_LABEL = "gedanken.base"
"""Label of an image that stores the base image that the user chose; empty if the default base image was used."""
STAGE_LABEL = "gedanken.stage"
DOCKERFILE = Path(__file__).parent / "Dockerfile"

# Duration of one build and one transfer; used only to estimate how much is left.
BUILD_SECONDS = 40.0
LOAD_SECONDS = 30.0


def recipe() -> str:
    """Return a digest of the Dockerfile and the requirements. An image with another digest is outdated."""
    return sha256(DOCKERFILE.read_bytes() + REQUIREMENTS.read_bytes()).hexdigest()[:16]


def is_current(labels: Mapping[str, str], base: str | None = None) -> bool:
    """Return whether an image's labels name the current recipe and, unless `base` is None, this base image."""
    return labels.get(RECIPE_LABEL) == recipe() and base in (None, labels.get(BASE_LABEL))


def ensure_image(client: "DockerClient", progress: Progress, cuda: bool = False, base: str | None = None) -> str:
    """Build the image unless it exists and was made by the current recipe; return its name.

    If the image must be built again and no `base` is given, it keeps its base image. Raises NoSandbox, saying what is
    missing, if the image cannot be built.
    """
    name = CUDA_IMAGE if cuda else IMAGE
    with engine_errors("the engine cannot list its images"):
        labels = _labels(client, name)
    if labels is None or not is_current(labels, base):
        with one_at_a_time("build of images", progress):
            _ensure_image(client, progress, name, cuda, base)
    return name


def _ensure_image(client: "DockerClient", progress: Progress, name: str, cuda: bool, base: str | None) -> None:
    with engine_errors("the engine cannot list its images"):
        labels = _labels(client, name)
        if labels is not None and is_current(labels, base):
            return  # another process has built it meanwhile
        if labels is not None:
            progress.say(f"{name} was built from another recipe or base image; building it again")
            base = base or labels.get(BASE_LABEL) or None
        podman = is_podman(client)
    if not (podman and _copy_from_docker(client, name, base, progress)):
        _remove_first_stage(client)  # left by a killed build
        _build(client, name, find_base(client, cuda, base, progress), base, progress)


def is_podman(client: "DockerClient") -> bool:
    """Return whether Docker's API is served by Podman."""
    return any(part.get("Name") == "Podman Engine" for part in client.version().get("Components") or ())


def _labels(client: "DockerClient", name: str) -> dict[str, str] | None:
    from docker.errors import ImageNotFound

    try:
        return dict(client.images.get(name).labels)
    except ImageNotFound:
        return None


def _copy_from_docker(podman: "DockerClient", name: str, base: str | None, progress: Progress) -> bool:
    """If Docker has an up-to-date image, copy it into Podman. Return whether it was copied."""
    from gedanken.sandbox.connect import connect_docker

    try:
        docker = connect_docker()
        with engine_errors("Docker cannot list its images"):
            labels = _labels(docker, name)
            if is_podman(docker) or labels is None or not is_current(labels, base):
                return False
            image = docker.images.get(name)
    except NoSandbox:
        return False
    with (
        engine_errors(f"{name} cannot be copied from Docker"),
        long_timeout(docker),
        long_timeout(podman),
        tempfile.TemporaryFile(dir=cache_folder()) as file,
    ):
        with progress.step(f"copying {name} from Docker", float(image.attrs["Size"])) as update:
            for chunk in image.save(named=name):
                file.write(chunk)
                update(file.tell())
        file.seek(0)
        clock = seconds_since(time.monotonic())
        with show_progress(progress, f"loading {name} into Podman", LOAD_SECONDS, clock, "seconds"):
            for _event in podman.api.load_image(file):
                pass
        return _labels(podman, name) == labels


def _build(client: "DockerClient", name: str, base: Base, chosen_base: str | None, progress: Progress) -> None:
    clock = seconds_since(time.monotonic())
    with tempfile.TemporaryFile(dir=cache_folder()) as context, engine_errors(f"building {name} failed"):
        _write_context(context, base, progress)
        context.seek(0)
        with show_progress(progress, f"building {name}", BUILD_SECONDS, clock, "seconds"):
            client.images.build(
                fileobj=context,
                custom_context=True,
                tag=name,
                buildargs={"BASE": base.name},
                labels={RECIPE_LABEL: recipe(), BASE_LABEL: chosen_base or ""},
                timeout=LONG_TIMEOUT_SECONDS,
                rm=True,
                forcerm=True,
            )
        _remove_first_stage(client)


def _write_context(file: IO[bytes], base: Base, progress: Progress) -> None:
    with tarfile.open(fileobj=file, mode="w") as context:
        for path in (DOCKERFILE, REQUIREMENTS):
            context.add(path, path.name)
        folder = tarfile.TarInfo("wheels")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        context.addfile(folder)
        if not base.has_torch:
            for wheel in wheels(progress, base.python).glob("*.whl"):
                context.add(wheel, f"wheels/{wheel.name}")


def _remove_first_stage(client: "DockerClient") -> None:
    """Remove the large, untagged image of the Dockerfile's first stage."""
    for image in client.images.list(filters={"label": STAGE_LABEL, "dangling": True}):
        client.images.remove(image.id, force=True)
