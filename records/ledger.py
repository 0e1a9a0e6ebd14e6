"""The ledger of a run: every reply of a model and every execution on a real machine, each in its own file, which is
found by the request.

An entry is written before anything uses its content, and is on the disk before the next request is sent or the next
command is run, so that no work depends on something that a power failure could delete. Resumed and replayed runs get
exactly the same content.
"""

import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.experiment.secrets import redacted_value

LEDGER = "ledger"
Kind = Literal["replies", "executions", "scores", "about"]
KINDS: tuple[Kind, ...] = ("replies", "executions", "scores", "about")
MOST_BYTES = 1 << 28
"""Maximum size of one entry in bytes."""
MOST_FLUSHES = 4
"""Maximum number of entries that are flushed to disk at the same time."""


def digest(value: object) -> str:
    """SHA-256 of plain values as canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


class Ledger:
    """Entries by kind and key, in a run folder."""

    def __init__(self, run: Path, *, writes: bool = True) -> None:
        """Open the ledger of a run; with `writes=False`, for a replay, it is only read."""
        self.folder = run / LEDGER
        self.writes = writes
        self._flushes = ThreadPoolExecutor(MOST_FLUSHES, thread_name_prefix="flush")
        self._flushing: set[Future[None]] = set()
        if writes:
            for kind in KINDS:
                (self.folder / kind).mkdir(parents=True, exist_ok=True)

    def get(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """Return the stored entry; None if there is none, or if it was not completely written."""
        try:
            content = Inside(self.folder, MOST_BYTES).read(f"{kind}/{key}.json", MOST_BYTES)
        except BadInput:
            return None
        head, _, body = content.partition(b"\n")
        if head.decode(errors="replace") != _head(body):
            return None
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def put(self, kind: Kind, key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Store a value; return it as it was written, without the API keys that this process knows. Raises OSError.

        A new entry is written in place: its first line shows whether it is complete. It is flushed in the background,
        see `flush`. One flush is enough: Linux's file systems (ext4, XFS, Btrfs, F2FS) put the name of a new file on
        the disk together with its content.
        """
        text = json.dumps(redacted_value(dict(value)), ensure_ascii=False, separators=(",", ":"))
        body = text.encode(errors="replace")  # half a surrogate pair is no character
        path = self.folder / kind / f"{key}.json"
        content = _head(body).encode() + b"\n" + body
        if path.exists():
            _replace(path, content)
        else:
            self._flushing.add(self._flushes.submit(_flush, path, _written(path, content)))
        kept: dict[str, Any] = json.loads(body)
        return kept

    def flush(self) -> None:
        """Return when all stored entries are on the disk. Raises OSError if one could not be flushed."""
        for flushing in tuple(self._flushing):
            flushing.result()
            self._flushing.discard(flushing)

    def take_over(self, other: "Ledger") -> None:
        """Copy the ledger of another run. That run's folder may be malicious, so only files inside it are read."""
        for kind in KINDS:
            for path in sorted((other.folder / kind).glob("*.json")):
                content = Inside(other.folder, MOST_BYTES).read(f"{kind}/{path.name}", MOST_BYTES)
                _replace(self.folder / kind / path.name, content)

    def rename(self, kind: Kind, key: str, to: str) -> None:
        """Move an entry to another key; do nothing if it does not exist."""
        path = self.folder / kind / f"{key}.json"
        if path.exists():
            path.replace(path.with_name(f"{to}.json"))

    def ask(self, key: str) -> bool:
        """Record that a request is sent; return whether it was sent before and no reply to it was stored."""
        path = self.folder / "replies" / f"{key}.asked"
        was_asked = path.exists()
        path.touch()
        return was_asked

    def ask_not(self, key: str) -> None:
        """Delete the record that a request was sent, because it was not sent after all."""
        (self.folder / "replies" / f"{key}.asked").unlink(missing_ok=True)


@contextmanager
def reading_entry(folder: Path) -> Iterator[None]:
    """Turn any error in the content of an entry into a BadInput that names `folder`. The content may be malicious."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{folder}: damaged: a stored reply or result cannot be read; use another copy of the run folder, "
            "or start a new run"
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Replace an entry as a whole, and flush it and its folder to disk."""
    new = path.with_suffix(".new")
    _flush(new, _written(new, content))
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written(path: Path, content: bytes) -> int:
    """Write a file; return its descriptor, still open."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def _flush(path: Path, descriptor: int) -> None:
    """Flush a file to disk, and close it."""
    try:
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _head(body: bytes) -> str:
    return json.dumps({"bytes": len(body), "sha256": sha256(body).hexdigest()})
