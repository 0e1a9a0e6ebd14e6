"""What was paid for, by what it was asked with: replies of models, and executions on real machines.

One file for each, on the disk before anybody uses what it holds, also after a power failure. What is used is what was
written: a run that is gone on with, or replayed, cannot tell the difference.
"""

import json
import os
from collections.abc import Iterator, Mapping
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
"""Of one entry."""


def digest(value: object) -> str:
    """SHA-256 of plain values as canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


class Ledger:
    """Entries by kind and key, in a run folder."""

    def __init__(self, run: Path, *, writes: bool = True) -> None:
        """One that does not write is that of a run which is replayed."""
        self.folder = run / LEDGER
        self.writes = writes
        if writes:
            for kind in KINDS:
                (self.folder / kind).mkdir(parents=True, exist_ok=True)

    def get(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """What was kept; None where nothing was, or not all of it came to the disk."""
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
        """Keep a value; return it as it was written, without the keys of this process. Raises OSError."""
        text = json.dumps(redacted_value(dict(value)), ensure_ascii=False, separators=(",", ":"))
        body = text.encode(errors="replace")  # half a surrogate pair is no character
        path = self.folder / kind / f"{key}.json"
        _write(path, _head(body).encode() + b"\n" + body)
        kept: dict[str, Any] = json.loads(body)
        return kept

    def take_over(self, other: "Ledger") -> None:
        """Copy what another run paid for. Whoever made that run may mean harm: only files that lie in it are read."""
        for kind in KINDS:
            for path in sorted((other.folder / kind).glob("*.json")):
                content = Inside(other.folder, MOST_BYTES).read(f"{kind}/{path.name}", MOST_BYTES)
                _write(self.folder / kind / path.name, content)

    def rename(self, kind: Kind, key: str, to: str) -> None:
        """Put an entry under another key; where it is not there, nothing happens."""
        path = self.folder / kind / f"{key}.json"
        if path.exists():
            path.replace(path.with_name(f"{to}.json"))

    def ask(self, key: str) -> bool:
        """Note that a request is sent; return whether it was sent before without its reply being kept."""
        path = self.folder / "replies" / f"{key}.asked"
        was_asked = path.exists()
        path.touch()
        return was_asked

    def ask_not(self, key: str) -> None:
        """Remove the note that a request was sent: it was not."""
        (self.folder / "replies" / f"{key}.asked").unlink(missing_ok=True)


@contextmanager
def reading_entry() -> Iterator[None]:
    """Whoever made the folder may mean harm: what an entry holds may be anything. Raises BadInput."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("the ledger is damaged: an entry in it cannot be read") from error


def _write(path: Path, content: bytes) -> None:
    """Write an entry and flush it to disk.

    A new one is written in its place: its first line tells whether all of it is there. One flush is enough for it:
    Linux's file systems (ext4, XFS, Btrfs, F2FS) put the name of a new file on the disk with its content. An entry
    that is there already is replaced as a whole, and the change of names is flushed too.
    """
    if not path.exists():
        _put(path, content)
        return
    new = path.with_suffix(".new")
    _put(new, content)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _head(body: bytes) -> str:
    return json.dumps({"bytes": len(body), "sha256": sha256(body).hexdigest()})
