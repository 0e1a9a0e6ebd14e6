"""The state of the probe graph: the probe's progress. The texts of models and programs are in the store."""

from typing import TypedDict


class ProbeState(TypedDict, total=False):
    """The progress of a probe."""

    asked: int
    """Number of units (the questions of one session) that were asked."""
    outcome: str
