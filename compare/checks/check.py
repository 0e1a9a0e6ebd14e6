"""Defines a check: a function that looks for one kind of fault in the runs of one program version."""

from collections.abc import Iterable
from typing import Protocol

from gedanken.compare.parsed.run_set import RunSet
from gedanken.experiment.finding import Finding


class Check(Protocol):
    """A function that looks for faults in runs.

    An entry point in the group `gedanken.checks` names one check, or a tuple of checks.
    """

    def __call__(self, runs: RunSet, /) -> Iterable[Finding]:
        """Return all findings; none if the check cannot be applied. The same runs must give the same findings."""


class CheckBroken(Exception):
    """Raised when a check of a plug-in fails. The message says why. The comparison continues without this check."""
