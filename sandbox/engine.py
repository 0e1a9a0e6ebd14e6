"""Defines the interface between a machine and the engine that runs its commands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Progress
from gedanken.sandbox.gpus import NO_GPUS, GpuRequest
from gedanken.sandbox.workspace import Workspace

Signal = Literal["SIGTERM", "SIGKILL"]
GRACE_SECONDS = 2.0
"""Seconds between asking a command to stop and killing it."""
BACKSTOP_SECONDS = 10.0
"""If the gedanken process of a command has died, the command ends this many seconds after its wall-clock limit plus
GRACE_SECONDS.
"""

HERE = Path(__file__).parent
HOOK = HERE / "hook"
SESSION_SCRIPT = HERE / "session.sh"
FIRST_SCRIPT = HERE / "first.sh"


def backstop_seconds(limits: Limits) -> float:
    """Return after how many seconds a command ends by itself, even if the gedanken process that watches it has
    died.
    """
    return limits.wall_seconds + GRACE_SECONDS + BACKSTOP_SECONDS


class EngineLost(Exception):
    """The engine does not answer any more, so it is unknown whether and how the command ended."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command for an engine: one bash command line, with everything that the engine needs to run it."""

    name: str
    """Name of the command. It is unique on the engine, and valid as a container's name."""
    command: str
    workspace: Workspace
    data: Path
    """Folder of the data set.

    Commands see it read-only as `/data`. On the engine `host`, which mounts nothing, they see it under its own path.
    """
    limits: Limits
    environment: dict[str, str] = field(default_factory=dict)
    """Additional environment variables; the engine itself sets HOME, USER, PATH and the like."""
    labels: dict[str, str] = field(default_factory=dict)
    gpus: GpuRequest = NO_GPUS
    network: bool = False
    """True if the command may reach the host's network. Only the user's commands that set up a workspace may do so.
    """


class Ended(NamedTuple):
    """How a command ended."""

    exit_code: int
    """Exit code as reported by a shell: 128 + n for signal n."""
    out_of_memory: bool
    """True if memory ran out and the kernel killed a process of the command. This may be a child process whose parent
    went on.
    """
    seconds: float
    """Duration from start to end."""


class Job(Protocol):
    """A command that is running or finished.

    All methods block. All but `remove` raise EngineLost if the engine is gone.
    """

    def read(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield pairs of a piece of standard output and a piece of standard error, until both are closed. None means
        that there is no piece.
        """
        ...

    def age(self) -> float:
        """Return the seconds since the command was started."""
        ...

    def signal(self, name: Signal) -> None:
        """Ask the processes in the foreground to stop (SIGTERM), or kill all processes (SIGKILL).

        Does nothing if the command has ended.
        """
        ...

    def ended(self) -> Ended:
        """Wait until the command has ended, and describe its end. Called after `read` has ended, or after SIGKILL."""
        ...

    def remove(self) -> None:
        """Kill the processes of the command, and remove its container if it has one. Never raises."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Runs commands: in Docker, Podman or bubblewrap, on the host itself, or as a plug-in does."""

    @property
    def name(self) -> str:
        """`docker`, `podman`, `bubblewrap`, `host`, or the name of a plug-in's engine."""
        ...

    @property
    def asks_for_gpus(self) -> bool:
        """True if containers are created with GPUs or, for `host`, if this machine has an NVIDIA driver.

        Commands may still see no GPU.
        """
        ...

    @property
    def contents(self) -> str:
        """The name or digest of the image or environment that programs run in. It changes whenever the content
        changes.
        """
        ...

    def start(self, order: Order) -> Job:
        """Start a command, so that its output can be read from the first byte.

        Raises NoSandbox, with the remedy, if that fails.
        """
        ...

    def find(self, order: Order) -> Job | None:
        """Return the job that an earlier gedanken process started for this order; None if there is none.

        The job may be running or finished. Raises NoSandbox if the engine does not answer, or if the order's name
        belongs to another command.
        """
        ...

    def clear(self, session: Path) -> None:
        """Remove the containers, processes and control groups that the commands of a finished session left.

        Nothing is raised if the engine does not answer.
        """
        ...

    def not_enforced(self) -> tuple[str, ...]:
        """List what this engine cannot enforce here, each entry as `limit or isolation measure: reason`."""
        ...


class OpensEngine(Protocol):
    """A function that opens an engine; plug-ins register it as an entry point in `gedanken.machines`.

    The name of the entry point is then a value of `--sandbox`.
    """

    def __call__(self, progress: Progress, gpus: GpuRequest) -> Engine:
        """Prepare everything that the engine needs, and open it.

        Raises NoSandbox, with the remedy, if the engine does not work.
        """
