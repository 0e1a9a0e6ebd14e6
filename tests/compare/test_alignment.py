"""Two outputs side by side, and where they begin to differ."""

from itertools import pairwise

import numpy as np
import pytest
from builders import SHAPE, imagined, lines, program, real, seeds
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.compare_runs import compare_runs
from gedanken.compare.output.transcript import Transcript, form_of_line
from gedanken.compare.parsed.alignment import align
from gedanken.compare.parsed.order import longest_increasing_subsequence
from gedanken.compare.results import Alignment, Block

POOL = [
    "Epoch 1",
    "Epoch 2",
    "Epoch 3",
    "loss 0.5",
    "loss 0.25",
    "a wording of some kind",
    "a wording of any kind",
    "",
]
outputs = st.lists(st.sampled_from(POOL), max_size=12)


def align_lines(real_lines: list[str], imagined_lines: list[str]) -> tuple[Block, ...]:
    return align(*(Transcript("".join(line + "\n" for line in lines)) for lines in (real_lines, imagined_lines)))


def first_divergence(real_outputs: list[str], imagined_output: str) -> tuple[str | None, str | None] | None:
    compared = compare_runs(program(), seeds(real_outputs), [imagined(imagined_output)])
    assert isinstance(compared.alignment, Alignment)
    divergence = compared.alignment.diverges_at
    return (
        None
        if divergence is None
        else (divergence[0].text if divergence[0] else None, divergence[1].text if divergence[1] else None)
    )


@given(outputs, outputs)
def test_the_blocks_hold_every_line_of_both_in_order(ours: list[str], theirs: list[str]) -> None:
    real_end, imagined_end = 0, 0
    for block in align_lines(ours, theirs):
        assert (block.real[0], block.imagined[0]) == (real_end, imagined_end)
        real_end, imagined_end = block.real[1], block.imagined[1]
        real_lines, imagined_lines = ours[block.real[0] : real_end], theirs[block.imagined[0] : imagined_end]
        if block.mark == "alike":
            assert list(map(form_of_line, real_lines)) == list(map(form_of_line, imagined_lines))
        elif block.mark == "reworded":
            assert len(real_lines) == len(imagined_lines) > 0
        else:
            assert (bool(real_lines), bool(imagined_lines)) == (block.mark == "missing", block.mark == "invented")
    assert (real_end, imagined_end) == (len(ours), len(theirs))


@given(outputs.filter(len))
def test_equal_outputs_are_one_block(ours: list[str]) -> None:
    assert [block.mark for block in align_lines(ours, ours)] == ["alike"]


@given(outputs, st.data())
def test_a_foreign_line_in_a_copy_is_all_that_is_invented(ours: list[str], data: st.DataObject) -> None:
    ours = [line or "x" for line in ours]
    position = data.draw(st.integers(0, len(ours)))
    blocks = align_lines(ours, [*ours[:position], "something quite foreign", *ours[position:]])
    assert [block for block in blocks if block.mark != "alike"] == [
        Block("invented", (position, position), (position, position + 1))
    ]


def test_whole_numbers_decide_which_lines_correspond() -> None:
    rows = [f"step {step} loss 0.{step}" for step in range(9)]
    assert align_lines(rows, [*rows[:4], *rows[5:]])[1] == Block("missing", (4, 5), (4, 4))


def test_whole_numbers_that_are_measured_and_equal_by_chance_decide_nothing() -> None:
    def rows(lengths: list[int]) -> list[str]:
        return [
            line
            for round_number, length in enumerate(lengths, 1)
            for line in (f"round {round_number}", f"mean length {length}", "saved")
        ]

    real_rows, imagined_rows = (
        rows([19, 119, 196, 265, 321, 350, 375, 394]),
        rows([22, 134, 240, 303, 350, 375, 412, 442]),
    )
    blocks = align_lines(real_rows, [*imagined_rows[:18], *imagined_rows[21:]])
    assert [block for block in blocks if block.mark != "alike"] == [Block("missing", (18, 21), (18, 18))]


def test_a_line_in_other_words_stands_beside_the_one_it_stands_for() -> None:
    (_first, second, third) = align_lines(["a", SHAPE, "b"], ["a", SHAPE.replace("of input", "of the input"), "b"])
    assert (second, third.mark) == (Block("reworded", (1, 2), (1, 2)), "alike")


REAL = [SHAPE + lines([0.9, 0.4 + seed / 100, 0.3]) for seed in range(4)]


def test_runs_that_differ_in_their_noise_do_not_part() -> None:
    assert first_divergence(REAL, SHAPE + lines([0.7, 0.2, 0.1])) is None


def test_runs_part_at_the_first_other_word() -> None:
    wrong = SHAPE.replace("of input", "of the input")
    assert first_divergence(REAL, wrong + lines([1, 2, 3])) == (SHAPE.strip(), wrong.strip())


def test_runs_part_at_the_first_line_that_is_missing_or_invented() -> None:
    first = lines([1, 2, 3]).splitlines()[0]
    assert first_divergence(REAL, lines([1, 2, 3])) == (SHAPE.strip(), first)
    invented = f"{SHAPE}Downloading everything\n{lines([1, 2, 3])}"
    assert first_divergence(REAL, invented) == (REAL[0].splitlines()[1], "Downloading everything")


def test_runs_part_at_a_number_that_no_real_run_changes() -> None:
    wrong = SHAPE + lines([0.7, 0.2, 0.1], total=5)
    assert first_divergence(REAL, wrong) == (REAL[0].splitlines()[1], wrong.splitlines()[1])


def test_the_trunks_are_held_side_by_side() -> None:
    compared = compare_runs(None, [real("a", 1), real("a", 0)], [imagined("b", 1), imagined("b", 0)])
    assert compared.alignment
    assert (compared.alignment.real, compared.alignment.imagined) == (
        "line01-train-v1-real-0",
        "line01-train-v1-imagined-0",
    )


def test_where_a_world_has_no_run_there_is_nothing_to_align() -> None:
    assert compare_runs(None, [real("a")], []).alignment is None


@given(st.lists(st.integers(0, 9), max_size=9))
def test_a_longest_rise_rises_and_none_is_longer(numbers: list[int]) -> None:
    rise = [numbers[index] for index in longest_increasing_subsequence(np.array(numbers, np.int64))]
    assert all(smaller < larger for smaller, larger in pairwise(rise))
    best: list[int] = []
    for index, number in enumerate(numbers):
        best.append(1 + max((best[earlier] for earlier in range(index) if numbers[earlier] < number), default=0))
    assert len(rise) == max(best, default=0)


@pytest.mark.parametrize("line", ["word{at}x\n", "same\n", "{at} {at}\n", "\n"])
def test_hostile_outputs_are_aligned_in_no_time(line: str) -> None:
    letters = str.maketrans("0123456789", "abcdefghij")
    real_text = "".join(line.format(at=number).translate(letters) for number in range(20_000))
    imagined_text = "".join(line.format(at=number).translate(letters) for number in range(20_000, 40_000))
    assert align(Transcript(real_text), Transcript(imagined_text))
