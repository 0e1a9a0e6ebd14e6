"""How much disk a workspace may take: a file system of its own where one is root, else a look from time to time."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal, NamedTuple

from experiment.errors import NoSandbox
from experiment.execution import Limits

Held = Literal["quota", "polled"]
_IMAGE_SUFFIX = ".ext4"
_NEARLY_FULL_BYTES = 1 << 20


class Use(NamedTuple):
    """What a workspace takes of the disk."""

    bytes: int
    files: int


def hold(folder: Path, limits: Limits) -> Held:
    """Make `folder`, on a file system of its own of the size that `limits` names where this user may mount one."""
    tool = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    folder.mkdir()
    if os.getuid() != 0 or tool is None:
        return "polled"
    image = _image_of(folder)
    with image.open("wb") as file:
        file.truncate(limits.workspace_mib << 20)
    options = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-N", str(limits.workspace_files)]
    for command in (
        [tool, *options, "-E", "lazy_itable_init=1,nodiscard", str(image)],
        ["mount", "-o", "loop,nosuid,nodev", str(image), str(folder)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            image.unlink()
            return "polled"
    (folder / "lost+found").rmdir()
    return "quota"


def is_full(folder: Path) -> bool:
    """Whether the file system of a held workspace has no room left, of bytes or of files."""
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize < _NEARLY_FULL_BYTES or about.f_ffree == 0


def use_of(folder: Path) -> Use:
    """What the files below `folder` take of the disk, as `du` counts it."""
    counts = []
    for option in ("--block-size=1", "--inodes"):
        done = subprocess.run(
            ["du", "--summarize", "--one-file-system", option, "--", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        # A file that vanishes meanwhile is an error to du, and none here.
        counts.append(int(done.stdout.split()[0]) if done.stdout else 0)
    return Use(*counts)


def delete_tree(path: Path) -> None:
    """Delete a file, a folder or a held workspace, however deep a program made it, without following links."""
    if not os.path.lexists(path):
        return
    images = []
    for mounted in _mounts_in(path):
        done = subprocess.run(["umount", "--lazy", str(mounted)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoSandbox(f"{mounted} cannot be unmounted: {done.stderr.strip()[:200]}")
        images.append(str(_image_of(mounted)))
    subprocess.run(["rm", "-rf", "--", str(path), *images], capture_output=True, check=False)


def _mounts_in(path: Path) -> list[Path]:
    """Mount points at and below `path`, the deepest first; proc(5), mountinfo, field 5."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    points = [Path(os.fsdecode(line.split()[4].decode("unicode_escape").encode("latin-1"))) for line in lines]
    return sorted((point for point in points if point.is_relative_to(path)), reverse=True)


def _image_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _IMAGE_SUFFIX)
