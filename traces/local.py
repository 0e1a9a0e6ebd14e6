"""The built-in exporter: a file beside the results, in LangSmith's own post and patch lines."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gedanken.experiment.files import Inside
from gedanken.traces.cleaning import attempt_of, clean
from gedanken.traces.run_tree import TracedRun, as_lines, read_tree

TRACE = "trace.jsonl"
MOST_TRACE_BYTES = 1 << 27
_KNOWN = ("inputs", "name", "tags")
"""Fields of the `post` line that the `patch` line does not repeat."""
_OPEN = {"end_time": None, "error": None}


class LocalFile:
    """Writes a line when an entry begins (`post`) and one when it ends (`patch`), so that a killed process leaves
    everything that had begun. Resuming the root is also a patch, which removes its previous end."""

    def __init__(self, path: Path) -> None:
        """Write to `path`, which is created or appended to."""
        self._file = path.open("a", encoding="utf-8")
        self._roots: set[str] = set()

    def begin(self, run: dict[str, Any]) -> None:
        """Write the line of an entry that begins."""
        is_root = "parent_run_id" not in run
        if is_root and (attempt_of(run) > 1 or run["id"] in self._roots):
            self._patch({**run, **_OPEN})
        else:
            self._write("post", run)
        self._roots |= {run["id"]} if is_root else set()

    def export(self, run: dict[str, Any]) -> None:
        """Write the line of an entry that ended."""
        self._patch(run)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _patch(self, run: dict[str, Any]) -> None:
        self._write("patch", {name: value for name, value in run.items() if name not in _KNOWN})

    def _write(self, kind: str, run: dict[str, Any]) -> None:
        if not self._file.closed:
            self._file.write(json.dumps({kind: run}) + "\n")
            self._file.flush()


def open_local(folder: Path) -> LocalFile:
    """Write to `trace.jsonl` in this folder, after ending a line that a dead process left incomplete."""
    path = folder / TRACE
    cut = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    file = LocalFile(path)
    if cut:
        with path.open("a", encoding="utf-8") as end:
            end.write("\n")
    return file


def cleaned(roots: Iterable[TracedRun]) -> list[TracedRun]:
    """Clean a stored trace so that it may be sent, whoever wrote it and with whatever version."""
    return read_tree(as_lines(clean(run.fields) for root in roots for run in root.walk()))


def read_local(inside: Inside) -> list[TracedRun]:
    """Return the roots of the tree stored in a folder. Raises BadInput if there is no file, or if it is too large."""
    return read_tree(inside.read(TRACE, MOST_TRACE_BYTES).splitlines())
