"""Aligns two outputs: finds which lines correspond, around anchors that occur once in each (patience diff, by B.
Cohen).
"""

from collections.abc import Iterable
from functools import cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.hashing import mixed
from gedanken.compare.parsed.ledger_of_lines import LONGEST, NEARNESS, likeness_of_words, words_of
from gedanken.compare.parsed.order import longest_rise
from gedanken.compare.results import Block, Mark

MOST_CELLS = 4_000_000
"""The lines between two anchors are aligned one by one if real lines × imagined lines is at most this number."""
MOST_PAIRS = 900
"""Unpaired lines are searched for rewordings if real lines × imagined lines is at most this number."""
_CHUNK = 1 << 16
"""Number of lines whose numbers are processed together."""

Indices = NDArray[np.int64]
_Keyed = tuple[NDArray[np.uint64], NDArray[np.int32]]
"""The key of each line of an output, and the number of its form."""


def align(real: Transcript, imagined: Transcript) -> tuple[Block, ...]:
    """Align two outputs in near-linear time. Return blocks in order; together, they contain every line.

    Lines that differ only in their numbers may be paired.
    """
    ours, theirs = _forms(real, imagined)
    one, other = _anchors((_keys(real, ours), ours), (_keys(imagined, theirs), theirs))
    ends = np.stack([np.concatenate([[-1], one, [len(ours)]]), np.concatenate([[-1], other, [len(theirs)]])], axis=1)
    blocks = _Blocks(real, imagined)
    for gap in np.flatnonzero((np.diff(ends, axis=0) != 1).any(axis=1)):
        begin, end = ends[gap] + 1, ends[gap + 1]
        blocks.add("alike", int(begin[0]) - blocks.real, int(begin[1]) - blocks.imagined)
        blocks.fill(ours[begin[0] : end[0]].tolist(), theirs[begin[1] : end[1]].tolist())
    blocks.add("alike", len(ours) - blocks.real, len(theirs) - blocks.imagined)
    return tuple(blocks.all)


def _forms(real: Transcript, imagined: Transcript) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return, for each line of both outputs, a number that identifies its form."""
    known = {form: at for at, form in enumerate(real.forms)}
    numbers = np.array([known.setdefault(form, len(known)) for form in imagined.forms], np.int32)
    return real.form_of, numbers[imagined.form_of] if len(numbers) else imagined.form_of


def _keys(output: Transcript, forms: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return, for each line, a hash of its form and its whole numbers."""
    keys = np.empty(len(forms), np.uint64)
    for first in range(0, len(forms), _CHUNK):
        starts = output.starts[first : first + _CHUNK + 1]
        values, decimals = (column[starts[0] : starts[-1]] for column in (output.values, output.decimals))
        place = np.arange(len(values)) - np.repeat(starts[:-1] - starts[0], np.diff(starts))
        bits = np.where(decimals == 0, values, np.pi).view(np.uint64)
        stands_for = mixed(bits + mixed(place.astype(np.uint64) + np.uint64(1)))
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(stands_for, dtype=np.uint64)])
        of_line = total[starts[1:] - starts[0]] - total[starts[:-1] - starts[0]]
        keys[first : first + _CHUNK] = mixed(of_line + mixed(forms[first : first + _CHUNK].astype(np.uint64)))
    return keys


def _anchors(real: _Keyed, imagined: _Keyed) -> tuple[Indices, Indices]:
    """Return the indices of the anchor lines in both outputs: lines that occur once in each, in the same order."""
    (ours, forms), (theirs, also_forms) = real, imagined
    keys, first, times = np.unique(ours, return_index=True, return_counts=True)
    others, also_first, also_times = np.unique(theirs, return_index=True, return_counts=True)
    _common, at, also_at = np.intersect1d(keys[times == 1], others[also_times == 1], True, return_indices=True)
    one, other = first[times == 1][at], also_first[also_times == 1][also_at]
    counts = _is_counted(forms[one], forms, also_forms)
    one, other = one[counts], other[counts]
    in_order = np.argsort(one)
    one, other = one[in_order], other[in_order]
    rise = longest_rise(other)
    return one[rise], other[rise]


