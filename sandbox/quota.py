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


class Use(NamedTuple):
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
        _run([tool, *options, "-E", "lazy_itable_init=1,nodiscard", str(image)])
        mount(folder)
    except NoSandbox:
        image.unlink()
        return "polled"
    (folder / "lost+found").rmdir()
    return "quota"


def mount(folder: Path) -> None:
    """Mount the image file of a workspace that has its own file system. Raises NoSandbox if that fails."""
    _run(["mount", "-o", "loop,nosuid,nodev", str(image_of(folder)), str(folder)])


def copy_image(source: Path, target: Path) -> None:
    """Copy the image file of the workspace `source` for the workspace `target`. Raises NoSandbox if it fails.

    No process may be running in `source`.
    """
    if source.is_mount():
        _run(["sync", "--file-system", str(source)])
    # Unlike `cp` on the files, this also works for deeply nested files with very long paths.
    _run(["cp", "--sparse=always", "--preserve=mode", "--", str(image_of(source)), str(image_of(target))])


def image_of(folder: Path) -> Path:
    """Return the path of the image file that a workspace has if it has its own file system."""
    return folder.with_name(folder.name + _IMAGE_SUFFIX)


def is_full(folder: Path) -> bool:
    """Return whether a workspace with its own file system has no room left, for bytes or for files."""
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize < _NEARLY_FULL_BYTES or about.f_ffree == 0


def use_of(folder: Path) -> Use:
    """Return how much disk the files below `folder` use, counted as `du` does."""
    counts = []
    for option in ("--block-size=1", "--inodes"):
        done = subprocess.run(
            ["du", "--summarize", "--one-file-system", option, "--", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        # du reports an error for a file that vanishes meanwhile; it is ignored here.
        counts.append(int(done.stdout.split()[0]) if done.stdout else 0)
    return Use(*counts)


def delete_tree(path: Path) -> None:
    """Delete a file, a folder or a workspace, however deeply nested, without following links.

    Raises NoSandbox if `path` cannot be deleted, or if anything but workspaces is mounted below it.
    """
    if os.path.lexists(path):
        images = []
        for mounted in mounts_in(path):
            if not image_of(mounted).is_file():
                raise NoSandbox(f"{path} was not deleted, because something else is mounted at {mounted}")
            _run(["umount", "--lazy", str(mounted)])
            images.append(str(image_of(mounted)))
        _delete([str(path), *images])
        if os.path.lexists(path):
            give_back_rights(path)
            _delete([str(path)])
        if os.path.lexists(path):
            raise NoSandbox(f"{path} cannot be deleted")


def give_back_rights(folder: Path) -> None:
    """Give the owner access again to all folders below `folder`; a program may have removed this access."""
    _call(["find", str(folder), "-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "{}", ";"])


def _delete(paths: list[str]) -> None:
    _call(["rm", "-rf", "--one-file-system", "--", *paths])


def _call(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=False)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["no message"]
        raise NoSandbox(f"the workspace cannot be created, copied or removed: {said[-1][:300]}")
