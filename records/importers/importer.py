"""The interface of an importer, which reads one supplied file as one run."""

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
        """The text of the file, decompressed; read once. Raises BadInput if the file is missing, too large, or
        not text.
        """
        return text_of_log(self.path, MOST_OUTPUT_BYTES)


@dataclass(frozen=True)
class Run:
    """The content of one file."""

    name: str
    """Name of the file, with control characters made harmless."""
    execution: Execution
    program: Program | None = None
    """The program, if the file or its run folder contains it."""
    imagined: bool | None = None
    """True if the file says that a model imagined the run; None if it says nothing."""
    notes: tuple[str, ...] = ()
    """Notes for the reader on how the file was read."""


class Importer(Protocol):
    """Reads one file of a further format. A plug-in registers it as an entry point in `gedanken.importers`."""

    def __call__(self, brought: BroughtFile, /) -> Run | None:
        """Read a file; None if it is not of the importer's kind. Raises BadInput, with the line, if it is damaged."""
