"""Continues the trace of a run that another process began, under the same root."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gedanken.traces.cleaning import OTLP, attempt_of
from gedanken.traces.run_tree import TracedRun

DIED = "process died"


@dataclass(frozen=True, slots=True)
class EarlierTrace:
    """The trace of a run as earlier processes left it."""

    root: UUID
    start: datetime
    attempts: int
    """Number of processes that have worked on the run."""
    is_sent: bool
    """True if the root entry has ended and was sent to a collector."""
    closed_entries: tuple[dict[str, Any], ...]
    """Entries that a dead process left open. They now have an end time and an error."""


def earlier_trace(roots: Sequence[TracedRun]) -> EarlierTrace | None:
    """Return the trace that a resumed run continues; None if it has no usable root."""
    for root in roots:
        try:
            root_id = UUID(root.id)
        except ValueError:
            continue
        if root.start is None or str(root_id) != root.id:
            continue
        runs = list(root.walk())
        last_time = max(time for run in runs for time in run.times)
        closed = tuple(_close_entry(run, last_time) for run in reversed(runs) if run.end is None and run is not root)
        return EarlierTrace(
            root_id,
            root.start,
            max(attempt_of(run.fields) for run in runs),
            root.end is not None and root.metadata.get(OTLP) is True,
            closed,
        )
    return None


def _close_entry(run: TracedRun, last_time: datetime) -> dict[str, Any]:
    """Return the fields of an entry that a dead process left open, with an error and an end time."""
    end_time = max(last_time, run.start or last_time).astimezone(UTC)
    error = f"{DIED}; nothing was heard of it after {end_time:%Y-%m-%d %H:%M:%S} UTC"
    return {**run.fields, "end_time": end_time.isoformat(), "error": error}
