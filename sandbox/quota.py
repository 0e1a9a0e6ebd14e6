"""Limits the disk space of a workspace: for root by a file system of its own, otherwise by periodic checks."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal, NamedTuple

from gedanken.experiment.errors import NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.experiment.folders import mounts_in

SizeLimit = Literal["quota", "polled"]
_IMAGE_SUFFIX = ".ext4"
_NEARLY_FULL_BYTES = 1 << 20


class DiskUsage(NamedTuple):
    """Disk usage of a workspace."""

    bytes: int
    files: int


def create_limited(folder: Path, limits: Limits) -> SizeLimit:
    """Create `folder`, and return how its size is limited: `quota` (own file system) or `polled` (checks)."""
    tool = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    folder.mkdir()
    if os.getuid() != 0 or tool is None:
        return "polled"
    image = image_of(folder)
    descriptor = os.open(image, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.truncate(descriptor, limits.workspace_mib << 20)
    os.close(descriptor)
    options = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-N", str(limits.workspace_files)]
    try:
        _run_checked([tool, *options, "-E", "lazy_itable_init=1,nodiscard", str(image)])
        mount(folder)
    except NoSandbox:
        image.unlink()
        return "polled"
    (folder / "lost+found").rmdir()
    return "quota"


def mount(folder: Path) -> None:
    """Mount the image file of a workspace with its own file system. Raises NoSandbox if that fails."""
    _run_checked(["mount", "-o", "loop,nosuid,nodev", str(image_of(folder)), str(folder)])


def copy_image(source: Path, target: Path) -> None:
    """Copy the image file of the workspace `source` for the workspace `target`. Raises NoSandbox if that fails.

    No process may be running in `source`.
    """
    if source.is_mount():
        _run_checked(["sync", "--file-system", str(source)])
    # Unlike `cp` on the files, this also works for deeply nested files with very long paths.
    _run_checked(["cp", "--sparse=always", "--preserve=mode", "--", str(image_of(source)), str(image_of(target))])


def image_of(folder: Path) -> Path:
    """Return the path at which the image file of a workspace is stored, if the workspace has its own file system."""
    return folder.with_name(folder.name + _IMAGE_SUFFIX)


def is_full(folder: Path) -> bool:
    """Return whether a workspace with its own file system has no room left, for bytes or for files."""
    statistics = os.statvfs(folder)
    return statistics.f_bavail * statistics.f_frsize < _NEARLY_FULL_BYTES or statistics.f_ffree == 0


def measure_usage(folder: Path) -> DiskUsage:
    """Return how much disk the files below `folder` use, counted as `du` does."""
    counts = []
    for option in ("--block-size=1", "--inodes"):
        result = subprocess.run(
            ["du", "--summarize", "--one-file-system", option, "--", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        # du reports an error for a file that vanishes meanwhile; it is ignored here.
        counts.append(int(result.stdout.split()[0]) if result.stdout else 0)
    return DiskUsage(*counts)


def delete_tree(path: Path) -> None:
    """Delete a file, a folder or a workspace, however deeply nested, without following links.

    Raises NoSandbox if `path` cannot be deleted, or if anything but workspaces is mounted below it.
    """
    if os.path.lexists(path):
        images = []
        for mount_point in mounts_in(path):
            if not image_of(mount_point).is_file():
                raise NoSandbox(f"{path} was not deleted, because something else is mounted at {mount_point}")
            _run_checked(["umount", "--lazy", str(mount_point)])
            images.append(str(image_of(mount_point)))
        _delete([str(path), *images])
        if os.path.lexists(path):
            restore_access(path)
            _delete([str(path)])
        if os.path.lexists(path):
            raise NoSandbox(f"{path} cannot be deleted")


def restore_access(folder: Path) -> None:
    """Give the owner access again to all folders below `folder`.

    A program may have removed this access.
    """
    _run_unchecked(
        ["find", str(folder), "-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "{}", ";"]
    )


def _delete(paths: list[str]) -> None:
    _run_unchecked(["rm", "-rf", "--one-file-system", "--", *paths])


def _run_unchecked(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=False)


def _run_checked(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode != 0:
        error_lines = result.stderr.strip().splitlines() or ["no message"]
        raise NoSandbox(f"the workspace cannot be created, copied or removed: {error_lines[-1][:300]}")
