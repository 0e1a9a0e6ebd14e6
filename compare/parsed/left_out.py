"""Reports the replies without output (refused, filtered, empty), which are left out of the comparison."""

from collections import Counter
from collections.abc import Iterable

from gedanken.experiment.counts import format_count, format_counts
from gedanken.experiment.execution import Execution


def format_left_out(imagined: Iterable[Execution]) -> str | None:
    """Format how many replies contain no output; None if all contain output.

    For example: `2 of 8 replies contain no output and are left out: filtered ×2`.
    """
    replies = list(imagined)
    cause_counts = Counter(str(reply.cause) for reply in replies if not reply.is_run)
    if not cause_counts:
        return None
    causes = format_counts(dict(cause_counts.most_common()))
    verb_phrase = "contains no output and is" if cause_counts.total() == 1 else "contain no output and are"
    return (
        f"{cause_counts.total()} of {format_count(len(replies), 'reply', 'replies')} {verb_phrase} left out: {causes}"
    )
