"""The interface between a machine and its engine: start a command, read its output, signal it, learn how it ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from gedanken.experiment.execution import Limits
from gedanken.experiment.progress import Progress
from gedanken.sandbox.gpus import NO_GPUS, GpuWish
from gedanken.sandbox.workspace import Workspace

Signal = Literal["SIGTERM", "SIGKILL"]
GRACE_SECONDS = 2.0
"""Seconds between asking a command to stop and killing it."""
BACKSTOP_SECONDS = 10.0
"""Seconds beyond the wall-clock limit after which a command ends by itself, even if no controller watches it any
more.
"""

HERE = Path(__file__).parent
HOOK = HERE / "hook"
SESSION_SCRIPT = HERE / "session.sh"
FIRST_SCRIPT = HERE / "first.sh"


def backstop_seconds(limits: Limits) -> float:
    """Return the seconds after which a command ends by itself, even if no controller watches it any more."""
    return limits.wall_seconds + GRACE_SECONDS + BACKSTOP_SECONDS


class EngineLost(Exception):
    """The engine does not answer any more, so the fate of the command is unknown."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command for an engine: one bash command line, with everything that the engine needs to run it."""

    name: str
    """Unique on the engine, and valid as a container's name."""
    command: str
    workspace: Workspace
    data: Path
    """Folder that the program sees read-only, as `/data` if there are namespaces."""
    limits: Limits
    environment: dict[str, str] = field(default_factory=dict)
    """Variables besides HOME, USER, PATH and the like, which the engine sets."""
    labels: dict[str, str] = field(default_factory=dict)
    gpus: GpuWish = NO_GPUS
    network: bool = False
    """True if the host's network may be reached: only for commands that the user writes to set up a workspace."""


class Ended(NamedTuple):
    """The end of a command."""

    exit_code: int
    """Exit code as reported by a shell: 128 + n for signal n."""
    out_of_memory: bool
    """True if the kernel killed one of its processes, not necessarily the last one, for memory."""
    seconds: float
    """Duration from start to end."""


class Job(Protocol):
    """A command that is running or finished. All methods block; all raise EngineLost if the engine is gone."""

    def read(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield pieces of (standard output, standard error) until both are closed."""
        ...

    def age(self) -> float:
        """Return the seconds since the command was started."""
        ...

    def signal(self, name: Signal) -> None:
        """Ask every process in the foreground to stop, or kill all processes. Does nothing if the command
        has ended.
        """
        ...

    def ended(self) -> Ended:
        """Wait for the end of the command and describe it; called when `read` is exhausted or after SIGKILL."""
        ...

    def remove(self) -> None:
        """Remove the processes and the container of the command. Never raises."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Runs commands: Docker, Podman, bubblewrap, or the host itself."""

    @property
    def name(self) -> str:
        """`docker`, `podman`, `bubblewrap` or `host`."""
        ...

    @property
    def asks_for_gpus(self) -> bool:
        """True if GPUs are requested, or were when the run began; commands may still see none."""
        ...

    @property
    def contents(self) -> str:
        """The image or environment that programs run in, identified by its digest."""
        ...

    def start(self, order: Order) -> Job:
        """Start a command whose output is read from its first byte. Raises NoSandbox, saying what to do."""
        ...

    def find(self, order: Order) -> Job | None:
        """Return the job of this name that an earlier controller left, after starting it if it was not running yet;
        None if there is none.

        Raises NoSandbox if the engine does not answer.
        """
        ...

    def clear(self, session: Path) -> None:
        """Remove what is left of the commands of a session that is over, for example after the engine itself died.

        Nothing is raised if the engine does not answer.
        """
        ...

    def not_enforced(self) -> tuple[str, ...]:
        """List what this engine cannot enforce here, each entry as `limit or isolation measure: reason`."""
        ...


class OpensEngine(Protocol):
    """The object that an entry point in `gedanken.machines` names, for `--sandbox NAME`."""

    def __call__(self, progress: Progress, gpus: GpuWish) -> Engine:
        """Open the engine, with everything it needs prepared. Raises NoSandbox, saying what to do."""
