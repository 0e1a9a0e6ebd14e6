"""What a check is: one thing that is looked for on the runs of one program version."""

from collections.abc import Iterable
from typing import Protocol

from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.finding import Finding


class Check(Protocol):
    """What an entry point in `gedanken.checks` names; it may name a tuple of them too, which are asked in order."""

    def __call__(self, runs: RunSet, /) -> Iterable[Finding]:
        """All that is found; where it cannot look, nothing. It is pure: the same runs, the same findings."""


class CheckBroken(Exception):
    """A check that is not built in could not look; the message says why, and the comparison goes on without it."""
