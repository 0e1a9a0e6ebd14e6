"""Entries of traces: entries of a run's commands, and random entries."""

import json
from typing import Any

from hypothesis import strategies as st

from gedanken.traces.run_tree import TracedRun, read_tree

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)

KEYS = st.sampled_from(
    ["id", "parent_run_id", "name", "run_type", "start_time", "end_time", "extra", "events", "inputs", "error"]
)

LINES = st.lists(
    st.tuples(st.sampled_from(["post", "patch", "x"]), st.dictionaries(KEYS, JSON | st.sampled_from(["a", "b"]))),
    max_size=8,
)

DAY = "2026-01-01T"


def tool(name: str, start: str, end: str | None, label: str = "", **metadata: object) -> dict[str, Any]:
    """A trace entry of a command, below the step `step`."""
    metadata_fields = {f"gedanken_{key}": value for key, value in metadata.items()}
    outputs = {"output": {"path": f"outputs/{label}.txt", "from_ledger": False}}
    times = {"start_time": f"{DAY}{start}Z", **({"end_time": f"{DAY}{end}Z"} if end else {})}
    run = {"id": name, "parent_run_id": "step", "name": "terminal", "run_type": "tool", **times}
    return {**run, "inputs": {"command": name}, "outputs": outputs, "extra": {"metadata": metadata_fields}}


def trace(*runs: dict[str, Any]) -> list[TracedRun]:
    """A trace of one run with one step, below which are these commands."""
    root = {"id": "root", "name": "gedanken small", "run_type": "chain", "start_time": f"{DAY}10:00:00Z"}
    step = {**root, "id": "step", "parent_run_id": "root", "name": "simulate", "end_time": f"{DAY}10:01:40Z"}
    return read_tree(json.dumps({"post": run}).encode() for run in (root, step, *runs))
