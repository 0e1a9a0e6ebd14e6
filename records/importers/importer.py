"""What an importer is: it reads one file that somebody brings as one run."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from gedanken.experiment.execution import Execution
from gedanken.experiment.program import Program
from gedanken.records.importers.opened import text_of_log
from gedanken.records.read_log import MOST_OUTPUT_BYTES


@dataclass(frozen=True)
class BroughtFile:
    """A file, or standard input where the path is `-`."""

    path: Path

    @cached_property
    def text(self) -> str:
        """Its text, unpacked; read once. Raises BadInput for what is missing, too large or no text."""
        return text_of_log(self.path, MOST_OUTPUT_BYTES)


@dataclass(frozen=True)
class Run:
    """What was read off one file."""

    name: str
    """The file's, made harmless."""
    execution: Execution
    program: Program | None = None
    """Where the file, or a run folder around it, tells."""
    imagined: bool | None = None
    """Whether the file says that a model imagined it; None where it does not say."""
    notes: tuple[str, ...] = ()
    """What a reader must know of how it was read."""


class Importer(Protocol):
    """What an entry point in `gedanken.importers` names."""

    def __call__(self, brought: BroughtFile, /) -> Run | None:
        """Read a file; None where it is none of its kind. Raises BadInput, with the line, for one that is damaged."""
