"""Who owns a container or a session, so that what dead owners left can be told from what live ones use."""

import hashlib
import os
import socket
from pathlib import Path

RUN_LABEL = "gedanken.run"
OWNER_LABEL = "gedanken.owner"
SESSION_LABEL = "gedanken.session"
COMMAND_LABEL = "gedanken.command"


def orders_of(run_id: str) -> str:
    """The prefix of the names of a run's containers, control groups and marked processes, and of no other run's."""
    return f"gedanken-{run_id}."


def this_owner() -> str:
    """This process as `user.place.pid.start`: a process number alone is used again by later processes."""
    return f"{os.getuid()}.{_place()}.{os.getpid()}.{_start_ticks(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the process that `owner` names is gone.

    Owners of other users, other machines and other process namespaces cannot be looked up, and are never called dead.
    """
    try:
        user, place, pid, start = owner.split(".", 3)
        if int(user) != os.getuid() or place != _place():
            return False
        return _start_ticks(int(pid)) != int(start)
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (ValueError, OSError):
        return False


def _place() -> str:
    """The machine and the process namespace that process numbers are valid in."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = socket.gethostname()
    namespace = Path("/proc/self/ns/pid").readlink()
    return hashlib.sha256(f"{machine} {namespace}".encode()).hexdigest()[:8]


def _start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot, which no change of the clock moves: proc(5), field 22."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
