"""Draws bootstrap samples at four levels: families, their templates, items, and answers to an item."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from gedanken.compare.verdict.clusters import ItemCounts

Random = np.random.Generator
_T = TypeVar("_T")


def draw_families(families: Sequence[str], operations: Sequence[Sequence[_T]], random: Random) -> Iterator[list[_T]]:
    """Yield bootstrap replicates of all kinds of operation together; families are drawn with replacement.

    `operations[n]` contains the replicates of one kind of operation, and `families[n]` is the family of this kind.
    Each time a family is drawn, one replicate of each of its kinds is added.
    """
    by_family: dict[str, list[Sequence[_T]]] = defaultdict(list)
    for family, replicates in zip(families, operations, strict=True):
        if replicates:
            by_family[family].append(replicates)
    for replicate_index in range(max(map(len, operations), default=0)):
        drawn_families = _resample(list(by_family.values()), random)
        yield [
            operation_replicates[(replicate_index + family_index) % len(operation_replicates)]
            for family_index, family in enumerate(drawn_families)
            for operation_replicates in family
        ]


def draw(items: Sequence[ItemCounts], random: Random) -> list[ItemCounts]:
    """Draw one bootstrap replicate of the answers to one kind of operation: first templates, then their items, then
    the answers to each item.
    """
    drawn_items: list[ItemCounts] = []
    for number, template in enumerate(_resample(_groups(items, lambda item: item.template), random)):
        for similar_items in _groups(template, lambda item: (item.size, item.place)):
            for item in _resample(similar_items, random):
                drawn_items.append(replace(_resample_answers(item, random), template=f"{number} {item.template}"))
    return drawn_items


def _resample_answers(item: ItemCounts, random: Random) -> ItemCounts:
    counts = np.array([item.right, item.rival, item.wrong, item.unusable])
    if counts.max() == counts.sum():
        return item
    right, rival, wrong, none = map(int, random.multinomial(counts.sum(), counts / counts.sum()))
    return replace(item, right=right, rival=rival, wrong=wrong, unusable=none)


def _groups(items: Iterable[ItemCounts], key: Callable[[ItemCounts], object]) -> list[list[ItemCounts]]:
    groups: dict[object, list[ItemCounts]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.values())


def _resample(values: Sequence[_T], random: Random) -> list[_T]:
    return [values[index] for index in random.integers(len(values), size=len(values))]
