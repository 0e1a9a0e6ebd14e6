"""One thing that an analysis found out."""

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
    """A difference or a contradiction, as fields; its sentence is made where it is shown."""

    check: str
    """What was looked for, such as `literal differs`."""
    runs: tuple[str, ...] = ()
    """Labels of the runs that it is on."""
    evidence: tuple[LineRef, ...] = ()
    expected: str = ""
    """What real runs show, or what the source or the persona says: a clause."""
    observed: str = ""
    """What these runs show: a clause."""
    explained_by: str | None = None
    """The fact that the persona claims falsely on purpose, where that accounts for this finding."""
    subject: str = ""
    """What was looked at, where a check looks at several things: a command, the name of a series."""
    of: int = 0
    """How many runs were looked at together; 0 where each was by itself."""
    caution: str = ""
    """What a reader must bear in mind, as a sentence."""
