"""Locks a run folder, so that only one process at a time works on the run."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import name_in_errors
from gedanken.records.run_files import LOG
from gedanken.traces.local import TRACE

LOCK_WAIT_SECONDS = 0.5
"""How long `locked_log` tries to get the lock, in seconds. Another process holds it for a moment while it calls
`is_in_use`.
"""
APPENDED_FILES = (LOG, TRACE)
"""Files that are changed only by appending; all other files are replaced as a whole."""


def check_files(folder: Path) -> None:
    """Raise BadInput if the folder has no log, or has links or pipes that make writing unsafe."""
    if not (folder / LOG).is_file():
        raise BadInput(
            f"{folder}: contains no {LOG}, so it cannot be resumed: it is not a run folder, or an earlier version "
            "of gedanken wrote it"
        )
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise BadInput(
                f"{folder}: contains symbolic links, so nothing is written to it; make a copy without links"
            )
        if not path.is_dir() and not path.is_file():
            raise BadInput(f"{path}: neither a file nor a folder, so it is not part of a run")
    for name in APPENDED_FILES:
        path = folder / name
        if path.is_file() and path.stat().st_nlink > 1:
            raise BadInput(
                f"{path}: this file also belongs to another folder (a hard link), which would change too; "
                "copy this folder, and use the copy"
            )


def is_in_use(folder: Path) -> bool:
    """Return whether a process is working on the run in a folder."""
    try:
        descriptor = os.open(folder / LOG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


@contextmanager
def locked_log(folder: Path) -> Iterator[IO[str]]:
    """Open the log of a run for appending, and lock it while this process works on the run.

    Raises BadInput if another process works on the run or has removed it.
    """
    file = (folder / LOG).open("a", encoding="utf-8")
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while not _is_locked(file):
            if time.monotonic() > deadline:
                raise BadInput(f"{folder}: this run is in use by another process")
            time.sleep(0.02)
        if not _is_same_file(file, folder / LOG):
            raise BadInput(f"{folder}: removed by another process")
        yield file
    finally:
        with name_in_errors(folder / LOG):  # closing tries once more to write what could not be written before
            file.close()


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel releases it however the process ends
        return True
    except BlockingIOError:
        return False


def _is_same_file(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