def _is_counted(
    anchored: NDArray[np.int32], forms: NDArray[np.int32], also_forms: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return, for each possible anchor, whether at least half the lines of its form could be anchors."""
    most = 1 + max(int(forms.max(initial=0)), int(also_forms.max(initial=0)))
    found, ours, theirs = (np.bincount(some, minlength=most) for some in (anchored, forms, also_forms))
    # If only few can, their whole numbers are measured, such as a length of 350 steps, and are equal by chance.
    return (2 * found >= np.minimum(ours, theirs))[anchored]


class _Blocks:
    """Collects blocks of lines with marks such as `alike`; adjacent blocks with the same mark are merged."""

    def __init__(self, real: Transcript, imagined: Transcript) -> None:
        self.all: list[Block] = []
        self.real = self.imagined = 0
        """`real` and `imagined` are the numbers of lines of the two outputs in the blocks so far."""
        self._outputs = (real, imagined)
        self._likeness: dict[tuple[int, int], bool] = {}
        self._words = cache(self._words_of)

    def add(self, mark: Mark, real: int, imagined: int) -> None:
        """Add a block of `real` lines of the real output and `imagined` lines of the imagined output."""
        if not real and not imagined:
            return
        start = (self.real, self.imagined)
        self.real += real
        self.imagined += imagined
        if self.all and self.all[-1].mark == mark:
            start = (self.all[-1].real[0], self.all[-1].imagined[0])
            self.all.pop()
        self.all.append(Block(mark, (start[0], self.real), (start[1], self.imagined)))

    def fill(self, ours: list[int], theirs: list[int]) -> None:
        """Add the lines between two anchors: real (`ours`) and imagined (`theirs`), as the numbers of their forms."""
        front = _same(zip(ours, theirs, strict=False))
        back = _same(zip(reversed(ours[front:]), reversed(theirs[front:]), strict=False))
        self.add("alike", front, front)
        ours, theirs = ours[front : len(ours) - back], theirs[front : len(theirs) - back]
        at = also_at = 0
        if len(ours) * len(theirs) <= MOST_CELLS:
            # difflib and cydifflib need quadratic time on repeated lines, and patiencediff is under the GPL.
            for step in Indel.opcodes(ours, theirs):
                if step.tag == "equal":
                    self._replace(ours[at : step.src_start], theirs[also_at : step.dest_start])
                    self.add("alike", step.src_end - step.src_start, step.src_end - step.src_start)
                    at, also_at = step.src_end, step.dest_end
        self._replace(ours[at:], theirs[also_at:])
        self.add("alike", back, back)

    def _replace(self, ours: list[int], theirs: list[int]) -> None:
        """Add lines that do not match: pairs of reworded lines, and the unpaired lines between these pairs."""
        at = also_at = 0
        for one, other in self._reworded(ours, theirs):
            self.add("missing", one - at, 0)
            self.add("invented", 0, other - also_at)
            self.add("reworded", 1, 1)
            at, also_at = one + 1, other + 1
        self.add("missing", len(ours) - at, 0)
        self.add("invented", 0, len(theirs) - also_at)

    def _reworded(self, ours: list[int], theirs: list[int]) -> list[tuple[int, int]]:
        """Pair lines with similar words, in order; a pair is (index in `ours`, index in `theirs`)."""
        if len(ours) * len(theirs) > MOST_PAIRS:
            return []
        pairs: list[tuple[int, int]] = []
        # For each real line, later imagined lines come first, so that a rise takes each real line only once.
        for one in range(len(ours)):
            pairs += [
                (one, other)
                for other in reversed(range(len(theirs)))
                if self._is_near(ours[one], theirs[other], self.real + one, self.imagined + other)
            ]
        return [pairs[at] for at in longest_rise([other for _one, other in pairs])]

    def _is_near(self, one: int, other: int, line: int, also_line: int) -> bool:
        if (one, other) not in self._likeness:
            ours, theirs = self._words(0, line), self._words(1, also_line)
            self._likeness[one, other] = likeness_of_words(theirs, ours, NEARNESS) >= NEARNESS
        return self._likeness[one, other]

    def _words_of(self, side: int, line: int) -> str:
        return words_of(self._outputs[side].lines[line][:LONGEST])


def _same(pairs: Iterable[tuple[int, int]]) -> int:
    """Return the number of pairs at the beginning whose two form numbers are equal."""
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
