"""The events of a run, and the log that is built from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gedanken.experiment.approval import Decision
from gedanken.experiment.budget import Price, Tokens
from gedanken.experiment.conditions import Conditions
from gedanken.experiment.escaping import harmless
from gedanken.experiment.event import Event
from gedanken.experiment.execution import Execution, Limits
from gedanken.experiment.persona import Fact, MachineFacts, Persona
from gedanken.experiment.probe_design import Plan
from gedanken.experiment.probe_events import AnswerKept, ItemKept, Judged, Planned
from gedanken.experiment.program import Program
from gedanken.experiment.run_spec import RunSpec
from gedanken.experiment.script import Experiment
from gedanken.experiment.surprisal import Surprisal
from gedanken.experiment.tables import EXECUTION_COLUMNS, as_pandas, as_polars, execution_rows
from gedanken.experiment.use_events import Reserved, Settled

if TYPE_CHECKING:
    import pandas
    import polars

FORMAT = 1
"""Version of the log format on disk."""
UNFINISHED = "unfinished"
"""The outcome of a run whose log has no end event: it is still running, or its process died."""
DONE = "done"
NO_WORKING_PROGRAM = "no working program"
INTERRUPTED = "interrupted"


class ScriptText(NamedTuple):
    """A script line as shown to people: text that is `told` to the model, a command that is `typed`, or a program
    that is `given`.
    """

    how: Literal["told", "typed", "given"]
    text: str


class ModelFacts(BaseModel):
    """Facts about the model of a run."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    sha256: str | None = None
    """Hash of the model's weights, if they are stored on this machine."""
    base_url: str | None = None
    settings: dict[str, Any] = {}
    """Settings that are sent with every request, in addition to the sampling settings."""
    reasons_by_itself: bool = False
    not_taken: tuple[str, ...] = ()
    """Names of settings that are not sent, because the model does not accept them."""
    price: Price | None = None
    """Price of the model's tokens; None if not known."""


@dataclass(frozen=True, slots=True)
class EarlierPart:
    """In a fork: an earlier part of the script, for which another model or persona was used."""

    until: int
    """The first script line after this part, counted from 1."""
    model: ModelFacts
    persona: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class RunSetup:
    """The set-up of a run, as far as its folder records it."""

    experiment: str
    run: str = ""
    """Name of the run folder."""
    gedanken: str = ""
    """Version of gedanken."""
    python: str = ""
    model: ModelFacts | None = None
    persona: str = ""
    facts: tuple[Fact, ...] = ()
    conditions: Conditions | None = None
    machine: MachineFacts | None = None
    dataset: str = ""
    limits: Limits | None = None
    script: tuple[ScriptText, ...] | None = None
    real: int | None = None
    imagined: int | None = None
    simulate: bool | None = None
    earlier: tuple[EarlierPart, ...] = ()
    """In a fork: the earlier parts of the script. `model`, `persona` and `facts` describe only the last part."""

    @property
    def model_names(self) -> str:
        """The model's name; with several models, `one before line 4, other from line 4`, for example."""
        parts = [(part.until, part.model.name) for part in self.earlier]
        return format_by_part(parts, self.model.name if self.model else "")

    @property
    def persona_names(self) -> str:
        """The persona's name; with several personas, the name of each with its script lines."""
        return format_by_part([(part.until, part.persona) for part in self.earlier], self.persona)

    @property
    def claim_names(self) -> str:
        """The names of the persona's false facts, such as `os/gpus`, or `none`; by script line if personas change."""
        return format_by_part(
            [(part.until, _format_claims(part.facts)) for part in self.earlier], _format_claims(self.facts)
        )

    def model_at(self, line: int) -> ModelFacts | None:
        """Return the model that was used for the script line with the index `line`, counted from 0."""
        return next((part.model for part in self.earlier if line + 1 < part.until), self.model)

    @property
    def claimed(self) -> tuple[str, ...]:
        """The names of the facts that the persona claims falsely on purpose."""
        return tuple(fact.name for fact in self.facts if fact.origin == "claimed")


