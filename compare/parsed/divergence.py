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
"""Maximum number of other real runs with which the shown real run is compared, to find the lines that vary."""


def side_by_side(run_set: RunSet) -> Alignment | None:
    """Align one real run with one imagined run. Of each kind, the trunk is chosen or, without a trunk, the first run.

    None if there is no real or no imagined run.
    """
    if not run_set.real or not run_set.imagined:
        return None
    real = next((run for run in run_set.real if run.execution.seed == 0), run_set.real[0])
    imagined = next((run for run in run_set.imagined if run.execution.sample == 0), run_set.imagined[0])
    blocks = align(real.transcript, imagined.transcript)
    parting = _find_parting(run_set, real, imagined, blocks)
    if real.counted_in == "terminal":
        blocks = tuple(_number_as_in_terminal(blocks, real))
    return Alignment(real.execution.label, imagined.execution.label, blocks, parting, real.counted_in)


def _number_as_in_terminal(blocks: Iterable[Block], real: ParsedRun) -> Iterator[Block]:
    """Yield the blocks, with the real lines numbered as in the terminal output.

    Lines of the terminal output that are not compared become blocks with the mark `aside`.
    """
    done = last = 0
    for block in blocks:
        index, imagined_index = block.real[0], block.imagined[0]
        while index < block.real[1]:
            start = real.number(index)
            if start > done:
                yield Block("aside", (done, start), (imagined_index, imagined_index))
            end = index + 1
            while end < block.real[1] and real.number(end) == start + end - index:
                end += 1
            done = start + end - index
            imagined_end = min(imagined_index + end - index, block.imagined[1])
            yield Block(block.mark, (start, done), (imagined_index, imagined_end))
            index, imagined_index = end, imagined_end
        if imagined_index < block.imagined[1]:
            yield Block(block.mark, (done, done), (imagined_index, block.imagined[1]))
        last = block.imagined[1]
    end = len(real.execution.terminal.splitlines())
    if done < end and real.execution.cause in (Cause.FINISHED, Cause.FAILED):
        yield Block("aside", (done, end), (last, last))


def _find_parting(
    run_set: RunSet, real: ParsedRun, imagined: ParsedRun, blocks: Sequence[Block]
) -> tuple[LineRef | None, LineRef | None] | None:
    """Return the first real and the first imagined line that differ in words, or in numbers that never vary.

    Return None if the outputs do not differ. If one output has already ended, its line is None.
    """
    is_varying = _varying_lines(run_set, real)
    n_alike = blocks[0].real[1] if blocks and blocks[0].mark == "alike" else 0
    index = min(_lines_with_other_numbers(run_set, real, imagined, n_alike), default=n_alike)
    if index < n_alike:
        return real.ref(index), imagined.ref(index)
    differing_blocks = (
        block for block in blocks if block.mark != "alike" and _is_conclusive(real, imagined, block, is_varying)
    )
    first_block = next(differing_blocks, None)
    if first_block is None:
        return None
    # A missing line is shown beside the line that the other output has in its place.
    return (
        real.ref(first_block.real[0]) if first_block.real[0] < len(real.lines) else None,
        imagined.ref(first_block.imagined[0]) if first_block.imagined[0] < len(imagined.lines) else None,
    )


def _is_conclusive(real: ParsedRun, imagined: ParsedRun, block: Block, is_varying: NDArray[np.bool_]) -> bool:
    """Return whether a block shows that the runs really differ.

    At least one line of the block must have an entry in the ledger of its run, as blank lines have not. None of the
    real lines may vary between real runs.
    """
    has_entry = any(real.ledger.has(index) for index in range(*block.real)) or any(
        imagined.ledger.has(index) for index in range(*block.imagined)
    )
    return has_entry and not is_varying[block.real[0] : block.real[1] + 1].any()


def _varying_lines(run_set: RunSet, real: ParsedRun) -> NDArray[np.bool_]:
    """Return, for each line of `real`, whether another real run differs there. The last element stands for the end of
    the output.

    If the source is known, all elements are False.
    """
    is_varying = np.zeros(len(real.lines) + 1, bool)
    if run_set.source is None:
        for other_run in [run for run in run_set.finished if run is not real][:MOST_REAL]:
            for block in align(real.transcript, other_run.transcript):
                if block.mark != "alike":
                    is_varying[block.real[0] : block.real[1] + 1] = True
    return is_varying


def _lines_with_other_numbers(run_set: RunSet, real: ParsedRun, imagined: ParsedRun, n_alike: int) -> Iterable[int]:
    """Yield the indices of imagined lines that contradict what all real runs share, or what the source proves.

    For each form, this is the first line that differs in numbers that all real runs share; for each proven print, the
    first line that differs from the real line. Only the first `n_alike` lines are compared.
    """
    for form in real.transcript.forms:
        steady = run_set.invariants.numbers(form) if real in run_set.finished else None
        if steady is None:
            continue
        lines = real.transcript.lines_of(form)
        lines = lines[lines < n_alike]
        if not len(lines):
            continue
        differs = imagined.transcript.table(lines) != steady[: len(lines)]
        yield from map(int, lines[(differs & ~np.isnan(steady[: len(lines)])).any(axis=1)][:1])
    for site in run_set.proven:
        for line in map(int, real.ledger.lines_of(site)):
            if line < n_alike and imagined.lines[line].strip() != real.lines[line].strip():
                yield line
                break
