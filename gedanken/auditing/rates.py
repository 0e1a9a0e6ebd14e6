"""Computes the share of claims with a certain status over many sessions, with a confidence interval."""

import math
from collections.abc import Sequence

from gedanken.auditing.audited import Audited
from gedanken.compare.stats.proportions import Share, share_of


def rate_of(sessions: Sequence[Audited], status: str) -> Share:
    """Compute the share of claims with this status, with a 95 % interval.

    The interval is as narrow as possible, but contains Wilson's interval and an interval that takes each session as
    one observation. With fewer than two sessions, it is Wilson's interval.
    """
    # claims of one session are not independent
    counts = [(session.statuses[status], len(session.claims)) for session in sessions if session.claims]
    found = share_of(sum(hits for hits, _all in counts), sum(total for _hits, total in counts))
    if len(counts) < 2:
        return found
    from scipy.stats import t

    share = found.successes / found.trials
    spread = sum((hits - share * total) ** 2 for hits, total in counts) * len(counts) / (len(counts) - 1)
    margin = float(t.ppf(0.975, len(counts) - 1)) * math.sqrt(spread) / found.trials
    return Share(
        found.successes,
        found.trials,
        min(found.low, max(0.0, share - margin)),
        max(found.high, min(1.0, share + margin)),
    )
