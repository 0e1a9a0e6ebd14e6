"""How surprised the model was at what was really printed, beside its own words."""

import math
from typing import NamedTuple

from gedanken.experiment.counts import many
from gedanken.experiment.surprisal import Lines, NotAvailable, ProgramSurprisal, Surprisal

LINES_SHOWN = 5


class Surprising(NamedTuple):
    """A line of the real output."""

    number: int
    """Counted from 1."""
    text: str
    nats: float


class ShownSurprisal(NamedTuple):
    """One program's."""

    program: str
    real: str
    """Such as `0.52 nats a token, 310 tokens`."""
    imagined: str
    most: tuple[Surprising, ...]
    """The lines of the real output that the model held least likely, in their order."""
    notes: tuple[str, ...]


def surprisal_of(found: Surprisal | None) -> tuple[ShownSurprisal, ...]:
    """Of each program that was asked about; empty where nothing is available."""
    return tuple(_shown(program) for program in found) if isinstance(found, tuple) else ()


def why_none(found: Surprisal | None) -> str:
    """Why the model's surprisal is not available; empty where it is, or was not asked for."""
    return found.reason if isinstance(found, NotAvailable) else ""


def _shown(program: ProgramSurprisal) -> ShownSurprisal:
    lines = [Surprising(line.number, line.text, line.nats) for line in program.real or ()]
    most = sorted(lines, key=lambda line: -line.nats)[:LINES_SHOWN]
    real, imagined = _mean(program.real), _mean(program.imagined)
    return ShownSurprisal(program.program, real, imagined, tuple(sorted(most)), program.notes)


def _mean(lines: Lines | None) -> str:
    tokens = sum(line.tokens for line in lines or ())
    if not tokens:
        return "not available"
    nats = math.fsum(line.nats for line in lines or ())
    return f"{nats / tokens:.2g} nats a token, {many(tokens, 'token')}"
