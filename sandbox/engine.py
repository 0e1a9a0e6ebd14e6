"""What a machine needs of the engine under it: start one command, read it, signal it, know how it ended."""

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
"""Between asking a command to stop and killing it."""
BACKSTOP_SECONDS = 10.0
"""Beyond the wall limit, after which a command ends by itself although nobody watches it any more."""

HERE = Path(__file__).parent
HOOK = HERE / "hook"
SESSION_SCRIPT = HERE / "session.sh"
FIRST_SCRIPT = HERE / "first.sh"


def backstop_seconds(limits: Limits) -> float:
    """After how long a command ends by itself although nobody watches it any more."""
    return limits.wall_seconds + GRACE_SECONDS + BACKSTOP_SECONDS


class EngineLost(Exception):
    """The engine does not answer any more; what became of the command is unknown."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command line of bash, and all that an engine must know to run it."""

    name: str
    """Unique on the engine, of the characters a container's name may have."""
    command: str
    workspace: Workspace
    data: Path
    """Folder that the program sees read-only, as `/data` where there are namespaces."""
    limits: Limits
    environment: dict[str, str] = field(default_factory=dict)
    """What is set besides HOME, USER, PATH and the like, which the engine sets."""
    labels: dict[str, str] = field(default_factory=dict)
    gpus: GpuWish = NO_GPUS
    network: bool = False
    """Whether the host's network may be reached: only for what a user types himself to set a workspace up."""


class Ended(NamedTuple):
    """How a command ended."""

    exit_code: int
    """As a shell gives it: 128 + n for signal n."""
    out_of_memory: bool
    """Whether the kernel killed one of its processes for memory, not necessarily the last."""
    seconds: float
    """From its start to its end."""


class Job(Protocol):
    """A command under way, or over. All methods block; all raise EngineLost when the engine is gone."""

    def read(self) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield pieces of (standard output, standard error) until both are closed."""
        ...

    def age(self) -> float:
        """Seconds since it was started."""
        ...

    def signal(self, name: Signal) -> None:
        """Ask every process of the foreground to stop, or kill all there are. Nothing happens if it is over."""
        ...

    def ended(self) -> Ended:
        """Wait for the end and tell about it; called when `read` is exhausted or after SIGKILL."""
        ...

    def remove(self) -> None:
        """Leave nothing behind: no process, no container. Never raises."""
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
        """Whether GPUs are, or were at first, asked for here; what commands see of them is another matter."""
        ...

    @property
    def contents(self) -> str:
        """What programs find there, by its digest: image or environment."""
        ...

    def start(self, order: Order) -> Job:
        """Start a command whose output is read from its first byte. Raises NoSandbox, saying what to do."""
        ...

    def find(self, order: Order) -> Job | None:
        """The job of this name that an earlier controller left, started if it had not been; None if there is none.

        Raises NoSandbox when the engine does not answer.
        """
        ...

    def not_enforced(self) -> tuple[str, ...]:
        """What this engine cannot hold here, each as `limit or wall: reason`."""
        ...


class OpensEngine(Protocol):
    """What an entry point in `gedanken.machines` names, for `--sandbox NAME`."""

    def __call__(self, progress: Progress, gpus: GpuWish) -> Engine:
        """Open the engine, with all that it needs got ready. Raises NoSandbox, saying what to do."""
