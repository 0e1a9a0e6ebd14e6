"""Surprisal: how unlikely the lines of an output were to a model."""

from dataclasses import dataclass
from typing import NamedTuple


class LineSurprisal(NamedTuple):
    """The surprisal of one line, including its line break."""

    number: int
    """Line number, counted from 1."""
    text: str
    nats: float
    tokens: int
    """Number of tokens in the line; 0 for a blank line that is part of a token of the previous line."""


Lines = tuple[LineSurprisal, ...]


@dataclass(frozen=True, slots=True)
class ProgramSurprisal:
    """The surprisal of a program's real output and of its imagined output, each None if it is not available."""

    program: str
    line: int
    """Index of the script line, counted from 0; -1 if it is not known."""
    real: Lines | None
    imagined: Lines | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """Why no surprisal is available for a model."""

    reason: str


Surprisal = tuple[ProgramSurprisal, ...] | NotAvailable
