"""Reads the trace of a run folder."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import UntrustedFolder
from gedanken.traces.local import MOST_TRACE_BYTES, TRACE, read_local
from gedanken.traces.run_tree import TracedRun, operations


def read_trace(folder: Path) -> list[TracedRun]:
    """Return the roots of a folder's trace. Raises BadInput if there is none, or if it cannot be read."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: not a run folder")
    roots = read_local(UntrustedFolder(folder, MOST_TRACE_BYTES))
    if not roots and (folder / TRACE).stat().st_size > 1:
        raise BadInput(f"{folder / TRACE}: written by an earlier version, or damaged; it cannot be shown")
    return roots


def lines_left_out(folder: Path) -> int:
    """Count the lines of the trace file that are not entries of a trace."""
    lines = [
        line
        for line in UntrustedFolder(folder, MOST_TRACE_BYTES).read(TRACE, MOST_TRACE_BYTES).splitlines()
        if line.strip()
    ]
    return sum(not any(operations([line])) for line in lines)
