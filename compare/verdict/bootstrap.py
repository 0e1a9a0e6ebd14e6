"""Draws bootstrap samples at four levels: families, their templates, items, and answers to an item."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from gedanken.compare.verdict.clusters import Asked

Random = np.random.Generator
_T = TypeVar("_T")


def draw_families(families: Sequence[str], operations: Sequence[Sequence[_T]], random: Random) -> Iterator[list[_T]]:
    """Yield bootstrap replicates of all kinds of operation together, with families drawn with replacement.

    `operations[n]` contains the replicates of one kind of operation, and `families[n]` is its family. Each drawn
    family adds one replicate of each of its kinds.
    """
    by_family: dict[str, list[Sequence[_T]]] = defaultdict(list)
    for family, replicates in zip(families, operations, strict=True):
        if replicates:
            by_family[family].append(replicates)
    for number in range(max(map(len, operations), default=0)):
        drawn = _again(list(by_family.values()), random)
        yield [each[(number + at) % len(each)] for at, family in enumerate(drawn) for each in family]


def draw(asked: Sequence[Asked], random: Random) -> list[Asked]:
    """Draw one replicate of the answers to one kind of operation: templates, then items, then answers."""
    drawn: list[Asked] = []
    for number, template in enumerate(_again(_groups(asked, lambda one: one.template), random)):
        for alike in _groups(template, lambda one: (one.size, one.place)):
            for one in _again(alike, random):
                drawn.append(replace(_samples(one, random), template=f"{number} {one.template}"))
    return drawn


def _samples(one: Asked, random: Random) -> Asked:
    counts = np.array([one.right, one.rival, one.wrong, one.none])
    if counts.max() == counts.sum():
        return one
    right, rival, wrong, none = map(int, random.multinomial(counts.sum(), counts / counts.sum()))
    return replace(one, right=right, rival=rival, wrong=wrong, none=none)


def _groups(asked: Iterable[Asked], key: Callable[[Asked], object]) -> list[list[Asked]]:
    groups: dict[object, list[Asked]] = defaultdict(list)
    for one in asked:
        groups[key(one)].append(one)
    return list(groups.values())


def _again(things: Sequence[_T], random: Random) -> list[_T]:
    return [things[at] for at in random.integers(len(things), size=len(things))]
