"""Replies that are no output (refused, filtered, empty) are left out of the comparison, and reported."""

from collections import Counter
from collections.abc import Iterable

from gedanken.experiment.counts import many, times_each
from gedanken.experiment.execution import Execution


def left_out(imagined: Iterable[Execution]) -> str | None:
    """Such as `2 of 8 replies are no runs and left out: filtered ×2`; None where all are runs."""
    replies = list(imagined)
    gone = Counter(str(reply.cause) for reply in replies if not reply.is_run)
    if not gone:
        return None
    causes = times_each(dict(gone.most_common()))
    are = "is no run" if gone.total() == 1 else "are no runs"
    return f"{gone.total()} of {many(len(replies), 'reply', 'replies')} {are} and left out: {causes}"
