"""Aligns two outputs line by line, around anchors: lines that occur once in each (patience diff, by B. Cohen)."""

from collections.abc import Iterable
from functools import cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from gedanken.compare.output.transcript import Transcript
from gedanken.compare.parsed.hashing import mix_bits
from gedanken.compare.parsed.ledger_of_lines import MAX_CHARACTERS, MIN_SIMILARITY, word_similarity, words_of
from gedanken.compare.parsed.order import longest_increasing_subsequence
from gedanken.compare.results import Block, Mark

MOST_CELLS = 4_000_000
"""The lines between two anchors are aligned one by one only if the number of real lines times the number of imagined
lines is at most this.
"""
MOST_PAIRS = 900
"""Differing lines are searched for rewordings only if the number of real lines times the number of imagined lines is
at most this.
"""
_CHUNK_SIZE = 1 << 16
"""Number of lines that are hashed at a time."""

Indices = NDArray[np.int64]
_KeysAndForms = tuple[NDArray[np.uint64], NDArray[np.int32]]
"""For each line of an output, its hash (see `_line_keys`) and the number of its form."""


def align(real: Transcript, imagined: Transcript) -> tuple[Block, ...]:
    """Align two outputs in near-linear time. Return blocks in order; together, they contain every line.

    Lines that differ only in their numbers may be paired as `alike`.
    """
    real_forms, imagined_forms = _form_numbers(real, imagined)
    real_anchors, imagined_anchors = _find_anchors(
        (_line_keys(real, real_forms), real_forms), (_line_keys(imagined, imagined_forms), imagined_forms)
    )
    ends = np.stack(
        [
            np.concatenate([[-1], real_anchors, [len(real_forms)]]),
            np.concatenate([[-1], imagined_anchors, [len(imagined_forms)]]),
        ],
        axis=1,
    )
    blocks = _Blocks(real, imagined)
    for gap in np.flatnonzero((np.diff(ends, axis=0) != 1).any(axis=1)):
        begin, end = ends[gap] + 1, ends[gap + 1]
        blocks.add("alike", int(begin[0]) - blocks.real, int(begin[1]) - blocks.imagined)
        blocks.fill(real_forms[begin[0] : end[0]].tolist(), imagined_forms[begin[1] : end[1]].tolist())
    blocks.add("alike", len(real_forms) - blocks.real, len(imagined_forms) - blocks.imagined)
    return tuple(blocks.all)


def _form_numbers(real: Transcript, imagined: Transcript) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return, for each line of both outputs, the number of its form. Equal forms have the same number in both
    outputs.
    """
    number_of_form = {form: number for number, form in enumerate(real.forms)}
    numbers = np.array([number_of_form.setdefault(form, len(number_of_form)) for form in imagined.forms], np.int32)
    return real.form_of, numbers[imagined.form_of] if len(numbers) else imagined.form_of


def _line_keys(output: Transcript, forms: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return, for each line, a hash of its form and its whole numbers."""
    keys = np.empty(len(forms), np.uint64)
    for first in range(0, len(forms), _CHUNK_SIZE):
        starts = output.starts[first : first + _CHUNK_SIZE + 1]
        values, decimals = (column[starts[0] : starts[-1]] for column in (output.values, output.decimals))
        position = np.arange(len(values)) - np.repeat(starts[:-1] - starts[0], np.diff(starts))
        bits = np.where(decimals == 0, values, np.pi).view(np.uint64)
        value_hashes = mix_bits(bits + mix_bits(position.astype(np.uint64) + np.uint64(1)))
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(value_hashes, dtype=np.uint64)])
        line_sums = total[starts[1:] - starts[0]] - total[starts[:-1] - starts[0]]
        keys[first : first + _CHUNK_SIZE] = mix_bits(
            line_sums + mix_bits(forms[first : first + _CHUNK_SIZE].astype(np.uint64))
        )
    return keys


def _find_anchors(real: _KeysAndForms, imagined: _KeysAndForms) -> tuple[Indices, Indices]:
    """Return the indices of the anchors in the real and in the imagined output.

    Each anchor occurs once in either output, and the anchors are in the same order in both.
    """
    (real_keys, real_forms), (imagined_keys, imagined_forms) = real, imagined
    unique_real, real_first, real_counts = np.unique(real_keys, return_index=True, return_counts=True)
    unique_imagined, imagined_first, imagined_counts = np.unique(imagined_keys, return_index=True, return_counts=True)
    _common, real_index, imagined_index = np.intersect1d(
        unique_real[real_counts == 1], unique_imagined[imagined_counts == 1], True, return_indices=True
    )
    real_anchors, imagined_anchors = (
        real_first[real_counts == 1][real_index],
        imagined_first[imagined_counts == 1][imagined_index],
    )
    is_reliable = _is_reliable_anchor(real_forms[real_anchors], real_forms, imagined_forms)
    real_anchors, imagined_anchors = real_anchors[is_reliable], imagined_anchors[is_reliable]
    in_order = np.argsort(real_anchors)
    real_anchors, imagined_anchors = real_anchors[in_order], imagined_anchors[in_order]
    rise = longest_increasing_subsequence(imagined_anchors)
    return real_anchors[rise], imagined_anchors[rise]


