"""Finds reasons to withhold a name from a model although the answers that can be counted support it."""

from collections import Counter
from collections.abc import Sequence

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.clusters import HARD, WITH_RIVAL, Asked
from gedanken.compare.verdict.results import OperationVerdict, Way

LEAST_ANSWERED = 0.5
"""A model gets a name only if at least this share of the items that only a computing model gets right (HARD) have
an answer, and also at least this share of those among them that belong to a pair. A model may decline just the items
that it cannot answer; its other answers do not show this."""
MOST_OTHERWISE = 0.2
"""A way of answering is named for all kinds of operation together only if at most this share of the kinds, each
judged alone, has another name. `undetermined` is not counted as another name."""


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
