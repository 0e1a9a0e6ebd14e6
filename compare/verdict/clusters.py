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
MIN_UNDERSTOOD = 0.5
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
class ItemCounts:
    """One item, and the number of its answers with each outcome."""

    family: str
    operation: str
    template: str
    size: int
    place: Place
    right: int
    rival: int
    wrong: int
    unusable: int
    """Number of answers that are unparsable, refused or cut."""

    @property
    def answered(self) -> int:
        """The number of answers that contain an output."""
        return self.right + self.rival + self.wrong


@dataclass(frozen=True, slots=True)
class ConditionCounts:
    """All counted answers under one condition, such as `direct`."""

    items: tuple[ItemCounts, ...]
    answers: int
    unanswered: dict[str, int]
    not_understood: tuple[str, ...]


def count_answers(scores: Iterable[ItemScore], condition: str) -> ConditionCounts:
    """Count the answers under one condition, such as `direct`.

    Items without a place are left out, and so are pairs whose comprehension check failed.
    """
    condition_scores = [score for score in scores if score.condition == condition]
    way_by_pair = {
        score.item.pair: score.item.rival_is for score in condition_scores if score.item.pair and score.item.rival_is
    }
    # A model that has not understood a rule cannot apply it.
    failed = _misunderstood_pairs(condition_scores)
    unanswered: Counter[str] = Counter()
    items = []
    for score in condition_scores:
        item, outcomes = score.item, Counter(answer.outcome for answer in score.answers)
        unusable = {name: outcomes[name] for name in ("unparsable", "refused", "cut") if outcomes[name]}
        place = place_of(item, way_by_pair.get(item.pair or ""))
        if place is None or item.pair in failed:
            continue
        unanswered.update(unusable)
        counts = (outcomes["right"], outcomes["rival"], outcomes["wrong"], sum(unusable.values()))
        items.append(ItemCounts(item.family, item.operation, item.template, item.size, place, *counts))
    answers = sum(counted_item.answered + counted_item.unusable for counted_item in items)
    return ConditionCounts(tuple(items), answers, dict(unanswered), tuple(sorted(failed)))


def cluster_items(items: Iterable[ItemCounts]) -> tuple[Cluster, ...]:
    """Group the items into clusters. Unusable answers are left out, because they show no way of answering."""
    sums: dict[tuple[str, str, str, int, Place], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for item in items:
        if item.answered:
            counts = sums[item.family, item.operation, item.template, item.size, item.place]
            for index, answer_count in enumerate((item.right, item.rival, item.wrong)):
                counts[index] += answer_count / item.answered
    return tuple(Cluster(*key, *values) for key, values in sorted(sums.items()))


def _misunderstood_pairs(scores: Sequence[ItemScore]) -> set[str]:
    checks: dict[str, list[float]] = defaultdict(list)
    for score in scores:
        if score.item.role == "check" and score.item.pair:
            checks[score.item.pair].append(score.exact)
    return {pair for pair, shares in checks.items() if sum(shares) / len(shares) < MIN_UNDERSTOOD}


def place_of(item: ProbeItem, tested_way: Way | None) -> Place | None:
    """Return the place of an item; None if the item shows nothing about the way of answering.

    `tested_way` is the way of answering that the item's pair tests for.
    """
    rival = item.rival_is or tested_way
    if item.role == "easy":
        return None if rival is None else "easy imitates" if rival == "imitates" else "easy shortcut"
    if item.role in ("hard", "alone"):
        has_rival = rival is not None and item.rival is not None
        return "alone" if not has_rival else "hard imitates" if rival == "imitates" else "hard shortcut"
    return None
