"""From a coder's reply to a program, and when two programs are one."""

import ast

import pytest
from builders import TRAIN
from hypothesis import given
from hypothesis import strategies as st

from agents.coder import Failure, extract_code, quotes, same_program
from experiment.program import Program

code = st.lists(
    st.sampled_from(["import torch", "```", "~~~", "````python", "  ```", '"""', "", "    x = 1", "`a`"]) | st.text()
).map("\n".join)


def fence_for(source: str) -> str:
    fence = "```"
    while fence in source:
        fence += "`"
    return fence


@given(code)
def test_a_fenced_program_comes_out_as_it_went_in(source: str) -> None:
    source = source.strip("\n") + "\n"
    fence = fence_for(source)
    assert extract_code(f"{fence}python\n{source}{fence}") == source


@given(code.filter(lambda source: len(source.strip("\n")) > 60))
def test_words_around_a_program_are_left_behind(source: str) -> None:
    source = source.strip("\n") + "\n"
    fence = fence_for(source)
    after = "\n\nRun it with:\n\n```bash\npython3 train.py\n```\n"
    assert extract_code(f"Sure! Here is `train.py`:\n\n{fence}python\n{source}{fence}{after}") == source


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        ("x = 1", "x = 1\n"),
        ("\n\nx = 1\n\n\n", "x = 1\n"),
        ("~~~\nx = 1\n~~~", "x = 1\n"),
        ("```python\nx = 1\n```\n", "x = 1\n"),
        ("```\nx = 1\n```\nor\n```\nx = 1\ny = 2\n```", "x = 1\ny = 2\n"),
        ("", "\n"),
    ],
)
def test_the_longest_block_is_the_program_or_all_of_the_reply(reply: str, program: str) -> None:
    assert extract_code(reply) == program


def test_a_block_that_the_token_limit_left_open_counts() -> None:
    assert extract_code(f"Here:\n```python\n{TRAIN}") == TRAIN


@pytest.mark.parametrize("reply", ["`" * 300_000, "~" * 300_000, "```x" * 50_000, "```\n" * 50_000, "\n" * 300_000])
def test_a_hostile_reply_is_read_in_no_time(reply: str) -> None:
    assert extract_code(reply).endswith("\n")


def test_comments_and_layout_make_no_other_program() -> None:
    assert same_program("x = 1\nprint( x )", "# one\nx = 1\n\n\nprint(x)  # show it\n")


@pytest.mark.parametrize("other", ["x = 2", "y = 1", "x = 1.0", "x = '1'", "x = 1\nx", "x ="])
def test_a_change_that_does_something_makes_another_program(other: str) -> None:
    assert not same_program("x = 1", other)


def test_what_cannot_be_parsed_is_compared_as_text() -> None:
    assert same_program("def", " def\n")
    assert not same_program("def", "def f")


@pytest.mark.parametrize(
    "source",
    ["a\0b", "x = '\ud800'", "(" * 9999, "-" * 99_999 + "1", "x" + ".a" * 2500, "+1" * 99_999],
    ids=["null", "surrogate", "brackets", "signs", "attributes", "sum"],
)
def test_absurd_programs_are_compared_all_the_same(source: str) -> None:
    assert same_program(source, source)
    assert not same_program(source, TRAIN)


@given(code)
def test_a_program_is_the_same_as_itself_after_a_round_through_the_parser(source: str) -> None:
    try:
        again = ast.unparse(ast.parse(source))
    except (SyntaxError, ValueError):
        again = source
    assert same_program(source, again)


FAILED = Program("train.py", 1, "model = Network()\n", told="write it", prompt="tell", seed=0)
ENDING = "Traceback (most recent call last):\n    model = Network()\nNameError: name Network is not defined\n"


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("class Network: ...\nmodel = Network()\n", None),
        ("# mends: NameError: name Network is not defined\n", "NameError: name Network is not defined"),
    ],
)
def test_a_mended_program_must_not_carry_what_the_failed_run_printed(source: str, quoted: str | None) -> None:
    assert quotes(source, Failure(FAILED, ("it crashed",), ENDING)) == quoted
