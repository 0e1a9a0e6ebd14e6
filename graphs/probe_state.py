"""The state of the probe graph: its progress. Text of models and programs is in the store."""

from typing import TypedDict


class ProbeState(TypedDict, total=False):
    """The progress of a probe."""

    asked: int
    """Number of units that were asked."""
    outcome: str
