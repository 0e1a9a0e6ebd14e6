"""Makes and removes work folders, each locked while in use."""

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from gedanken.experiment.progress import Progress
from gedanken.experiment.user_folders import cache_folder

PREFIX = "gedanken-work-"
_OWNER = "owner"


def remove_tree(path: Path) -> None:
    """Remove a file or a folder with everything in it, if it exists.

    Raises OSError, and removes nothing, if something is mounted at or below `path`.
    """
    if not os.path.lexists(path):
        return
    if mount_points := mounts_in(path):
        raise OSError(
            errno.EBUSY,
            "another file system is mounted there, and gedanken removes nothing on other file systems",
            str(mount_points[0]),
        )
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        shutil.rmtree(path)


def mounts_in(path: Path) -> list[Path]:
    """Return the mount points at and below `path`, as listed in /proc/self/mountinfo. Each comes before those that
    contain it.
    """
    path = path.parent.resolve() / path.name
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    points = [Path(os.fsdecode(line.split()[4].decode("unicode_escape").encode("latin-1"))) for line in lines]
    return sorted((point for point in points if point.is_relative_to(path)), reverse=True)


def folder_bytes(folder: Path) -> float:
    """Return the bytes of all regular files below a folder; 0 if it does not exist.

    Other file systems that are mounted in the folder are not counted.
    """
    total = 0
    try:
        device = folder.lstat().st_dev
    except OSError:
        return 0.0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _device(Path(root) / name) == device]
        for name in files:
            with suppress(OSError):  # it was deleted meanwhile
                file_stat = (Path(root) / name).lstat()
                total += file_stat.st_size if stat.S_ISREG(file_stat.st_mode) else 0
    return float(total)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """Make a folder below `parent`, yield it, and remove it at the end.

    First removes the work folders that killed processes left below `parent`.
    """
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    folder, owner = _owned_folder(parent)
    try:
        yield folder
    finally:
        with owner:
            remove_tree(folder)


def environment_in(folder: Path) -> dict[str, str]:
    """Return this process's environment variables with `TMPDIR` set to `folder`."""
    return {**os.environ, "TMPDIR": str(folder)}


def remove_abandoned(parent: Path) -> None:
    """Remove the work folders in `parent` whose processes no longer exist, as far as possible."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / _OWNER).open("a") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(folder)


@contextmanager
def one_at_a_time(task_name: str, progress: Progress) -> Iterator[None]:
    """Hold the lock of a piece of work, such as `build of images`, during the `with` block.

    If another process holds the lock, tell the user and wait.
    """
    name = task_name.replace(" ", "-")
    with (cache_folder() / f"{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            progress.say(f"process {file.read(20).strip() or 'unknown'} is busy with the {task_name}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _owned_folder(parent: Path) -> tuple[Path, IO[str]]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        folder.chmod(0o755)  # apt, which drops its privileges, works below it
        owner = (folder / _OWNER).open("w")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (folder / _OWNER).exists():
                return folder, owner
        except BlockingIOError:  # another process considered the folder abandoned before it was locked
            pass
        owner.close()


def _device(folder: Path) -> int | None:
    try:
        return folder.lstat().st_dev
    except OSError:
        return None
