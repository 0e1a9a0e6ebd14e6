"""Copies the files that a program left in its workspace, without trusting any of them."""

import hashlib
import os
import re
import stat
from pathlib import Path

from gedanken.experiment.execution import Artifact

MAX_FILE_BYTES = 16 << 20
MAX_FILES = 64
MAX_TOTAL_BYTES = 64 << 20
_UNSAFE_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")


def collect_artifacts(
    home: Path,
    root: Path,
    folder: str,
    excluded_names: frozenset[str] = frozenset(),
    copied_paths: dict[str, str] | None = None,
) -> tuple[Artifact, ...]:
    """Copy the regular files at the top level of `home` to `root/folder`, and return a description of each.

    Links, hard-linked files, files larger than `MAX_FILE_BYTES` and files named in `excluded_names` are left out.
    At most `MAX_FILES` files are described, and at most `MAX_TOTAL_BYTES` copied.

    `copied_paths` maps the digests of earlier copies to their paths. Files with these digests are not copied again.
    New copies are added to `copied_paths`. No process may be running in the workspace.
    """
    artifacts: dict[str, Artifact] = {}
    paths = {} if copied_paths is None else copied_paths
    remaining_bytes = MAX_TOTAL_BYTES
    source = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in sorted(os.listdir(source)):  # noqa: PTH208 - by descriptor, not by path
            safe_name = _UNSAFE_CHARACTERS.sub("_", name).lstrip(".")[:100]
            if name in excluded_names or not safe_name or safe_name in artifacts or len(artifacts) == MAX_FILES:
                continue
            content = _read(source, name)
            if content is None or len(content) > remaining_bytes:
                continue
            digest = hashlib.sha256(content).hexdigest()
            if digest not in paths:
                remaining_bytes -= len(content)
                target = root / folder / safe_name
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.write_bytes(content)
                except OSError:
                    target.unlink(missing_ok=True)  # an incomplete copy is not kept
                    raise
                paths[digest] = f"{folder}/{safe_name}"
            artifacts[safe_name] = Artifact(safe_name, paths[digest], len(content), digest)
    finally:
        os.close(source)
    return tuple(artifacts.values())


def _read(folder: int, name: str) -> bytes | None:
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer.
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    status = os.fstat(source)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > MAX_FILE_BYTES:
        os.close(source)
        return None
    with os.fdopen(source, "rb") as file:
        return file.read(MAX_FILE_BYTES)
