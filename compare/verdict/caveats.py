"""Finds reasons why no way of answering is named although the usable answers support one."""

from collections import Counter
from collections.abc import Sequence

from gedanken.compare.verdict import sentences
from gedanken.compare.verdict.clusters import HARD, WITH_RIVAL, ItemCounts
from gedanken.compare.verdict.results import OperationVerdict, Way

# Only a model that computes gets hard items right. A model may decline just the items that it cannot answer, and its
# other answers do not show this.
MIN_ANSWERED = 0.5
"""Minimum share of the hard items that must be answered before a way of answering is named.

The share is computed twice, for all hard items (HARD) and for the hard items of pairs (WITH_RIVAL); both must be
large enough.
"""
MAX_OTHER_NAMES = 0.2
"""Maximum share of the kinds of operation that may get another verdict when judged alone than all kinds get together.
`undetermined` does not count as another verdict.
"""


def missing_answers(items: Sequence[ItemCounts]) -> str:
    """Say how many hard items have no usable answer, if there are too many (`MIN_ANSWERED`); otherwise return an
    empty text.

    An item with several answers has no usable answer if most of them are unusable.
    """
    for places, noun in ((HARD, sentences.HARD_ITEMS), (WITH_RIVAL, sentences.HARD_TWINS)):
        hard_items = [item for item in items if item.place in places]
        silent_count = sum(item.unusable > item.answered for item in hard_items)
        if len(hard_items) - silent_count < MIN_ANSWERED * len(hard_items):
            return sentences.too_few_answers(silent_count, len(hard_items), noun)
    return ""


def contradiction_caveat(name: Way, operations: Sequence[OperationVerdict]) -> str:
    """Say how many kinds of operation get another verdict than `name` when they are judged alone.

    The text is empty if their share is at most `MAX_OTHER_NAMES`.
    """
    judged = [operation for operation in operations if operation.support is not None]
    other_names = Counter(operation.name for operation in judged if operation.name not in (name, "undetermined"))
    if other_names.total() <= MAX_OTHER_NAMES * len(judged):
        return ""
    return sentences.named_otherwise(name, other_names, len(judged))
