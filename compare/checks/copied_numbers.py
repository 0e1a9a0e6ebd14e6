"""Finds imagined runs that repeat a sequence of numbers from another run of the same program version."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.value_columns import EXPONENT
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, select_evidence
from gedanken.experiment.finding import Finding, LineRef

# Three would be too few: accuracies on a few hundred images take few values (measured by benchmarks/false_alarms.py).
MIN_SEQUENCE_LENGTH = 5
"""A shared sequence of at least this many numbers is not a coincidence, unless real runs share numbers, too."""
DECIMALS = 3
NUMBERS_QUOTED = 3
NO_SHARED_SEQUENCE = "no two real runs share such a sequence"
FEWEST_REAL = 3
COLUMNS = 8
"""Maximum number of columns that are examined one by one.

A column is, for example, the first number of every line.
"""
LONGEST = 20
"""If real runs share a sequence of this length, they repeat one another.

Imagined runs may then repeat numbers as well, and nothing is reported.
"""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 1 << 15
"""Number of sequences that are hashed at a time. So few fit into a processor's cache."""

_SLOT_BITS = 20

Numbers = NDArray[np.float64]


class _Stream(NamedTuple):
    """Selected numbers of a run in the order in which they were printed, each with the index of its line."""

    run: ParsedRun
    values: Numbers
    lines: NDArray[np.int32]


class _Copy(NamedTuple):
    ours: _Stream
    theirs: _Stream
    our_start: int
    """Index in `ours` at which the first shared sequence begins."""
    their_start: int
    numbers: int
    """How many numbers of `ours` are part of a shared sequence."""


def copied_numbers(run_set: RunSet) -> Iterable[Finding]:
    """Find sequences of numbers that an imagined run shares with another run, and that are too long for a
    coincidence.

    Only numbers with three or more decimals count, except those that all real runs show. Nothing is reported if the
    program fixes its seed, or if the real runs have fewer than three seeds.
    """
    seeds = {run.execution.seed for run in run_set.real}
    if len(seeds) < FEWEST_REAL or (run_set.source is not None and run_set.source.sets_seed()):
        return
    precise = [_precise_numbers(run) for run in (*run_set.real, *run_set.imagined)]
    constants = np.unique(precise[0].values)
    for stream in precise[1 : len(run_set.real)]:
        constants = np.intersect1d(constants, stream.values)
    varying = [_varying_numbers(stream, constants) for stream in precise]
    copies = [
        copy
        for column in (None, *range(COLUMNS))
        for copy in _find_copies(run_set, [_column_stream(stream, columns, column) for stream, columns in varying])
    ]
    yield from _report_copies(run_set, copies)


def _report_copies(run_set: RunSet, copies: Sequence[_Copy]) -> Iterator[Finding]:
    for run in run_set.imagined:
        copies_of_real = [copy for copy in copies if copy.ours.run is run and not copy.theirs.run.execution.imagined]
        if copies_of_real:
            longest = max(copies_of_real, key=lambda copy: copy.numbers)
            yield Finding(
                "numbers copied",
                (run.label,),
                _refs(longest),
                expected=NO_SHARED_SEQUENCE,
                observed=f"repeats {longest.numbers} numbers of {longest.theirs.run.label}, such as the sequence "
                f"{_format_sequence(longest)}",
            )
    repeats = [copy for copy in copies if copy.theirs.run.execution.imagined]
    if repeats:
        runs = dict.fromkeys(copy.ours.run.label for copy in repeats)
        runs |= dict.fromkeys(copy.theirs.run.label for copy in repeats)
        longest = max(repeats, key=lambda copy: copy.numbers)
        yield Finding(
            "samples repeat each other",
            tuple(runs),
            select_evidence([ref for copy in (longest, *repeats) for ref in _refs(copy)]),
            expected=NO_SHARED_SEQUENCE,
            observed=f"show the same numbers, such as the sequence {_format_sequence(longest)}",
            of=len(run_set.imagined),
        )


def _format_sequence(copy: _Copy) -> str:
    return ", ".join(f"{value:g}" for value in copy.ours.values[copy.our_start : copy.our_start + NUMBERS_QUOTED])


def _refs(copy: _Copy) -> tuple[LineRef, ...]:
    return (
        copy.ours.run.ref(int(copy.ours.lines[copy.our_start])),
        copy.theirs.run.ref(int(copy.theirs.lines[copy.their_start])),
    )


def _precise_numbers(run: ParsedRun) -> _Stream:
    """Return a run's numbers that have at least three decimals and no exponent."""
    transcript = run.transcript
    line_of_number = np.repeat(np.arange(len(transcript.lines), dtype=np.int32), np.diff(transcript.starts))
    is_precise = (transcript.decimals >= DECIMALS) & (transcript.decimals < EXPONENT)
    return _Stream(run, transcript.values[is_precise], line_of_number[is_precise])


def _varying_numbers(stream: _Stream, constants: Numbers) -> tuple[_Stream, NDArray[np.int32]]:
    """Return the numbers that are not in `constants`, and for each of them its index in its line.

    The index counts all numbers of the stream in this line, including constants.
    """
    indices = np.arange(len(stream.lines), dtype=np.int32)
    is_first_in_line = np.concatenate([[True], stream.lines[1:] != stream.lines[:-1]])[: len(indices)]
    columns = indices - np.maximum.accumulate(np.where(is_first_in_line, indices, np.int32(0)))
    is_varying = ~_is_among(stream.values, constants)
    return _Stream(stream.run, stream.values[is_varying], stream.lines[is_varying]), columns[is_varying]


