"""Limits a command's memory, processes and cores by control groups (version 1 or 2), if this user may create some."""

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
    """A mounted hierarchy of control groups."""

    top: Path
    """Mount point of the hierarchy."""
    own_group: Path
    """The group of this process in this hierarchy."""
    controllers: tuple[str, ...]
    """In version 1, the members of CONTROLLERS that the hierarchy has.

    It is empty in version 2, because each group lists its controllers itself.
    """


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The control group of one command. It has one folder in each hierarchy that limits the command."""

    name: str
    folders: dict[str, Path]
    """Maps each controller, such as `memory`, to the group's folder. In the groups that `find_groups` returns, the
    keys are mount points instead.
    """

    def add(self, pid: int) -> None:
        """Add a process to the group. Processes that it starts later belong to the group too."""
        for folder in set(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def oom_kills(self) -> int:
        """Return how many of the group's processes the kernel killed because memory ran out.

        It is 0 without a memory limit.
        """
        if "memory" not in self.folders:
            return 0
        for name in ("memory.events", "memory.oom_control"):
            with suppress(FileNotFoundError):
                counts = dict(line.split() for line in (self.folders["memory"] / name).read_text().splitlines())
                return int(counts.get("oom_kill", 0))
        return 0

    def remove(self) -> None:
        """Kill all processes of the group and remove the group; give up after KILL_SECONDS. Never raises."""
        deadline = time.monotonic() + KILL_SECONDS
        for folder in set(self.folders.values()):
            while folder.exists() and time.monotonic() < deadline:
                _kill(folder)
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.01)


def create_group(name: str, limits: Limits) -> Cgroup:
    """Create the control group of a command, and set its limits.

    Limits that this user may not set are left out, possibly all. If a dead gedanken process left a group called
    `name`, that group is removed first.
    """
    folders = {controller: parent / name for controller, parent in _parents().items()}
    Cgroup(name, folders).remove()
    cgroup = Cgroup(name, {})
    for controller, folder in folders.items():
        try:
            if folder not in cgroup.folders.values():
                folder.mkdir()
            _set_limit(folder, controller, limits)
            cgroup.folders[controller] = folder
        except OSError:
            if folder not in cgroup.folders.values():
                with suppress(OSError):
                    folder.rmdir()
    return cgroup


def available_controllers() -> frozenset[str]:
    """Return the members of CONTROLLERS that this user can use, tested by creating a group."""
    cgroup = create_group(f"{PREFIX}probe-{os.getpid()}-{time.monotonic_ns()}", Limits(cpus=0.01))
    cgroup.remove()
    return frozenset(cgroup.folders)


def groups_below(top: Path) -> Iterator[Path]:
    """Yield the folders of gedanken's control groups below a folder."""
    # os.walk passes over folders that disappear: other programs, such as Docker, remove their groups at any time.
    for parent, names, _files in os.walk(top):
        for name in names:
            if name.startswith(PREFIX):
                yield Path(parent, name)


def find_groups() -> list[Cgroup]:
    """List the control groups of gedanken's commands on this machine, of all users, including empty groups."""
    folders_by_name: dict[str, dict[str, Path]] = {}
    for hierarchy in _hierarchies():
        for folder in groups_below(hierarchy.top):
            folders_by_name.setdefault(folder.name, {})[str(hierarchy.top)] = folder
    return [Cgroup(name, folders) for name, folders in sorted(folders_by_name.items())]


def remove_groups(orders: str) -> list[str]:
    """Remove the control groups whose names begin with `orders`, and return their names."""
    groups = [group for group in find_groups() if group.name.startswith(orders)]
    for group in groups:
        group.remove()
    return [group.name for group in groups]


def _parents() -> dict[str, Path]:
    """Return, for each controller, the group in which this user can create new groups."""
    parents: dict[str, Path] = {}
    for hierarchy in _hierarchies():
        if hierarchy.controllers:
            usable = _is_writable(hierarchy.own_group)
            parents |= dict.fromkeys(hierarchy.controllers, hierarchy.own_group) if usable else {}
        else:
            parents |= _unified_parents(hierarchy)
    return parents


