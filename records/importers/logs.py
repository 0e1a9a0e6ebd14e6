"""The built-in importers: for an output in a run folder, an execution as JSON, and any log."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from gedanken.agents.terminal import infer_exit_code
from gedanken.experiment.errors import BadInput
from gedanken.experiment.escaping import harmless
from gedanken.experiment.execution import Execution, Origin
from gedanken.records.importers.importer import BroughtFile, Run
from gedanken.records.importers.terminal_text import final_screen_text
from gedanken.records.importers.text_files import STANDARD_INPUT
from gedanken.records.old_folders import origin_of
from gedanken.records.plain_values import build_value
from gedanken.records.read_run import is_run_folder, read_run

_REQUIRED_KEYS = ("command", "stdout", "exit_code", "cause")
"""A JSON object is read as an execution if it has these keys; all other keys are optional."""
_REQUIRED_KEYS_TEXT = f"{', '.join(_REQUIRED_KEYS[:-1])} and {_REQUIRED_KEYS[-1]}"
_STDOUT_KEY = re.compile(r'"stdout"\s*:')
_MAX_NAME_LENGTH = 60
"""Maximum number of characters of a run's name, which is derived from the file name."""


def execution_as_json(file: BroughtFile) -> Run | None:
    """Read an execution from a JSON object; None for other texts. Raises BadInput if the execution is incomplete."""
    text, path = file.text, file.path
    entry = _parse_execution(text)
    if entry is None:
        if _looks_like_execution(text):
            raise BadInput(
                f"{path}: neither a log nor a complete stored execution (one JSON object with {_REQUIRED_KEYS_TEXT})"
            )
        return None
    defaults = {
        "machine": "unknown",
        "seconds": 0.0,
        "terminal": entry.get("output", entry["stdout"]),
        "origin": origin_of(entry),
    }
    execution = build_value(Execution, {**defaults, **entry}, path)
    return Run(name_of(path), execution, imagined=execution.imagined)


def plain_log(file: BroughtFile) -> Run:
    """Read any text as a program's output. Raises BadInput if it is empty."""
    path = file.path
    if not file.text.strip():
        raise BadInput("standard input was empty" if path == STANDARD_INPUT else f"{path}: the file is empty")
    return Run(name_of(path), printed(final_screen_text(file.text), path))


def printed(text: str, path: Path) -> Execution:
    """Return an execution with the output `text`. Its command is the path; its exit code is inferred from `text`."""
    exit_code, cause = infer_exit_code(text, cut=False)
    return Execution("log", str(path), exit_code, cause, 0.0, text, text, origin=Origin.CLAIMED)


def output_of_a_run(file: BroughtFile) -> Run | None:
    """Return the execution whose output is this file in the folder `outputs` of a run, with its program.

    None if the file is not such an output.
    """
    path = file.path
    folder = path.parent.parent
    if path.parent.name != "outputs" or not is_run_folder(folder):
        return None
    run = _read_run_cached(folder)
    for execution in run.executions:
        if path.name == f"{execution.label}.txt":
            program = next((program for program in run.programs if program.label == execution.program), None)
            return Run(name_of(path), execution, program, execution.imagined)
    return None


_read_run_cached = lru_cache(maxsize=2)(read_run)  # because users often give many outputs of one folder


def _parse_execution(text: str) -> dict[str, Any] | None:
    """Return the execution in a JSON text; None for any other text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_execution = isinstance(entry, dict) and set(_REQUIRED_KEYS) <= entry.keys()
    return entry if is_execution else None


def _looks_like_execution(text: str) -> bool:
    """Return whether a text begins like the JSON of an execution, even if it is incomplete."""
    opening = "".join(text.lstrip()[:100].split())[:2]
    return opening in ('{"', "[{") and _STDOUT_KEY.search(text) is not None


def name_of(path: Path) -> str:
    """Return the name of a run: its file's name, `stdin`, or `pipe-63` for `/dev/fd/63`."""
    if path == STANDARD_INPUT:
        return "stdin"
    if path.parent.name == "fd":
        return f"pipe-{path.name}"
    name = "".join(letter if letter.isalnum() or letter in "._-+=, " else "_" for letter in harmless(path.name))
    return name[-_MAX_NAME_LENGTH:].strip() or "log"
