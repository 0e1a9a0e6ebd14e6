"""The importers that are built in: an output of a run folder with what that folder says of it, an execution as JSON,
and any log.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from gedanken.agents.terminal import exit_code_of
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, Origin
from gedanken.records.importers.importer import BroughtFile, Run
from gedanken.records.importers.opened import STANDARD_INPUT
from gedanken.records.importers.terminal_text import as_left
from gedanken.records.old_folders import origin_of
from gedanken.records.plain_values import noun_of
from gedanken.records.read_run import is_run_folder, read_run

_KEYS = ("command", "stdout", "exit_code", "cause")
"""By which an execution is known; what else it holds may be left out."""
_NEEDED = f"{', '.join(_KEYS[:-1])} and {_KEYS[-1]}"
_LABEL = 60
"""Characters of a file's name that a label keeps."""


def execution_as_json(brought: BroughtFile) -> Run | None:
    """One execution as a JSON object. Raises BadInput for one that is not whole."""
    text, path = brought.text, brought.path
    entry = _execution_in(text)
    if entry is None:
        if _is_meant_as_execution(text):
            raise BadInput(
                f"{path}: neither a log nor a complete execution: a file holds one JSON object with {_NEEDED}"
            )
        return None
    known = {
        "machine": "unknown",
        "seconds": 0.0,
        "terminal": entry.get("output", entry["stdout"]),
        "origin": origin_of(entry),
    }
    execution = noun_of(Execution, {**known, **entry}, path)
    return Run(name_of(path), execution, imagined=execution.imagined)


def plain_log(brought: BroughtFile) -> Run:
    """Any text at all, as what a program printed. Raises BadInput where there is none."""
    path = brought.path
    if not brought.text.strip():
        raise BadInput(f"{path}: {'nothing came' if path == STANDARD_INPUT else 'the file is empty'}")
    return Run(name_of(path), printed(as_left(brought.text), path))


def printed(text: str, path: Path) -> Execution:
    """What a program printed, as an execution of which nothing else is known."""
    exit_code, cause = exit_code_of(text, cut=False)
    return Execution("log", str(path), exit_code, cause, 0.0, text, text, origin=Origin.CLAIMED)


def output_of_a_run(brought: BroughtFile) -> Run | None:
    """An output that stands in a run folder, as that folder knows it."""
    path = brought.path
    folder = path.parent.parent
    if path.parent.name != "outputs" or not is_run_folder(folder):
        return None
    run = _folder(folder)
    for execution in run.executions:
        if path.name == f"{execution.label}.txt":
            program = next((program for program in run.programs if program.label == execution.program), None)
            return Run(name_of(path), execution, program, execution.imagined)
    return None


_folder = lru_cache(maxsize=2)(read_run)  # of a folder, many outputs are named at once


def _execution_in(text: str) -> dict[str, Any] | None:
    """What a JSON file says of an execution; None where it is anything else, such as a log of JSON lines."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(entry, dict) and set(_KEYS) <= entry.keys()
    return entry if is_one else None


def _is_meant_as_execution(text: str) -> bool:
    """Whether it begins as an execution or a list of them does: what is cut or lacks a key is no log."""
    opening = "".join(text.lstrip()[:100].split())[:2]
    return opening in ('{"', "[{") and '"stdout"' in text


def name_of(path: Path) -> str:
    """What a run is called after its file; one that comes through a pipe has no name of its own."""
    if path == STANDARD_INPUT:
        return "stdin"
    if path.parent.name == "fd":
        return f"pipe-{path.name}"
    kept = "".join(letter if letter.isalnum() or letter in "._-+=, " else "_" for letter in harmless(path.name))
    return kept[-_LABEL:].strip() or "log"
