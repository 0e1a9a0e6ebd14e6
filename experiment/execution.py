"""Machines and executions. A machine is anything with a terminal; an execution is what one command did on it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.finding import Stream


class Cause(StrEnum):
    """Why a command ended."""

    FINISHED = "finished"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    OUTPUT_CAP = "output cap"
    DISK_FULL = "disk full"
    KILLED = "killed"
    ENGINE_LOST = "engine lost"
    CUT = "cut by the token limit"
    FILTERED = "filtered"
    REFUSED = "refused"
    TOOL_CALL = "asked for a tool"
    ONLY_REASONED = "only reasoned"
    BROKEN_OFF = "broken off"
    UNKNOWN_END = "ended for an unknown reason"
    NO_REPLY = "no reply"


NO_RUN = frozenset(
    {
        Cause.FILTERED,
        Cause.REFUSED,
        Cause.TOOL_CALL,
        Cause.ONLY_REASONED,
        Cause.BROKEN_OFF,
        Cause.UNKNOWN_END,
        Cause.NO_REPLY,
    }
)
"""Causes for which a reply is not an imagined run. Such a reply is stored with its cause, and left out of every test
and finding.
"""
MAY_COME = (Cause.NO_REPLY, Cause.BROKEN_OFF, Cause.ENGINE_LOST)
"""Causes after which the request or the execution is repeated when the run is resumed."""


class Origin(StrEnum):
    """Where an execution comes from."""

    REAL = "real"
    """One of our machines printed the output."""
    IMAGINED = "imagined"
    """A model that was asked to play the machine wrote the output."""
    CLAIMED = "claimed"
    """Somebody else says that a machine printed the output."""


class Limits(BaseModel):
    """Limits on one command. All are on by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wall_seconds: float = Field(default=900, gt=0, le=86_400)
    """Seconds a command may take before it is asked to stop, then killed."""
    cpus: float = Field(default=1, ge=0.01, le=256)
    """Processor cores one command may use."""
    memory_mib: int = Field(default=2048, ge=64, le=1 << 20)
    """Mebibytes of memory; there is no swap beyond it."""
    processes: int = Field(default=256, ge=8, le=32_768)
    """Processes and threads at a time."""
    open_files: int = Field(default=1024, ge=32, le=1 << 20)
    """Files, sockets and pipes one process may have open."""
    output_bytes: int = Field(default=1 << 20, ge=1024, le=1 << 28)
    """Bytes of output that are kept: half of them from its head, half from its tail."""
    printed_mib: int = Field(default=4096, ge=1, le=1 << 20)
    """Mebibytes a command may print, kept or not, before it is stopped."""
    workspace_mib: int = Field(default=2048, ge=16, le=1 << 20)
    """Mebibytes of files, `/tmp` included."""
    workspace_files: int = Field(default=50_000, ge=1000, le=1 << 24)
    """Files and folders, `/tmp` included."""
    file_mib: int = Field(default=1024, ge=1, le=1 << 20)
    """Mebibytes one file may grow to."""
    network: Literal["none"] = "none"
    """Network access: none."""
    reply_tokens: int = Field(default=1024, ge=16, le=65_536)
    """Maximum number of tokens of one reply of the imagined machine."""
    continuations: int = Field(default=3, ge=0, le=64)
    """Maximum number of continuations of a reply that was cut at `reply_tokens`, each with as many tokens again."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The hash of (messages sent, model, settings, reply, time). It proves integrity, not ignorance."""

    sha256: str
    model: str
    settings: dict[str, object]
    time: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a command left behind, copied from the machine."""

    name: str
    """Name of the file in the home folder, with control characters made harmless."""
    path: str
    """Path relative to the folder of all artifacts; files with the same content share a path."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FormatViolation:
    """Text in a reply that no terminal would have printed, and that was therefore removed."""

    kind: str
    """For example `code fence`, `echo of the command`, `chat`."""
    text: str


