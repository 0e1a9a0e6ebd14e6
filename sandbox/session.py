"""A session on a real machine: what a terminal remembers between commands, kept in a folder."""

import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from experiment.errors import NoSandbox
from sandbox.owner import delete, sessions_folder, this_owner

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
        if os.getuid() == 0:
            for part in (session.home, session.tmp, session.shell):
                os.chown(part, SANDBOX_UID, SANDBOX_UID)
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

    @property
    def _mark(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.mark")

    def mark(self) -> None:
        """Remember everything as it is now: branches start from here, until the next mark."""
        delete(self._mark)
        _copy(self.folder, self._mark)

    def branch(self) -> "Session":
        """An independent copy of everything the session remembered at its last mark, or remembers now."""
        copy = Session(self.folder.parent / uuid.uuid4().hex[:12])
        _copy(self._mark if self._mark.is_dir() else self.folder, copy.folder)
        return copy

    def write(self, name: str, text: str) -> None:
        """Put a text file into the home folder, replacing what stands there, links not followed."""
        path = self.home / name
        delete(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if os.getuid() == 0:
            os.chown(path, SANDBOX_UID, SANDBOX_UID)

    def remove(self) -> None:
        """Delete the session with all its files."""
        delete(self._mark)
        delete(self.folder)


def _copy(source: Path, target: Path) -> None:
    done = subprocess.run(
        ["cp", "-a", "--sparse=always", "--", str(source), str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise NoSandbox(f"the workspace cannot be copied: {reason[0]}")
