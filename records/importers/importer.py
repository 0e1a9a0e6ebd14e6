"""The interface of importers, each of which reads a supplied file as one run."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.records.importers.text_files import text_of_log
from gedanken.records.read_log import MOST_OUTPUT_BYTES


@dataclass(frozen=True)
class BroughtFile:
    """A supplied file, or standard input if the path is `-`."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The decompressed text. Raises BadInput if the file is missing, too large, or not text."""
        return text_of_log(self.path, MOST_OUTPUT_BYTES)


@dataclass(frozen=True)
class Run:
    """A run that an importer read from one file."""

    name: str
    """Name of the file. Unusual characters in it are replaced by `_`."""
    execution: Execution
    program: Program | None = None
    """The program, if the file or its run folder contains it."""
    imagined: bool | None = None
    """True if the file says that a model imagined the run, False if it says that a machine executed the program, None
    if it says neither.
    """
    notes: tuple[str, ...] = ()
    """Notes for the user on how the file was read."""


class Importer(Protocol):
    """A function that reads files of one format. Plug-ins register it under `gedanken.importers`."""

    def __call__(self, file: BroughtFile, /) -> Run | None:
        """Return the run in a file; None if it has another format.

        Raises BadInput, with the line number, if the file is damaged.
        """
