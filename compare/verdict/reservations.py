"""Finds reasons to name no way of answering, although the usable answers support one."""

from collections import Counter
from collections.abc import Sequence

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.clusters import HARD, WITH_RIVAL, Asked
from gedanken.compare.verdict.results import OperationVerdict, Way

# Only a model that computes gets hard items right. A model may decline just the items that it cannot answer, and its
# other answers do not show this.
LEAST_ANSWERED = 0.5
"""A way is named only if at least this share of the hard items is answered: of all (HARD), and of those in pairs
(WITH_RIVAL).
"""
MOST_OTHERWISE = 0.2
"""Maximum share of the kinds of operation that, judged alone, have another name than all kinds together.
`undetermined` does not count as another name."""


def too_silent(asked: Sequence[Asked]) -> str:
    """Say how many hard items have no usable answer, if they are too many (LEAST_ANSWERED); otherwise return an empty
    text.

    An item counts as having no usable answer if most of its answers are unusable.
    """
    for places, described in ((HARD, sentences.HARD_ITEMS), (WITH_RIVAL, sentences.HARD_TWINS)):
        given = [one for one in asked if one.place in places]
        silent = sum(one.none > one.answered for one in given)
        if len(given) - silent < LEAST_ANSWERED * len(given):
            return sentences.silent(silent, len(given), described)
    return ""


def contradicted(name: Way, operations: Sequence[OperationVerdict]) -> str:
    """Say how many kinds of operation, judged alone, get another name than `name`; an empty text if few
    (MOST_OTHERWISE)."""
    judged = [one for one in operations if one.support is not None]
    others = Counter(one.name for one in judged if one.name not in (name, "undetermined"))
    if others.total() <= MOST_OTHERWISE * len(judged):
        return ""
    return sentences.named_otherwise(name, others, len(judged))
