"""Counts scored answers in clusters: all items with the same template, size and place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gedanken.experiment.probe_item import ItemScore, ProbeItem, Way

Place = Literal["alone", "easy imitates", "easy shortcut", "hard imitates", "hard shortcut"]
PLACES: tuple[Place, ...] = ("alone", "easy imitates", "easy shortcut", "hard imitates", "hard shortcut")
"""The places that an item can have. An item is `alone`, or it is the easy or the hard item of a pair that tests for
imitating or for a shortcut.
"""
HARD: frozenset[Place] = frozenset({"alone", "hard imitates", "hard shortcut"})
"""Places of the items that only a model that really computes can answer correctly."""
WITH_RIVAL: frozenset[Place] = frozenset({"hard imitates", "hard shortcut"})
"""Places of the items that have a rival answer: the wrong answer of a model that imitates or takes the shortcut."""
MIN_UNDERSTOOD = 0.5
"""A pair of items is counted only if at least this share of the answers to the pair's comprehension check is right.
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The outcomes of all items with the same template, size and place.

    Each item counts as 1 in total: three right answers and one wrong answer add 3/4 to `right` and 1/4 to `wrong`.
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
        """Return the number of items that were answered."""
        return self.right + self.rival + self.wrong


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """One item, with the number of its answers for each outcome (right, rival, wrong, unusable)."""

    family: str
    operation: str
    template: str
    size: int
    place: Place
    right: int
    rival: int
    wrong: int
    unusable: int
    """Number of answers that cannot be parsed, were refused, or were cut off."""

    @property
    def answered(self) -> int:
        """Return the number of answers that contain an output."""
        return self.right + self.rival + self.wrong


@dataclass(frozen=True, slots=True)
class ConditionCounts:
    """All counted answers under one condition, such as `direct` (asked for the output alone)."""

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
