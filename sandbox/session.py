"""A session on a real machine: what a terminal remembers between commands, kept in a folder."""

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from sandbox.owner import sessions_folder, this_owner

SANDBOX_UID = 10001
HOME = "/home/user"


def user_id() -> int:
    """The user a command runs as: root hands over to a user without rights, all others stay themselves."""
    return os.getuid() or SANDBOX_UID


@dataclass(frozen=True, slots=True)
class Session:
    """Files, working directory, exported variables and `/tmp`. Processes are not part of it."""

    folder: Path

    @classmethod
    def create(cls) -> "Session":
        """Make an empty session in the folder of this process."""
        session = cls(sessions_folder() / this_owner() / uuid.uuid4().hex[:12])
        for part in (session.home, session.tmp, session.shell):
            part.mkdir(parents=True)
        uid = user_id()
        session.passwd.write_text(f"root:x:0:0:root:/root:/bin/bash\nuser:x:{uid}:{uid}::{HOME}:/bin/bash\n")
        session._hand_over()
        return session

    @property
    def home(self) -> Path:
        """The user's home, which is where a session starts."""
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
        """Gives the user a name."""
        return self.folder / "passwd"

    def branch(self) -> "Session":
        """An independent copy of everything the session remembers."""
        copy = Session(self.folder.parent / uuid.uuid4().hex[:12])
        shutil.copytree(self.folder, copy.folder, symlinks=True, ignore=_not_regular)
        copy._hand_over()
        return copy

    def write(self, name: str, text: str) -> None:
        """Put a text file into the home folder, replacing what stands there, links not followed."""
        path = self.home / name
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if os.getuid() == 0:
            os.chown(path, SANDBOX_UID, SANDBOX_UID)

    def remove(self) -> None:
        """Delete the session with all its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hand_over(self) -> None:
        if os.getuid() != 0:
            return
        for part in (self.home, self.tmp, self.shell):
            for root, folders, files in os.walk(part):
                for name in (".", *folders, *files):
                    os.chown(Path(root) / name, SANDBOX_UID, SANDBOX_UID, follow_symlinks=False)


def _not_regular(folder: str, names: list[str]) -> list[str]:
    """Names that a copy leaves out: pipes, sockets and devices would block or mean something else."""
    paths = {name: Path(folder) / name for name in names}
    return [name for name, path in paths.items() if not (path.is_symlink() or path.is_file() or path.is_dir())]