def _is_among(values: Numbers, known_values: Numbers) -> NDArray[np.bool_]:
    """Return for each value whether it is in `known_values`.

    A short hash rules out most values that are not, in a fraction of the time.
    """
    is_used = np.zeros(1 << _SLOT_BITS, bool)
    is_used[_short_hashes(known_values)] = True
    is_known = is_used[_short_hashes(values)]
    is_known[is_known] = np.isin(values[is_known], known_values)
    return is_known


def _short_hashes(values: Numbers) -> NDArray[np.int64]:
    bits = (values + 0.0).view(np.uint64)  # -0.0 is equal to 0.0
    return ((bits * _FACTOR) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def _column_stream(stream: _Stream, columns: NDArray[np.int32], column: int | None) -> _Stream:
    """Return the numbers of one column, or of all columns if `column` is None.

    A number that equals the one before it is left out.
    """
    selected = slice(None) if column is None else columns == column
    values, lines = stream.values[selected], stream.lines[selected]
    is_new = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    return _Stream(stream.run, values[is_new], lines[is_new])


def _find_copies(run_set: RunSet, streams: Sequence[_Stream]) -> Iterator[_Copy]:
    real, imagined = streams[: len(run_set.real)], streams[len(run_set.real) :]
    if not any(len(stream.values) >= MIN_SEQUENCE_LENGTH for stream in imagined):
        return
    longest_shared = 0
    # What the first numbers share is found without all of them.
    beginnings = [stream._replace(values=stream.values[:_BLOCK]) for stream in real]
    while longest_shared < LONGEST and (
        _have_common_sequence(beginnings, longest_shared + 1) or _have_common_sequence(real, longest_shared + 1)
    ):
        longest_shared += 1
    if longest_shared == LONGEST:
        return
    # `longest_shared` is the length of the longest sequence that two real runs with different seeds share.
    length = 2 * longest_shared + MIN_SEQUENCE_LENGTH
    for imagined_stream, other_stream in _sharing_streams([*real, *imagined], len(real), length):
        copy = _find_copy(imagined_stream, other_stream, length)
        if copy:
            yield copy


def _sharing_streams(streams: Sequence[_Stream], n_real: int, length: int) -> Iterator[tuple[_Stream, _Stream]]:
    """Yield each imagined stream with the first other stream that shares a sequence of `length` numbers.

    `n_real` is the number of real streams, which come first.
    """
    rows = [_distinct(_hash_sequences(stream.values, length)) for stream in streams]
    repeated = _distinct(_repeated(np.concatenate(rows)))
    if not len(repeated):
        return
    rows = [repeated[np.isin(repeated, hashes)] for hashes in rows]
    keys = np.concatenate(rows)
    owners = np.repeat(np.arange(len(rows)), [len(hashes) for hashes in rows])
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))[: len(keys)]
    first_owners = owners[np.repeat(starts, np.diff(np.append(starts, len(keys))))]
    pairs = np.unique(np.stack([owners, first_owners], axis=1)[(owners >= n_real) & (first_owners != owners)], axis=0)
    yield from ((streams[imagined], streams[other]) for imagined, other in pairs.tolist())


def _have_common_sequence(streams: Sequence[_Stream], length: int) -> bool:
    """Return whether two streams with different seeds have a sequence of `length` numbers in common."""
    rows_by_seed: dict[int | None, list[NDArray[np.uint64]]] = {}
    for stream in streams:
        rows_by_seed.setdefault(stream.run.execution.seed, []).append(_hash_sequences(stream.values, length))
    hashes_by_seed = [
        _distinct(rows[0] if len(rows) == 1 else np.concatenate(rows)) for rows in rows_by_seed.values()
    ]
    return bool(len(_repeated(np.concatenate(hashes_by_seed))))


def _find_copy(our_stream: _Stream, their_stream: _Stream, length: int) -> _Copy | None:
    our_hashes, their_hashes = (
        _hash_sequences(our_stream.values, length),
        _hash_sequences(their_stream.values, length),
    )
    _common, our_starts, their_starts = np.intersect1d(our_hashes, their_hashes, return_indices=True)
    for start, their_start in sorted(zip(our_starts.tolist(), their_starts.tolist(), strict=True))[:LONGEST]:
        values = our_stream.values[start : start + length]
        # Two sequences can have the same hash; a model might even construct such a pair.
        if len(np.unique(values)) >= MIN_SEQUENCE_LENGTH and np.array_equal(
            values, their_stream.values[their_start : their_start + length]
        ):
            shared_starts = np.flatnonzero(np.isin(our_hashes, their_hashes))
            numbers = np.unique(shared_starts[:, None] + np.arange(length)).size
            return _Copy(our_stream, their_stream, start, their_start, numbers)
    return None


def _hash_sequences(values: Numbers, length: int) -> NDArray[np.uint64]:
    """Hash each sequence of `length` consecutive numbers."""
    hashes = np.zeros(max(0, len(values) - length + 1), np.uint64)
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK]
        bits = values[start : start + _BLOCK + length - 1].view(np.uint64)
        bits = (bits ^ (bits >> np.uint64(29))) * _FACTOR
        for step in range(length):
            block ^= block >> np.uint64(31)
            block *= _FACTOR
            block += bits[step : step + len(block)]
    return hashes


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct hashes, sorted. `hashes` must be sorted."""
    # Sorting is faster than a hash table, and copying millions of hashes takes longer than sorting them.
    hashes.sort()
    distinct: NDArray[np.uint64] = hashes[np.concatenate([[True], hashes[1:] != hashes[:-1]])[: len(hashes)]]
    return distinct


def _repeated(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes that occur more than once, sorted. `hashes` must be sorted."""
    hashes.sort()
    repeated: NDArray[np.uint64] = hashes[1:][hashes[1:] == hashes[:-1]]
    return repeated
