"""Data types for probe items, answers and scores. A probe asks a model to predict what a small program prints."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["alone", "easy", "hard", "check", "middle", "same"]
"""The place of an item in its pair.

`easy`: an item that a machine that imitates or takes a shortcut also gets right: a famous seed, a closed form, a rule
that everybody knows, a widely known program. `hard`: its twin with the same number of operations, which only a
machine that carries them out gets right. `alone`: has no twin. Not part of an accuracy-by-size curve: `check`, a
comprehension check; `middle`, the program that prints its state half-way; `same`, an edit that does not change what
is executed.
"""

Way = Literal["imitates", "shortcut"]

SUITE = "suite"
"""The family name of items from a user's suite."""

Outcome = Literal["right", "rival", "wrong", "unparsable", "refused", "cut"]
"""Outcome of one answer. `rival`: wrong, and equal to what the item's rival program prints; `cut`: reached its token
limit."""


@dataclass(frozen=True, slots=True)
class ProbeItem:
    """One small program, with its size and kind. The true output, which the sandbox printed, is stored elsewhere."""

    id: str
    """`FAMILY-OPERATION-SIZE-SEED-ROLE`, in characters that are valid in file names."""
    family: str
    operation: str
    """The kind of operation, for example `matrix product`: each verdict is about one operation and one size."""
    template: str
    """Name of the program text from which items of different sizes are made."""
    size: int
    """Number of operations, one after the other, that each part of the answer takes; the answer's length does not
    depend on it.
    """
    seed: int
    role: Role
    program: str
    pair: str | None = None
    """Identifier shared by the items of a pair or group."""
    rival: str | None = None
    """A program that prints the answer expected from a machine that imitates or takes a shortcut, if there is one."""
    rival_is: Way | None = None
    """The strategy, imitation or shortcut, that gets this pair's easy item right and its hard item wrong (with the
    answer of the rival program, if the item has one)."""
    told: str | None = None
    """Text said before the program runs, for example that a rule in it is not the usual one."""
    given: str | None = None
    """A program that prints the state before the last operation, which is given to the model under the condition
    `forced`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One scored answer to one item."""

    outcome: Outcome
    parts_right: float | None = None
    """The share of elements of the true output that are in the right place; None if the answer could not be parsed.
    """
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
        """The share of right answers, from 0 to 1."""
        return sum(answer.outcome == "right" for answer in self.answers) / len(self.answers)
