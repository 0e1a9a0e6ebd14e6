"""Stores the ledger of a run. Each reply and each execution is a file, named after the request or command."""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import UntrustedFolder, flush_folder, name_in_errors
from gedanken.experiment.folders import remove_tree
from gedanken.experiment.secrets import redacted_value

LEDGER = "ledger"
Kind = Literal["replies", "executions", "scores", "about"]
KINDS: tuple[Kind, ...] = ("replies", "executions", "scores", "about")
_ANSWERED_FOLDER = "answered"
"""Name of the folder of marks. A mark is an empty file that records that a place in a session was answered.

Its name consists of the place and, usually, the key of the reply at this place; see `Ledger.mark_answered`.
"""
_KEY_SEPARATOR = "@"
"""Separates the place from the key of the reply in the name of a mark."""
_SENT_SUFFIX = ".asked"
_KEY_FIELD = "key"
"""Field in which an entry repeats its own key. Entries of earlier versions lack it."""
MOST_BYTES = 1 << 29
"""Maximum size of one entry in bytes."""
MOST_FLUSHES = 4
"""Maximum number of entries that are flushed to disk at the same time."""


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a plain value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


# An entry is written before anything uses its content. It is on the disk before the next request is sent or the next
# command is run, so that no work depends on something that a power failure could delete.
class Ledger:
    """The ledger of a run. Its entries are found by kind and key."""

    def __init__(self, run: Path, *, writes: bool = True, note: Callable[[str], None] | None = None) -> None:
        """Open the ledger of a run. If `writes` is False, as for a replay, it is only read.

        `note` receives notes for the log, for example on a damaged entry.
        """
        self.folder = run / LEDGER
        self.writes = writes
        self._note = note
        self._flush_pool = ThreadPoolExecutor(MOST_FLUSHES, thread_name_prefix="flush")
        self._pending_flushes: set[Future[None]] = set()
        self._mark_lock, self._marked_names = Lock(), set[str]()
        for name in (_ANSWERED_FOLDER, *KINDS) if writes else ():
            _make_folder(self.folder / name)

    def get(self, kind: Kind, key: str) -> dict[str, Any] | None:
        """Return an entry; None if it does not exist or is damaged. A damaged entry is noted in the log.

        Raises BadInput for a damaged entry in a ledger that is only read.
        """
        name = f"{kind}/{key}.json"
        try:
            value = _parse_entry(UntrustedFolder(self.folder, MOST_BYTES).read(name, MOST_BYTES), key)
        except BadInput as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            value = None
        if value is None:
            self._report_damaged(name)
        return value

    def _report_damaged(self, name: str) -> None:
        """Note that an entry is damaged, or raise BadInput if the ledger is only read."""
        if not self.writes:
            raise BadInput(f"{self.folder / name}: damaged: its content is not what was written")
        if self._note is not None:
            self._note(f"{LEDGER}/{name} was damaged, so its content was requested, measured or run again")

    def put(self, kind: Kind, key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Store a value, and return it as written: without the known API keys.

        A new entry is flushed in the background; see `flush`. An existing one is replaced as a whole. Raises
        OSError if it cannot be written.
        """
        entry = redacted_value(dict(value)) | {_KEY_FIELD: key}
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        body = text.encode(errors="replace")  # half a surrogate pair is no character
        path = self.path(kind, key)
        content = _header(body).encode() + b"\n" + body
        if os.path.lexists(path):
            _replace_entry(path, content)
        else:
            # Written in place: its first line shows whether it is complete. One flush is enough, because Linux's file
            # systems (ext4, XFS, Btrfs, F2FS) put the name of a new file on the disk together with its content.
            self._pending_flushes.add(self._flush_pool.submit(_flush, path, _write_new_file(path, content)))
        stored: dict[str, Any] = json.loads(body)
        del stored[_KEY_FIELD]
        return stored

    def flush(self) -> None:
        """Wait until all stored entries are on the disk. Raises OSError if one could not be flushed."""
        for pending in tuple(self._pending_flushes):
            pending.result()
            self._pending_flushes.discard(pending)

    def path(self, kind: Kind, key: str) -> Path:
        return self.folder / kind / f"{key}.json"

    def result_names(self) -> frozenset[str]:
        """Return the names of all files of results and of sent requests."""
        kinds = (self.folder / kind for kind in KINDS if kind != "about")
        return frozenset(path.name for kind in kinds for path in kind.glob("*"))

    def has_entries(self, kind: Kind) -> bool:
        """Return whether there are entries of `kind`, damaged or not."""
        return any((self.folder / kind).glob("*.json"))

    def undamaged_entries(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """Yield all entries of `kind` that are not damaged."""
        for path in (self.folder / kind).glob("*.json"):
            with suppress(BadInput):
                if value := _parse_entry(
                    UntrustedFolder(self.folder, MOST_BYTES).read(f"{kind}/{path.name}", MOST_BYTES), path.stem
                ):
                    yield value

    def check_start_record(self, key: str, kind: Kind) -> None:
        """Raise BadInput if there are entries of `kind`, but the entry `key`, which describes their model or
        environment, is missing.

        In a fork that changed the model, there may be entries `KEY-….json` instead.
        """
        path = self.path("about", key)
        is_fork = not os.path.lexists(path) and any(path.parent.glob(f"{key}-*.json"))
        if not is_fork and self.has_entries(kind):
            raise BadInput(
                f"{path}: missing or damaged, so it is unknown whether the entries of this ledger belong to this "
                "run; start a new run"
            )

    def copy_from(
        self, source: "Ledger", answered: Callable[[], Collection[str]], *, is_at_work: bool
    ) -> frozenset[str]:
        """Copy all entries of the ledger `source`. Then mark the places that `answered` returns as answered, and
        return them.

        `is_at_work` is True if a process still works on the other run. The replies to its open requests are then not
        lost.
        """
        for kind in KINDS:
            for path in sorted((source.folder / kind).glob("*.json")):
                # That folder may be malicious: only files inside it are read.
                content = UntrustedFolder(source.folder, MOST_BYTES).read(f"{kind}/{path.name}", MOST_BYTES)
                _replace_entry(self.folder / kind / path.name, content)
        # A process at work on `source` marks a place before it stores the reply: all copied replies now have marks.
        places = frozenset(answered())
        for place in sorted(places):
            self.mark_answered(place)
        for sent_path in () if is_at_work else (source.folder / "replies").glob(f"*{_SENT_SUFFIX}"):
            self.mark_sent(sent_path.name.removesuffix(_SENT_SUFFIX))
        return places

    def rename(self, kind: Kind, key: str, new_key: str) -> None:
        """Move an entry to another key; do nothing if it does not exist."""
        if (value := self.get(kind, key)) is not None:
            self.put(kind, new_key, value)
            self.path(kind, key).unlink()

    def mark_sent(self, key: str) -> bool:
        """Record that a request is sent. Return whether this had already been recorded."""
        path = self.folder / "replies" / f"{key}{_SENT_SUFFIX}"
        was_sent = path.exists()  # after a stored failure, the key is another: so nobody saw that reply
        path.touch()
        return was_sent

    def unmark_sent(self, key: str) -> None:
        """Delete the record of a request that was not sent after all."""
        (self.folder / "replies" / f"{key}{_SENT_SUFFIX}").unlink(missing_ok=True)

    def mark_answered(self, place: str, key: str = "") -> None:
        """Record that a reply was requested at a place in a session.

        If `key` is given, the place counts as answered only when the reply with this key is stored. Call this before
        the reply is stored. The mark is on the disk when the call returns.
        """
        # So for each reply that depends on a failure, the ledger has the mark that keeps this failure.
        name = f"{place}{_KEY_SEPARATOR}{key}" if key else place
        with self._mark_lock:
            if name not in self._marked_names and self.writes:
                (self.folder / _ANSWERED_FOLDER / name).touch()
                flush_folder(self.folder / _ANSWERED_FOLDER)
                self._marked_names.add(name)

    def answered_places(self) -> frozenset[str]:
        """Return all marked places whose reply was stored; see `mark_answered`.

        Raises BadInput if the marks cannot be read.
        """
        folder, places = self.folder / _ANSWERED_FOLDER, set[str]()
        try:
            names = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise BadInput(
                f"{folder}: cannot be read, so it is not known which failed replies are to be kept: {error.strerror}"
            ) from error
        for name in names:
            place, _, key = name.partition(_KEY_SEPARATOR)
            if place not in places and (not key or self._has_reply(key)):  # earlier versions wrote no key
                places.add(place)
        return frozenset(places)

    def _has_reply(self, key: str) -> bool:
        """Return whether a reply was stored, even if its entry is damaged by now."""
        try:
            value = _parse_entry(
                UntrustedFolder(self.folder, MOST_BYTES).read(f"replies/{key}.json", MOST_BYTES), key
            )
        except BadInput as error:
            return not isinstance(error.__cause__, FileNotFoundError)
        return value is None or value.get("no_reply") is None


@contextmanager
def reading_entry(path: Path) -> Iterator[None]:
    """Raise BadInput in place of any error that the content of an entry causes. `path` is the path of the entry."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path}: this version of gedanken cannot read this entry; another version may") from error


