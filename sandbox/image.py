"""The image in which programs run, built when it is missing."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from experiment.errors import NoSandbox
from experiment.places import cache_folder
from experiment.progress import Progress, seconds_since, watched

if TYPE_CHECKING:
    from docker import DockerClient

IMAGE = "gedanken/sandbox:cpu"
PULLED_BASE = "python:3.11-slim-bookworm"
BOOTSTRAPPED_BASE = "gedanken/base:bookworm"
RECIPE_LABEL = "gedanken.recipe"
STAGE_LABEL = "gedanken.stage"
HERE = Path(__file__).parent

# Sizes and times of one build, used only to say how much is left.
WHEEL_BYTES = 240e6
ROOT_BYTES = 317e6
BUILD_SECONDS = 40.0


def recipe() -> str:
    """Digest of what the image is made of; it stands on the image as a label."""
    parts = (HERE / "Dockerfile", HERE / "requirements.txt")
    return sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def ensure_image(client: "DockerClient", progress: Progress) -> str:
    """Build IMAGE unless it is there and made by the present recipe; return its name.

    Raises NoSandbox when it cannot be built, saying what is missing.
    """
    from docker.errors import ImageNotFound

    try:
        if client.images.get(IMAGE).labels.get(RECIPE_LABEL) == recipe():
            return IMAGE
        progress.say(f"{IMAGE} was built by another recipe and is built again")
    except ImageNotFound:
        pass
    wheels = _wheels(progress)
    base = _base(client, progress)
    _build(client, base, wheels, progress)
    return IMAGE


def _wheels(progress: Progress) -> Path:
    """Download what requirements.txt names for the Python of the image, into the cache."""
    folder = cache_folder() / "wheels" / recipe()
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    machine = platform.machine()
    tags = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "linux"]
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--implementation=cp", "--python-version=3.11"]
    command += [f"--platform={tag}_{machine}" for tag in tags]
    command += ["--dest", str(folder), "--requirement", str(HERE / "requirements.txt")]
    with watched(progress, "downloading PyTorch for the sandbox", WHEEL_BYTES, lambda: folder_bytes(folder)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoSandbox(f"pip cannot get the sandbox's packages: {_last_line(done.stderr)}")
    (folder / "complete").touch()
    return folder


def _base(client: "DockerClient", progress: Progress) -> str:
    """A base image: pulled where pulling works, otherwise made by debootstrap."""
    from docker.errors import DockerException, ImageNotFound

    for name in (PULLED_BASE, BOOTSTRAPPED_BASE):
        try:
            client.images.get(name)
            return name
        except ImageNotFound:
            continue
    try:
        with watched(progress, f"pulling {PULLED_BASE}", 30.0, seconds_since(time.monotonic()), "seconds"):
            client.images.pull(PULLED_BASE)
        return PULLED_BASE
    except DockerException:
        progress.say(f"{PULLED_BASE} cannot be pulled here; making a base with debootstrap")
    return _debootstrap(client, progress)


def _debootstrap(client: "DockerClient", progress: Progress) -> str:
    tool = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin")
    if os.getuid() != 0 or tool is None:
        raise NoSandbox(
            f"no base image: {PULLED_BASE} cannot be pulled, and making one needs root and the Debian package "
            f"`debootstrap`; or load any image with Python 3.11 and tag it {PULLED_BASE}"
        )
    with tempfile.TemporaryDirectory(prefix="gedanken-base-") as folder:
        root = Path(folder) / "root"
        command = [tool, "--variant=minbase", "--include=python3,python3-venv,python3-pip,ca-certificates"]
        command += ["bookworm", str(root)]
        with watched(progress, "making a Debian base", ROOT_BYTES, lambda: folder_bytes(root)):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoSandbox(f"debootstrap failed: {_last_line(done.stdout + done.stderr)}")
        packed = Path(folder) / "root.tar"
        subprocess.run(["tar", "-C", str(root), "-cf", str(packed), "."], check=True)
        repository, tag = BOOTSTRAPPED_BASE.split(":")
        with watched(progress, "importing the base", 6.0, seconds_since(time.monotonic()), "seconds"):
            client.api.import_image_from_file(str(packed), repository=repository, tag=tag)
    return BOOTSTRAPPED_BASE


def _build(client: "DockerClient", base: str, wheels: Path, progress: Progress) -> None:
    from docker.errors import BuildError, DockerException

    with tempfile.TemporaryDirectory(prefix="gedanken-image-") as folder:
        context = Path(folder)
        for name in ("Dockerfile", "requirements.txt"):
            shutil.copy(HERE / name, context / name)
        (context / "wheels").mkdir()
        for wheel in wheels.glob("*.whl"):
            shutil.copy(wheel, context / "wheels" / wheel.name)
        try:
            with watched(progress, f"building {IMAGE}", BUILD_SECONDS, seconds_since(time.monotonic()), "seconds"):
                client.images.build(
                    path=folder,
                    tag=IMAGE,
                    buildargs={"BASE": base},
                    labels={RECIPE_LABEL: recipe()},
                    rm=True,
                    forcerm=True,
                )
            _remove_first_stage(client)
        except BuildError as error:
            raise NoSandbox(f"building {IMAGE} failed: {_last_line(str(error))}") from error
        except DockerException as error:
            raise NoSandbox(f"the engine could not build {IMAGE}: {_last_line(str(error))}") from error


def _remove_first_stage(client: "DockerClient") -> None:
    """The builder leaves the first stage behind without a name, larger than the image itself."""
    for image in client.images.list(filters={"label": STAGE_LABEL, "dangling": True}):
        client.images.remove(image.id, force=True)


def folder_bytes(folder: Path) -> float:
    """Bytes of all regular files below a folder that may still be growing."""
    total = 0
    for root, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).lstat().st_size
            except OSError:
                continue
    return float(total)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
