"""Compares a recorded or claimed output with several real outputs. Lines that differ among the real outputs are
ignored."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gedanken.auditing.audited import Difference

_MOST_LINES = 2000
MOST_DIFFERENCES = 50
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DAYS, _MONTHS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_UNITS = r"ns|[uµ]s|ms|s|secs?|seconds?|min|minutes?|it/s|s/it|m\d+(?:\.\d+)?s"
_CLOCK = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(rf"\b(?:{_DAYS})\w*,? (?:\d{{1,2}} )?(?:{_MONTHS})\w*[\w: ]{{0,30}}"), "<date>"),
    (re.compile(rf"\b(?:{_MONTHS})\s+\d{{1,2}}\s+(?:\d\d:\d\d|\d{{4}})\b"), "<date>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(rf"\b\d+(?:\.\d+)?\s?(?:{_UNITS})(?![\w/])"), "<time>"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    (re.compile(r"/tmp/[\w./-]+"), "<temporary>"),
    (re.compile(r"\b(?:pid|PID)[ =:]*\d+"), "<pid>"),
)
"""Patterns of text that depends on the clock or on a single process, and what they are replaced by."""
_ABOUT_THE_MACHINE = re.compile(r"\s*(?:platform |rootdir:|plugins:|cachedir:|configfile:|Python \d|node v?\d)")
_LEFT_OUT = re.compile(r"\s*(?:\[?(?:\.{3}|…)\]?.*|\[[\d,]+ characters? left out\]|\[.*truncated\])\s*$")
_RULE = re.compile(r"([=_*#-])\1{2,}")


@dataclass(frozen=True, slots=True)
class Compared:
    """The result of comparing a recorded or claimed output with the real outputs."""

    differences: tuple[Difference, ...]
    noisy: int
    """Number of lines of the first real run that are ignored, because they differ among the real runs."""
    lines: int
    """Number of lines of the recorded or claimed output that are compared."""


def compare_outputs(said: str, real: Sequence[str], *, part: bool = False) -> Compared:
    """Compare `said` with the real outputs line by line. Other dates, times and temporary names do not count as
    differences, nor does another order of the lines.

    With `part`, lines of the real output may be missing in `said`, but each line of `said` must occur in the first
    real output.
    """
    ours = _lines(said)
    first, *others = [_lines(text) for text in real]
    unstable, patterns = _unstable(first, others)
    theirs = [(number, line) for number, line in first if number not in unstable]
    wanted = [(number, line) for number, line in ours if not _LEFT_OUT.match(line) and _pattern(line) not in patterns]
    if part:
        wanted = [(number, line) for number, line in wanted if line.strip()]
    ours_all, theirs_all = (Counter(line for _number, line in lines) for lines in (wanted, theirs))
    # in another order: the two streams of a command may have been recorded one after the other
    if ours_all == theirs_all or (part and ours_all <= theirs_all):
        return Compared((), len(unstable), len(wanted))
    shown = said.split("\n"), real[0].split("\n")
    found = tuple(_differences(wanted, theirs, shown, part=part))
    return Compared(found[:MOST_DIFFERENCES], len(unstable), len(wanted))


def _unstable(first: list[tuple[int, str]], others: list[list[tuple[int, str]]]) -> tuple[set[int], set[str]]:
    """Return the numbers of the first run's lines that another run lacks, and the patterns of all lines that some run
    lacks."""
    unstable: set[int] = set()
    patterns: set[str] = set()
    mine = {line for _number, line in first}
    for other in others:
        theirs = {line for _number, line in other}
        lost = [(number, line) for number, line in first if line not in theirs]
        unstable |= {number for number, _line in lost}
        patterns |= {_pattern(line) for line in (*(line for _number, line in lost), *(theirs - mine))}
    return unstable, patterns


def _differences(
    said: list[tuple[int, str]], real: list[tuple[int, str]], shown: tuple[list[str], list[str]], *, part: bool
) -> list[Difference]:
    found = []
    matcher = _matcher([line for _n, line in said], [line for _n, line in real])
    for what, said_from, said_to, real_from, real_to in matcher.get_opcodes():
        mine = [number for number, _line in said[said_from:said_to]]
        theirs = [number for number, _line in real[real_from:real_to]]
        if what == "equal" or (part and not mine):
            continue
        for at in range(len(mine) if part else max(len(mine), len(theirs))):
            one, other = (numbers[at] if at < len(numbers) else None for numbers in (mine, theirs))
            found.append(
                Difference(one, shown[0][one - 1] if one else "", other, shown[1][other - 1] if other else "")
            )
    return found


def _matcher(one: list[str], other: list[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, one[:_MOST_LINES], other[:_MOST_LINES], autojunk=False)


def _lines(text: str) -> list[tuple[int, str]]:
    """Return the lines that are compared, as pairs of line number and masked line."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not _ABOUT_THE_MACHINE.match(line):
            found.append((number, masked(line)))
    return found


def masked(line: str) -> str:
    """Replace dates, times, addresses, process ids and temporary paths by placeholders such as `<time>`, and shorten
    horizontal rules and blanks."""
    line = " ".join(line.split())
    for form, name in _CLOCK:
        line = form.sub(name, line)
    return _RULE.sub(r"\1\1\1", line)


def _pattern(line: str) -> str:
    return _NUMBER.sub("#", line)
