"""Finds lines that say why a training ended, such as a line about early stopping."""

import re

_STOPS = re.compile(
    r"early[ _-]?stop|\bstop(?:s|ped|ping)\b|\bconverge|\btarget\b|\breach(?:ed|es)?\b|\bpatience\b|"
    r"\btol(?:erance)?\b|\b(?:did|does|do|has|have|was|is) ?(?:not|n't) (?:meet|met|reach|improve|converge)|"
    r"\bmax(?:imum)?[ _-]?(?:number of )?(?:epochs?|iter\w*|steps?|rounds?|updates?|evaluations?)\b",
    re.IGNORECASE,
)


def mentions_stopping(line: str) -> bool:
    """Return whether a line is about early stopping, a target, convergence or a limit."""
    return _STOPS.search(line) is not None
