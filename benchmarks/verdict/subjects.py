"""Who is judged: players with their dials, and what the right names for them are."""

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
"""Of each kind of operation and size, that one subject is asked."""
LARGER = 0.8
"""A mixture may be called by its larger part from this share on."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One player, and how its answers are called."""

    player: Player

    @property
    def kind(self) -> str:
        """Its kind, or those that it mixes."""
        return "+".join(self.player.kinds)

    @property
    def is_pure(self) -> bool:
        """Whether it answers in one way."""
        return len(self.player.kinds) == 1

    @property
    def way(self) -> str:
        """Its way, or `mixture`."""
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
    """Players of one kind."""
    for kind, noise, horizon, seed in product(kinds, noises, horizons, range(seeds)):
        yield Subject(Player((kind,), noise, horizon, seed=seed))


def mixed(kinds: Sequence[str], noises: Sequence[float]) -> Iterator[Subject]:
    """Players of two kinds of different ways, in shares of .5 to .9."""
    of_way = {way: [kind for kind in kinds if KINDS[kind].way == way] for way in ("computes", "imitates", "shortcut")}
    pairs = [(first, second) for first, second in product(of_way, of_way) if first != second]
    for number, (noise, (first, second), share) in enumerate(product(noises, pairs, (0.5, 0.65, 0.8, 0.9))):
        chosen = tuple(of_way[way][number % len(of_way[way])] for way in (first, second))
        yield Subject(Player(chosen, noise, share=share, seed=number))


def held_out() -> list[Subject]:
    """All that are judged: 600, of kinds that nothing was fitted on."""
    return [*pure(HELD_OUT, NOISES, HORIZONS, SEEDS), *mixed(HELD_OUT, NOISES)]


def noisier() -> list[Subject]:
    """With more noise than the likelihood knows of."""
    return list(pure(HELD_OUT, NOISIER, HORIZONS, 2))


def always_wrong() -> list[Subject]:
    """Who never gives a right answer, nor a rival's."""
    return list(pure(("computes",), (1.0,), (math.inf,), 20))


def design(bank: Bank, seed: int) -> list[Entry]:
    """What one subject is asked: of each kind of operation and size so many groups, drawn anew for each subject."""
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
    """What it answers to the items that fall to it, scored as a model's answers are."""
    return [scored(one, subject.player.answer(one, bank)) for one in design(bank, number)]


def scored(entry: Entry, said: str) -> ItemScore:
    """What a reply is, as a model's is scored."""
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
