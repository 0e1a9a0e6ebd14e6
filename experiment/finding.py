"""Findings of an analysis, and the lines that they point to."""

from dataclasses import dataclass
from typing import Literal

Stream = Literal["stdout", "terminal"]
"""An output of an execution. `terminal`: standard output and standard error together, as a terminal shows them."""


@dataclass(frozen=True, slots=True)
class LineRef:
    """One line of one output or of a program."""

    source: str
    """Label of the execution, or of the program version."""
    number: int
    """Line number, counted from 1."""
    text: str
    counted_in: Stream | Literal["source"]
    """The text in which the line has this number: one of the outputs, or the source of the program."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference or a contradiction that a check found. `compare/sentences.py` words it."""

    check: str
    """Name of the check that found it, for example `literal differs`."""
    runs: tuple[str, ...] = ()
    """Labels of the runs that the finding is about."""
    evidence: tuple[LineRef, ...] = ()
    expected: str = ""
    """A clause: what real runs show, or what the source or the persona says."""
    observed: str = ""
    """A clause: what the runs in `runs` show."""
    explained_by: str | None = None
    """Name of the deliberately false fact of the persona that explains this finding; None if no such fact does."""
    subject: str = ""
    """What the finding is about, if its check examines several things: a command, or the name of a series."""
    of: int = 0
    """Number of imagined runs that were examined together; 0 if the check examines each run by itself."""
    caution: str = ""
    """A caveat for the reader, as a sentence."""
    which: str = ""
    """The exact place, for example `epoch 7`. Lists of kinds of findings show it in brackets after the kind."""
