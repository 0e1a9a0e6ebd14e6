"""Gives each container and session the name of its owner: the gedanken process that uses it."""

import hashlib
import os
import socket
from pathlib import Path

RUN_LABEL = "gedanken.run"
OWNER_LABEL = "gedanken.owner"
SESSION_LABEL = "gedanken.session"
COMMAND_LABEL = "gedanken.command"


def order_prefix(run_id: str) -> str:
    """Return the prefix with which the names of a run's commands begin, such as `gedanken-RUN.`."""
    return f"gedanken-{run_id}."


def this_owner() -> str:
    """Return the name of this process, `user.place.pid.start`; the place is a digest of machine and namespace."""
    # The start time tells this process from a later one with the same id.
    return f"{os.getuid()}.{_namespace_digest()}.{os.getpid()}.{_start_ticks(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Return whether the process that `owner` names no longer exists.

    False if it belongs to another user, machine or process namespace, because such processes cannot be examined.
    """
    try:
        user, place, pid, start = owner.split(".", 3)
        if int(user) != os.getuid() or place != _namespace_digest():
            return False
        return _start_ticks(int(pid)) != int(start)
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (ValueError, OSError):
        return False


def _namespace_digest() -> str:
    """Return a digest of this machine and this process namespace, within which process ids are unique."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = socket.gethostname()
    namespace = Path("/proc/self/ns/pid").readlink()
    return hashlib.sha256(f"{machine} {namespace}".encode()).hexdigest()[:8]


def _start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since boot (proc(5), field 22)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
