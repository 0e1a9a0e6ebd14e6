"""Reads files that the user names, and writes output files."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from gedanken.experiment.errors import BadInput
from gedanken.experiment.secrets import redacted

TEMPORARY_PREFIX = ".gedanken-"
"""Prefix of the names of files that are still being written."""
MAX_BYTES = 1 << 20
"""Maximum size in bytes of a file that a person writes: a script, a program, an experiment."""


def read_text(path: Path | Traversable, description: object, most_bytes: int = MAX_BYTES) -> str:
    """Read a UTF-8 text file. Raises BadInput if that fails; the message calls the file `description`."""
    try:
        return read_bytes(path, description, most_bytes).decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{description}: not a text file") from error


def read_bytes(path: Path | Traversable, description: object, most_bytes: int = MAX_BYTES) -> bytes:
    """Read a file or a pipe; messages call it `description`. Raises BadInput if that fails, or if it is too large."""
    try:
        with open(path, "rb", opener=_open_nonblocking) if isinstance(path, Path) else path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"{description}: {error.strerror}") from error
    if len(content) > most_bytes:
        raise BadInput(f"{description}: larger than {most_bytes} bytes")
    return content


def read_regular(path: Path, description: object, most_bytes: int) -> str:
    """Read a UTF-8 text file as `read_text` does. Also raises BadInput for a device or a pipe."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise BadInput(f"{description}: {error.strerror}") from error
    if not is_file:  # a device has no end, and a pipe can be read only once
        raise BadInput(f"{description}: not a regular file")
    return read_text(path, description, most_bytes)


class UntrustedFolder:
    """Reads files in a folder from an untrusted source; refuses names and links that lead outside."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """`most_bytes` limits how much may be read from the folder in total."""
        self.folder = folder
        self._bytes_left = most_bytes

    def read(self, name: str, most_bytes: int) -> bytes:
        """Read a regular file in the folder.

        Raises BadInput if that fails, or if `most_bytes` or the folder's total limit is exceeded.
        """
        content = self._read(name, min(most_bytes, self._bytes_left))
        self._bytes_left -= len(content)
        return content

    def size(self, name: str) -> int | None:
        """Return the bytes of a regular file in the folder; None if it does not exist.

        Raises BadInput if the name leads outside the folder, or to something other than a regular file.
        """
        try:
            with self._open_inside(name) as descriptor:
                return os.fstat(descriptor).st_size
        except BadInput as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def _read(self, name: str, most_bytes: int) -> bytes:
        with self._open_inside(name) as descriptor, open(descriptor, "rb", closefd=False) as file:
            content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise BadInput(f"{self.folder / name}: larger than {most_bytes} bytes")
        return content

    @contextmanager
    def _open_inside(self, name: str) -> Iterator[int]:
        path = self.folder / name
        parts = name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\0" in name:
            raise BadInput(f"{self.folder}: refers to a file outside this folder: {name}")
        descriptors = []
        try:
            descriptors.append(os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for part in parts:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                descriptors.append(os.open(part, flags, dir_fd=descriptors[-1]))
            if not stat.S_ISREG(os.fstat(descriptors[-1]).st_mode):
                raise BadInput(f"{path}: not a file")
            yield descriptors[-1]
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


@contextmanager
def name_in_errors(path: Path) -> Iterator[None]:
    """If the `with` block raises an OSError that names no file, make the error name `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def write_atomically(path: Path, text: str) -> None:
    """Write a file completely or not at all, and without API keys. Raises OSError.

    A link at `path` is replaced, not followed.
    """
    with temporary_beside(path) as file:
        file.write(redacted(text))
        file.flush()
        Path(file.name).replace(path)


@contextmanager
def temporary_beside(target: Path) -> Iterator[TextIO]:
    """Create a temporary file beside `target`. At the end it is deleted, unless it was moved elsewhere."""
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{token_hex(8)}")
    # Follows no link. Model output may contain half a surrogate pair, which UTF-8 cannot encode.
    with temporary.open("x", encoding="utf-8", errors="backslashreplace") as file:
        try:
            yield file
        finally:
            temporary.unlink(missing_ok=True)


def _open_nonblocking(path: str, flags: int) -> int:
    """Open a file without blocking: a named pipe without a writer reads as empty."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def flush_folder(folder: Path) -> None:
    """Flush the file names in a folder to the disk. Flushing the files alone may not write their names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
