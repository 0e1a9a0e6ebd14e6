"""Data types for the design of a probe, and for the questions that result from it."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Arm = Literal["direct", "steps", "forced", "again", "session", "later", "other order"]
"""The way in which a question is asked.

`direct`: in a fresh session, with the output alone as the reply; `steps`: with working steps before the output;
`forced`: the model is given the real state before the last operation (a real output, so this arm is used in no other
test); `again`: the direct question repeated later, at temperature 0. For some items in one session: `session`, in
their order; `later`, the first of them repeated at the end; `other order`, in a session with the reverse order.
"""
ARMS: tuple[Arm, ...] = ("direct", "again", "forced", "session", "later", "other order", "steps")


class SuiteItem(BaseModel):
    """One line of a suite: a function, its arguments, and the value that it is stated to return."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    code: str
    input: str
    output: str
    line: int = 0
    """Line number of the item in its file."""
    function: str = ""
    """Name of the function, for lines in LiveCodeBench's format, where `input` is the whole call; empty for
    CRUXEval's format, where the function is `f`.
    """

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function or "f"

    @property
    def call(self) -> str:
        """The call whose value the model is asked for."""
        return self.input if self.function else f"f({self.input})"


class ProbeDesign(BaseModel):
    """The number and kinds of small programs that a probe asks about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: tuple[str, ...] = ()
    """Names of the program families; if empty, only the suite is used."""
    sizes: tuple[int, ...] = ()
    """Numbers of operations; if empty, each family's own sizes are used."""
    groups: int = Field(default=4, ge=1, le=1000)
    """Number of programs, or pairs of programs, for each operation and size."""
    seed: int = 0
    """Another seed generates other programs."""
    samples: int = Field(default=1, ge=1, le=1000)
    """Number of answers to each direct question: the first at temperature 0, the others at temperature 1."""
    arms: tuple[Arm, ...] = ARMS
    minutes: float | None = Field(default=None, gt=0, le=10_000)
    """Time limit in minutes; as many questions are asked as the model's speed allows."""
    suite: tuple[SuiteItem, ...] = ()


class Question(NamedTuple):
    """One question, asked once."""

    item: str
    """Id of its item."""
    arm: Arm
    sample: int = 0
    before: tuple[str, ...] = ()
    """Items that are asked before it in the same session."""

    @property
    def key(self) -> str:
        """A key that is the same for the same question in any process."""
        return f"{self.item}, {self.arm}, {self.sample}"


class Plan(NamedTuple):
    """The part of a design that is asked."""

    sizes: tuple[int, ...] | None
    """None means each family's own sizes."""
    groups: int
    more: int
    """Number of questions in addition to the direct ones."""
