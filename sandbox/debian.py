"""Makes a small Debian system with Python, as a tar file, for use if no base image can be pulled."""

import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.failure_reasons import explain_failure
from gedanken.experiment.folders import environment_in
from gedanken.experiment.progress import Progress, show_progress

RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
TERMINATION_SECONDS = 15

# Stages that mmdebstrap announces, and the share of its time before each; used only to estimate progress.
_STAGES = {
    "downloading packages": 0.07,
    "extracting archives": 0.09,
    "installing essential": 0.23,
    "installing remaining": 0.52,
    "cleaning package lists": 0.93,
    "creating tarball": 0.94,
    "done": 0.96,
}
_EXPECTED_SECONDS = 30.0


def make_debian(folder: Path, progress: Progress) -> Path:
    """Create the tar file of a small Debian system in `folder`, and return the file's path.

    Raises NoSandbox, with the remedy, if mmdebstrap is missing or fails.
    """
    tool = shutil.which("mmdebstrap")
    if tool is None:
        raise NoSandbox(
            "no base image can be pulled, and making one needs the Debian package `mmdebstrap`: install it, or load "
            "any image with Python 3.11 and tag it python:3.11-slim-bookworm"
        )
    tar_path = folder / "debian.tar"
    # In its own namespace, the mounts of mmdebstrap in `folder` end with it, even if it is killed.
    command = [
        *_namespace_prefix(),
        tool,
        "--variant=minbase",
        f"--include={PACKAGES}",
        '--aptopt=Acquire::Retries "3"',
    ]
    stderr_lines: list[str] = []
    with show_progress(
        progress,
        "making a Debian base",
        _EXPECTED_SECONDS,
        lambda: _EXPECTED_SECONDS * _progress_share(stderr_lines),
        "seconds",
    ):
        code = _run_logged([*command, RELEASE, str(tar_path)], folder, stderr_lines)
    if code != 0:
        raise NoSandbox(f"mmdebstrap cannot make a Debian base: {explain_failure(''.join(stderr_lines))}")
    return tar_path


def _namespace_prefix() -> list[str]:
    """Return the command prefix that gives a command its own mount namespace; empty if that is not permitted."""
    command = ["unshare", "--mount"]
    with suppress(OSError):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    # Only root is permitted; for others, mmdebstrap makes a namespace itself, or works without mounts.
    return []


def _run_logged(command: list[str], folder: Path, stderr_lines: list[str]) -> int:
    """Run a command, append the lines of its stderr to `stderr_lines`, and return its exit code."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment_in(folder),
        umask=0o022,
    )
    try:
        for line in process.stderr or ():
            stderr_lines.append(line)
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def _progress_share(stderr_lines: Iterable[str]) -> float:
    """Return which share of its work mmdebstrap has done, from 0 to 1, judged by the last stage that it announced."""
    stderr = "".join(stderr_lines)
    return max((share for stage, share in _STAGES.items() if f"I: {stage}" in stderr), default=0.0)
