"""Finds imagined runs that repeat a sequence of numbers from another run of the same program version."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.value_columns import EXPONENT
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, evidence
from gedanken.experiment.finding import Finding, LineRef

# Three would be too few: accuracies on a few hundred images take few values (measured by benchmarks/false_alarms.py).
IN_A_ROW = 5
"""Minimum length of a shared sequence that is no coincidence, unless real runs share numbers too."""
DECIMALS = 3
TOLD = 3
NO_SUCH_ROWS = "no two real runs share such a sequence"
FEWEST_REAL = 3
COLUMNS = 8
"""Maximum number of columns examined one by one; a column holds, for example, the first number of every line."""
LONGEST = 20
"""If real runs share a sequence of this length, they repeat one another. Imagined runs may then repeat numbers too,
and nothing is reported."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 1 << 15
"""Number of sequences that are hashed at a time, few enough to fit into a processor's cache."""

_SLOT_BITS = 20

Numbers = NDArray[np.float64]


class _Stream(NamedTuple):
    """Selected numbers of one run, in printed order, each with the index of its line."""

    run: ParsedRun
    values: Numbers
    lines: NDArray[np.int32]


class _Copy(NamedTuple):
    ours: _Stream
    theirs: _Stream
    at: int
    """Index in `ours` at which the first shared sequence begins."""
    there: int
    numbers: int
    """How many numbers of `ours` are part of a shared sequence."""


def copied_numbers(run_set: RunSet) -> Iterable[Finding]:
    """Find sequences of numbers, too long for chance, that an imagined run shares with another run.

    Only numbers with three or more decimals count, except those that all real runs show. Nothing is reported if the
    program fixes its seed, or if the real runs have fewer than three seeds.
    """
    seeds = {run.execution.seed for run in run_set.real}
    if len(seeds) < FEWEST_REAL or (run_set.source is not None and run_set.source.fixes_its_seed()):
        return
    fine = [_fine(run) for run in (*run_set.real, *run_set.imagined)]
    constants = np.unique(fine[0].values)
    for stream in fine[1 : len(run_set.real)]:
        constants = np.intersect1d(constants, stream.values)
    varying = [_varying(stream, constants) for stream in fine]
    copies = [
        copy
        for column in (None, *range(COLUMNS))
        for copy in _copies(run_set, [_column(stream, places, column) for stream, places in varying])
    ]
    yield from _told(run_set, copies)


def _told(run_set: RunSet, copies: Sequence[_Copy]) -> Iterator[Finding]:
    for run in run_set.imagined:
        of_real = [copy for copy in copies if copy.ours.run is run and not copy.theirs.run.execution.imagined]
        if of_real:
            most = max(of_real, key=lambda copy: copy.numbers)
            yield Finding(
                "numbers copied",
                (run.label,),
                _refs(most),
                expected=NO_SUCH_ROWS,
                observed=f"repeats {most.numbers} numbers of {most.theirs.run.label}, such as the sequence "
                f"{_words(most)}",
            )
    repeats = [copy for copy in copies if copy.theirs.run.execution.imagined]
    if repeats:
        runs = dict.fromkeys(copy.ours.run.label for copy in repeats)
        runs |= dict.fromkeys(copy.theirs.run.label for copy in repeats)
        most = max(repeats, key=lambda copy: copy.numbers)
        yield Finding(
            "samples repeat each other",
            tuple(runs),
            evidence([ref for copy in (most, *repeats) for ref in _refs(copy)]),
            expected=NO_SUCH_ROWS,
            observed=f"show the same numbers, such as the sequence {_words(most)}",
            of=len(run_set.imagined),
        )


def _words(copy: _Copy) -> str:
    return ", ".join(f"{value:g}" for value in copy.ours.values[copy.at : copy.at + TOLD])


def _refs(copy: _Copy) -> tuple[LineRef, ...]:
    return (
        copy.ours.run.ref(int(copy.ours.lines[copy.at])),
        copy.theirs.run.ref(int(copy.theirs.lines[copy.there])),
    )


def _fine(run: ParsedRun) -> _Stream:
    """Return a run's numbers that have at least three decimals and no exponent."""
    script = run.transcript
    line = np.repeat(np.arange(len(script.lines), dtype=np.int32), np.diff(script.starts))
    is_fine = (script.decimals >= DECIMALS) & (script.decimals < EXPONENT)
    return _Stream(run, script.values[is_fine], line[is_fine])


def _varying(stream: _Stream, constants: Numbers) -> tuple[_Stream, NDArray[np.int32]]:
    """Return the numbers that are not in `constants`, and the index of each among all numbers of its line."""
    at = np.arange(len(stream.lines), dtype=np.int32)
    begins = np.concatenate([[True], stream.lines[1:] != stream.lines[:-1]])[: len(at)]
    places = at - np.maximum.accumulate(np.where(begins, at, np.int32(0)))
    kept = ~_are_among(stream.values, constants)
    return _Stream(stream.run, stream.values[kept], stream.lines[kept]), places[kept]


