"""The subjects that are judged: players with their settings, and the names that a verdict may give them."""

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
"""How many pairs, or single items, a subject is asked for each operation and size."""
LARGER = 0.8
"""If a player gives at least this share of its answers in its first way, the name of this way also counts as
right.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A player to be judged, with the names that are right for it."""

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
        """The names that a verdict may give without being wrong; `undetermined` is always one of them."""
        if self.player.noise == 1:  # it shows no way of answering
            return frozenset({"undetermined"})
        names = {"undetermined", self.way}
        if not self.is_pure and self.player.share >= LARGER:
            names.add(KINDS[self.player.kinds[0]].way)
        return frozenset(names)


def pure(kinds: Sequence[str], noises: Sequence[float], horizons: Sequence[float], seeds: int) -> Iterator[Subject]:
    """Yield players of a single kind, one for each combination of the settings."""
    for kind, noise, horizon, seed in product(kinds, noises, horizons, range(seeds)):
        yield Subject(Player((kind,), noise, horizon, seed=seed))


def mixed(kinds: Sequence[str], noises: Sequence[float]) -> Iterator[Subject]:
    """Yield mixtures of two kinds with different ways; the first kind has a share of 0.5 to 0.9."""
    kinds_by_way = {
        way: [kind for kind in kinds if KINDS[kind].way == way] for way in ("computes", "imitates", "shortcut")
    }
    pairs = [(first, second) for first, second in product(kinds_by_way, kinds_by_way) if first != second]
    for number, (noise, (first, second), share) in enumerate(product(noises, pairs, (0.5, 0.65, 0.8, 0.9))):
        mixture = tuple(kinds_by_way[way][number % len(kinds_by_way[way])] for way in (first, second))
        yield Subject(Player(mixture, noise, share=share, seed=number))


def held_out() -> list[Subject]:
    """Return the 600 subjects that are judged, all of kinds on which the verdict was not fitted."""
    return [*pure(HELD_OUT, NOISES, HORIZONS, SEEDS), *mixed(HELD_OUT, NOISES)]


def noisier() -> list[Subject]:
    """Return subjects with more noise than the players that the verdict was fitted on."""
    return list(pure(HELD_OUT, NOISIER, HORIZONS, 2))


def always_wrong() -> list[Subject]:
    """Return subjects whose every answer is a random error: never the right output, nor the rival's."""
    return list(pure(("computes",), (1.0,), (math.inf,), 20))


def design(bank: Bank, seed: int) -> list[Entry]:
    """Choose the questions for one subject at random: `GROUPS` pairs or single items for each operation and size."""
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
    """Return the scored answers of a subject; `number` is the seed for choosing its questions."""
    return [score_reply(entry, subject.player.answer(entry, bank)) for entry in design(bank, number)]


def score_reply(entry: Entry, reply: str) -> ItemScore:
    """Score a reply of a player in the way that a model's reply is scored."""
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