def _is_reliable_anchor(
    anchor_forms: NDArray[np.int32], real_forms: NDArray[np.int32], imagined_forms: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return, for each possible anchor, whether at least half of the lines of its form could be anchors."""
    n_forms = 1 + max(int(real_forms.max(initial=0)), int(imagined_forms.max(initial=0)))
    n_anchors, n_real, n_imagined = (
        np.bincount(form_numbers, minlength=n_forms) for form_numbers in (anchor_forms, real_forms, imagined_forms)
    )
    # If only few could, their whole numbers are measured, such as a length of 350 steps, and are equal by chance.
    return (2 * n_anchors >= np.minimum(n_real, n_imagined))[anchor_forms]


class _Blocks:
    """Collects blocks of lines with marks such as `alike`.

    Adjacent blocks with the same mark are merged.
    """

    def __init__(self, real: Transcript, imagined: Transcript) -> None:
        self.all: list[Block] = []
        self.real = self.imagined = 0
        """`real` and `imagined` are the numbers of lines of the two outputs in the blocks so far."""
        self._outputs = (real, imagined)
        self._is_similar_cache: dict[tuple[int, int], bool] = {}
        self._cached_words = cache(self._read_words)

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

    def fill(self, real_forms: list[int], imagined_forms: list[int]) -> None:
        """Align the lines between two anchors, and add them as blocks. Each line is given as its form's number."""
        n_front = _count_equal(zip(real_forms, imagined_forms, strict=False))
        n_back = _count_equal(zip(reversed(real_forms[n_front:]), reversed(imagined_forms[n_front:]), strict=False))
        self.add("alike", n_front, n_front)
        real_forms, imagined_forms = (
            real_forms[n_front : len(real_forms) - n_back],
            imagined_forms[n_front : len(imagined_forms) - n_back],
        )
        real_done = imagined_done = 0
        if len(real_forms) * len(imagined_forms) <= MOST_CELLS:
            # difflib and cydifflib need quadratic time on repeated lines, and patiencediff is under the GPL.
            for opcode in Indel.opcodes(real_forms, imagined_forms):
                if opcode.tag == "equal":
                    self._add_differing(
                        real_forms[real_done : opcode.src_start], imagined_forms[imagined_done : opcode.dest_start]
                    )
                    self.add("alike", opcode.src_end - opcode.src_start, opcode.src_end - opcode.src_start)
                    real_done, imagined_done = opcode.src_end, opcode.dest_end
        self._add_differing(real_forms[real_done:], imagined_forms[imagined_done:])
        self.add("alike", n_back, n_back)

    def _add_differing(self, real_forms: list[int], imagined_forms: list[int]) -> None:
        """Add lines that have no line of the same form beside them.

        Similar lines are added in pairs as `reworded`, all others as `missing` or `invented`.
        """
        real_done = imagined_done = 0
        for real_index, imagined_index in self._pair_reworded(real_forms, imagined_forms):
            self.add("missing", real_index - real_done, 0)
            self.add("invented", 0, imagined_index - imagined_done)
            self.add("reworded", 1, 1)
            real_done, imagined_done = real_index + 1, imagined_index + 1
        self.add("missing", len(real_forms) - real_done, 0)
        self.add("invented", 0, len(imagined_forms) - imagined_done)

    def _pair_reworded(self, real_forms: list[int], imagined_forms: list[int]) -> list[tuple[int, int]]:
        """Pair lines with similar words, in order.

        A pair is (index in `real_forms`, index in `imagined_forms`).
        """
        if len(real_forms) * len(imagined_forms) > MOST_PAIRS:
            return []
        pairs: list[tuple[int, int]] = []
        # For each real line, later imagined lines come first, so that a rise takes each real line only once.
        for real_index in range(len(real_forms)):
            pairs += [
                (real_index, imagined_index)
                for imagined_index in reversed(range(len(imagined_forms)))
                if self._are_similar(
                    real_forms[real_index],
                    imagined_forms[imagined_index],
                    self.real + real_index,
                    self.imagined + imagined_index,
                )
            ]
        return [
            pairs[index]
            for index in longest_increasing_subsequence([imagined_index for _real_index, imagined_index in pairs])
        ]

    def _are_similar(self, real_form: int, imagined_form: int, real_line: int, imagined_line: int) -> bool:
        if (real_form, imagined_form) not in self._is_similar_cache:
            real_words, imagined_words = self._cached_words(0, real_line), self._cached_words(1, imagined_line)
            self._is_similar_cache[real_form, imagined_form] = (
                word_similarity(imagined_words, real_words, MIN_SIMILARITY) >= MIN_SIMILARITY
            )
        return self._is_similar_cache[real_form, imagined_form]

    def _read_words(self, side: int, line: int) -> str:
        return words_of(self._outputs[side].lines[line][:MAX_CHARACTERS])


def _count_equal(pairs: Iterable[tuple[int, int]]) -> int:
    """Return how many pairs at the beginning hold two equal numbers."""
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
