"""What flows through the probe graph: how far it is. What models and programs print lies in the store."""

from typing import TypedDict


class ProbeState(TypedDict, total=False):
    """How far a probe is."""

    asked: int
    """How many of its units were asked."""
    outcome: str
