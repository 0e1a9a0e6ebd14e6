"""Prepares the surprisal for the report: how improbable the real and the imagined output are for the model."""

import math
from typing import NamedTuple

from gedanken.experiment.counts import format_count
from gedanken.experiment.surprisal import Lines, NotAvailable, ProgramSurprisal, Surprisal

LINES_SHOWN = 5


class SurprisingLine(NamedTuple):
    """A line of the real output, with its surprisal in nats."""

    number: int
    text: str
    nats: float


class ShownSurprisal(NamedTuple):
    """The surprisal of one program's outputs, prepared for display."""

    program: str
    real: str
    """Surprisal of the real output in words, for example `0.52 nats per token, 310 tokens`."""
    imagined: str
    most: tuple[SurprisingLine, ...]
    """The lines of the real output that the model found least probable, in the order of the output."""
    notes: tuple[str, ...]


def surprisal_of(surprisal: Surprisal | None) -> tuple[ShownSurprisal, ...]:
    """Return the surprisal of each program for which it was computed; empty if there is none."""
    return tuple(_prepare_program(program) for program in surprisal) if isinstance(surprisal, tuple) else ()


def unavailable_reason(surprisal: Surprisal | None) -> str:
    """Return why the surprisal is not available; empty if it is available, or was not requested."""
    return surprisal.reason if isinstance(surprisal, NotAvailable) else ""


def _prepare_program(program: ProgramSurprisal) -> ShownSurprisal:
    lines = [SurprisingLine(line.number, line.text, line.nats) for line in program.real or ()]
    least_probable = sorted(lines, key=lambda line: -line.nats)[:LINES_SHOWN]
    real, imagined = _format_mean(program.real), _format_mean(program.imagined)
    return ShownSurprisal(program.program, real, imagined, tuple(sorted(least_probable)), program.notes)


def _format_mean(lines: Lines | None) -> str:
    tokens = sum(line.tokens for line in lines or ())
    if not tokens:
        return "not available"
    nats = math.fsum(line.nats for line in lines or ())
    return f"{nats / tokens:.2g} nats per token, {format_count(tokens, 'token')}"
