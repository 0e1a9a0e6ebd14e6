"""Finds reasons to withhold a name from a model although the answers that can be counted support it."""

from collections.abc import Sequence

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.clusters import HARD, WITH_RIVAL, Asked

LEAST_ANSWERED = 0.5
"""A name requires that at least this share of the asked hard and lone items has an answer, and of the asked hard
twins alone. Unusable answers speak for no way: of a model that declines what it cannot do, only the rest is seen."""


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