def format_by_part(earlier: Sequence[tuple[int, str]], last: str) -> str:
    """Describe which name applies to which script lines, such as `one before line 4, other from line 4`.

    `earlier` holds (first line after the part, name) for each earlier part; `last` is the last part's name.
    """
    starts = [1, *(end for end, _name in earlier)]
    parts = zip(starts, [*(name for _end, name in earlier), last], strict=True)
    distinct_parts = [next(group) for _name, group in groupby(parts, key=lambda part: part[1])]
    if len(distinct_parts) == 1:
        return last
    start = f"{distinct_parts[0][1]} before line {distinct_parts[1][0]}"
    return ", ".join([start, *(f"{name} from line {line}" for line, name in distinct_parts[1:])])


def _format_claims(facts: Iterable[Fact]) -> str:
    return "/".join(fact.name for fact in facts if fact.origin == "claimed") or "none"


class Started(Event):
    """A process started working on the run."""

    kind: Literal["started"] = "started"
    gedanken: str
    python: str
    spec: str
    """Key of the run's RunSpec."""
    run: str = ""
    """In a run's first event: a random id that no other run has; empty in logs of earlier versions."""
    counted_until: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """If the process is killed, it counts as having worked at least this many seconds. None in old logs."""
    settled_before: int = Field(default=-1, ge=-1)
    """Failed replies before the script line with this index are kept. Only old logs have it."""


class Heartbeat(Event):
    """The process is still alive. The next such event follows before `counted_until`."""

    kind: Literal["still works"] = "still works"
    counted_until: float = Field(ge=0, allow_inf_nan=False)
    """If the process is killed, its working time counts as at least this many seconds."""


class Opened(Event):
    """The machine was measured, and the persona's `matched` fields were filled in."""

    kind: Literal["opened"] = "opened"
    machine: MachineFacts
    dataset: str
    facts: tuple[Fact, ...]


class ModelKnown(Event):
    """Facts about the model became known. The event is repeated when more is learned."""

    kind: Literal["model"] = "model"
    model: ModelFacts
    until: int | None = None
    """The first script line, counted from 1, that no longer uses this model; None for the last model."""


class WorkBegan(Event):
    """A piece of work started: a node of the graph, or a step of the set-up before the graph runs."""

    kind: Literal["began"] = "began"
    node: str
    who: str
    """What is being worked on, for example `line 4, seed 2 of train-v1`; may be empty."""


class WorkEnded(Event):
    """A piece of work (see `WorkBegan`) ended, successfully or not."""

    kind: Literal["left"] = "left"
    node: str
    who: str


class ProgramKept(Event):
    """A version of a program was stored; a later event with the same label replaces it."""

    kind: Literal["program"] = "program"
    program: dict[str, Any]
    """Fields of the program, without its source."""
    path: str


class ExecutionKept(Event):
    """An execution finished and was stored; its texts are in files."""

    kind: Literal["execution"] = "execution"
    execution: dict[str, Any]
    """Fields of the execution, without its texts."""
    files: dict[str, str]
    """Maps the name of each text (`stdout`, perhaps `terminal` and `raw_reply`) to the path of its file."""
    sizes: dict[str, int] = Field(default_factory=dict)
    """Size of each file in bytes. With it, a reader notices incomplete files, because the event may reach the disk
    before them. Empty in logs of earlier versions.
    """


class SurprisalKept(Event):
    """The model's surprisal at real outputs was stored, or the reason why it is not known."""

    kind: Literal["surprisal"] = "surprisal"
    found: Surprisal


class Decided(Event):
    """A person decided whether a program may run."""

    kind: Literal["decided"] = "decided"
    program: str
    sha256: str
    """Hash of the source that the person was shown."""
    answer: Decision


class Noted(Event):
    """A remark for readers of the results, for example `a command was run a second time`."""

    kind: Literal["noted"] = "noted"
    what: str


class Ended(Event):
    """The process that worked on the run ended without being killed."""

    kind: Literal["ended"] = "ended"
    outcome: str


