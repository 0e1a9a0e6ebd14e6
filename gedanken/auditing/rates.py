"""Computes the share of claims with a certain status over many sessions, with a confidence interval."""

import math
from collections.abc import Sequence

from gedanken.auditing.audited import AuditedSession
from gedanken.compare.stats.proportions import Share, wilson_share


def rate_of(sessions: Sequence[AuditedSession], status: str) -> Share:
    """Compute the share of claims with this status, with a 95 % interval.

    The interval is the smallest one that contains both Wilson's interval and an interval that treats each session as
    one observation. With fewer than two sessions, it is Wilson's interval.
    """
    # claims of one session are not independent
    counts = [(session.statuses[status], len(session.claims)) for session in sessions if session.claims]
    pooled = wilson_share(sum(count for count, _total in counts), sum(total for _count, total in counts))
    if len(counts) < 2:
        return pooled
    from scipy.stats import t

    share = pooled.successes / pooled.trials
    spread = sum((count - share * total) ** 2 for count, total in counts) * len(counts) / (len(counts) - 1)
    margin = float(t.ppf(0.975, len(counts) - 1)) * math.sqrt(spread) / pooled.trials
    return Share(
        pooled.successes,
        pooled.trials,
        min(pooled.low, max(0.0, share - margin)),
        max(pooled.high, min(1.0, share + margin)),
    )
