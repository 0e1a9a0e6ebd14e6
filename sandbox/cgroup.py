"""Bounds on memory, processes and cores by control groups, where this user may make some.

Versions 1 and 2 are taken as they are found, side by side. Nothing is moved but the command's own processes.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gedanken.experiment.execution import Limits

CONTROLLERS = ("memory", "pids", "cpu")
PREFIX = "gedanken-"
PERIOD_MICROSECONDS = 100_000
LEAST_QUOTA_MICROSECONDS = 1000
KILL_SECONDS = 5.0


class Hierarchy(NamedTuple):
    """A mounted tree of control groups."""

    top: Path
    """Where it is mounted."""
    own: Path
    """This process's own group in it."""
    controllers: tuple[str, ...]
    """Those of version 1 that it carries; empty for version 2, whose groups say it themselves."""


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A control group of one command, in each hierarchy that carries one of its controllers."""

    name: str
    folders: dict[str, Path]
    """Where each controller that could be had is."""

    def add(self, pid: int) -> None:
        """Put a process in. What it starts from then on is in as well."""
        for folder in set(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def oom_kills(self) -> int:
        """How many of its processes the kernel has killed for memory."""
        if "memory" not in self.folders:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            with suppress(FileNotFoundError):
                counts = dict(line.split() for line in (self.folders["memory"] / name).read_text().splitlines())
                return int(counts.get("oom_kill", 0))
        return 0

    def remove(self) -> None:
        """Kill what is in it and remove it. Never raises."""
        until = time.monotonic() + KILL_SECONDS
        for folder in set(self.folders.values()):
            while folder.exists() and time.monotonic() < until:
                _kill(folder)
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.01)


def make(name: str, limits: Limits) -> Cgroup:
    """Make a group for a command, with those controllers whose limits this user may set; perhaps with none.

    What a controller that died left of the same command is killed and removed.
    """
    wanted = {controller: parent / name for controller, parent in _parents().items()}
    Cgroup(name, wanted).remove()
    cgroup = Cgroup(name, {})
    for controller, folder in wanted.items():
        try:
            if folder not in cgroup.folders.values():
                folder.mkdir()
            _bound(folder, controller, limits)
            cgroup.folders[controller] = folder
        except OSError:
            if folder not in cgroup.folders.values():
                with suppress(OSError):
                    folder.rmdir()
    return cgroup


def available() -> frozenset[str]:
    """Of CONTROLLERS those that this user can have, found out by making a group."""
    cgroup = make(f"{PREFIX}probe-{os.getpid()}-{time.monotonic_ns()}", Limits(cpus=0.01))
    cgroup.remove()
    return frozenset(cgroup.folders)


def left() -> list[Cgroup]:
    """All groups of commands that there are on this machine, whoever made them, at work or not."""
    found: dict[str, dict[str, Path]] = {}
    for hierarchy in _hierarchies():
        for folder in hierarchy.top.rglob(f"{PREFIX}*"):
            found.setdefault(folder.name, {})[str(hierarchy.top)] = folder
    return [Cgroup(name, folders) for name, folders in sorted(found.items())]


def _parents() -> dict[str, Path]:
    """Below which group a new one can be made, for each controller."""
    parents: dict[str, Path] = {}
    for hierarchy in _hierarchies():
        if hierarchy.controllers:
            usable = _is_ours(hierarchy.own)
            parents |= dict.fromkeys(hierarchy.controllers, hierarchy.own) if usable else {}
        else:
            parents |= _unified_parents(hierarchy)
    return parents


def _unified_parents(hierarchy: Hierarchy) -> dict[str, Path]:
    """In version 2: the nearest group, this process's own or one above, that can hand controllers down.

    A group with processes in it cannot (but for the root), which rules out the own one as a rule; the processes in
    it may be others', and stay where they are. Moving a process needs rights over the group above both places.
    """
    for group in (hierarchy.own, *hierarchy.own.parents):
        if not group.is_relative_to(hierarchy.top):
            break
        if _is_ours(group) and (controllers := _hand_down(group)):
            return dict.fromkeys(controllers, group)
    return {}


def _hand_down(group: Path) -> list[str]:
    """Have a group of version 2 give its controllers to those below it; return which it gives."""
    offered = (group / "cgroup.controllers").read_text().split()
    switch = group / "cgroup.subtree_control"
    for controller in CONTROLLERS:
        if controller in offered and controller not in switch.read_text().split():
            with suppress(OSError):
                switch.write_text(f"+{controller}")
    return [controller for controller in CONTROLLERS if controller in switch.read_text().split()]


def _is_ours(group: Path) -> bool:
    return os.access(group, os.W_OK | os.X_OK) and os.access(group / "cgroup.procs", os.W_OK)


def _hierarchies() -> Iterator[Hierarchy]:
    """What cgroups(7) and proc(5) say: `id:controllers:path`, and mounts with their root and their options."""
    mounts = list(_mounts())
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, named, path = line.split(":", 2)
        carried = tuple(controller for controller in CONTROLLERS if controller in named.split(","))
        if named and not carried:
            continue
        for kind, root, top, options in mounts:
            if kind == ("cgroup" if named else "cgroup2") and set(carried) <= set(options):
                inside = os.path.relpath(path, root)
                own = top if inside.startswith("..") else top / inside
                if own.is_dir():
                    yield Hierarchy(top, own, carried)
                    break


def _mounts() -> Iterator[tuple[str, str, Path, list[str]]]:
    """(type, root, mount point, options) of each mount of control groups."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left_half, _separator, right_half = line.partition(" - ")
        kind, _source, options = right_half.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            _id, _parent, _device, root, top = left_half.split(" ")[:5]
            yield kind, root, Path(top), options.split(",")


def _bound(folder: Path, controller: str, limits: Limits) -> None:
    """Set the limits of one controller. Raises OSError where that is not allowed, or means nothing."""
    unified = (folder / "cgroup.controllers").exists()
    if controller == "pids":
        (folder / "pids.max").write_text(str(limits.processes))
    elif controller == "cpu":
        quota = max(LEAST_QUOTA_MICROSECONDS, int(limits.cpus * PERIOD_MICROSECONDS))
        if unified:
            (folder / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (folder / "cpu.cfs_quota_us").write_text(str(quota))
    else:
        _bound_memory(folder, limits.memory_mib << 20, unified)


def _bound_memory(folder: Path, most: int, unified: bool) -> None:
    (folder / ("memory.max" if unified else "memory.limit_in_bytes")).write_text(str(most))
    # Version 1 counts both together. Where swap is not counted, it must not be there to go to.
    swap = folder / ("memory.swap.max" if unified else "memory.memsw.limit_in_bytes")
    if swap.exists():
        swap.write_text("0" if unified else str(most))
    elif len(Path("/proc/swaps").read_text().splitlines()) > 1:
        raise PermissionError(f"{folder}: swap is not counted")


def _kill(folder: Path) -> None:
    try:
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
            return
        pids = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return
    for pid in pids:
        # Those of another PID namespace are shown as 0, which to kill(2) means this process and its group.
        if pid > 0:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
