"""Data types for probe items, answers and scores. A probe asks a model to predict what a small program prints."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["alone", "easy", "hard", "check", "middle", "same"]
"""What an item is for.

`easy`: imitation or a shortcut is enough to answer it, because it has a famous seed or a closed formula, for example.
`hard`: the easy item's twin, of the same size; only carrying out the operations gives the right answer. `alone`: has
no twin.

Items with other roles are left out of the curve of accuracy by size. `check`: tests whether the model understood an
unusual rule. `middle`: prints its state half-way. `same`: the easy program, edited so that it still computes the
same.
"""

Way = Literal["imitates", "shortcut"]
"""A way to answer without carrying out the operations: `imitates` repeats a familiar text, `shortcut` uses a
simpler rule.
"""

SUITE = "suite"
"""The family name of items from a user's suite."""

Outcome = Literal["right", "rival", "wrong", "unparsable", "refused", "cut"]
"""Outcome of one answer. `rival`: wrong, but equal to what the item's rival program prints. `cut`: the reply was cut
off at its token limit.
"""


@dataclass(frozen=True, slots=True)
class ProbeItem:
    """One small program, with its size and kind. Its true output, printed in the sandbox, is stored in `ItemKept`."""

    id: str
    """`FAMILY-OPERATION-SIZE-SEED-NUMBER-ROLE`; for an item of a user's suite, its id in the suite file."""
    family: str
    operation: str
    """The kind of operation, for example `matrix product`. Each kind gets a verdict of its own."""
    template: str
    """Name of the program text that the item was made from, for example `nested loops`."""
    size: int
    """Number of operations that must be carried out one after the other to find each part of the answer. The length
    of the answer does not depend on the size."""
    seed: int
    role: Role
    program: str
    pair: str | None = None
    """Identifier that all items of a pair or group share; None if the item stands alone."""
    rival: str | None = None
    """A second program, which prints the wrong answer that a model gives if it imitates or takes a shortcut; None if
    there is no such program.
    """
    rival_is: Way | None = None
    """The way of answering that the item's pair tests for; None if the item is neither easy nor hard.

    A model that answers in this way is right on the easy item and wrong on the hard item. If there is a `rival`, the
    model's answer to the hard item is what `rival` prints.
    """
    told: str | None = None
    """Text that the model is told before the program, for example that a rule in the program is unusual."""
    given: str | None = None
    """A program that prints the state before the last operation. In the arm `forced`, the model is given this state.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """One scored answer to one item."""

    outcome: Outcome
    parts_right: float | None = None
    """The share of the elements of the true output that the answer has at the same position; None if the answer could
    not be parsed.
    """
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ItemScore:
    """All answers to one item in one arm."""

    item: ProbeItem
    condition: str
    """The arm, such as `direct` or `steps`; see `probe_design.Arm`."""
    answers: tuple[Answer, ...]

    @property
    def exact(self) -> float:
        """The share of right answers, from 0 to 1."""
        return sum(answer.outcome == "right" for answer in self.answers) / len(self.answers)