def _are_among(values: Numbers, known: Numbers) -> NDArray[np.bool_]:
    """Return which values are in `known`. Most that are not are told by a short hash, in a fraction of the time."""
    is_used = np.zeros(1 << _SLOT_BITS, bool)
    is_used[_slots(known)] = True
    found = is_used[_slots(values)]
    found[found] = np.isin(values[found], known)
    return found


def _slots(values: Numbers) -> NDArray[np.int64]:
    """Return a hash of `_SLOT_BITS` bits for each value."""
    bits = (values + 0.0).view(np.uint64)  # -0.0 is equal to 0.0
    return ((bits * _FACTOR) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def _column(stream: _Stream, places: NDArray[np.int32], column: int | None) -> _Stream:
    """Return the numbers of one column, or of all columns if `column` is None, without immediate repetitions."""
    kept = slice(None) if column is None else places == column
    values, lines = stream.values[kept], stream.lines[kept]
    fresh = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    return _Stream(stream.run, values[fresh], lines[fresh])


def _copies(run_set: RunSet, streams: Sequence[_Stream]) -> Iterator[_Copy]:
    real, imagined = streams[: len(run_set.real)], streams[len(run_set.real) :]
    if not any(len(stream.values) >= IN_A_ROW for stream in imagined):
        return
    shared = 0
    # What the first numbers share is found without all of them.
    beginnings = [stream._replace(values=stream.values[:_BLOCK]) for stream in real]
    while shared < LONGEST and (_share(beginnings, shared + 1) or _share(real, shared + 1)):
        shared += 1
    if shared == LONGEST:
        return
    # `shared` is the length of the longest sequence that two real runs with different seeds share.
    row = 2 * shared + IN_A_ROW
    for ours, theirs in _sharing([*real, *imagined], len(real), row):
        copy = _copy(ours, theirs, row)
        if copy:
            yield copy


def _sharing(streams: Sequence[_Stream], real: int, row: int) -> Iterator[tuple[_Stream, _Stream]]:
    """Yield each imagined stream with the first other stream that shares a sequence of `row` numbers. `real` is the
    number of real streams, which come first."""
    rows = [_distinct(_rows(stream.values, row)) for stream in streams]
    repeated = _distinct(_repeated(np.concatenate(rows)))
    if not len(repeated):
        return
    rows = [repeated[np.isin(repeated, hashes)] for hashes in rows]
    keys = np.concatenate(rows)
    owners = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))[: len(keys)]
    first = owners[np.repeat(begins, np.diff(np.append(begins, len(keys))))]
    shared = np.unique(np.stack([owners, first], axis=1)[(owners >= real) & (first != owners)], axis=0)
    yield from ((streams[ours], streams[theirs]) for ours, theirs in shared.tolist())


def _share(streams: Sequence[_Stream], row: int) -> bool:
    """Return whether two streams with different seeds have a sequence of `row` numbers in common."""
    by_seed: dict[int | None, list[NDArray[np.uint64]]] = {}
    for stream in streams:
        by_seed.setdefault(stream.run.execution.seed, []).append(_rows(stream.values, row))
    of_seeds = [_distinct(rows[0] if len(rows) == 1 else np.concatenate(rows)) for rows in by_seed.values()]
    return bool(len(_repeated(np.concatenate(of_seeds))))


def _copy(ours: _Stream, theirs: _Stream, row: int) -> _Copy | None:
    here, there = _rows(ours.values, row), _rows(theirs.values, row)
    _common, first, other = np.intersect1d(here, there, return_indices=True)
    for at, its in sorted(zip(first.tolist(), other.tolist(), strict=True))[:LONGEST]:
        values = ours.values[at : at + row]
        # Two sequences can have the same hash; a model might even construct such a pair.
        if len(np.unique(values)) >= IN_A_ROW and np.array_equal(values, theirs.values[its : its + row]):
            begins = np.flatnonzero(np.isin(here, there))
            numbers = np.unique(begins[:, None] + np.arange(row)).size
            return _Copy(ours, theirs, at, its, numbers)
    return None


def _rows(values: Numbers, row: int) -> NDArray[np.uint64]:
    """Hash each sequence of `row` consecutive numbers."""
    hashes = np.zeros(max(0, len(values) - row + 1), np.uint64)
    for start in range(0, len(hashes), _BLOCK):
        part = hashes[start : start + _BLOCK]
        bits = values[start : start + _BLOCK + row - 1].view(np.uint64)
        bits = (bits ^ (bits >> np.uint64(29))) * _FACTOR
        for step in range(row):
            part ^= part >> np.uint64(31)
            part *= _FACTOR
            part += bits[step : step + len(part)]
    return hashes


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct hashes, sorted; `hashes` itself is sorted too."""
    # Sorting is faster than a hash table, and copying millions of hashes takes longer than sorting them.
    hashes.sort()
    once: NDArray[np.uint64] = hashes[np.concatenate([[True], hashes[1:] != hashes[:-1]])[: len(hashes)]]
    return once


def _repeated(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes that occur more than once, sorted; `hashes` itself is sorted too."""
    hashes.sort()
    again: NDArray[np.uint64] = hashes[1:][hashes[1:] == hashes[:-1]]
    return again
