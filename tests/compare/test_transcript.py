"""The values of an output as arrays: reading all lines at once gives the same as reading each line by itself."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gedanken.compare.output import text_lines
from gedanken.compare.output.transcript import VALUE, Transcript, form_of_line, template_of
from gedanken.compare.output.value_columns import EXPONENT, NO_DECIMALS

WORDS = [
    "Epoch",
    " ",
    "loss: ",
    "/",
    "%",
    "-",
    "+",
    ".",
    "e",
    "E-",
    "nan",
    "inf",
    "torch.Size([",
    "tensor(",
    ")",
    "\n",
]
NUMBERS = [
    "0",
    "3",
    "007",
    "0.4312",
    "91.20%",
    "1e-05",
    "9" * 20,
    "1" * 17,
    "0.1234567890123456789",
    "٣",
    "²",
    "1e999",
]
ODD_CHARACTERS = ["\r", "\x00", "\x1c", "\u2028", "#", "…", "\ud800"]
texts = st.text() | st.lists(st.sampled_from(WORDS + NUMBERS + ODD_CHARACTERS)).map("".join)


def value_of(text: str) -> float:
    try:
        return float(text.removesuffix("%"))
    except ValueError:
        return math.nan


@given(texts)
@example("0.30000000000000004 123456789.123456 1e23 5e-324 9007199254740993")
@example("1 -2 3.5\n1 2 -3.5 # -7\n-1 -2 -3.5\n1 -2 -inf tensor(3, -4)\n1 -2 -3.5\n")
@example("loss" + "1" * 19 + "." + "2" * 19 + "e" + "3" * 19)
def test_the_columns_say_what_each_line_says_by_itself(text: str) -> None:
    transcript = Transcript(text)
    assert [transcript.forms[form] for form in transcript.form_of] == [
        form_of_line(line) for line in text.splitlines()
    ]
    column_values = [list(transcript.values[slice(*ends)]) for ends in pairwise(transcript.starts)]
    expected_values = [[value_of(value) for value in VALUE.findall(line)] for line in text.splitlines()]
    assert len(column_values) == len(expected_values)
    for row, expected_row in zip(column_values, expected_values, strict=True):
        np.testing.assert_array_equal(row, expected_row)


@given(st.lists(texts, max_size=4).map("\n".join))
def test_lines_of_one_shape_have_one_form_and_as_many_values(text: str) -> None:
    transcript = Transcript(text)
    for line, shape in zip(text.splitlines(), transcript.shape_of, strict=True):
        assert form_of_line(line) == form_of_line(transcript.shapes[shape])
        assert len(VALUE.findall(line)) == len(VALUE.findall(transcript.shapes[shape]))


def test_decimals_are_counted_as_they_are_printed() -> None:
    transcript = Transcript("Epoch 3: loss 0.4300, accuracy 91.20%, lr 1e-05, gone nan")
    assert transcript.decimals.tolist() == [0, 4, 2, EXPONENT, NO_DECIMALS]


@pytest.mark.parametrize("text", ["", "\n", "words\n\nmore words"])
def test_an_output_may_hold_no_number(text: str) -> None:
    assert len(Transcript(text).values) == 0


def test_more_lines_than_are_read_at_a_time_are_read_alike() -> None:
    count = 70_000
    transcript = Transcript("".join(f"step {number} of {count}\n" for number in range(count)))
    assert transcript.forms == ["step # of #"]
    np.testing.assert_array_equal(transcript.values[::2], np.arange(count))


@pytest.mark.parametrize("unit", ["1", "1.", "-", "1e", "torch.Size(", "tensor(1", "nan"])
def test_a_line_of_two_megabytes_is_read_in_no_time(unit: str) -> None:
    assert len(Transcript(unit * (2_000_000 // len(unit))).shapes) == 1


def test_a_number_sign_that_is_printed_is_no_value() -> None:
    output = Transcript("3 layers\n# layers\n2048 hidden\n")
    assert output.form_of[0] != output.form_of[1]
    assert template_of(output.forms[int(output.form_of[1])], "{}") == "# layers"
    assert form_of_line("3 layers") != form_of_line("# layers")


@given(st.text(alphabet="ab\n\r\x0b\x85\u2028é", max_size=40), st.integers(1, 5))
def test_lines_are_those_of_the_text_however_it_is_split(text: str, part: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_lines, "_CHUNK_SIZE", part)
        lines, expected_lines = text_lines.Lines(text), text.splitlines()
        assert (len(lines), list(lines), lines[:]) == (len(expected_lines), expected_lines, expected_lines)
        assert [lines[index] for index in range(-len(expected_lines), len(expected_lines))] == expected_lines * 2
        for step in (1, 3):
            rows = np.arange(0, len(expected_lines), step)
            assert list(lines.lines_at(rows)) == [expected_lines[index] for index in rows]
        with pytest.raises(IndexError):
            lines[len(expected_lines)]
