"""Finds reasons to withhold a name from a model although the answers that can be counted support it."""

from collections import Counter
from collections.abc import Sequence

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.clusters import HARD, WITH_RIVAL, Asked
from gedanken.compare.verdict.results import OperationVerdict, Way

LEAST_ANSWERED = 0.5
"""A name requires that at least this share of the asked hard and lone items has an answer, and of the asked hard
twins alone. Unusable answers speak for no way: of a model that declines what it cannot do, only the rest is seen."""
MOST_OTHERWISE = 0.2
"""A name for all kinds of operation together requires that at most this share of them is named otherwise. Of a
mixture, too, the larger part gives the name only from four fifths on."""


def too_silent(asked: Sequence[Asked]) -> str:
    """Say how many of the items that only a computing model gets right have no usable answer, if these are too many
    for a name; an empty text otherwise.

    An item counts as without an answer if most of its answers are unusable.
    """
    for places, described in ((HARD, sentences.HARD_ITEMS), (WITH_RIVAL, sentences.HARD_TWINS)):
        given = [one for one in asked if one.place in places]
        silent = sum(one.none > one.answered for one in given)
        if len(given) - silent < LEAST_ANSWERED * len(given):
            return sentences.silent(silent, len(given), described)
    return ""


def contradicted(name: Way, operations: Sequence[OperationVerdict]) -> str:
    """Say how many kinds of operation are named otherwise than all of them together, if these are too many for the
    name; an empty text otherwise."""
    judged = [one for one in operations if one.support is not None]
    others = Counter(one.name for one in judged if one.name not in (name, "undetermined"))
    if others.total() <= MOST_OTHERWISE * len(judged):
        return ""
    return sentences.named_otherwise(name, others, len(judged))
