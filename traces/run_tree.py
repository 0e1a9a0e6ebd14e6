"""A trace read back into its tree. Whoever wrote it may mean harm: nothing in it is trusted."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST_RUNS = 1_000_000


@dataclass(slots=True)
class TracedRun:
    """One run: of a chain, of a tool, or of a model."""

    id: str
    name: str
    run_type: str
    parent: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    error: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """Everything that was written of it: the post, and over it what the patch says anew."""
    children: "list[TracedRun]" = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is open."""
        return (self.end - self.start).total_seconds() if self.start and self.end else None

    @property
    def metadata(self) -> dict[str, Any]:
        """What else is known of it."""
        return _dict(_dict(self.fields.get("extra")).get("metadata"))

    @property
    def tokens(self) -> tuple[int, int]:
        """What a model's run read and wrote, as it reports them; zeros where it reports none."""
        usage = _dict(self.metadata.get("usage_metadata"))
        return _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))

    @property
    def first_token(self) -> float | None:
        """Seconds from the request to the first token; None where none came, or none was waited for."""
        events = self.fields.get("events")
        for event in events if isinstance(events, list) else ():
            if isinstance(event, dict) and event.get("name") == "new_token" and self.start:
                came = _time(event.get("time"))
                return (came - self.start).total_seconds() if came else None
        return None

    def walk(self) -> "Iterator[TracedRun]":
        """This run and all below it, parents before their children."""
        waiting = [self]
        while waiting:
            run = waiting.pop()
            yield run
            waiting += reversed(run.children)


def read_tree(lines: Iterable[bytes]) -> list[TracedRun]:
    """The roots, in order of their start. A line that is cut or is none of ours is left out.

    A run whose parent is not there, or that is its own ancestor, is a root.
    """
    runs: dict[str, TracedRun] = {}
    for kind, told in operations(lines):
        run = runs.get(told["id"])
        if run is None and len(runs) < MOST_RUNS:
            run = runs[told["id"]] = TracedRun(told["id"], _text(told.get("name")), _text(told.get("run_type")))
        if run is not None:
            _take(run, kind, told)
    ordered = sorted(runs.values(), key=lambda run: (run.start is None, run.start))
    roots = []
    for run in ordered:
        parent = runs.get(run.parent or "")
        if parent is None or _is_below(parent, run, runs):
            roots.append(run)
        else:
            parent.children.append(run)
    return roots


def operations(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line that is a `post` or a `patch` of a run, as that word and the run's fields."""
    for line in lines:
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for kind in ("post", "patch"):
            run = _dict(told).get(kind)
            if isinstance(run, dict) and isinstance(run.get("id"), str):
                yield kind, run


def _take(run: TracedRun, kind: str, told: dict[str, Any]) -> None:
    run.fields = {**run.fields, **told}
    if kind == "post":
        run.name, run.run_type = _text(told.get("name")), _text(told.get("run_type"))
        parent = told.get("parent_run_id")
        run.parent = parent if isinstance(parent, str) else None
    run.start = _time(told.get("start_time")) or run.start
    run.end = _time(told.get("end_time")) or run.end
    run.error = _text(told.get("error")) or run.error


def _is_below(run: TracedRun, other: TracedRun, runs: dict[str, TracedRun]) -> bool:
    """Whether `run` is `other` or one of its descendants; such a run cannot be its parent."""
    seen: set[str] = set()
    here: TracedRun | None = run
    while here is not None and here.id not in seen:
        if here is other:
            return True
        seen.add(here.id)
        here = runs.get(here.parent or "")
    return here is not None


def _time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
