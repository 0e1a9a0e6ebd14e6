"""One thing the comparison found out."""

from dataclasses import dataclass
from typing import Literal

Stream = Literal["stdout", "terminal"]
"""The texts that are kept of an execution: its standard output, and both streams as a terminal shows them."""


@dataclass(frozen=True, slots=True)
class LineRef:
    """One line of one output, or of a program."""

    source: str
    """Label of the execution, or of the program version."""
    number: int
    """Counted from 1."""
    text: str
    counted_in: Stream | Literal["source"]
    """The text in which it has this number; all of them are kept."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference or a contradiction, in one plain sentence, with the lines it points at."""

    kind: str
    claim: str
    lines: tuple[LineRef, ...] = ()
    explained_by: str | None = None
    """The fact that the persona claims falsely on purpose, where that accounts for this finding."""
