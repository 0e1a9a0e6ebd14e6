"""How unlikely the lines of an output were to a model."""

from dataclasses import dataclass
from typing import NamedTuple


class LineSurprisal(NamedTuple):
    """The surprisal of one line, its end included."""

    number: int
    """Counted from 1."""
    text: str
    nats: float
    tokens: int
    """0 for a blank line that is part of a token of the line before it."""


Lines = tuple[LineSurprisal, ...]


@dataclass(frozen=True, slots=True)
class ProgramSurprisal:
    """The surprisal of a real output beside that of the model's own; None where one is not available."""

    program: str
    line: int
    """Index into the script; -1 where it is not known."""
    real: Lines | None
    imagined: Lines | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """Why a model tells no surprisal."""

    reason: str


Surprisal = tuple[ProgramSurprisal, ...] | NotAvailable