def _unified_parents(hierarchy: Hierarchy) -> dict[str, Path]:
    """Return, for each controller, the nearest version-2 group in which new groups can use this controller."""
    # A group with processes, except the root, cannot delegate, so the own group usually cannot. Its processes may
    # belong to others, and moving them would need rights over the common parent group.
    for group in (hierarchy.own_group, *hierarchy.own_group.parents):
        if not group.is_relative_to(hierarchy.top):
            break
        if _is_writable(group) and (delegated := _delegate_controllers(group)):
            return dict.fromkeys(delegated, group)
    return {}


def _delegate_controllers(group: Path) -> list[str]:
    """Make a version-2 group delegate its controllers to the groups below it; return the delegated controllers."""
    offered_controllers = (group / "cgroup.controllers").read_text().split()
    control_file = group / "cgroup.subtree_control"
    for controller in CONTROLLERS:
        if controller in offered_controllers and controller not in control_file.read_text().split():
            with suppress(OSError):
                control_file.write_text(f"+{controller}")
    return [controller for controller in CONTROLLERS if controller in control_file.read_text().split()]


def _is_writable(group: Path) -> bool:
    return os.access(group, os.W_OK | os.X_OK) and os.access(group / "cgroup.procs", os.W_OK)


def _hierarchies() -> Iterator[Hierarchy]:
    """Yield the mounted hierarchies: all of version 2, and those of version 1 with one of the CONTROLLERS."""
    mounts = list(_mounts())
    # Its lines are `id:controllers:path`.
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, controller_names, path = line.split(":", 2)
        controllers = tuple(controller for controller in CONTROLLERS if controller in controller_names.split(","))
        if controller_names and not controllers:
            continue
        for file_system, root, top, options in mounts:
            if file_system == ("cgroup" if controller_names else "cgroup2") and set(controllers) <= set(options):
                relative_path = os.path.relpath(path, root)
                own = top if relative_path.startswith("..") else top / relative_path
                if own.is_dir():
                    yield Hierarchy(top, own, controllers)
                    break


def _mounts() -> Iterator[tuple[str, str, Path, list[str]]]:
    """Yield (type, root, mount point, options) of each control-group mount."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left_half, _separator, right_half = line.partition(" - ")
        file_system, _source, options = right_half.split(" ", 2)
        if file_system in ("cgroup", "cgroup2"):
            _id, _parent, _device, root, top = left_half.split(" ")[:5]
            yield file_system, root, Path(top), options.split(",")


def _set_limit(folder: Path, controller: str, limits: Limits) -> None:
    """Set the limits of one controller. Raises OSError if that is not permitted or has no effect."""
    is_version_2 = (folder / "cgroup.controllers").exists()
    if controller == "pids":
        (folder / "pids.max").write_text(str(limits.processes))
    elif controller == "cpu":
        quota = max(LEAST_QUOTA_MICROSECONDS, int(limits.cpus * PERIOD_MICROSECONDS))
        if is_version_2:
            (folder / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        else:
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (folder / "cpu.cfs_quota_us").write_text(str(quota))
    else:
        _limit_memory(folder, limits.memory_mib << 20, is_version_2)


def _limit_memory(folder: Path, max_bytes: int, is_version_2: bool) -> None:
    (folder / ("memory.max" if is_version_2 else "memory.limit_in_bytes")).write_text(str(max_bytes))
    # Version 1 counts memory and swap together. If memory swapped to disk is not counted, there must be no swap.
    swap = folder / ("memory.swap.max" if is_version_2 else "memory.memsw.limit_in_bytes")
    if swap.exists():
        swap.write_text("0" if is_version_2 else str(max_bytes))
    elif len(Path("/proc/swaps").read_text().splitlines()) > 1:
        raise PermissionError(f"{folder}: memory swapped to disk is not counted")


def _kill(folder: Path) -> None:
    try:
        if (folder / "cgroup.kill").exists():
            (folder / "cgroup.kill").write_text("1")
            return
        pids = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return
    for pid in pids:
        # Processes of another PID namespace appear as 0, which kill(2) takes as this process's group.
        if pid > 0:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
