"""Reports the replies without output (refused, filtered, empty), which are left out of the comparison."""

from collections import Counter
from collections.abc import Iterable

from gedanken.experiment.counts import many, times_each
from gedanken.experiment.execution import Execution


def left_out(imagined: Iterable[Execution]) -> str | None:
    """Return, for example, `2 of 8 replies contain no output and are left out: filtered ×2`; None if all contain
    output.
    """
    replies = list(imagined)
    gone = Counter(str(reply.cause) for reply in replies if not reply.is_run)
    if not gone:
        return None
    causes = times_each(dict(gone.most_common()))
    lacks = "contains no output and is" if gone.total() == 1 else "contain no output and are"
    return f"{gone.total()} of {many(len(replies), 'reply', 'replies')} {lacks} left out: {causes}"
