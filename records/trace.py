"""The trace of a run folder, read back."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.traces.local import TRACE
from gedanken.traces.run_tree import TracedRun, read_tree

MOST_TRACE_BYTES = 1 << 27


def read_trace(folder: Path) -> list[TracedRun]:
    """The roots of its tree. Raises BadInput where there is no trace, or none that this version can read."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no run folder")
    written = Inside(folder, MOST_TRACE_BYTES).read(TRACE, MOST_TRACE_BYTES)
    roots = read_tree(written.splitlines())
    if written.strip() and not roots:
        raise BadInput(f"{folder / TRACE}: written by an earlier version, or damaged; nothing of it can be shown")
    return roots
