"""Finds the logs in a folder; each log is one run."""

import re
from pathlib import Path

from gedanken.experiment.counts import format_count
from gedanken.experiment.errors import BadInput
from gedanken.records.importers.text_files import COMPRESSED_ENDINGS
from gedanken.records.read_run import is_run_folder
from gedanken.records.run_files import LOG

MOST_LOGS = 10_000
_MOST_NAMED = 3
LOG_ENDINGS = (".log", ".txt", ".out", ".jsonl", ".csv")


def logs_in(folder: Path) -> list[Path]:
    """List the logs in a folder in natural order, such as `run2` before `run10`.

    Logs are the files whose name has an ending in `LOG_ENDINGS`, compressed or not. If there are none, all files
    count as logs. Links and hidden files are never logs. Raises BadInput if there is no file, or if there are more
    than `MOST_LOGS` logs.
    """
    if folder.name == "outputs" and is_run_folder(folder.parent):
        raise BadInput(
            f"{folder}: this folder contains only the outputs of a run; give the run folder {folder.parent}"
        )
    files = _files_in(folder)
    logs = [file for file in files if _without_compression(file.name).endswith(LOG_ENDINGS)] or files
    if not logs:
        raise BadInput(f"{folder}: neither a run folder (it contains no {LOG}) nor a folder of logs")
    if len(logs) > MOST_LOGS:
        raise BadInput(f"{folder}: contains {len(logs):,} files; at most {MOST_LOGS:,} can be compared")
    return sorted(logs, key=_natural_sort_key)


def note_on_ignored_files(path: Path) -> list[str]:
    """Return a note on the files in a folder of logs that `logs_in` leaves out; an empty list if there are none."""
    if not path.is_dir() or is_run_folder(path):
        return []
    ignored = sorted(set(_files_in(path)).difference(logs_in(path)), key=_natural_sort_key)
    names = ", ".join(ignored_path.name for ignored_path in ignored[:_MOST_NAMED]) + (
        ", …" if ignored[_MOST_NAMED:] else ""
    )
    count_text = format_count(len(ignored), "file") + (" is" if len(ignored) == 1 else " are")
    return [f"{path}: {count_text} left out, not named like a log: {names}"] if ignored else []


def _files_in(folder: Path) -> list[Path]:
    try:
        return [
            path
            for path in folder.iterdir()
            if not path.name.startswith(".") and not path.is_symlink() and path.is_file()
        ]
    except OSError as error:
        raise BadInput(f"{folder}: {error.strerror}") from error


def files_of(path: Path) -> list[Path]:
    """Return the logs in `path` if it is a folder of logs; return only `path` if it is a file or a run folder."""
    return logs_in(path) if path.is_dir() and not is_run_folder(path) else [path]


def _without_compression(name: str) -> str:
    name = name.lower()
    return next((name.removesuffix(ending) for ending in COMPRESSED_ENDINGS if name.endswith(ending)), name)


def _natural_sort_key(path: Path) -> tuple[object, ...]:
    parts = re.split(r"(\d{1,18})", path.name)
    return tuple((int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts))
