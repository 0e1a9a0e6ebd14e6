"""What a probe is asked to ask, and the questions that come of it: values only."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Arm = Literal["direct", "steps", "forced", "again", "session", "later", "other order"]
"""How a question is asked.

`direct`: in a fresh session, with the output alone as the reply; `steps`: working steps are allowed before it;
`forced`: the real state before the last operation is told (a real output: this arm is in no other test); `again`: the
direct question once more, after others, at temperature 0. Of some items in one session: `session`, in their order;
`later`, the first of them once more at the end; `other order`, in a session that takes them the other way round.
"""
ARMS: tuple[Arm, ...] = ("direct", "again", "forced", "session", "later", "other order", "steps")


class SuiteItem(BaseModel):
    """A function, what it is called with, and what it is said to return: one line of a suite."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    code: str
    input: str
    output: str
    line: int = 0
    """Of the file that it stands in."""


class ProbeDesign(BaseModel):
    """Which small programs a model is asked for, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    families: tuple[str, ...] = ()
    """By name; where there are none, the suite alone."""
    sizes: tuple[int, ...] = ()
    """Numbers of operations; those of each family where none is named."""
    groups: int = Field(default=4, ge=1, le=1000)
    """Programs, or pairs of them, of each operation and size."""
    seed: int = 0
    """Other seeds make other programs."""
    samples: int = Field(default=1, ge=1, le=1000)
    """Answers to each direct question: the first at temperature 0, the others at temperature 1."""
    arms: tuple[Arm, ...] = ARMS
    minutes: float | None = Field(default=None, gt=0, le=10_000)
    """How long it may take; as much of it is asked as the model's speed allows."""
    suite: tuple[SuiteItem, ...] = ()


class Question(NamedTuple):
    """One question, put once."""

    item: str
    """Its id."""
    arm: Arm
    sample: int = 0
    before: tuple[str, ...] = ()
    """Items that are asked before it, in the same session."""

    @property
    def key(self) -> str:
        """The same for the same question in any process."""
        return f"{self.item}, {self.arm}, {self.sample}"


class Plan(NamedTuple):
    """How much of a design is asked."""

    sizes: tuple[int, ...] | None
    """None for those of each family."""
    groups: int
    more: int
    """Questions beside the direct ones."""
