"""Stores a session in a file of JSON lines. Each turn is appended, so that the session outlives the process."""

import fcntl
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gedanken.agents.session import Session, Turn
from gedanken.experiment.errors import BadInput
from gedanken.experiment.secrets import redacted_value

_FILE_PREFIX = b'{"gedanken session": 1, '
"""The first bytes of every session file. A file without them is never treated as a session or repaired."""


@dataclass(slots=True)
class SessionFile:
    """The file of one session, opened by one process at a time.

    The first line identifies the session. Each call of `append` adds a line with the new turns. The line also
    contains the context if more has changed in it than these turns being added. If a process is killed, at most the
    last line is incomplete.
    """

    path: Path
    session: Session
    """The session as stored in the file."""
    torn_bytes: int
    """Number of bytes of an incomplete last line that was dropped."""
    _descriptor: int

    @classmethod
    def open(cls, path: Path, about: dict[str, str]) -> Self:
        """Create the session at `path`, or open it again.

        `about` identifies the session, for example by model and persona. An incomplete last line is dropped. Raises
        BadInput if another process has the session open, if the file stores another `about`, or if the file cannot be
        read.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from error
        try:
            return cls(path, *_open_session(path, descriptor, about), descriptor)
        except OSError as error:
            os.close(descriptor)
            raise BadInput(f"{path}: {error.strerror}") from error
        except BaseException:
            os.close(descriptor)
            raise

    def append(self, session: Session) -> None:
        """Append the new turns of `session` to the file.

        The context is stored as well if more has changed in it than these turns being added. Raises BadInput if the
        file cannot be written, ValueError if `session` does not begin with the stored turns.
        """
        if session == self.session:
            return
        stored_count = len(self.session.stored)
        if session.stored[:stored_count] != self.session.stored:
            raise ValueError("a session file is append-only: the session does not begin with the turns in the file")
        new_turns = session.stored[stored_count:]
        entry: dict[str, object] = {"turns": new_turns}
        if session.context != self.session.context + new_turns:
            entry["context"] = _encode_context(session)
        _append_line(self.path, self._descriptor, _encode_entry(entry))
        self.session = session

    def close(self) -> None:
        """Close the file and release its lock."""
        os.close(self._descriptor)


def _open_session(path: Path, descriptor: int, about: dict[str, str]) -> tuple[Session, int]:
    """Lock a session file, repair its last line, and return the session and the number of dropped bytes."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise BadInput(f"{path}: not a file")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadInput(f"{path}: this session is in use by another process; name another session") from None
    *lines, last_line = _read_all(descriptor).split(b"\n")
    first_line = lines[0] if lines else last_line
    if not (first_line.startswith(_FILE_PREFIX) or (not lines and _FILE_PREFIX.startswith(first_line))):
        raise BadInput(f"{path}:1: not a session file of gedanken; name another file")
    if is_complete := _is_complete(last_line):
        lines.append(last_line)
    if not lines:
        os.ftruncate(descriptor, 0)
        _append_line(path, descriptor, _encode_entry({"gedanken session": 1, "about": about}))
        return Session(), 0
    session = _parse_session(path, lines, about)
    if is_complete:
        _append_line(path, descriptor, b"\n")
        return session, 0
    os.ftruncate(descriptor, sum(len(line) + 1 for line in lines))
    return session, len(last_line)


def _is_complete(last_line: bytes) -> bool:
    """Return whether the last line is complete, apart from its line break, which some editors leave out."""
    try:
        _decode_entry(last_line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse_session(path: Path, lines: list[bytes], about: dict[str, str]) -> Session:
    _check_header(path, lines[0], about)
    session = Session()
    for number, line in enumerate(lines[1:], start=2):
        try:
            session = _apply_entry(session, _decode_entry(line))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _unreadable_line(path, number) from error
    return session


def _check_header(path: Path, line: bytes, about: dict[str, str]) -> None:
    """Raise BadInput if the first line contradicts `about`, for example because the session has another model."""
    try:
        header = {str(key): str(value) for key, value in _decode_entry(line)["about"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable_line(path, 1) from error
    for key, value in about.items():
        if (stored_value := header.get(key, "none")) != value:
            raise BadInput(
                f"{path}: this session was started with the {key} {stored_value}, not {value}: "
                f"continue with {stored_value}, or choose another session name"
            )


def _apply_entry(session: Session, entry: dict[str, Any]) -> Session:
    """Return the session with one entry of the file added. Raises ValueError, TypeError or KeyError."""
    new_turns = _parse_turns(entry["turns"])
    stored = session.stored + new_turns
    match entry.get("context", "grown"):
        case "grown":
            return Session(stored, session.context + new_turns)
        case "all":
            return Session(stored, stored)
        case "none":
            return Session(stored)
        case context:
            return Session(stored, _parse_turns(context))


def _encode_context(session: Session) -> object:
    """Return a session's context as the file stores it: `none`, `all` (all stored turns), or a list of its turns."""
    if not session.context:
        return "none"
    return "all" if session.context == session.stored else session.context


def _parse_turns(entries: Iterable[Any]) -> tuple[Turn, ...]:
    turns = tuple(Turn(*entry) for entry in entries)
    if not all(isinstance(text, str) for turn in turns for text in turn):
        raise TypeError("a turn is two texts")
    return turns


# Model output may contain half of a surrogate pair, which strict UTF-8 refuses.
def _encode_entry(entry: object) -> bytes:
    return json.dumps(redacted_value(entry), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _decode_entry(line: bytes) -> Any:
    return json.loads(line.decode("utf-8", "surrogatepass"))


def _unreadable_line(path: Path, number: int) -> BadInput:
    return BadInput(f"{path}:{number}: this line of the session cannot be read; fix it, or choose another session")


def _read_all(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _append_line(path: Path, descriptor: int, line: bytes) -> None:
    """Append a line completely, or not at all. Raises BadInput."""
    size = os.fstat(descriptor).st_size
    try:
        remaining = memoryview(line)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
    except OSError as error:
        os.ftruncate(descriptor, size)
        raise BadInput(f"{path}: the session could not be stored: {error.strerror}") from error
