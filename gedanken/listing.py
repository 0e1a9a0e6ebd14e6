"""Lists the runs in a folder with their state and usage, and removes runs."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gedanken.experiment.errors import BadInput, NoSandbox
from gedanken.experiment.escaping import harmless
from gedanken.experiment.folders import folder_bytes
from gedanken.experiment.run_log import UNFINISHED, RunLog
from gedanken.records.read_log import random_id
from gedanken.records.read_run import is_run_folder, read_run
from gedanken.records.run_files import LOG
from gedanken.records.run_folder import is_gedanken_folder, remove_run_folder
from gedanken.records.run_lock import is_in_use, locked_log
from gedanken.resuming import RUNS
from gedanken.runner import run_id_of

if TYPE_CHECKING:
    from rich.console import Console


class ListedRun(NamedTuple):
    """One run in the list that `gedanken runs` prints."""

    run: str
    state: str
    """`at work`, `killed`, `cannot be read` with the reason, or how the run ended, such as `done`."""
    begun: str
    """Time at which the run began: UTC, ISO 8601."""
    executions: int
    tokens: int | None
    """Tokens read and written; None if they were not counted."""
    usd: float | None
    """Cost in US dollars; None if the price or the number of tokens is unknown."""
    seconds: float
    """Total time in seconds of all real executions."""
    bytes: int


def list_runs(folder: Path) -> list[ListedRun]:
    """List the runs in a folder, the newest first.

    If the default folder (`runs/`) is missing, the list is empty. Raises BadInput if the folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError as error:
        if folder != RUNS:
            raise BadInput(f"--in {folder}: {error.strerror}") from error
        return []
    except OSError as error:
        raise BadInput(f"--in {folder}: {error.strerror}") from error
    entries = (entry for path in paths if (entry := _list_entry(path)) is not None)
    return sorted(entries, key=lambda run: run.begun, reverse=True)


def _list_entry(path: Path) -> ListedRun | None:
    try:
        return _read_entry(path) if is_run_folder(path) else None
    except OSError as error:
        return ListedRun(str(path), f"cannot be read: {error.strerror}", "", 0, None, None, 0.0, 0)


def _read_entry(path: Path) -> ListedRun:
    size, at_work = int(folder_bytes(path)), is_in_use(path)  # first: a run may end while its log is read
    try:
        log = read_run(path)
    except BadInput as error:
        return ListedRun(str(path), f"cannot be read: {error}", "", 0, None, None, 0.0, size)
    tokens = log.tokens.read + log.tokens.written if log.tokens else None
    usd = log.price.of(log.tokens.read, log.tokens.written) if log.tokens and log.price else None
    seconds = sum(run.seconds for run in log.executions if not run.imagined)
    return ListedRun(
        str(path), state_of(log, at_work), log.started, len(log.executions), tokens, usd, round(seconds, 1), size
    )


def state_of(log: RunLog, at_work: bool) -> str:
    """Return the state of a run: `at work`, `killed`, or how it ended."""
    if at_work:
        return "at work"
    return "killed" if log.outcome == UNFINISHED else log.outcome


def print_runs(runs: Sequence[ListedRun], console: "Console") -> None:
    """Print the list as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("run", "state", "age", "executions", "tokens", "cost", "ran", "size"):
        table.add_column(name, justify="left" if name in ("run", "state", "age") else "right")
    for run in runs:
        tokens = "" if run.tokens is None else f"{run.tokens:,}"
        cost = "unknown" if run.usd is None else f"${run.usd:.4f}"
        counts = (str(run.executions), tokens, cost, f"{run.seconds:.0f} s", f"{run.bytes / 1e6:.1f} MB")
        table.add_row(*(Text(harmless(cell)) for cell in (run.run, run.state, age_of(run.begun), *counts)))
    console.print(table if runs else "no runs in this folder")


def age_of(start: str) -> str:
    """Return the time since a run began, for example `3 h`; empty if `start` is not a date and time."""
    try:
        seconds = max(0.0, (datetime.now(UTC) - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return ""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def remove_run(folder: Path) -> None:
    """Remove a run folder and its workspaces, and end the containers and processes that a killed run left behind.

    Raises BadInput if the folder is not a run folder, is a link, or is in use; NoSandbox if its workspaces are in
    use; OSError if it cannot be removed.
    """
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder")
    if not is_gedanken_folder(folder):
        raise BadInput(f"{folder}: not a run folder of gedanken; nothing was removed")
    if folder.is_symlink():
        raise BadInput(f"{folder} is a symbolic link; give the run folder itself: {folder.resolve()}")
    folder = folder.resolve()
    with locked_log(folder) if (folder / LOG).is_file() else nullcontext():
        for session in _sessions_of(folder):
            _remove_session(session, folder)
        remove_run_folder(folder)


def _sessions_of(folder: Path) -> list[Path]:
    """Return the sessions of the run in a folder. Sessions that were created before the folder was moved are found,
    too.
    """
    from gedanken.sandbox.session import run_folders, sessions_folder

    own_session, folder_id = sessions_folder() / run_id_of(folder), random_id(folder)
    # if the other folder still holds a run with this id, this folder is a copy of it
    other_sessions = (
        session
        for session, run_folder in run_folders(folder_id).items()
        if session != own_session and random_id(run_folder) != folder_id
    )
    return [*([own_session] if own_session.is_dir() else []), *other_sessions]


def _remove_session(session: Path, folder: Path) -> None:
    """Remove a session of the run in `folder`. Raises NoSandbox if the session is in use."""
    from gedanken.sandbox.leftovers import end_session
    from gedanken.sandbox.open_engine import CONTAINERS, find_engines
    from gedanken.sandbox.session import engine_of, locked_if_dead

    with locked_if_dead(session) as is_dead:
        if not is_dead:
            raise NoSandbox(f"{folder}: its workspaces are in use by another process")
        clients = find_engines().clients if engine_of(session) in CONTAINERS else []
        # containers on an engine that does not answer stay for `gedanken sandbox clean`
        end_session(clients, session)
