"""The engine `host`: runs commands directly on this machine, as the current user and without isolation."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from gedanken.experiment.progress import Progress
from gedanken.sandbox.engine import GRACE_SECONDS, HOOK, SESSION_SCRIPT, Order, Signal, backstop_seconds
from gedanken.sandbox.environment import ensure_environment
from gedanken.sandbox.gpus import GpuRequest
from gedanken.sandbox.local_job import LocalJob, start_at_gate
from gedanken.sandbox.marked_processes import MARK, kill_all, kill_left
from gedanken.sandbox.owner import order_prefix

VISIBLE_DEVICES_VARIABLE = "CUDA_VISIBLE_DEVICES"
KEPT_VARIABLES = (
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDA_DEVICE_ORDER",
    VISIBLE_DEVICES_VARIABLE,
    "NVIDIA_VISIBLE_DEVICES",
)
"""Environment variables of this process that commands also get.

They are listed one by one because other NVIDIA variables contain keys.
"""


@dataclass(frozen=True, slots=True)
class HostEngine:
    """Runs commands without isolation; limits time, output and files, and kills leftover processes."""

    environment: Path
    name: str = "host"

    @property
    def asks_for_gpus(self) -> bool:
        """True if there is an NVIDIA driver; commands then see its GPUs unless `--gpus` hides them."""
        return Path("/dev/nvidiactl").exists()

    @property
    def contents(self) -> str:
        """Name of the environment's folder, which is a digest of the environment's ingredients."""
        return self.environment.name

    def start(self, order: Order) -> LocalJob:
        """Start a command whose processes carry the order's name in the variable MARK; see Engine.start."""
        timeout = ["timeout", f"--kill-after={GRACE_SECONDS:g}", f"{backstop_seconds(order.limits):g}"]
        process = start_at_gate(
            [],
            [*timeout, "bash", "-c", '. "$1"; eval "$_gd_command"', "bash", str(SESSION_SCRIPT), order.command],
            order.limits,
            _process_limit(order.limits.processes),
            env=self._variables(order),
            cwd=order.workspace.home,
            start_new_session=True,
        )
        return LocalJob(process, _Hold(order.name, process))

    def find(self, order: Order) -> None:
        """Kill the command if a dead gedanken process left it running, and return None; see Engine.find."""
        # Its output can no longer be read, and it must not run twice.
        kill_all(order.name)

    def clear(self, session: Path) -> None:
        """Kill processes that the session's commands left behind, for example because the process that controls them
        was killed.
        """
        kill_left(order_prefix(session.name))

    def not_enforced(self) -> tuple[str, ...]:
        """List nearly all limits and isolation measures, because this engine enforces hardly any.

        See `Engine.not_enforced`.
        """
        reason = "the host isolates nothing"
        measures = ("network", "host files", "read-only data and hook", "rights", "memory", "cpus")
        process_note = (f"processes: {reason}",) if os.getuid() == 0 else ()
        leftover_note = (
            "leftover processes: a process that leaves its session and empties its environment is not found"
        )
        return (*(f"{measure}: {reason}" for measure in measures), *process_note, leftover_note)

    def _variables(self, order: Order) -> dict[str, str]:
        """Build the command's environment variables from scratch, because the user's variables may contain keys."""
        inherited = {name: value for name, value in os.environ.items() if name in KEPT_VARIABLES}
        return {
            **inherited,
            **_visible_gpus(order.gpus),
            "HOME": str(order.workspace.home),
            "TMPDIR": str(order.workspace.tmp),
            "USER": "user",
            "PATH": f"{self.environment}/bin:{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GEDANKEN_SESSION": str(order.workspace.shell),
            "GEDANKEN_DATA": str(order.data),
            "GEDANKEN_HOOK": str(HOOK),
            MARK: order.name,
            **order.environment,
        }


def open_host(progress: Progress) -> HostEngine:
    """Create the Python environment if it is missing, and return the engine.

    Raises NoSandbox, with the remedy, if that fails.
    """
    return HostEngine(ensure_environment(progress, os.getuid()))


@dataclass(frozen=True, slots=True)
class _Hold:
    """Handle on a command's processes, found by an environment variable and by their session id; see `Hold`."""

    name: str
    process: "subprocess.Popen[bytes]"

    def signal(self, name: Signal) -> None:
        if name == "SIGTERM":
            # Only to the first process, which is `timeout` and passes the signal on to its group.
            self.process.terminate()
        else:
            # Once the process has been waited for, its id may belong to another process.
            kill_all(self.name, self.process.pid if self.process.returncode is None else None)

    def out_of_memory(self) -> bool:
        return False

    def release(self) -> None:
        pass


def _process_limit(processes: int) -> str:
    """Return the option of bash's `ulimit` that limits processes; empty for root, who is not limited."""
    if os.getuid() == 0:
        return ""
    # The kernel counts all processes and threads of the user.
    return f"-u {processes + sum(_threads_of_user())}"


def _threads_of_user() -> Iterator[int]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().real == os.getuid():
                yield process.num_threads()


def _visible_gpus(wish: GpuRequest) -> dict[str, str]:
    """Return the variable CUDA_VISIBLE_DEVICES that lets a program see the GPUs of `wish`; empty for `all` and
    `auto`.
    """
    if wish.kind == "none":
        return {VISIBLE_DEVICES_VARIABLE: ""}
    if wish.kind == "ids":
        return {VISIBLE_DEVICES_VARIABLE: ",".join(wish.ids)}
    if wish.kind == "count":
        user_setting = os.environ.get(VISIBLE_DEVICES_VARIABLE)
        devices = user_setting.split(",") if user_setting else [str(number) for number in range(wish.count)]
        return {VISIBLE_DEVICES_VARIABLE: ",".join(devices[: wish.count])}
    # The user's own setting stays.
    return {}
