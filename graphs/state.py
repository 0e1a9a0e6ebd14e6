"""What flows through the graph, and what every node may use."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, TypedDict

from gedanken.agents.coder import Failure
from gedanken.agents.imagined import ImaginedMachine
from gedanken.agents.messages import Message
from gedanken.agents.model import Model
from gedanken.agents.session import Session, Turn
from gedanken.agents.surprisal import ProgramSurprisal
from gedanken.experiment.execution import Execution, RealMachine
from gedanken.experiment.finding import Finding
from gedanken.experiment.persona import MachineFacts, Persona
from gedanken.experiment.program import Program
from gedanken.experiment.script import Experiment
from gedanken.sandbox.cores import Cores

DONE = "done"
NO_WORKING_PROGRAM = "no working program"
STOPPED = "stopped: "
"""Before the reason, where a machine was lost on the way."""


def keep_programs(old: Sequence[Program], new: Sequence[Program]) -> list[Program]:
    """Add versions; one that is there already is replaced, in its place."""
    kept = {program.label: program for program in old}
    kept.update({program.label: program for program in new})
    return list(kept.values())


def keep_first(old: str, new: str) -> str:
    """Keep what was there, if anything was."""
    return old or new


class SentMessages(NamedTuple):
    """What the model was sent for sample 0 of a program."""

    line: int
    program: str
    messages: tuple[Message, ...]


class State(TypedDict, total=False):
    """Everything a run has come to so far."""

    index: int
    """The script line that is at work; -1 before the first."""
    writing: int
    """The script line whose tell the coder last worked on."""
    programs: Annotated[list[Program], keep_programs]
    executions: Annotated[list[Execution], operator.add]
    findings: Annotated[list[Finding], operator.add]
    turns: tuple[Turn, ...]
    """The imagined machine's session, going on from sample 0."""
    asked: Annotated[list[SentMessages], operator.add]
    surprise: tuple[ProgramSurprisal, ...] | str
    """Of each program, after the last sample; or why it is not available."""
    failure: Failure | None
    """Why the newest version was not accepted, while the coder has tries left."""
    outcome: str
    lost: Annotated[str, keep_first]
    """Why the model is gone; the run then stops when all that is under way has come to its end."""


class RunTask(TypedDict):
    """What one real seed or one imagined sample is told to run."""

    index: int
    program: str | None
    number: int
    """Seed, or sample."""
    reseed: bool
    session: Session
    """The trunk's turns as they are stored, and those in which a sample is imagined."""


@dataclass(frozen=True)
class Context:
    """Clients, limits and wishes of one run; not part of the state."""

    experiment: Experiment
    persona: Persona
    machine_facts: MachineFacts
    model: Model
    machine: RealMachine
    real: int = 7
    """Seeds beside the trunk's."""
    imagined: int = 3
    """Samples beside the trunk's."""
    simulate: bool = True
    surprise: bool = False
    """Whether the model is asked, in the end, how likely the real output was to it."""
    coder_seed: int = 0
    """Sampling seed of the coder's first try."""
    cores: Cores = field(default_factory=Cores)

    def imagined_machine(self, session: Session, sample: int) -> ImaginedMachine:
        """The imagined machine with this session behind it, under the experiment's conditions."""
        conditions = self.experiment.conditions
        return ImaginedMachine(
            self.model,
            self.persona,
            self.machine_facts,
            self.experiment.limits,
            session,
            sample,
            conditions.temperature,
            conditions.steps,
        )
