"""The subjects that are judged: players with their settings, and the names that are right for them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from gedanken.agents.players.bank import Bank, Entry
from gedanken.agents.players.kinds import KINDS
from gedanken.agents.players.player import Player
from gedanken.compare.answers.scoring import score
from gedanken.experiment.execution import Cause, Execution, Origin
from gedanken.experiment.probe_item import ItemScore

FITTED = (
    "computes", "computes-half", "computes-slips", "imitates", "imitates-rote", "imitates-rule",
    "shortcut", "shortcut-any", "shortcut-given",
)  # fmt: skip
HELD_OUT = tuple(kind for kind in KINDS if kind not in FITTED)
NOISES = (0.0, 0.02, 0.05, 0.1, 0.2)
NOISIER = (0.3, 0.4)
HORIZONS = (math.inf, 16.0, 4.0)
SEEDS = 4
GROUPS = 2
"""Number of groups of each kind of operation and size that one subject is asked."""
LARGER = 0.8
"""Minimum share of the larger part of a mixture from which its name counts as right."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One player, with the names that are right for it."""

    player: Player

    @property
    def kind(self) -> str:
        """The player's kind, or the kinds that it mixes."""
        return "+".join(self.player.kinds)

    @property
    def is_pure(self) -> bool:
        """Whether the player answers in one way."""
        return len(self.player.kinds) == 1

    @property
    def way(self) -> str:
        """The player's way of answering, or `mixture`."""
        return KINDS[self.player.kinds[0]].way if self.is_pure else "mixture"

    @property
    def right(self) -> frozenset[str]:
        """The names that are not wrong; `undetermined` never is."""
        if self.player.noise == 1:  # it shows no way of answering
            return frozenset({"undetermined"})
        names = {"undetermined", self.way}
        if not self.is_pure and self.player.share >= LARGER:
            names.add(KINDS[self.player.kinds[0]].way)
        return frozenset(names)


def pure(kinds: Sequence[str], noises: Sequence[float], horizons: Sequence[float], seeds: int) -> Iterator[Subject]:
    """Yield players of one kind."""
    for kind, noise, horizon, seed in product(kinds, noises, horizons, range(seeds)):
        yield Subject(Player((kind,), noise, horizon, seed=seed))


def mixed(kinds: Sequence[str], noises: Sequence[float]) -> Iterator[Subject]:
    """Yield mixtures of two kinds with different ways, in shares of .5 to .9."""
    kinds_by_way = {
        way: [kind for kind in kinds if KINDS[kind].way == way] for way in ("computes", "imitates", "shortcut")
    }
    pairs = [(first, second) for first, second in product(kinds_by_way, kinds_by_way) if first != second]
    for number, (noise, (first, second), share) in enumerate(product(noises, pairs, (0.5, 0.65, 0.8, 0.9))):
        mixture = tuple(kinds_by_way[way][number % len(kinds_by_way[way])] for way in (first, second))
        yield Subject(Player(mixture, noise, share=share, seed=number))


def held_out() -> list[Subject]:
    """Return all subjects that are judged: 600, of kinds that nothing was fitted to."""
    return [*pure(HELD_OUT, NOISES, HORIZONS, SEEDS), *mixed(HELD_OUT, NOISES)]


def noisier() -> list[Subject]:
    """Return subjects with more noise than the likelihood assumes."""
    return list(pure(HELD_OUT, NOISIER, HORIZONS, 2))


def always_wrong() -> list[Subject]:
    """Return subjects that never give a right answer, nor a rival's."""
    return list(pure(("computes",), (1.0,), (math.inf,), 20))


def design(bank: Bank, seed: int) -> list[Entry]:
    """Return the questions for one subject, drawn anew for each seed.

    These are `GROUPS` groups of each kind of operation and size.
    """
    groups: dict[tuple[str, int], dict[str, list[Entry]]] = {}
    for entry in bank.items:
        groups_of_size = groups.setdefault((entry.item.operation, entry.item.size), {})
        groups_of_size.setdefault(entry.item.pair or entry.item.id, []).append(entry)
    random = Random(seed)
    chosen = []
    for groups_of_size in groups.values():
        for name in random.sample(sorted(groups_of_size), min(GROUPS, len(groups_of_size))):
            chosen += groups_of_size[name]
    return chosen


def answers(subject: Subject, bank: Bank, number: int) -> list[ItemScore]:
    """Return the scored answers of a subject to its items."""
    return [score_reply(entry, subject.player.answer(entry, bank)) for entry in design(bank, number)]


def score_reply(entry: Entry, reply: str) -> ItemScore:
    """Score a reply of a player like that of a model."""
    imagined = Execution(
        machine="imagined",
        command="python3 probe.py",
        exit_code=0,
        cause=Cause.FINISHED,
        seconds=0.0,
        stdout=reply,
        terminal=reply,
        origin=Origin.IMAGINED,
    )
    answer = score(imagined, entry.truth, entry.rival)
    assert answer is not None, "a player always answers"
    return ItemScore(entry.item, "direct", (answer,))