def _replace_entry(path: Path, content: bytes) -> None:
    """Replace an entry as a whole, even if a folder is at its path. Flush the entry and the folder around it."""
    temporary = path.with_suffix(".new")
    remove_tree(temporary)
    _flush(temporary, _write_new_file(temporary, content))
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    temporary.replace(path)
    flush_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Make a folder unless it exists. Raises BadInput if something else is at its path."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadInput(
            f"{folder}: not a folder, so this ledger cannot be used; move it away, and try again"
        ) from error


def _write_new_file(path: Path, content: bytes) -> int:
    """Write a new file, and return its open descriptor. Raises OSError if something is there, such as a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        with name_in_errors(path), open(descriptor, "wb", closefd=False) as file:
            file.write(content)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def _flush(path: Path, descriptor: int) -> None:
    """Flush a file to disk and close it. If that fails, delete the file."""
    try:
        with name_in_errors(path):
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _parse_entry(content: bytes, key: str) -> dict[str, Any] | None:
    """Return the content of an entry; None if it was changed, or belongs to another key."""
    header, _, body = content.partition(b"\n")
    if header.decode(errors="replace") != _header(body):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.pop(_KEY_FIELD, key) == key else None


def _header(body: bytes) -> str:
    return json.dumps({"bytes": len(body), "sha256": sha256(body).hexdigest()})
