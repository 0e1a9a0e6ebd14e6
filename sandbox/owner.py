"""The owners of containers and sessions, which show whether a container or session is in use or was left by a dead
process.
"""

import hashlib
import os
import socket
from pathlib import Path

RUN_LABEL = "gedanken.run"
OWNER_LABEL = "gedanken.owner"
SESSION_LABEL = "gedanken.session"
COMMAND_LABEL = "gedanken.command"


def orders_of(run_id: str) -> str:
    """Return the prefix of all names of a run's containers, control groups and marked processes; no other run has
    this prefix.
    """
    return f"gedanken-{run_id}."


def this_owner() -> str:
    """Describe this process as `user.place.pid.start`, because later processes may get the same process id."""
    return f"{os.getuid()}.{_place()}.{os.getpid()}.{_start_ticks(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Return whether the process that `owner` names no longer exists.

    Owners of other users, other machines and other process namespaces cannot be examined, and are never called dead.
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
    """Return the machine and the process namespace in which process ids are valid."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = socket.gethostname()
    namespace = Path("/proc/self/ns/pid").readlink()
    return hashlib.sha256(f"{machine} {namespace}".encode()).hexdigest()[:8]


def _start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since boot, which clock changes do not affect:
    proc(5), field 22."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
