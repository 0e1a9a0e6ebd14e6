"""Machines and executions. A machine is anything with a terminal; an execution is what one command did on it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.finding import Stream


class Cause(StrEnum):
    """Why a command ended, or why the model's reply to it ended."""

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


UNUSABLE_CAUSES = frozenset(
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
"""A reply that ended for one of these causes is not an imagined run: no test or finding uses it."""
RETRIED_CAUSES = (Cause.NO_REPLY, Cause.BROKEN_OFF, Cause.ENGINE_LOST)
"""If a request or a command ended for one of these causes, a resumed run repeats it. A request that the server
refused (`Execution.is_refused`) is never repeated.
"""


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
    """Seconds that a command may take. After that it is asked to stop, and killed if it does not."""
    cpus: float = Field(default=1, ge=0.01, le=256)
    """Number of processor cores that one command may use."""
    memory_mib: int = Field(default=2048, ge=64, le=1 << 20)
    """Mebibytes of memory; there is no swap beyond it."""
    processes: int = Field(default=256, ge=8, le=32_768)
    """Number of processes and threads that may exist at the same time."""
    open_files: int = Field(default=1024, ge=32, le=1 << 20)
    """Number of files, sockets and pipes that one process may have open."""
    output_bytes: int = Field(default=1 << 20, ge=1024, le=1 << 28)
    """Bytes of output that are kept: half of them from the beginning of the output, half from its end."""
    printed_mib: int = Field(default=4096, ge=1, le=1 << 20)
    """Mebibytes that a command may print, kept or not, before it is stopped."""
    workspace_mib: int = Field(default=2048, ge=16, le=1 << 20)
    """Mebibytes that all files together may take, including those in `/tmp`."""
    workspace_files: int = Field(default=50_000, ge=1000, le=1 << 24)
    """Number of files and folders that may exist, including those in `/tmp`."""
    file_mib: int = Field(default=1024, ge=1, le=1 << 20)
    """Mebibytes to which one file may grow."""
    network: Literal["none"] = "none"
    """Network access: none."""
    reply_tokens: int = Field(default=1024, ge=16, le=65_536)
    """Maximum number of tokens of one reply of the imagined machine."""
    continuations: int = Field(default=3, ge=0, le=64)
    """How often a reply that reached the limit `reply_tokens` may be continued, each time by at most `reply_tokens`
    more.
    """


@dataclass(frozen=True, slots=True)
class Seal:
    """A hash of the messages sent, the model, the settings, the reply and the time. Any later change changes the
    hash.

    It does not prove that the model had never seen the real output.
    """

    sha256: str
    model: str
    settings: dict[str, object]
    time: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a command left behind, copied from the machine."""

    name: str
    """Name of the file in the home folder, with unusual characters replaced by `_`."""
    path: str
    """Path relative to the folder that holds all artifacts; files with the same content share a path."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FormatViolation:
    """Text in a reply that no terminal would have printed, and that was therefore removed."""

    kind: str
    """The kind of text, for example `code fence`, `echo of the command` or `chat`."""
    text: str


@dataclass(frozen=True, slots=True)
class Execution:
    """The result of one command on one machine, real or imagined."""

    machine: str
    """`docker`, `podman`, `bubblewrap`, `host`, `imagined`, or the name of a plug-in's engine."""
    command: str
    exit_code: int | None
    """The exit code; None if it is unknown how the command ended. That of an imagined run is inferred from its
    output: a traceback or a shell error means failure.
    """
    cause: Cause
    seconds: float
    stdout: str
    """Standard output; for an imagined run, its whole output."""
    terminal: str
    """Standard output and standard error together, as a terminal shows them; for an imagined run, equal to
    `stdout`."""
    line: int = -1
    """Index of the script line, counted from 0; -1 if the command belongs to no script line."""
    program: str | None = None
    """Label of the program version that ran, for example `train-v1`."""
    seed: int | None = None
    """Seed of a real run; 0 is the trunk, the run that the script continues from."""
    sample: int | None = None
    """Number of an imagined run; 0 is the trunk, the run that the script continues from."""
    arm: str = "as written"
    """`reseeded` if an offset was added to the program's own seeds (rule 7 of docs/design.md), else `as written`."""
    seal: Seal | None = None
    notes: tuple[str, ...] = ()
    """Facts that a reader must know to interpret this execution, such as a limit that was reached."""
    violations: tuple[FormatViolation, ...] = ()
    """Text that was removed from an imagined reply because no terminal prints it."""
    artifacts: tuple[Artifact, ...] = ()
    """Copies of files that the command left in its workspace."""
    not_enforced: tuple[str, ...] = ()
    """Names of the limits and isolation measures that this real machine could not enforce, each with the reason."""
    called: str | None = None
    """Name of the file from which the execution was read; None if it belongs to a run of gedanken."""
    origin: Origin = Origin.REAL
    raw_reply: str | None = None
    """The model's whole reply; None if no model was asked."""
    is_refused: bool = False
    """True if the model's server refused the request, for example because it was too long. The cause `refused` is
    something else: the model itself refused to answer.
    """

    @property
    def imagined(self) -> bool:
        """True if a model imagined this run."""
        return self.origin is Origin.IMAGINED

    @property
    def is_run(self) -> bool:
        """True if the execution can be compared with other runs.

        False, for example, if the model refused to reply, or if its reply was cut while still empty.
        """
        return self.cause not in UNUSABLE_CAUSES and not (self.cause is Cause.CUT and not self.terminal.strip())

    def text(self, stream: Stream) -> str:
        return self.stdout if stream == "stdout" else self.terminal

    @property
    def label(self) -> str:
        """A short label, unique within a run, for example `line04-train-v1-real-3`. Output files are named after
        it."""
        if self.called:
            return self.called
        slug = "".join(character for character in self.command[:24] if character.isalnum())
        position = f"persona-{slug}" if self.line < 0 else f"line{self.line + 1:02d}"
        run_name = f"imagined-{self.sample}" if self.imagined else f"real-{self.seed or 0}"
        arm = "" if self.arm == "as written" else "-reseeded"
        return "-".join(part for part in (position, self.program, run_name) if part) + arm


def measured_runs(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Return the measured runs, in the given order: without trunks, and without replies that cannot be compared
    (`Execution.is_run`).

    If any real run is reseeded, only reseeded real runs are measured. See rules 5 and 7 of docs/design.md.
    """
    measured = [
        execution
        for execution in executions
        if (execution.sample if execution.imagined else execution.seed) != 0 and execution.is_run
    ]
    has_reseeded = any(execution.arm == "reseeded" for execution in measured)
    return tuple(
        execution for execution in measured if execution.imagined or execution.arm == "reseeded" or not has_reseeded
    )


def violations_by_kind(executions: Iterable[Execution]) -> Counter[str]:
    """Count the format violations in all these executions, by kind."""
    return Counter(violation.kind for execution in executions for violation in execution.violations)


OnOutput = Callable[[str], None]


@runtime_checkable
class Machine(Protocol):
    """Anything with a terminal: a sandbox, or a model that plays a machine."""

    @property
    def name(self) -> str:
        """The kind of machine, for example `docker` or `imagined`."""
        ...

    async def run(self, command: str, *, on_output: OnOutput | None = None) -> Execution:
        """Run one command. If it fails, times out or prints too much, the Execution says so.

        Raises NoSandbox or NoModel only if the machine itself is gone.
        """
        ...


class RealMachine(Machine, Protocol):
    """A machine that really runs the commands. Files persist from one command to the next."""

    async def run(self, command: str, *, on_output: OnOutput | None = None, label: str | None = None) -> Execution:
        """Run one command; see Machine.run. `label` names this execution within the run.

        A command with a label is executed only once: after a crash of gedanken, the next process waits for it or
        returns its stored result. On bubblewrap and host, the command dies with gedanken and is started again.
        """
        ...

    def write(self, name: str, text: str) -> None:
        """Write `text` to the file `name` in the machine's home folder."""
        ...

    def mark(self, label: str) -> None:
        """Save the workspace as the mark `label`, unless this mark exists already. Later branches start from this
        mark.
        """
        ...

    def branch(self, seed: int, *, reseed: bool = False) -> Self:
        """Return a machine with this seed, whose workspace is a copy of the last mark.

        If `reseed` is True, an offset is added to each seed that a program itself sets (rule 7 of docs/design.md).
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None:
        """Remove the workspace."""
        ...
