"""Reads a trace back into its tree of entries, trusting none of its content."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_RUNS = 1_000_000


@dataclass(slots=True)
class TracedRun:
    """One entry of the tree (a LangSmith run): a chain, a tool, or a model request."""

    id: str
    name: str
    run_type: str
    parent: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    error: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """All fields of the entry: those written when it began (`post`), overridden by later ones (`patch`)."""
    children: "list[TracedRun]" = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Duration in seconds; None while the entry is open."""
        return (self.end - self.start).total_seconds() if self.start and self.end else None

    @property
    def metadata(self) -> dict[str, Any]:
        """Metadata of the entry; empty if there is none."""
        return _as_dict(_as_dict(self.fields.get("extra")).get("metadata"))

    @property
    def outcome(self) -> dict[str, Any]:
        """Result of the entry's terminal command; empty if it has none."""
        return _as_dict(_as_dict(self.fields.get("outputs")).get("output"))

    @property
    def tokens(self) -> tuple[int, int]:
        """Numbers of tokens that a model read and wrote; both are 0 if they were not reported."""
        usage = _as_dict(self.metadata.get("usage_metadata"))
        return _as_count(usage.get("input_tokens")), _as_count(usage.get("output_tokens"))

    @property
    def seconds_to_first_token(self) -> float | None:
        """Seconds from the request to the first token of a streamed reply; None if no token was streamed."""
        token_time = next((time for name, time in self.events if name == "new_token"), None)
        return (token_time - self.start).total_seconds() if token_time and self.start else None

    @property
    def sampling(self) -> dict[str, Any]:
        """Settings of the entry's model request."""
        return _as_dict(_as_dict(self.fields.get("extra")).get("invocation_params"))

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and text of each message of the entry's model request."""
        return [
            _parse_message(message) for message in _only_batch(_as_dict(self.fields.get("inputs")).get("messages"))
        ]

    @property
    def replies(self) -> list[tuple[str, str]]:
        """Role and text of each reply to the entry's model request."""
        generations = _only_batch(_as_dict(self.fields.get("outputs")).get("generations"))
        return [_parse_message(_as_dict(generation).get("message")) for generation in generations]

    @property
    def events(self) -> list[tuple[str, datetime]]:
        """Name and time of every event during the entry."""
        events = self.fields.get("events")
        pairs = [(event.get("name"), _parse_time(event.get("time"))) for event in map(_as_dict, _as_list(events))]
        return [(name, time) for name, time in pairs if isinstance(name, str) and time]

    @property
    def times(self) -> Iterator[datetime]:
        """All times that are recorded for the entry."""
        yield from (time for time in (self.start, self.end, *(time for _name, time in self.events)) if time)

    def walk(self) -> "Iterator[TracedRun]":
        """Iterate over this entry and all below it, parents before children."""
        stack = [self]
        while stack:
            run = stack.pop()
            yield run
            stack += reversed(run.children)


def read_tree(lines: Iterable[bytes]) -> list[TracedRun]:
    """Build the tree from the lines of a trace, and return its roots by start time. Unreadable lines are skipped.

    An entry becomes a root if its parent is missing, or if it is its own ancestor.
    """
    runs: dict[str, TracedRun] = {}
    for kind, fields in operations(lines):
        run = runs.get(fields["id"])
        if run is None and len(runs) < MAX_RUNS:
            run = runs[fields["id"]] = TracedRun(
                fields["id"], _as_text(fields.get("name")), _as_text(fields.get("run_type"))
            )
        if run is not None:
            _update_run(run, kind, fields)
    sorted_runs = sorted(runs.values(), key=lambda run: (run.start is None, run.start))
    roots = []
    for run in sorted_runs:
        parent = runs.get(run.parent or "")
        if parent is None or _is_descendant(parent, run, runs):
            roots.append(run)
        else:
            parent.children.append(run)
    return roots


def run_of(fields: dict[str, Any]) -> TracedRun:
    """Build an entry without children from its fields."""
    run = TracedRun(str(fields["id"]), "", "")
    _update_run(run, "post", fields)
    return run


def as_lines(runs: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield entries as lines of a trace file, each with all its fields."""
    return (json.dumps({"post": run}).encode() for run in runs)


def operations(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield kind and fields of each `post` or `patch` operation in a trace."""
    for line in lines:
        try:
            operation = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for kind in ("post", "patch"):
            run = _as_dict(operation).get(kind)
            if isinstance(run, dict) and isinstance(run.get("id"), str):
                yield kind, run


def _update_run(run: TracedRun, kind: str, fields: dict[str, Any]) -> None:
    run.fields = {**run.fields, **fields}
    if kind == "post":
        run.name, run.run_type = _as_text(fields.get("name")), _as_text(fields.get("run_type"))
        parent = fields.get("parent_run_id")
        run.parent = parent if isinstance(parent, str) else None
    run.start = _parse_time(fields.get("start_time")) or run.start
    if "end_time" in fields:
        run.end = _parse_time(fields["end_time"])
    if "error" in fields:
        run.error = _as_text(fields["error"]) or None


def _is_descendant(run: TracedRun, ancestor: TracedRun, runs: dict[str, TracedRun]) -> bool:
    """Return whether `run` is `ancestor` or lies below it. Also True if the ancestors of `run` form a cycle."""
    visited: set[str] = set()
    current: TracedRun | None = run
    while current is not None and current.id not in visited:
        if current is ancestor:
            return True
        visited.add(current.id)
        current = runs.get(current.parent or "")
    return current is not None


def _parse_time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


def _parse_message(value: object) -> tuple[str, str]:
    fields = _as_dict(_as_dict(value).get("kwargs"))
    content = fields.get("content")
    return _as_text(fields.get("type")), content if isinstance(content, str) else json.dumps(content)


def _only_batch(batches: object) -> list[Any]:
    """Return the batch in LangChain's list of batches if there is exactly one; otherwise an empty list."""
    return _as_list(next(iter(_as_list(batches)), None))


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _as_count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
