"""Creates and removes run folders."""

import errno
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import TEMPORARY_PREFIX
from gedanken.experiment.folders import mounts_in, remove_tree
from gedanken.records.run_files import LOG, RUN_VIEW, SPEC

ABANDONED_SECONDS = 60.0
"""A temporary file that is older than this number of seconds counts as abandoned."""
_HEAD_BYTES = 4096
"""Number of bytes that are read from the beginning of a file to find out whether gedanken wrote it."""


def new_folder(name: str) -> Path:
    """Return an unused path for a run folder under `runs/`."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = Path("runs") / f"{name}-{stamp}"
    number = 1
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{stamp}-{number}"
    return folder


def make_folder(path: Path) -> Path:
    """Create the run folder. Raises BadInput if it cannot be created or written to, or is not empty."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise BadInput(f"--out {path}: the folder is not empty; name a new one")
        probe = path / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput(f"--out {path}: {error.strerror}") from error
    return path


def make_subfolders(folder: Path) -> None:
    """Create the folders for programs and outputs."""
    for name in ("programs", "outputs"):
        (folder / name).mkdir(exist_ok=True)


def remove_abandoned_files(folder: Path) -> None:
    """Remove temporary files of a killed process, once they are `ABANDONED_SECONDS` old."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def is_gedanken_folder(folder: Path) -> bool:
    """Return whether gedanken wrote a run folder, which may be damaged or half removed."""
    # The name of a log does not prove it, because other programs use the same name.
    if all((folder / name).is_dir() for name in ("programs", "outputs")):
        return True
    return _read_head(folder / LOG).startswith(b'{"format": ') or b'"gedanken"' in _read_head(folder / RUN_VIEW)


def _read_head(path: Path) -> bytes:
    if not path.is_file() or path.is_symlink():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def remove_run_folder(folder: Path) -> None:
    """Remove a run folder. Raises OSError if it contains a mount point, or cannot be removed."""
    if mount_points := mounts_in(folder):
        raise OSError(errno.EBUSY, "is a mount point; nothing in it is removed", str(mount_points[0]))
    identifying_files = (folder / RUN_VIEW, folder / LOG)
    remove_tree(folder / SPEC)  # first: a half-removed run must not be resumed without its paid results
    for path in folder.iterdir():
        if path not in identifying_files:
            remove_tree(path)
    for path in identifying_files:  # they identify a run folder: a half-removed one can be removed again
        remove_tree(path)
    remove_tree(folder)
