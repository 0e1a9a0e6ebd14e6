"""Finds and kills the processes of commands. An environment variable, which a command's first process is given, tells
which command a process belongs to.
"""

import os
import time
from contextlib import suppress

import psutil

MARK = "GEDANKEN_EXECUTION"
"""Name of the variable. Its value is the name of the command (`Order.name`)."""
KILL_ROUNDS = 200
KILL_PAUSE_SECONDS = 0.02


def find_marked() -> set[str]:
    """Return the names (`Order.name`) of all commands that have running processes on this machine."""
    return {name for process in psutil.process_iter() if (name := _read_mark(process))}


def kill_left(orders: str) -> list[str]:
    """Kill the processes of all commands whose names begin with `orders`, and return these names."""
    names = [name for name in find_marked() if name.startswith(orders)]
    for name in names:
        kill_all(name)
    return names


def kill_all(name: str, session: int | None = None) -> None:
    """Kill every process whose variable MARK is `name` or whose session id is `session`."""
    # Repeated, because processes may multiply meanwhile.
    for _round in range(KILL_ROUNDS):
        processes = [process for process in psutil.process_iter() if _belongs(process, name, session)]
        if not processes:
            return
        for process in processes:
            with suppress(psutil.Error):
                process.kill()
        # Do not wait for them: that would take the exit code away from the first one's parent.
        time.sleep(KILL_PAUSE_SECONDS)


def _belongs(process: psutil.Process, name: str, session: int | None) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return _read_mark(process) == name or (session is not None and os.getsid(process.pid) == session)
    except (psutil.Error, ProcessLookupError):
        return False


def _read_mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None
