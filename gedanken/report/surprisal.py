"""How surprised the model was at what was really printed, beside its own words, read off `run.json`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gedanken.experiment.counts import many

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


def surprisal_of(about: Mapping[str, Any]) -> tuple[ShownSurprisal, ...]:
    """Of each program that was asked about; empty where nothing is available."""
    found = about.get("surprise")
    return tuple(_shown(one) for one in found) if isinstance(found, list) else ()


def why_none(about: Mapping[str, Any]) -> str:
    """Why the model's surprise is not available; empty where it is, or was not asked for."""
    found = about.get("surprise")
    return str(found.get("not available", "")) if isinstance(found, dict) else ""


def _shown(one: Mapping[str, Any]) -> ShownSurprisal:
    lines = [Surprising(line["number"], line["text"], line["nats"]) for line in one["real"] or ()]
    most = sorted(lines, key=lambda line: -line.nats)[:LINES_SHOWN]
    notes = tuple(one.get("notes") or ())
    return ShownSurprisal(str(one["program"]), _mean(one["real"]), _mean(one["imagined"]), tuple(sorted(most)), notes)


def _mean(lines: Sequence[Mapping[str, Any]] | None) -> str:
    tokens = sum(line["tokens"] for line in lines or ())
    if not tokens:
        return "not available"
    nats = math.fsum(line["nats"] for line in lines or ())
    return f"{nats / tokens:.2g} nats a token, {many(tokens, 'token')}"
