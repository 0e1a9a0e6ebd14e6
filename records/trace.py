"""The trace of a run folder, read back."""

from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import Inside
from gedanken.traces.local import MOST_TRACE_BYTES, TRACE, read_local
from gedanken.traces.run_tree import TracedRun, operations


def read_trace(folder: Path) -> list[TracedRun]:
    """The roots of its tree. Raises BadInput where there is no trace, or none that this version can read."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: not a run folder")
    roots = read_local(Inside(folder, MOST_TRACE_BYTES))
    if not roots and (folder / TRACE).stat().st_size > 1:
        raise BadInput(f"{folder / TRACE}: written by an earlier version, or damaged; nothing of it can be shown")
    return roots


def lines_left_out(folder: Path) -> int:
    """How many lines of it are no part of a trace: cut while they were written, or by nobody of ours."""
    lines = [
        line for line in Inside(folder, MOST_TRACE_BYTES).read(TRACE, MOST_TRACE_BYTES).splitlines() if line.strip()
    ]
    return sum(not any(operations([line])) for line in lines)
