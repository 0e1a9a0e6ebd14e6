"""Copies the files that a program left in its workspace, without trusting any of them."""

import hashlib
import os
import re
import stat
from pathlib import Path

from gedanken.experiment.execution import Artifact

FILE_BYTES = 16 << 20
FILES = 64
TOTAL_BYTES = 64 << 20
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def collect(
    home: Path,
    root: Path,
    folder: str,
    known: frozenset[str] = frozenset(),
    brought: dict[str, str] | None = None,
) -> tuple[Artifact, ...]:
    """Copy the regular files at the top level of `home` to `root/folder`, and return a description of each.

    Links, hard-linked files, files larger than FILE_BYTES and files whose names are in `known` are left out. At most
    FILES files are described, and at most TOTAL_BYTES copied.

    `brought` maps the digests of earlier copies to their paths: files with these digests are not copied again. New
    copies are added to `brought`. No process may be running in the workspace.
    """
    kept: dict[str, Artifact] = {}
    paths = {} if brought is None else brought
    room = TOTAL_BYTES
    source = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in sorted(os.listdir(source)):  # noqa: PTH208 - by descriptor, not by path
            safe = _SAFE.sub("_", name).lstrip(".")[:100]
            if name in known or not safe or safe in kept or len(kept) == FILES:
                continue
            content = _read(source, name)
            if content is None or len(content) > room:
                continue
            digest = hashlib.sha256(content).hexdigest()
            if digest not in paths:
                room -= len(content)
                target = root / folder / safe
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.write_bytes(content)
                except OSError:
                    target.unlink(missing_ok=True)  # an incomplete copy is not kept
                    raise
                paths[digest] = f"{folder}/{safe}"
            kept[safe] = Artifact(safe, paths[digest], len(content), digest)
    finally:
        os.close(source)
    return tuple(kept.values())


def _read(folder: int, name: str) -> bytes | None:
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer.
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    about = os.fstat(source)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1 or about.st_size > FILE_BYTES:
        os.close(source)
        return None
    with os.fdopen(source, "rb") as file:
        return file.read(FILE_BYTES)
