"""Loads the programs that a script supplies, packaged ones or those in the user's folder, and applies the requested
changes.
"""

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from gedanken.experiment.errors import BadInput
from gedanken.experiment.files import read_text
from gedanken.experiment.script import Experiment, ScriptLine
from gedanken.probes.interventions import CannotChange, apply_change

_PACKAGED_NAME = re.compile(r"[a-z_]+")


def with_sources(experiment: Experiment, file_name: str, folder: Path) -> Experiment:
    """Return the experiment with the source of every supplied program filled in.

    Programs that are not packaged are read from `folder`. Raises BadInput, naming the experiment file (`file_name`)
    and the line.
    """
    if not any(line.give for line in experiment.script):
        return experiment
    return experiment.model_copy(update={"script": tuple(_lines_with_sources(experiment, file_name, folder))})


def check_supplied(experiment: Experiment) -> None:
    """Raise BadInput if the source of a supplied program is missing, or is hidden from the model."""
    supplied_lines = [line for line in experiment.script if line.give]
    if supplied_lines and experiment.conditions.source == "hidden":
        raise BadInput(
            "with --source hidden, the model would know nothing about the supplied program; use --source shown"
        )
    if any(line.source is None for line in supplied_lines):
        raise BadInput("the source of a supplied program is missing: load the experiment with load_experiment")


def _lines_with_sources(experiment: Experiment, file_name: str, folder: Path) -> Iterator[ScriptLine]:
    for number, line in enumerate(experiment.script, start=1):
        if not line.give:
            yield line
            continue
        try:
            source = line.source if line.source is not None else _read_program(line.program or "", folder)
            ast.parse(source)
            yield line.model_copy(update={"source": apply_change(source, line.change) if line.change else source})
        except CannotChange as error:
            raise BadInput(f"{file_name}: script line {number}: {error}") from error
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise BadInput(f"{file_name}: script line {number}: not valid Python: {error}") from error


def _read_program(program: str, folder: Path) -> str:
    packaged = resources.files("gedanken.probes") / "programs" / f"{program}.py"
    if _PACKAGED_NAME.fullmatch(program) and packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return read_text(folder / program, folder / program)
