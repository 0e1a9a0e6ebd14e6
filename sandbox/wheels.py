"""Downloads the sandbox's Python packages as wheel files, which can be installed without a network."""

import platform
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.failure_reasons import explain_failure
from gedanken.experiment.folders import environment_in, folder_bytes, work_folder
from gedanken.experiment.progress import Progress, show_progress
from gedanken.experiment.user_folders import cache_folder

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
WHEEL_BYTES = 240e6
"""Size of the packages for the CPU; used only to show how far their download is."""


def wheels(progress: Progress, python_version: str = "3.11") -> Path:
    """Return the folder with the packages of requirements.txt, downloaded if missing.

    Raises NoSandbox if pip cannot get them.
    """
    recipe = REQUIREMENTS.read_bytes() + platform.machine().encode()
    folder = cache_folder() / "wheels" / sha256(recipe).hexdigest()[:16] / python_version
    if folder.is_dir():
        return folder
    with work_folder(folder.parent) as work:
        new_folder = work / "wheels"
        _download(new_folder, python_version, progress)
        with suppress(OSError):  # another process was quicker
            new_folder.rename(folder)
    return folder


def _download(folder: Path, python_version: str, progress: Progress) -> None:
    machine = platform.machine()
    tags = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "linux"]
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python_version}"]
    command += [f"--platform={tag}_{machine}" for tag in tags]
    command += ["--dest", str(folder), "--requirement", str(REQUIREMENTS)]
    with show_progress(progress, "downloading PyTorch for the sandbox", WHEEL_BYTES, lambda: folder_bytes(folder)):
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment_in(folder.parent)
        )
    if result.returncode != 0:
        raise NoSandbox(
            f"pip cannot get the sandbox's packages for Python {python_version}: {explain_failure(result.stderr)}"
        )
