"""The list of the runs in a folder: their state, and what they used."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.escaping import harmless
from gedanken.experiment.folders import folder_bytes, remove_tree
from gedanken.experiment.run_log import UNFINISHED, RunLog
from gedanken.records.read_run import is_run_folder, read_run
from gedanken.records.run_store import is_at_work
from gedanken.runner import run_id_of

if TYPE_CHECKING:
    from rich.console import Console


class ListedRun(NamedTuple):
    """One line of the list."""

    run: str
    state: str
    """`done`, `at work`, `killed`, or how it ended."""
    begun: str
    """UTC, ISO 8601."""
    executions: int
    tokens: int | None
    """Tokens read and written; None if nobody counted them."""
    usd: float | None
    """None if the price or the tokens are not known."""
    seconds: float
    """Total time that programs really ran."""
    bytes: int


def list_runs(folder: Path) -> list[ListedRun]:
    """List the runs in a folder, the newest first."""
    paths = [path for path in folder.iterdir() if is_run_folder(path)] if folder.is_dir() else []
    return sorted((_listed(path) for path in paths), key=lambda run: run.begun, reverse=True)


def _listed(path: Path) -> ListedRun:
    size = int(folder_bytes(path))
    try:
        log = read_run(path)
    except BadInput as error:
        return ListedRun(str(path), f"cannot be read: {error}", "", 0, None, None, 0.0, size)
    tokens = log.tokens.read + log.tokens.written if log.tokens else None
    usd = log.price.of(log.tokens.read, log.tokens.written) if log.tokens and log.price else None
    seconds = sum(run.seconds for run in log.executions if not run.imagined)
    return ListedRun(
        str(path), state_of(path, log), log.started, len(log.executions), tokens, usd, round(seconds, 1), size
    )


def state_of(path: Path, log: RunLog) -> str:
    """Return the state of a run."""
    if is_at_work(path):
        return "at work"
    return "killed" if log.outcome == UNFINISHED else log.outcome


def print_runs(found: Sequence[ListedRun], console: "Console") -> None:
    """Print the list as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("run", "state", "age", "executions", "tokens", "cost", "ran", "size"):
        table.add_column(name, justify="left" if name in ("run", "state", "age") else "right")
    for run in found:
        tokens = "" if run.tokens is None else f"{run.tokens:,}"
        cost = "unknown" if run.usd is None else f"${run.usd:.4f}"
        counts = (str(run.executions), tokens, cost, f"{run.seconds:.0f} s", f"{run.bytes / 1e6:.1f} MB")
        table.add_row(*(Text(harmless(cell)) for cell in (run.run, run.state, age_of(run.begun), *counts)))
    console.print(table if found else "no runs in this folder")


def age_of(begun: str) -> str:
    """Return the time since it began, for example `3 h`."""
    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(begun)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def remove_run(folder: Path) -> None:
    """Remove a run folder, and what this machine keeps to resume the run. Raises BadInput."""
    from gedanken.sandbox.session import locked_if_dead, sessions_folder

    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder")
    if is_at_work(folder):
        raise BadInput(f"{folder}: this run is in use by another process")
    session = sessions_folder() / run_id_of(folder)
    if session.is_dir():
        with locked_if_dead(session) as dead:
            if not dead:
                raise NoSandbox(f"{folder}: its workspaces are in use by another process")
    remove_tree(folder)
