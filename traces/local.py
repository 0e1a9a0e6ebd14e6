"""The built-in exporter: writes the trace to a file, as lines with LangSmith's operations `post` and `patch`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gedanken.experiment.files import UntrustedFolder
from gedanken.traces.cleaning import LEFT_OUT, attempt_of, clean
from gedanken.traces.run_tree import TracedRun, as_lines, read_tree

TRACE = "trace.jsonl"
MOST_TRACE_BYTES = 1 << 27
"""Maximum number of bytes of a trace that are read."""
ROOM_FOR_ENDS = 1 << 24
"""Number of bytes of MOST_TRACE_BYTES that are reserved for the ends of entries. When the other bytes are used up,
new entries are left out, and counted.
"""
_POST_ONLY_FIELDS = ("inputs", "name", "tags")
"""Fields of the `post` line that are not repeated in the `patch` line."""
_REOPENED_FIELDS = {"end_time": None, "error": None}


class LocalFile:
    """Writes a line when an entry begins (`post`) and one when it ends (`patch`)."""

    def __init__(self, path: Path) -> None:
        """Append to the file `path`, created if missing."""
        self._file = path.open("a", encoding="utf-8")
        self._bytes = path.stat().st_size
        self._roots: set[str] = set()
        self._left_out_ids: set[str] = set()
        self._left_out = 0

    def begin(self, run: dict[str, Any]) -> None:
        """Write the line of an entry that begins."""
        is_root = "parent_run_id" not in run
        if not is_root and self._bytes > MOST_TRACE_BYTES - ROOM_FOR_ENDS:
            self._left_out_ids.add(run["id"])
            self._left_out += 1
            return
        if is_root and (attempt_of(run) > 1 or run["id"] in self._roots):
            self._patch({**run, **_REOPENED_FIELDS})  # it begins again: its earlier end no longer holds
        else:
            self._write("post", run)
        self._roots |= {run["id"]} if is_root else set()

    def export(self, run: dict[str, Any]) -> None:
        """Write the line of an entry that has ended, unless the line of its beginning was left out."""
        if run["id"] in self._left_out_ids:
            self._left_out_ids.discard(run["id"])
            return
        if self._left_out and "parent_run_id" not in run:
            extra = run.get("extra") or {}
            metadata = {**(extra.get("metadata") or {}), LEFT_OUT: self._left_out}
            run = {**run, "extra": {**extra, "metadata": metadata}}
        self._patch(run)

    def close(self) -> None:
        self._file.close()

    def _patch(self, run: dict[str, Any]) -> None:
        self._write("patch", {name: value for name, value in run.items() if name not in _POST_ONLY_FIELDS})

    def _write(self, kind: str, run: dict[str, Any]) -> None:
        if not self._file.closed:
            line = json.dumps({kind: run}) + "\n"  # in ASCII
            self._file.write(line)
            self._file.flush()
            self._bytes += len(line)


def open_local(folder: Path) -> LocalFile:
    """Open the exporter that writes to `trace.jsonl` in this folder."""
    path = folder / TRACE
    has_partial_line = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    file = LocalFile(path)
    if has_partial_line:  # a dead process left an incomplete last line
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n")
    return file


def cleaned(roots: Iterable[TracedRun]) -> list[TracedRun]:
    """Clean a stored trace before it is sent, because another program may have written it."""
    return read_tree(as_lines(clean(run.fields) for root in roots for run in root.walk()))


def read_local(inside: UntrustedFolder) -> list[TracedRun]:
    """Return the roots of the tree in a folder. Raises BadInput if the file is missing or too large."""
    return read_tree(inside.read(TRACE, MOST_TRACE_BYTES).splitlines())
