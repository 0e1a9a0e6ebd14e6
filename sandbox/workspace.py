"""What a terminal remembers between commands, kept in a folder: files, directory, variables and `/tmp`."""

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from experiment.errors import NoSandbox
from experiment.execution import Limits
from sandbox.quota import Held, delete_tree, hold

SANDBOX_UID = 10001
HOME = "/home/user"
_SMALL_BYTES = 4096
_PARTS = ("home", "tmp", "shell", "passwd")


def user_id() -> int:
    """The user a command runs as: root hands over to a user without rights, all others stay themselves."""
    return os.getuid() or SANDBOX_UID


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one terminal. Processes are not part of it."""

    folder: Path
    held: Held = "polled"
    """Whether its size is bounded by the file system, or looked at from time to time."""

    @classmethod
    def create(cls, folder: Path, limits: Limits) -> "Workspace":
        """Make an empty workspace, bounded as hard as this user may. Raises NoSandbox when the disk refuses."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        workspace = cls(folder, hold(folder, limits))
        uid = user_id()
        for part in (workspace.home, workspace.tmp, workspace.shell):
            part.mkdir(parents=True)
            _give(part)
        folder.chmod(0o700)
        _give(folder)
        workspace.passwd.write_text(f"root:x:0:0:root:/root:/bin/bash\nuser:x:{uid}:{uid}::{HOME}:/bin/bash\n")
        return workspace

    @classmethod
    def reopen(cls, folder: Path) -> "Workspace":
        """The workspace that an earlier controller made in `folder`."""
        return cls(folder, "quota" if folder.is_mount() else "polled")

    @property
    def home(self) -> Path:
        """The user's home, which is where a terminal starts."""
        return self.folder / "home"

    @property
    def tmp(self) -> Path:
        """Seen as `/tmp`."""
        return self.folder / "tmp"

    @property
    def shell(self) -> Path:
        """What the shell remembers; seen as `/run/session`."""
        return self.folder / "shell"

    @property
    def passwd(self) -> Path:
        """Gives the user a name; seen as `/etc/passwd`."""
        return self.folder / "passwd"

    def write(self, name: str, text: str) -> None:
        """Put a text file into the home folder, replacing what stands there, links not followed."""
        path = self.home / name
        delete_tree(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _give(path)

    def remembered(self, name: str) -> str:
        """The start of a small file in `shell`; a program may have put anything in its place."""
        try:
            descriptor = os.open(self.shell / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return ""
        try:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return os.read(descriptor, _SMALL_BYTES).decode(errors="replace") if regular else ""
        finally:
            os.close(descriptor)

    def copy_to(self, folder: Path) -> None:
        """Copy everything into an existing folder."""
        parts = [str(self.folder / part) for part in _PARTS]
        done = subprocess.run(
            ["cp", "-a", "--sparse=always", "--target-directory", str(folder), "--", *parts],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise NoSandbox(f"the workspace cannot be copied: {reason[0]}")

    def remove(self) -> None:
        """Delete it with all its files."""
        delete_tree(self.folder)


def _give(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, SANDBOX_UID, SANDBOX_UID)
