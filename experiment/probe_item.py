"""What a probe asks, and what became of it: values only."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["alone", "easy", "hard", "check", "middle", "same"]
"""The place of an item in its pair.

`easy`: what a machine that imitates or takes a shortcut gets right as well: a famous seed, a closed form, a rule that
everybody knows, a program as it is widely known. `hard`: its twin, which needs the same number of operations; only
who carries them out gets it right. `alone`: has no twin. With no place in a horizon: `check`, a comprehension check;
`middle`, the program that prints its state half-way; `same`, an edit that changes nothing in what runs.
"""

Way = Literal["imitates", "shortcut"]

Outcome = Literal["right", "rival", "wrong", "unparsable", "refused", "cut"]
"""Of one answer. `rival`: wrong, and what the item's rival program really printed; `cut`: it met its limit."""


@dataclass(frozen=True, slots=True)
class ProbeItem:
    """One small program, and how it stands among the others. Its truth is what the sandbox prints, kept elsewhere."""

    id: str
    """`FAMILY-OPERATION-SIZE-SEED-ROLE`, in the letters of a file name."""
    family: str
    operation: str
    """The kind of operation, such as `matrix product`: a verdict is given for one of them and one size at a time."""
    template: str
    """What the program was made from: items of one template are not independent."""
    size: int
    """How many operations each part of the answer takes, one after the other; its length does not depend on it."""
    seed: int
    role: Role
    program: str
    pair: str | None = None
    """The same for items that belong together."""
    rival: str | None = None
    """A program that really prints what a machine would say that imitates or takes a shortcut, where there is one."""
    rival_is: Way | None = None
    """Which of the two gets the easy item of this pair right, and the hard one wrong, as its rival if it has one."""
    told: str | None = None
    """What is said before the program runs, such as that a rule in it is not the usual one."""
    given: str | None = None
    """A program that really prints the state before the last operation: what is told under the condition `forced`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one item, scored."""

    outcome: Outcome
    parts_right: float | None = None
    """The share of the elements of the true output that stand at their places; None where nothing could be read."""
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ItemScore:
    """All answers to one item under one condition."""

    item: ProbeItem
    condition: str
    """`direct`, `steps`, `later`, `other order`, `forced` (given the right state), …"""
    answers: tuple[Answer, ...]

    @property
    def exact(self) -> float:
        """The share of right answers, 0 to 1."""
        return sum(answer.outcome == "right" for answer in self.answers) / len(self.answers)