RunEvent = Annotated[
    Started
    | Heartbeat
    | Opened
    | ModelKnown
    | WorkBegan
    | WorkEnded
    | ProgramKept
    | ExecutionKept
    | SurprisalKept
    | Decided
    | Reserved
    | Settled
    | Planned
    | ItemKept
    | AnswerKept
    | Judged
    | Noted
    | Ended,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class RunLog:
    """The complete record of a run. Every conclusion about the run is drawn from this log."""

    title: str
    """The experiment's name, or the names of the files that the user supplied."""
    setup: RunSetup | None = None
    """The set-up of the run; None for logs that the user supplied."""
    programs: tuple[Program, ...] = ()
    executions: tuple[Execution, ...] = ()
    """All executions, sorted by script line, then by program version, then real before imagined, then by seed or
    sample.
    """
    persona: Persona | None = None
    surprisal: Surprisal | None = None
    """How unlikely the model found the real outputs; None if this was not requested."""
    outcome: str = ""
    started: str = ""
    ended: str = ""
    under_way: tuple[WorkBegan, ...] = ()
    """Work that started and has not ended."""
    left: WorkEnded | None = None
    """The piece of work that ended last."""
    notes: tuple[str, ...] = ()
    """Remarks that a reader of the results must know, for example that a file could not be read."""
    decisions: tuple[Decided, ...] = ()
    """Decisions on whether programs may run, by the people who were asked."""
    plan: Plan | None = None
    items: tuple[ItemKept, ...] = ()
    answers: tuple[AnswerKept, ...] = ()
    judged: tuple[Judged, ...] = ()
    tokens: Tokens | None = None
    settled_before: int = -1
    """See `Started.settled_before`."""
    folder: Path | None = None
    spec: RunSpec | None = field(default=None, compare=False)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return one row for each execution, as `Analysis.to_pandas` does. Raises BadInput if pandas is missing."""
        return as_pandas(execution_rows(self.executions), EXECUTION_COLUMNS)

    def to_polars(self) -> "polars.DataFrame":
        """Return one row for each execution. Raises BadInput if polars is missing."""
        return as_polars(execution_rows(self.executions), EXECUTION_COLUMNS)

    def __repr__(self) -> str:
        """Show only the title, the number of executions and the outcome, because the fields hold all output."""
        return f"<RunLog of {harmless(self.title)}: {len(self.executions)} executions, {harmless(self.outcome)}>"

    @property
    def price(self) -> Price | None:
        return self.setup.model.price if self.setup and self.setup.model else None

    @property
    def is_over(self) -> bool:
        """True if the run is complete: all its work is done, or no working program was obtained."""
        return self.outcome in (DONE, NO_WORKING_PROGRAM)

    @property
    def machine_facts(self) -> MachineFacts | None:
        return self.setup.machine if self.setup else None

    @property
    def claims(self) -> tuple[str, ...]:
        """The names of the facts that the persona claims falsely on purpose."""
        return self.persona.claims if self.persona else ()

    def persona_at(self, line: int) -> Persona | None:
        """Return the persona at a script line, counted from 0; -1 means before the first line."""
        is_earlier = self.spec is not None and self.spec.part_at(line) is not None
        return self.spec.played_at(line) if self.spec and is_earlier else self.persona

    def claims_at(self, line: int) -> tuple[str, ...]:
        """Return the names of the persona's false facts at the script line `line`, counted from 0."""
        persona = self.persona_at(line)
        return persona.claims if persona else ()


def sort_executions(programs: tuple[Program, ...], executions: tuple[Execution, ...]) -> tuple[Execution, ...]:
    """Sort executions by script line, program version, origin (real first), arm, and seed or sample.

    Executions that agree in all of these stay in the order in which their commands were first really executed.
    """
    versions = {program.label: number for number, program in enumerate(programs)}
    real_commands = list(dict.fromkeys(run.command for run in executions if not run.imagined))
    return tuple(
        sorted(
            executions,
            key=lambda run: (
                run.line,
                versions.get(run.program, len(versions)) if run.program else -1,
                run.imagined,
                run.arm,
                (run.sample if run.imagined else run.seed) or 0,
                real_commands.index(run.command) if run.command in real_commands else len(real_commands),
            ),
        )
    )


def script_of(experiment: Experiment) -> tuple[ScriptText, ...]:
    """Return the lines of an experiment's script, as shown to people."""
    return tuple(
        given_text(line.give, line.program, line.change)
        if line.give
        else ScriptText("told", line.tell)
        if line.tell is not None
        else ScriptText("typed", line.type or "")
        for line in experiment.script
    )


def given_text(name: str, program: str | None, change: str | None) -> ScriptText:
    """Describe a script line that supplies a program: where the program comes from, and how it was changed."""
    return ScriptText("given", f"{name}{f', {program}' if program else ''}: {change or 'as it is'}")
