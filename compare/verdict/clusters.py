"""Counts scored answers in clusters: all items with the same template, size and place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.probe_item import ItemScore, ProbeItem, Way

Place = Literal["alone", "easy imitates", "easy shortcut", "hard imitates", "hard shortcut"]
PLACES: tuple[Place, ...] = ("alone", "easy imitates", "easy shortcut", "hard imitates", "hard shortcut")
"""The places that an item can have: alone, or the easy or hard item of a pair, which tests for imitating or a
shortcut."""
HARD: frozenset[Place] = frozenset({"alone", "hard imitates", "hard shortcut"})
"""Places of the items that are answered right only by a model that really computes."""
WITH_RIVAL: frozenset[Place] = frozenset({"hard imitates", "hard shortcut"})
"""Places of the items that have a rival answer: the wrong answer of a model that imitates or takes the shortcut."""
UNDERSTOOD = 0.5
"""The items of a pair are counted only if at least this share of the answers to its comprehension check is right."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The outcomes of all items with the same template, size and place.

    An item counts once: three right answers and a wrong one add 3/4 to `right` and 1/4 to `wrong`.
    """

    family: str
    operation: str
    template: str
    size: int
    place: Place
    right: float
    rival: float
    wrong: float

    @property
    def items(self) -> float:
        """The number of items that were answered."""
        return self.right + self.rival + self.wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """One item, and the number of its answers with each outcome."""

    family: str
    operation: str
    template: str
    size: int
    place: Place
    right: int
    rival: int
    wrong: int
    none: int
    """Number of answers that are unparsable, refused or cut."""

    @property
    def answered(self) -> int:
        """The number of answers that contain an output."""
        return self.right + self.rival + self.wrong


@dataclass(frozen=True, slots=True)
class Counted:
    """All counted answers under one condition, such as `direct`."""

    asked: tuple[Asked, ...]
    answers: int
    unanswered: dict[str, int]
    not_understood: tuple[str, ...]


def count(scores: Iterable[ItemScore], condition: str) -> Counted:
    """Count the answers under one condition, such as `direct`.

    Items without a place are left out, and so are pairs whose comprehension check failed.
    """
    chosen = [score for score in scores if score.condition == condition]
    about = {s.item.pair: s.item.rival_is for s in chosen if s.item.pair and s.item.rival_is}
    # A model that has not understood a rule cannot apply it.
    failed = _not_understood(chosen)
    unanswered: Counter[str] = Counter()
    asked = []
    for score in chosen:
        item, outcomes = score.item, Counter(answer.outcome for answer in score.answers)
        none = {name: outcomes[name] for name in ("unparsable", "refused", "cut") if outcomes[name]}
        place = place_of(item, about.get(item.pair or ""))
        if place is None or item.pair in failed:
            continue
        unanswered.update(none)
        counts = (outcomes["right"], outcomes["rival"], outcomes["wrong"], sum(none.values()))
        asked.append(Asked(item.family, item.operation, item.template, item.size, place, *counts))
    answers = sum(one.answered + one.none for one in asked)
    return Counted(tuple(asked), answers, dict(unanswered), tuple(sorted(failed)))


def gather(asked: Iterable[Asked]) -> tuple[Cluster, ...]:
    """Group the items into clusters. Unusable answers are left out, because they show no way of answering."""
    sums: dict[tuple[str, str, str, int, Place], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in asked:
        if one.answered:
            counted = sums[one.family, one.operation, one.template, one.size, one.place]
            for at, times in enumerate((one.right, one.rival, one.wrong)):
                counted[at] += times / one.answered
    return tuple(Cluster(*key, *values) for key, values in sorted(sums.items()))


def _not_understood(scores: Sequence[ItemScore]) -> set[str]:
    checks: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        if score.item.role == "check" and score.item.pair:
            checks[score.item.pair].append(score.exact)
    return {pair for pair, shares in checks.items() if sum(shares) / len(shares) < UNDERSTOOD}


def place_of(item: ProbeItem, about: Way | None) -> Place | None:
    """Return the place of an item; None if the item shows nothing about the way of answering.

    `about` is the way of answering that the item's pair tests for.
    """
    rival = item.rival_is or about
    if item.role == "easy":
        return None if rival is None else "easy imitates" if rival == "imitates" else "easy shortcut"
    if item.role in ("hard", "alone"):
        has_rival = rival is not None and item.rival is not None
        return "alone" if not has_rival else "hard imitates" if rival == "imitates" else "hard shortcut"
    return None
