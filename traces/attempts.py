"""One tree for a run, however many processes work on it: what a dead one left is closed, and its root stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gedanken.traces.cleaning import OTLP, attempt_of
from gedanken.traces.run_tree import TracedRun

DIED = "process died"


@dataclass(frozen=True, slots=True)
class Left:
    """What earlier processes left of a run's tree."""

    root: UUID
    start: datetime
    """Of the root."""
    attempts: int
    """So many processes have worked on it."""
    is_sent: bool
    """Whether the root went to a collector: it had ended, in a process that sent what it did."""
    closed: tuple[dict[str, Any], ...]
    """What was open below it when its process died, as it ends now."""


def left_of(roots: Sequence[TracedRun]) -> Left | None:
    """What a run is gone on with; None where there is no tree that can be."""
    for root in roots:
        try:
            name = UUID(root.id)
        except ValueError:
            continue
        if root.start is None or str(name) != root.id:
            continue
        runs = list(root.walk())
        last = max(time for run in runs for time in run.times)
        closed = tuple(_closed(run, last) for run in reversed(runs) if run.end is None and run is not root)
        return Left(
            name,
            root.start,
            max(attempt_of(run.fields) for run in runs),
            root.end is not None and root.metadata.get(OTLP) is True,
            closed,
        )
    return None


def _closed(run: TracedRun, last: datetime) -> dict[str, Any]:
    """A run as it ends with its process, of which nothing was heard after `last`."""
    when = max(last, run.start or last).astimezone(UTC)
    error = f"{DIED}; nothing was heard of it after {when:%Y-%m-%d %H:%M:%S} UTC"
    return {**run.fields, "end_time": when.isoformat(), "error": error}