@dataclass(frozen=True, slots=True)
class Execution:
    """The result of one command on one machine, real or imagined."""

    machine: str
    """`docker`, `podman`, `bubblewrap`, `host` or `imagined`."""
    command: str
    exit_code: int | None
    """For an imagined run, inferred from its output (a traceback or a shell error means that it failed); None if the
    end was not seen."""
    cause: Cause
    seconds: float
    stdout: str
    """Standard output; for an imagined run, everything that it shows."""
    terminal: str
    """Both streams in order of arrival, as a terminal shows them; for an imagined run, the same as `stdout`."""
    line: int = -1
    """Index into the script; -1 for commands that were typed before the script, by the persona node."""
    program: str | None = None
    """Label of the program version that ran, for example `train-v1`."""
    seed: int | None = None
    """Seed of a real run; 0 is the trunk, the run that the script continues from."""
    sample: int | None = None
    """Number of an imagined run; 0 is the trunk, the run that the script continues from."""
    arm: str = "as written"
    """`as written`, or `reseeded` where explicit seeds in the program were offset (fairness rule 7)."""
    seal: Seal | None = None
    notes: tuple[str, ...] = ()
    """Notes that a reader needs to interpret this execution: a limit that was reached, seeds that were offset."""
    violations: tuple[FormatViolation, ...] = ()
    """Text that was removed from an imagined reply because no terminal prints it."""
    artifacts: tuple[Artifact, ...] = ()
    """Files that the command left in its workspace."""
    not_enforced: tuple[str, ...] = ()
    """Names of the limits and isolation measures that this real machine could not enforce, each with the reason."""
    called: str | None = None
    """The name of the file from which the execution was read; None if it belongs to a run."""
    origin: Origin = Origin.REAL
    raw_reply: str | None = None
    """The model's whole reply; None if no model was asked."""

    @property
    def imagined(self) -> bool:
        """True if a model imagined this run."""
        return self.origin is Origin.IMAGINED

    @property
    def is_run(self) -> bool:
        """True if the execution can be compared with other runs. A reply that was filtered, refused, or cut to
        nothing cannot.
        """
        return self.cause not in NO_RUN and not (self.cause is Cause.CUT and not self.terminal.strip())

    def text(self, stream: Stream) -> str:
        """Return one of the texts kept of this execution."""
        return self.stdout if stream == "stdout" else self.terminal

    @property
    def label(self) -> str:
        """A short label, unique within a run. The files that hold the output are named after it."""
        if self.called:
            return self.called
        slug = "".join(character for character in self.command[:24] if character.isalnum())
        where = f"persona-{slug}" if self.line < 0 else f"line{self.line + 1:02d}"
        who = f"imagined-{self.sample}" if self.imagined else f"real-{self.seed or 0}"
        arm = "" if self.arm == "as written" else "-reseeded"
        return "-".join(part for part in (where, self.program, who) if part) + arm


def leaves(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Select the runs that are measured (the leaves), in their order.

    Trunks are excluded, because the choice of the program depended on them (fairness rule 5). If there are real runs
    with offset seeds, only these count as real runs (rule 7). Replies that are not imagined runs are left out.
    """
    found = [
        execution
        for execution in executions
        if (execution.sample if execution.imagined else execution.seed) != 0 and execution.is_run
    ]
    has_reseeded = any(execution.arm == "reseeded" for execution in found)
    return tuple(
        execution for execution in found if execution.imagined or execution.arm == "reseeded" or not has_reseeded
    )


def violations_by_kind(executions: Iterable[Execution]) -> Counter[str]:
    """Count how often imagined runs broke the rules of a terminal, by kind."""
    return Counter(violation.kind for execution in executions for violation in execution.violations)


OnOutput = Callable[[str], None]


@runtime_checkable
class Machine(Protocol):
    """Anything with a terminal: a sandbox, or a model that plays a machine."""

    @property
    def name(self) -> str:
        """The kind of machine."""
        ...

    async def run(self, command: str, *, on_output: OnOutput | None = None) -> Execution:
        """Type one command and return its execution.

        A command that fails, times out or prints too much returns an Execution that says so, not an exception. Raises
        NoSandbox or NoModel only if the machine itself is gone.
        """
        ...


class RealMachine(Machine, Protocol):
    """A machine that really runs the commands, with a workspace that persists from command to command."""

    async def run(self, command: str, *, on_output: OnOutput | None = None, label: str | None = None) -> Execution:
        """Run one command; see Machine.run. `label` names this execution within the run.

        A labelled command is not run twice. If it is still running, started by a controller that died, this waits for
        its end; if it has finished, the stored result is returned. If programs die with their controller (bubblewrap,
        host), an unfinished command is started again. Without a label, a command is always run.
        """
        ...

    def write(self, name: str, text: str) -> None:
        """Put a file into the home folder."""
        ...

    def mark(self, label: str) -> None:
        """Save the current workspace as the starting point of branches. An existing mark of this name is kept as it
        is."""
        ...

    def branch(self, seed: int, *, reseed: bool = False) -> Self:
        """Return the same machine with another seed, on its own copy of the workspace as it was at the last mark.

        With `reseed`, seeds that a program sets itself are offset (fairness rule 7).
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace."""
        ...
