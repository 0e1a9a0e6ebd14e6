"""Reads a run folder, which may be malicious: nothing outside it is read, and none of it executed."""

from dataclasses import replace
from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import UntrustedFolder
from gedanken.experiment.run_log import RunLog, sort_executions
from gedanken.records.old_folders import read_old_run
from gedanken.records.read_log import MOST_FOLDER_BYTES, read_log
from gedanken.records.run_files import LOG, RUN_VIEW
from gedanken.records.token_usage import tokens_of


def is_run_folder(path: Path) -> bool:
    """Return whether a path is a run folder: a folder that contains a log or `run.json`."""
    return path.is_dir() and ((path / LOG).exists() or (path / RUN_VIEW).exists())


def read_run(folder: Path) -> RunLog:
    """Read a run folder of this or an earlier version, whether the run is finished or not.

    Raises BadInput if it is not a run folder, is damaged, or refers to files outside itself.
    """
    if not is_run_folder(folder):
        raise BadInput(f"{folder}: not a run folder: it contains neither {LOG} nor {RUN_VIEW}")
    inside = UntrustedFolder(folder, MOST_FOLDER_BYTES)
    log = read_log(inside) if (folder / LOG).exists() else read_old_run(inside)
    program_labels = {program.label for program in log.programs}
    for execution in log.executions:
        if execution.program is not None and execution.program not in program_labels:
            raise BadInput(f"{folder}: {execution.label} ran {execution.program}, which is not among the programs")
    executions = sort_executions(log.programs, log.executions)
    return with_tokens(replace(log, executions=executions, folder=folder))


def with_tokens(log: RunLog) -> RunLog:
    """Return the log with its token usage, taken from the trace if the log itself lacks it."""
    if log.tokens is not None or log.folder is None:
        return log
    return replace(log, tokens=tokens_of(UntrustedFolder(log.folder, MOST_FOLDER_BYTES)))
