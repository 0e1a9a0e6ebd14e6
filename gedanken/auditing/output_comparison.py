"""Compares a recorded or claimed output with several real outputs.

Lines that differ among the real outputs are ignored.
"""

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
_PLACEHOLDERS = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(rf"\b(?:{_DAYS})\w*,? (?:\d{{1,2}} )?(?:{_MONTHS})\w*[\w: ]{{0,30}}"), "<date>"),
    (re.compile(rf"\b(?:{_MONTHS})\s+\d{{1,2}}\s+(?:\d\d:\d\d|\d{{4}})\b"), "<date>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(rf"\b\d+(?:\.\d+)?\s?(?:{_UNITS})(?![\w/])"), "<time>"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    (re.compile(r"/tmp/[\w./-]+"), "<temporary>"),
    (re.compile(r"\b(?:pid|PID)[ =:]*\d+"), "<pid>"),
)
"""Patterns of text that changes with the clock or the process, each with the placeholder that replaces it."""
_MACHINE_LINE = re.compile(r"\s*(?:platform |rootdir:|plugins:|cachedir:|configfile:|Python \d|node v?\d)")
_OMISSION_MARK = re.compile(r"\s*(?:\[?(?:\.{3}|…)\]?.*|\[[\d,]+ characters? left out\]|\[.*truncated\])\s*$")
_HORIZONTAL_RULE = re.compile(r"([=_*#-])\1{2,}")


@dataclass(frozen=True, slots=True)
class OutputComparison:
    """The result of comparing a recorded or claimed output with the real outputs."""

    differences: tuple[Difference, ...]
    noisy_lines: int
    """Number of lines of the first real run that are ignored because they differ among the real runs."""
    lines: int
    """Number of lines of the recorded or claimed output that are compared."""


def compare_outputs(said: str, real: Sequence[str], *, part: bool = False) -> OutputComparison:
    """Compare the output `said` with the real outputs line by line.

    Dates, times, temporary names and the order of the lines may differ. If `part` is True, `said` may be only a part
    of the output, but each of its lines must occur in the first real output.
    """
    recorded_lines = _masked_lines(said)
    first_run, *other_runs = [_masked_lines(text) for text in real]
    unstable, patterns = _find_unstable_lines(first_run, other_runs)
    real_lines = [(number, line) for number, line in first_run if number not in unstable]
    compared_lines = [
        (number, line)
        for number, line in recorded_lines
        if not _OMISSION_MARK.match(line) and _mask_numbers(line) not in patterns
    ]
    if part:
        compared_lines = [(number, line) for number, line in compared_lines if line.strip()]
    recorded_counts, real_counts = (
        Counter(line for _number, line in lines) for lines in (compared_lines, real_lines)
    )
    # the order may differ, because the two streams of a command may have been recorded one after the other
    if recorded_counts == real_counts or (part and recorded_counts <= real_counts):
        return OutputComparison((), len(unstable), len(compared_lines))
    original_lines = said.split("\n"), real[0].split("\n")
    differences = tuple(_list_differences(compared_lines, real_lines, original_lines, part=part))
    return OutputComparison(differences[:MOST_DIFFERENCES], len(unstable), len(compared_lines))


def _find_unstable_lines(
    first_run: list[tuple[int, str]], other_runs: list[list[tuple[int, str]]]
) -> tuple[set[int], set[str]]:
    """Find the lines that differ among the real runs.

    Return two sets: the numbers of those lines of the first run that are missing in another run, and the masked text
    of all lines that are missing in any run.
    """
    unstable: set[int] = set()
    patterns: set[str] = set()
    first_texts = {line for _number, line in first_run}
    for other_run in other_runs:
        other_texts = {line for _number, line in other_run}
        missing_lines = [(number, line) for number, line in first_run if line not in other_texts]
        unstable |= {number for number, _line in missing_lines}
        patterns |= {
            _mask_numbers(line) for line in (*(line for _number, line in missing_lines), *(other_texts - first_texts))
        }
    return unstable, patterns


def _list_differences(
    recorded: list[tuple[int, str]],
    real: list[tuple[int, str]],
    original_lines: tuple[list[str], list[str]],
    *,
    part: bool,
) -> list[Difference]:
    differences = []
    matcher = _sequence_matcher([line for _number, line in recorded], [line for _number, line in real])
    for tag, recorded_from, recorded_to, real_from, real_to in matcher.get_opcodes():
        recorded_numbers = [number for number, _line in recorded[recorded_from:recorded_to]]
        real_numbers = [number for number, _line in real[real_from:real_to]]
        if tag == "equal" or (part and not recorded_numbers):
            continue
        for index in range(len(recorded_numbers) if part else max(len(recorded_numbers), len(real_numbers))):
            recorded_number, real_number = (
                numbers[index] if index < len(numbers) else None for numbers in (recorded_numbers, real_numbers)
            )
            differences.append(
                Difference(
                    recorded_number,
                    original_lines[0][recorded_number - 1] if recorded_number else "",
                    real_number,
                    original_lines[1][real_number - 1] if real_number else "",
                )
            )
    return differences


def _sequence_matcher(recorded: list[str], real: list[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, recorded[:_MOST_LINES], real[:_MOST_LINES], autojunk=False)


def _masked_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines to compare, each as a pair of its number and its masked text."""
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not _MACHINE_LINE.match(line):
            lines.append((number, mask_line(line)))
    return lines


def mask_line(line: str) -> str:
    """Replace dates, times, addresses, process ids and temporary paths by placeholders such as `<time>`.

    Horizontal rules and rows of blanks are shortened.
    """
    line = " ".join(line.split())
    for pattern, placeholder in _PLACEHOLDERS:
        line = pattern.sub(placeholder, line)
    return _HORIZONTAL_RULE.sub(r"\1\1\1", line)


def _mask_numbers(line: str) -> str:
    return _NUMBER.sub("#", line)
