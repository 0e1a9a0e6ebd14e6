"""Chooses two runs to show side by side, aligns them, and finds where they first differ."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.parsed.alignment import align
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.compare.results import Alignment, Block
from gedanken.experiment.execution import Cause
from gedanken.experiment.finding import LineRef

MOST_REAL = 3
"""Maximum number of other real runs with which the shown real run is compared."""


def side_by_side(run_set: RunSet) -> Alignment | None:
    """Align the trunks of both sides, or the first run of a side without a trunk. Return None if either side has no
    run.
    """
    if not run_set.real or not run_set.imagined:
        return None
    real = next((run for run in run_set.real if run.execution.seed == 0), run_set.real[0])
    imagined = next((run for run in run_set.imagined if run.execution.sample == 0), run_set.imagined[0])
    blocks = align(real.transcript, imagined.transcript)
    parting = _parting(run_set, real, imagined, blocks)
    if real.counted_in == "terminal":
        blocks = tuple(_with_lines_aside(blocks, real))
    return Alignment(real.execution.label, imagined.execution.label, blocks, parting, real.counted_in)


def _with_lines_aside(blocks: Iterable[Block], real: ParsedRun) -> Iterator[Block]:
    """Yield the blocks, with real lines numbered as in the terminal. Lines not compared become blocks `aside`."""
    done = last = 0
    for block in blocks:
        at, other = block.real[0], block.imagined[0]
        while at < block.real[1]:
            start = real.number(at)
            if start > done:
                yield Block("aside", (done, start), (other, other))
            end = at + 1
            while end < block.real[1] and real.number(end) == start + end - at:
                end += 1
            done = start + end - at
            until = min(other + end - at, block.imagined[1])
            yield Block(block.mark, (start, done), (other, until))
            at, other = end, until
        if other < block.imagined[1]:
            yield Block(block.mark, (done, done), (other, block.imagined[1]))
        last = block.imagined[1]
    end = len(real.execution.terminal.splitlines())
    if done < end and real.execution.cause in (Cause.FINISHED, Cause.FAILED):
        yield Block("aside", (done, end), (last, last))


def _parting(
    run_set: RunSet, real: ParsedRun, imagined: ParsedRun, blocks: Sequence[Block]
) -> tuple[LineRef | None, LineRef | None] | None:
    """Return the first real and the first imagined line that differ in words, or in numbers that never vary."""
    loose = _loose_lines(run_set, real)
    alike = blocks[0].real[1] if blocks and blocks[0].mark == "alike" else 0
    at = min(_other_numbers(run_set, real, imagined, alike), default=alike)
    if at < alike:
        return real.ref(at), imagined.ref(at)
    parts = (block for block in blocks if block.mark != "alike" and _tells(real, imagined, block, loose))
    other = next(parts, None)
    if other is None:
        return None
    # A missing line is shown beside the line that the other output has in its place.
    return (
        real.ref(other.real[0]) if other.real[0] < len(real.lines) else None,
        imagined.ref(other.imagined[0]) if other.imagined[0] < len(imagined.lines) else None,
    )


def _tells(real: ParsedRun, imagined: ParsedRun, block: Block, loose: NDArray[np.bool_]) -> bool:
    """Return whether a line of `block` has an entry in a ledger, and none of its real lines is marked in `loose`."""
    filled = any(real.ledger.has(at) for at in range(*block.real)) or any(
        imagined.ledger.has(at) for at in range(*block.imagined)
    )
    return filled and not loose[block.real[0] : block.real[1] + 1].any()


def _loose_lines(run_set: RunSet, real: ParsedRun) -> NDArray[np.bool_]:
    """Return, for each line of `real` and its end, whether another real run differs; always False with a source."""
    loose = np.zeros(len(real.lines) + 1, bool)
    if run_set.source is None:
        for other in [run for run in run_set.finished if run is not real][:MOST_REAL]:
            for block in align(real.transcript, other.transcript):
                if block.mark != "alike":
                    loose[block.real[0] : block.real[1] + 1] = True
    return loose


def _other_numbers(run_set: RunSet, real: ParsedRun, imagined: ParsedRun, alike: int) -> Iterable[int]:
    """Yield the first imagined line of each form, and of each proven print, with other numbers than all real runs."""
    for form in real.transcript.forms:
        steady = run_set.invariants.numbers(form) if real in run_set.finished else None
        if steady is None:
            continue
        lines = real.transcript.lines_of(form)
        lines = lines[lines < alike]
        if not len(lines):
            continue
        differs = imagined.transcript.table(lines) != steady[: len(lines)]
        yield from map(int, lines[(differs & ~np.isnan(steady[: len(lines)])).any(axis=1)][:1])
    for site in run_set.proven:
        for line in map(int, real.ledger.lines_of(site)):
            if line < alike and imagined.lines[line].strip() != real.lines[line].strip():
                yield line
                break
