"""Finds imagined runs that repeat numbers from an imagined run of an earlier program version."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

MIN_SEQUENCE_LENGTH = 3
"""Two runs do not by coincidence share a sequence of at least this many different numbers."""
FEWEST = 2
"""If a run has fewer numbers than this, it is not searched for repeated numbers."""
COLUMNS = 8
"""Maximum number of columns that are searched separately.

A column consists, for example, of the first number in every line.
"""
_NUMBER = re.compile(r"(?<![\w.])\d{1,18}\.\d{3,18}(?:e[-+]?\d{1,3})?(?![\w.]*\d)", re.IGNORECASE | re.ASCII)


class _Number(NamedTuple):
    text: str
    line: int
    """Index of the line that shows the number, counted from 0."""
    column: int
    """How many numbers with three or more decimals come before this one in its line."""


@dataclass(frozen=True)
class _RunNumbers:
    """All numbers with three or more decimals that a run shows, in their order."""

    run: ParsedRun

    @cached_property
    def all(self) -> tuple[_Number, ...]:
        return tuple(
            _Number(match[0], line, column)
            for line, text in enumerate(self.run.lines)
            for column, match in enumerate(_NUMBER.finditer(text))
        )

    @cached_property
    def texts(self) -> frozenset[str]:
        return frozenset(number.text for number in self.all)


class _Repeat(NamedTuple):
    """Numbers that a run has in common with the earlier run `old`, as pairs (number in the run, number in `old`)."""

    old: ParsedRun
    pairs: Sequence[tuple[_Number, _Number]]


def reused_numbers(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers with three or more decimals that an imagined run repeats from an imagined run of an earlier
    version.

    At least three numbers in a row must be repeated, or two if the run shows only two. Numbers that all real runs
    print do not count. Nothing is reported if real runs of the two versions repeat each other, or cannot be compared.
    """
    real = [_RunNumbers(run) for run in run_set.real]
    versions = _group_by_version(run_set.earlier)
    earlier_imagined: list[tuple[_RunNumbers, frozenset[str]]] = []
    for runs in versions:
        real_before = [run for run in runs if not run.run.execution.imagined]
        constants = _common_texts([*real, *real_before])
        if _real_runs_repeat(run_set, real, real_before, constants) is False:
            earlier_imagined += [(run, constants) for run in runs if run.run.execution.imagined]
    for run in run_set.imagined:
        new = _RunNumbers(run)
        repeats = [
            repeat for earlier, constants in earlier_imagined if (repeat := _find_repeat(new, earlier, constants))
        ]
        # Of equally long repeats, the first one is of the trunk, whose output was part of the session.
        longest = max(repeats, key=lambda repeat: len(repeat.pairs), default=None)
        if longest:
            first, repeated = longest.pairs[0]
            words = ", ".join(number.text for number, _repeated in longest.pairs[:MIN_SEQUENCE_LENGTH])
            yield Finding(
                "numbers reused",
                (run.label,),
                (run.ref(first.line), longest.old.ref(repeated.line)),
                expected="real runs of the two versions share no such numbers",
                observed=f"repeats {len(longest.pairs)} numbers that {longest.old.label} showed for another version, "
                f"such as {words}",
            )


def _group_by_version(runs: Iterable[ParsedRun]) -> list[list[_RunNumbers]]:
    versions: dict[str | None, list[_RunNumbers]] = {}
    for run in sorted(runs, key=lambda run: run.execution.sample or 0):
        versions.setdefault(run.execution.program, []).append(_RunNumbers(run))
    return list(versions.values())


def _common_texts(runs: Sequence[_RunNumbers]) -> frozenset[str]:
    return frozenset.intersection(*(run.texts for run in runs)) if runs else frozenset()


def _find_repeat(new: _RunNumbers, old: _RunNumbers, excluded: Set[str]) -> _Repeat | None:
    new_numbers, old_numbers = (
        [number for number in run_numbers.all if number.text not in excluded] for run_numbers in (new, old)
    )
    length = min(MIN_SEQUENCE_LENGTH, len(new_numbers))
    if length < FEWEST:
        return None
    sequences = [_match_sequences(new_numbers, old_numbers, length)]
    for column in range(COLUMNS):
        new_column, old_column = (
            [number for number in numbers if number.column == column] for numbers in (new_numbers, old_numbers)
        )
        sequences.append(_match_sequences(new_column, old_column, length))
    longest = max(sequences, key=len)
    return _Repeat(old.run, longest) if longest else None


def _match_sequences(new: Sequence[_Number], old: Sequence[_Number], length: int) -> list[tuple[_Number, _Number]]:
    """Return pairs (new, old) of equal numbers that are part of a sequence in both lists.

    The sequence must consist of `length` different numbers, for example 0.812, 0.745, 0.701.
    """
    starts: dict[tuple[str, ...], int] = {}
    for index in range(len(old) - length + 1):
        starts.setdefault(tuple(number.text for number in old[index : index + length]), index)
    matches: dict[int, _Number] = {}
    for index in range(len(new) - length + 1):
        texts = tuple(number.text for number in new[index : index + length])
        if texts in starts and len(set(texts)) == length:
            matches |= {index + step: old[starts[texts] + step] for step in range(length)}
    return [(new[index], repeated) for index, repeated in sorted(matches.items())]


def _real_runs_repeat(
    run_set: RunSet, real: Sequence[_RunNumbers], earlier: Sequence[_RunNumbers], constants: Set[str]
) -> bool | None:
    """Return whether a real run in `real` repeats one in `earlier`; None if no two of them can be compared."""
    real_runs, earlier_runs = (
        [run for run in runs if run.run.execution.arm == "as written"] for runs in (real, earlier)
    )
    is_noisy = len({tuple(number.text for number in run.all) for run in real_runs}) > 1
    is_fixed = run_set.source is not None and run_set.source.sets_seed()
    repeats = [
        _find_repeat(run, earlier_run, constants if is_noisy else frozenset()) is not None
        for run in real_runs
        for earlier_run in earlier_runs
        # Two runs with the same seed may share numbers for that reason alone.
        if is_fixed or run.run.execution.seed != earlier_run.run.execution.seed
    ]
    return any(repeats) if repeats else None
