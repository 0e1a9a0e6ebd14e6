"""Bringing back what a program left in its workspace, trusting nothing of it."""

import os
import re
import stat
from pathlib import Path

FILE_BYTES = 16 << 20
FILES = 64
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def collect(home: Path, target: Path, known: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Copy the regular files of the top of `home` to `target`, and return their names there.

    Links are not followed, files with a second link, larger than FILE_BYTES or named in `known` stay behind,
    names are made harmless, and at most FILES are taken. Nothing may run in the workspace meanwhile.
    """
    names: list[str] = []
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - by descriptor, not by path
            if name in known or len(names) == FILES:
                continue
            safe = _SAFE.sub("_", name).lstrip(".")[:100]
            if not safe or safe in names or not _copy(folder, name, target / safe):
                continue
            names.append(safe)
    finally:
        os.close(folder)
    return tuple(names)


def _copy(folder: int, name: str, target: Path) -> bool:
    try:
        # O_NONBLOCK: opening a pipe must not wait for its writer.
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False
    about = os.fstat(source)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1 or about.st_size > FILE_BYTES:
        os.close(source)
        return False
    with os.fdopen(source, "rb") as file:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read(FILE_BYTES))
    return True
