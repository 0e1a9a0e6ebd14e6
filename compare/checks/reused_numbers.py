"""Finds imagined runs that repeat numbers that an imagined run of an earlier program version showed."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

IN_A_ROW = 3
"""Minimum length of a sequence of different numbers that two runs share, for it to be no coincidence."""
FEWEST = 2
"""Minimum count of numbers in an output. With fewer, no number counts as repeated."""
COLUMNS = 8
"""Maximum number of columns examined one by one; a column holds, for example, the first number of every line."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,18}\.\d{3,18}(?:e[-+]?\d{1,3})?(?![\w.]*\d)", re.IGNORECASE | re.ASCII)


class _Number(NamedTuple):
    text: str
    line: int
    """Index of the line that shows the number, counted from 0."""
    column: int
    """How many numbers with three or more decimals precede this number in its line."""


@dataclass(frozen=True)
class _Numbers:
    """A run's numbers with three or more decimals, in order."""

    run: ParsedRun

    @cached_property
    def all(self) -> tuple[_Number, ...]:
        return tuple(
            _Number(found[0], line, column)
            for line, text in enumerate(self.run.lines)
            for column, found in enumerate(_NUMBER.finditer(text))
        )

    @cached_property
    def texts(self) -> frozenset[str]:
        return frozenset(number.text for number in self.all)


class _Repeat(NamedTuple):
    """Numbers of a run that repeat numbers of the run `old`, as pairs: (number, repeated number)."""

    old: ParsedRun
    pairs: Sequence[tuple[_Number, _Number]]


def reused_numbers(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers with three or more decimals that an imagined run of an earlier version already showed.

    Three in a row must be repeated, or two if the run shows only two. Numbers that all real runs print do not count.
    Nothing is reported if real runs of the versions repeat each other, or cannot be compared.
    """
    real = [_Numbers(run) for run in run_set.real]
    versions = _by_version(run_set.earlier)
    said: list[tuple[_Numbers, frozenset[str]]] = []
    for runs in versions:
        before = [run for run in runs if not run.run.execution.imagined]
        constants = _common([*real, *before])
        if _really_repeats(run_set, real, before, constants) is False:
            said += [(run, constants) for run in runs if run.run.execution.imagined]
    for run in run_set.imagined:
        new = _Numbers(run)
        repeats = [found for old, constants in said if (found := _repeat(new, old, constants))]
        # Of equally long repeats, the first one is of the trunk, whose output was part of the session.
        most = max(repeats, key=lambda repeat: len(repeat.pairs), default=None)
        if most:
            first, repeated = most.pairs[0]
            words = ", ".join(number.text for number, _other in most.pairs[:IN_A_ROW])
            yield Finding(
                "numbers reused",
                (run.label,),
                (run.ref(first.line), most.old.ref(repeated.line)),
                expected="real runs of the two versions share no such numbers",
                observed=f"repeats {len(most.pairs)} numbers that {most.old.label} showed for another version, "
                f"such as {words}",
            )


def _by_version(runs: Iterable[ParsedRun]) -> list[list[_Numbers]]:
    versions: dict[str | None, list[_Numbers]] = {}
    for run in sorted(runs, key=lambda run: run.execution.sample or 0):
        versions.setdefault(run.execution.program, []).append(_Numbers(run))
    return list(versions.values())


def _common(runs: Sequence[_Numbers]) -> frozenset[str]:
    return frozenset.intersection(*(run.texts for run in runs)) if runs else frozenset()


def _repeat(new: _Numbers, old: _Numbers, left_out: Set[str]) -> _Repeat | None:
    ours, theirs = ([number for number in side.all if number.text not in left_out] for side in (new, old))
    row = min(IN_A_ROW, len(ours))
    if row < FEWEST:
        return None
    found = [_in_a_row(ours, theirs, row)]
    for column in range(COLUMNS):
        one, other = ([number for number in numbers if number.column == column] for numbers in (ours, theirs))
        found.append(_in_a_row(one, other, row))
    most = max(found, key=len)
    return _Repeat(old.run, most) if most else None


def _in_a_row(new: Sequence[_Number], old: Sequence[_Number], row: int) -> list[tuple[_Number, _Number]]:
    """Return equal numbers as pairs (new, old), if they lie in a common sequence of `row` different numbers."""
    places: dict[tuple[str, ...], int] = {}
    for at in range(len(old) - row + 1):
        places.setdefault(tuple(number.text for number in old[at : at + row]), at)
    found: dict[int, _Number] = {}
    for at in range(len(new) - row + 1):
        texts = tuple(number.text for number in new[at : at + row])
        if texts in places and len(set(texts)) == row:
            found |= {at + step: old[places[texts] + step] for step in range(row)}
    return [(new[at], other) for at, other in sorted(found.items())]


def _really_repeats(
    run_set: RunSet, real: Sequence[_Numbers], before: Sequence[_Numbers], constants: Set[str]
) -> bool | None:
    """Return whether a real run in `real` repeats one in `before`; None if no two of them can be compared."""
    ours, theirs = ([run for run in runs if run.run.execution.arm == "as written"] for runs in (real, before))
    is_noisy = len({tuple(number.text for number in run.all) for run in ours}) > 1
    is_fixed = run_set.source is not None and run_set.source.fixes_its_seed()
    repeats = [
        _repeat(run, other, constants if is_noisy else frozenset()) is not None
        for run in ours
        for other in theirs
        # Two runs with the same seed may share numbers for that reason alone.
        if is_fixed or run.run.execution.seed != other.run.execution.seed
    ]
    return any(repeats) if repeats else None
