"""Data types for the design of a probe, and for the questions that result from it."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Arm = Literal["direct", "steps", "forced", "again", "session", "later", "other order"]
"""How a question is asked.

`direct`: the model is asked for the output only, in a fresh session. `again`: the same question once more, at
temperature 0. `steps`: the model may write working steps before the output. `forced`: the model is first told the
real state before the last operation.

In the other arms, the model is asked about several items in one session. `session`: about each item in order.
`later`: about the first item again, at the end of the same session. `other order`: about each item in reverse order,
in a second session.
"""
ARMS: tuple[Arm, ...] = ("direct", "again", "forced", "session", "later", "other order", "steps")


class SuiteItem(BaseModel):
    """One line of a suite file: a function, its arguments, and the value that the function returns according to
    the file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    code: str
    input: str
    output: str
    line: int = 0
    """Line number of the item in its file."""
    function: str = ""
    """In LiveCodeBench's format, the name of the function; `input` is then the whole call. Empty in CRUXEval's
    format, in which the function is called `f`."""

    @property
    def name(self) -> str:
        """The function's name: `function`, or `f` if that is empty."""
        return self.function or "f"

    @property
    def call(self) -> str:
        """The source of the call whose value the model is asked for."""
        return self.input if self.function else f"f({self.input})"


class ProbeDesign(BaseModel):
    """Which small programs a probe asks about, how often, and in which arms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: tuple[str, ...] = ()
    """Names of the families that generate programs; if empty, only the suite is used."""
    sizes: tuple[int, ...] = ()
    """Numbers of operations that the programs execute; if empty, each family's own sizes are used."""
    groups: int = Field(default=4, ge=1, le=1000)
    """Number of programs, or of groups of related programs, for each operation and size."""
    seed: int = 0
    """Seed of the generated programs: another seed generates other programs."""
    samples: int = Field(default=1, ge=1, le=1000)
    """Number of answers to each direct question: the first at temperature 0, the others at temperature 1."""
    arms: tuple[Arm, ...] = ARMS
    minutes: float | None = Field(default=None, gt=0, le=10_000)
    """Time limit in minutes: only as many questions are asked as fit into it at the model's speed."""
    suite: tuple[SuiteItem, ...] = ()


class Question(NamedTuple):
    """One question, asked once."""

    item: str
    """Id of the item that the question is about."""
    arm: Arm
    sample: int = 0
    before: tuple[str, ...] = ()
    """Ids of the items that are asked before this one in the same session."""

    @property
    def key(self) -> str:
        """A text that identifies the question. It is the same in every process."""
        return f"{self.item}, {self.arm}, {self.sample}"


class Plan(NamedTuple):
    """How many questions of a design are asked: all of them, or as many as fit into the time limit."""

    sizes: tuple[int, ...] | None
    """The sizes that are asked about; None means each family's own sizes."""
    groups: int
    more: int
    """Number of sessions for all arms except `direct`; each session has one or more questions."""
