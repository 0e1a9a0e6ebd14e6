"""Keeps the data of a run on the host while it lasts: workspaces, marks and receipts."""

import fcntl
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.user_folders import cache_folder
from gedanken.sandbox.owner import is_dead, this_owner
from gedanken.sandbox.quota import delete_tree, image_of
from gedanken.sandbox.workspace import Workspace

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_RUN_FILE, _RUN_FOLDER_FILE = "run", "at"
_EXECUTION = TypeAdapter(Execution)
_FOLDERS = {"workspaces": 0o711, "marks": 0o700, "receipts": 0o700}
"""The folders of a session with their modes.

The sandbox's user can reach its workspace, but only the user of this process can list the folders.
"""


def sessions_folder() -> Path:
    """Return the folder that contains the sessions, one folder per run."""
    return cache_folder() / "sessions"


def checked_name(name: str) -> str:
    """Return `name` if it can be used as the name of a container and of a file. Raises BadInput if it cannot."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be the name of an execution: only letters, digits, `_`, `.` and `-` are allowed"
        )
    return name


@dataclass(frozen=True, slots=True)
class Session:
    """The folder with a run's data. It is locked by the one process that is working on the run."""

    folder: Path
    limits: Limits
    lock: int
    """Descriptor of the locked file `owner`; the kernel releases the lock when this process dies."""

    @classmethod
    def open(
        cls,
        run_id: str,
        limits: Limits,
        engine: str = "",
        *,
        run: str = "",
        end_other: Callable[[Path], object] = lambda _folder: None,
    ) -> "Session":
        """Start a run's session on an engine, or take over a session that a dead process left.

        `run_id` names the folder, and `run` is the run's random id. If the folder belongs to a run with another
        random id, `end_other` ends the commands of that run, and the content is deleted. Raises NoSandbox if a live
        process is working on the run, BadInput for an invalid run id.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise BadInput(
                f"{run_id!r} cannot be the name of a run: at most 80 letters, digits, `_` and `-` are allowed"
            )
        folder = sessions_folder() / run_id
        lock = _acquire(folder)
        if _read_run(folder) != run:
            _delete_other_run(folder, end_other)
            (folder / _RUN_FILE).write_text(run)
        for name, mode in _FOLDERS.items():
            (folder / name).mkdir(exist_ok=True)
            (folder / name).chmod(mode)
        (folder / "engine").write_text(engine)
        return cls(folder, limits, lock)

    def name_folder(self, folder: Path) -> None:
        """Record the folder of the run that this session belongs to."""
        (self.folder / _RUN_FOLDER_FILE).write_bytes(os.fsencode(folder.resolve()))

    @property
    def is_used(self) -> bool:
        """True if a mark was ever made in this session.

        A run makes a mark before each command.
        """
        return (self.folder / "mark").is_file()

    def trunk(self) -> Workspace:
        """Return the run's main workspace, in which the script's commands are executed one after the other."""
        return self._workspace("trunk")

    def mark(self, label: str, workspace: Workspace) -> None:
        """Save the state of `workspace` as a mark for branches.

        An existing mark of this name is kept.
        """
        mark_folder = self.folder / "marks" / checked_name(label)
        if not _ready_file(mark_folder).exists():
            _delete_folder(mark_folder)
            workspace.snapshot(mark_folder)
            _ready_file(mark_folder).touch()
        (self.folder / "mark.new").write_text(label)
        (self.folder / "mark.new").rename(self.folder / "mark")

    def has_mark(self, label: str) -> bool:
        """Return whether the mark `label` exists and is complete."""
        return _ready_file(self.folder / "marks" / checked_name(label)).exists()

    def delete_marks(self, but: str) -> None:
        """Delete all marks except `but`. They are no longer needed."""
        for ready_file in sorted((self.folder / "marks").glob("*.ready")):
            if ready_file.stem != but:
                ready_file.unlink()
                _delete_folder(ready_file.with_suffix(""))

    def reset(self, workspace: Workspace, label: str | None) -> Workspace:
        """Return the workspace, reset to its state at the mark `label`; if `label` is None, it is emptied."""
        folder = workspace.folder
        _ready_file(folder).unlink(missing_ok=True)
        return self._workspace(folder.name, self.folder / "marks" / label if label else None)

    def branch(self, workspace: Workspace, seed_name: str) -> Workspace:
        """Return a copy of the workspace at the last mark; without a mark, a copy of its current state.

        A copy that a dead process left for the same mark and seed is returned unchanged.
        """
        mark_file = self.folder / "mark"
        if mark_file.is_file():
            label = mark_file.read_text()
            return self._workspace(f"{label}-{seed_name}", self.folder / "marks" / label)
        return self._workspace(f"{uuid.uuid4().hex[:8]}-{seed_name}", workspace.folder)

    def has_branch(self, seed_name: str) -> bool:
        """Return whether this seed already has a workspace that was completely copied from the last mark."""
        mark_file = self.folder / "mark"
        return (
            mark_file.is_file()
            and _ready_file(self.folder / "workspaces" / f"{mark_file.read_text()}-{seed_name}").exists()
        )

    def receipt(self, name: str) -> Execution | None:
        """Return the stored result of the execution with this name; None if it has not finished."""
        try:
            return _EXECUTION.validate_json((self.folder / "receipts" / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None

    def store_receipt(self, name: str, execution: Execution) -> None:
        """Store the result of an execution, so that it survives this process and a power failure."""
        path = self.folder / "receipts" / f"{name}.json"
        new_file = path.with_suffix(".new")
        with new_file.open("wb") as file:
            file.write(_EXECUTION.dump_json(execution))
            file.flush()
            os.fsync(file.fileno())
        new_file.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def remove(self, workspace: Workspace) -> None:
        """Delete a workspace of this session."""
        _ready_file(workspace.folder).unlink(missing_ok=True)
        workspace.remove()

    def close(self) -> None:
        """Delete the whole session, because the run is over."""
        delete_tree(self.folder)
        os.close(self.lock)

    def release(self) -> None:
        """Keep all data for a process that resumes the run, and release the lock."""
        os.close(self.lock)

    def _workspace(self, name: str, snapshot: Path | None = None) -> Workspace:
        folder = self.folder / "workspaces" / name
        if _ready_file(folder).exists():
            return Workspace.reopen(folder)
        _delete_folder(folder)
        workspace = (
            Workspace.create(folder, self.limits) if snapshot is None else Workspace.copied_from(snapshot, folder)
        )
        _ready_file(folder).touch()
        return workspace


@contextmanager
def locked_if_dead(folder: Path) -> Iterator[bool]:
    """Yield whether the owner of a session is dead.

    If it is, the session stays locked during the `with` block, and is deleted at its end.
    """
    try:
        lock = _lock(folder)
    except NoSandbox:
        yield False
        return
    try:
        owner = owner_of(folder)
        is_owner_dead = not owner or is_dead(owner)
        yield is_owner_dead
        if is_owner_dead:
            delete_tree(folder)
    finally:
        os.close(lock)


def _read_run(folder: Path) -> str:
    """Return the random id of the run that a session belongs to; empty for a session of an earlier version."""
    try:
        return (folder / _RUN_FILE).read_text()
    except (OSError, ValueError):
        return ""


def run_folders(run: str) -> dict[Path, Path]:
    """Return all sessions of the run with this random id, each with its recorded run folder."""
    folders: dict[Path, Path] = {}
    for session in sessions_folder().glob("*") if run else ():
        if _read_run(session) == run and (session / _RUN_FOLDER_FILE).is_file():
            folders[session] = Path(os.fsdecode((session / _RUN_FOLDER_FILE).read_bytes()))
    return folders


def _delete_other_run(folder: Path, end_other: Callable[[Path], object]) -> None:
    """In a session that this process has locked, end the commands and delete the files that another run left."""
    # Files that name the owner and the other run stay: if this process is killed, the next one deletes the rest.
    if remaining := [path for path in folder.iterdir() if path.name not in ("owner", _RUN_FILE)]:
        end_other(folder)
        for path in remaining:
            delete_tree(path)


def owner_of(folder: Path) -> str | None:
    """Return the last owner of the session in `folder`; None if none is recorded."""
    try:
        return (folder / "owner").read_text()
    except (OSError, ValueError):
        return None


def engine_of(folder: Path) -> str:
    """Return the engine of the session in `folder`; empty if it is not recorded."""
    try:
        return (folder / "engine").read_text()
    except (OSError, ValueError):
        return ""


@contextmanager
def owned_folder(name: str) -> Iterator[Path]:
    """Yield a folder that exists during the `with` block.

    If this process dies before the end of the block, `gedanken sandbox clean` removes the folder.
    """
    folder = sessions_folder() / f"{name}-{os.getpid()}"
    lock = _acquire(folder)
    try:
        yield folder
    finally:
        delete_tree(folder)
        os.close(lock)


def _acquire(folder: Path) -> int:
    """Lock a folder, which is created if missing, and record this process as its owner."""
    lock = _lock(folder)
    os.ftruncate(lock, 0)
    os.pwrite(lock, this_owner().encode(), 0)
    return lock


def _lock(folder: Path) -> int:
    path = folder / "owner"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # deleted meanwhile by a clean-up
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise NoSandbox(f"the run {folder.name} is in use by another process") from None
        if _same_file(lock, path):
            return lock
        os.close(lock)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _ready_file(folder: Path) -> Path:
    return folder.with_name(folder.name + ".ready")


def _delete_folder(folder: Path) -> None:
    """Delete `folder` and its image file, which an interrupted operation may have left incomplete."""
    delete_tree(folder)
    image_of(folder).unlink(missing_ok=True)
