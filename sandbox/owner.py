"""Who owns a container or a workspace, so that what dead owners left can be told from what live ones use."""

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from experiment.places import cache_folder

if TYPE_CHECKING:
    from docker import DockerClient

RUN_LABEL = "gedanken.run"
OWNER_LABEL = "gedanken.owner"


def this_owner() -> str:
    """This process as `user.pid.start`: a process number alone is used again by later processes."""
    return f"{os.getuid()}.{os.getpid()}.{_start_ticks(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the process that `owner` names is gone. Other users' owners are never called dead."""
    try:
        user, pid, start = owner.split(".", 2)
        if int(user) != os.getuid():
            return False
        return _start_ticks(int(pid)) != int(start)
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (ValueError, OSError):
        return False


def _start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot, which no change of the clock moves: proc(5), field 22."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def sessions_folder() -> Path:
    """Where workspaces lie, one folder per owner."""
    return cache_folder() / "sessions"


def delete(path: Path) -> None:
    """Delete a file or folder, however deep a program made it, without following links."""
    subprocess.run(["rm", "-rf", "--", str(path)], capture_output=True, check=False)


def sweep(client: "DockerClient") -> list[str]:
    """Remove containers and workspaces whose owner is dead, and nothing else; return their names."""
    from docker.errors import APIError, NotFound

    removed: list[str] = []
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True):
        if not is_dead(container.labels[OWNER_LABEL]):
            continue
        try:
            container.remove(force=True)
            removed.append(container.name or container.id or "")
        except NotFound:
            continue
        except APIError as error:
            if error.status_code != 409:  # its removal is already in progress
                raise
    folder = sessions_folder()
    for workspace in sorted(folder.iterdir()) if folder.is_dir() else []:
        if is_dead(workspace.name):
            delete(workspace)
            removed.append(workspace.name)
    return removed
