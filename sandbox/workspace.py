"""Stores the state of a terminal between commands in a folder: files, current directory, variables and `/tmp`."""

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.execution import Limits
from gedanken.sandbox.quota import (
    SizeLimit,
    copy_image,
    create_limited,
    delete_tree,
    image_of,
    mount,
    restore_access,
)

SANDBOX_UID = 10001
HOME = "/home/user"
_READ_BYTES = 4096
_MAX_STATE_BYTES = 1 << 20
_PARTS = ("home", "tmp", "shell", "passwd")


def user_id() -> int:
    """Return the user id under which commands run: an unprivileged one if this process is root, otherwise that of
    this process.
    """
    return os.getuid() or SANDBOX_UID


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder with the state of one terminal. Running processes are not part of it."""

    folder: Path
    size_limit: SizeLimit = "polled"
    """How the workspace's size is limited: by its own file system (`quota`), or by periodic checks (`polled`)."""

    @classmethod
    def create(cls, folder: Path, limits: Limits) -> "Workspace":
        """Create an empty workspace, with the strictest size limit that is possible here.

        Raises NoSandbox if the disk has no room.
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        workspace = cls(folder, create_limited(folder, limits))
        uid = user_id()
        for part in (workspace.home, workspace.tmp, workspace.shell):
            part.mkdir(parents=True)
            _give_to_user(part)
        folder.chmod(0o700)
        _give_to_user(folder)
        workspace.passwd.write_text(f"root:x:0:0:root:/root:/bin/bash\nuser:x:{uid}:{uid}::{HOME}:/bin/bash\n")
        return workspace

    @classmethod
    def reopen(cls, folder: Path) -> "Workspace":
        """Reopen the workspace that an earlier process created in `folder`, with its file system mounted."""
        if not image_of(folder).is_file():
            return cls(folder, "polled")
        if not folder.is_mount():
            mount(folder)
        return cls(folder, "quota")

    @classmethod
    def copied_from(cls, snapshot: Path, folder: Path) -> "Workspace":
        """Create a workspace in `folder` as a copy of a snapshot, or of another workspace in which no process is
        running.
        """
        if image_of(snapshot).is_file():
            copy_image(snapshot, folder)
            folder.mkdir()
            mount(folder)
            return cls(folder, "quota")
        _copy_tree(snapshot, folder)
        _give_to_user(folder)
        return cls(folder, "polled")

    def snapshot(self, folder: Path) -> None:
        """Copy the state to `folder`.

        A workspace with its own file system is copied as an image beside `folder`.
        """
        if self.size_limit == "quota":
            copy_image(self.folder, folder)
        else:
            _copy_tree(self.folder, folder)

    @property
    def home(self) -> Path:
        """The user's home, in which a terminal starts."""
        return self.folder / "home"

    @property
    def tmp(self) -> Path:
        """The folder that is mounted as `/tmp`."""
        return self.folder / "tmp"

    @property
    def shell(self) -> Path:
        """The folder with the shell's saved state; mounted as `/run/session`."""
        return self.folder / "shell"

    @property
    def passwd(self) -> Path:
        """The file that gives the user a name; mounted as `/etc/passwd`."""
        return self.folder / "passwd"

    def write(self, name: str, text: str) -> None:
        """Write a text file into the home folder, replacing any existing file; links are not followed."""
        path = self.home / name
        delete_tree(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _give_to_user(path)

    def copy_in(self, source: Path, name: str, limits: Limits) -> None:
        """Copy the folder `source` into the home folder as `name`, replacing anything with this name.

        Links are copied as links, and special files are left out. Raises BadInput if the folder is too large or
        cannot be copied.
        """
        size = files = 0
        for parent, folders, names in os.walk(source):
            files += len(folders) + len(names)
            size += sum(_size(Path(parent) / file_name) for file_name in names)
            if size > limits.workspace_mib << 20 or files > limits.workspace_files:
                raise BadInput(
                    f"{source}: is larger than a workspace may be: {limits.workspace_mib} MiB and "
                    f"{limits.workspace_files:,} files"
                )
        target = self.home / name
        delete_tree(target)
        try:
            shutil.copytree(source, target, symlinks=True, ignore=_no_special_files)
        except (OSError, shutil.Error) as error:
            raise BadInput(f"{source}: cannot be copied: {str(error)[:300]}") from error
        self.give_to_user(name)

    def give_to_user(self, name: str) -> None:
        """Make the sandbox's user the owner of the home folder's folder `name`, if this process is root."""
        if os.getuid() != 0:
            return
        for parent, folders, names in os.walk(self.home / name):
            for path in (Path(parent), *(Path(parent) / entry for entry in (*folders, *names))):
                os.chown(path, SANDBOX_UID, SANDBOX_UID, follow_symlinks=False)

    def read_saved(self, name: str) -> str:
        """Return the first 4 KiB of the shell's saved file `name`; empty if there is no such regular file."""
        try:
            # A program may have replaced it by a link or a pipe.
            descriptor = os.open(self.shell / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return ""
        try:
            is_regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return os.read(descriptor, _READ_BYTES).decode(errors="replace") if is_regular else ""
        finally:
            os.close(descriptor)

    def repair(self) -> None:
        """Repair anything that would keep the next command from starting: wrong permissions, or a damaged state of
        the shell.

        No process may be running in the workspace.
        """
        for part in (self.home, self.tmp, self.shell):
            part.chmod(0o700)
        for path in self.shell.iterdir():
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_STATE_BYTES:
                delete_tree(path)

    def remove(self) -> None:
        delete_tree(self.folder)


def _copy_tree(source: Path, target: Path) -> None:
    restore_access(source)
    target.mkdir(mode=0o700)
    parts = [str(source / part) for part in _PARTS]
    result = subprocess.run(
        ["cp", "-a", "--sparse=always", "--target-directory", str(target), "--", *parts],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        reason = result.stderr.strip().splitlines()[-1:] or ["no message"]
        raise NoSandbox(f"the workspace cannot be copied: {reason[0][:300]}")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _no_special_files(folder: str, names: list[str]) -> list[str]:
    """Return the names of special files, such as pipes and sockets, which a copy leaves out."""
    special_names = []
    for name in names:
        mode = (Path(folder) / name).lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            special_names.append(name)
    return special_names


def _give_to_user(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, SANDBOX_UID, SANDBOX_UID)
