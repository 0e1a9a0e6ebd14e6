"""The subjects that are judged: players with their settings, and the right names for them."""

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
        """True if the player answers in one way."""
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
    of_way = {way: [kind for kind in kinds if KINDS[kind].way == way] for way in ("computes", "imitates", "shortcut")}
    pairs = [(first, second) for first, second in product(of_way, of_way) if first != second]
    for number, (noise, (first, second), share) in enumerate(product(noises, pairs, (0.5, 0.65, 0.8, 0.9))):
        chosen = tuple(of_way[way][number % len(of_way[way])] for way in (first, second))
        yield Subject(Player(chosen, noise, share=share, seed=number))


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
    """Return the questions for one subject: this many groups of each kind of operation and size, drawn anew for
    each subject.
    """
    groups: dict[tuple[str, int], dict[str, list[Entry]]] = {}
    for one in bank.items:
        of_size = groups.setdefault((one.item.operation, one.item.size), {})
        of_size.setdefault(one.item.pair or one.item.id, []).append(one)
    random = Random(seed)
    chosen = []
    for of_size in groups.values():
        for name in random.sample(sorted(of_size), min(GROUPS, len(of_size))):
            chosen += of_size[name]
    return chosen


def answers(subject: Subject, bank: Bank, number: int) -> list[ItemScore]:
    """Return the scored answers of a subject to its items."""
    return [scored(one, subject.player.answer(one, bank)) for one in design(bank, number)]


def scored(entry: Entry, said: str) -> ItemScore:
    """Score a reply like a model's reply."""
    imagined = Execution(
        machine="imagined",
        command="python3 probe.py",
        exit_code=0,
        cause=Cause.FINISHED,
        seconds=0.0,
        stdout=said,
        terminal=said,
        origin=Origin.IMAGINED,
    )
    answer = score(imagined, entry.truth, entry.rival)
    assert answer is not None, "a player always answers"
    return ItemScore(entry.item, "direct", (answer,))
