"""Whose each printed line is: assigned to a print site of the program, near to one, or foreign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from compare.lines.print_sites import HOLE, PrintSite
from compare.lines.transcript import VALUE

NEARNESS = 75.0
"""Percent of likeness from which a line counts as a changed wording of a site, not as foreign."""

_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")


@dataclass(frozen=True, slots=True)
class Entry:
    """One printed line and what it is."""

    number: int
    """Counted from 1."""
    text: str
    kind: Literal["site", "literal", "foreign"]
    site: PrintSite | None = None


def keep_ledger(text: str, sites: Sequence[PrintSite]) -> tuple[Entry, ...]:
    """Assign every line that is not blank; a traceback is left out, for it is no print."""
    lines = text.splitlines()
    left_out = _tracebacks(lines)
    return tuple(
        _assign(number, line, sites)
        for number, line in enumerate(lines, start=1)
        if line.strip() and number - 1 not in left_out
    )


def _tracebacks(lines: Sequence[str]) -> set[int]:
    """Indices of the lines of tracebacks, each to its error's line and what is indented below that."""
    inside: set[int] = set()
    part, margin = "", 0
    for at, line in enumerate(lines):
        text = line.lstrip()
        is_at_margin = bool(text) and len(line) - len(text) <= margin
        if text.startswith(_TRACEBACK):
            part, margin = "frames", len(line) - len(text)
        elif part and is_at_margin and not text.startswith(_CHAINED):
            part = "message" if part == "frames" else ""
        if part:
            inside.add(at)
    return inside


def _assign(number: int, line: str, sites: Sequence[PrintSite]) -> Entry:
    text = line.strip()
    matching = [site for site in sites if site.makes(text)]
    if matching:
        closest = max(matching, key=lambda site: len(site.template.replace(HOLE, "")))
        return Entry(number, line, "site", closest)
    wordy = [site for site in sites if not site.is_open]
    scored = [(likeness(text, site), site) for site in wordy]
    score, nearest = max(scored, key=lambda one: one[0], default=(0.0, None))
    if nearest is not None and score >= NEARNESS:
        return Entry(number, line, "literal", nearest)
    return Entry(number, line, "foreign")


def likeness(text: str, site: PrintSite) -> float:
    """How alike the words of a line and of a site are, 0 to 100, all values set aside."""
    ours = " ".join(VALUE.sub(" ", text).split()).casefold()
    theirs = " ".join(VALUE.sub(" ", site.template.replace(HOLE, " ")).split()).casefold()
    if not ours or not theirs:
        return 0.0
    by_words = fuzz.token_set_ratio(ours, theirs) if len(theirs.split()) > 1 else 0.0
    return max(fuzz.ratio(ours, theirs), by_words)
