"""Lines of a log as they are compared: looked at once for all that differ in their digits alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.compare.output.compared import ComparedLines
from gedanken.compare.output.environment import Before, words_before_ids

LINES = (
    "2024-05-01 12:30:{a}{b} host: node{a} pid: 41{b}7 loss 0.{b}{a}",
    "[rank{a}]: epoch {b} on 10.0.{a}.{b} ran /tmp/run{a}/out.log id 3f{a}b{b}9c",
    "addr 0x7f{a}{b}c1 and {a}x7f10c1",
    "I05{a}{b} 12:00:0{a}.123456  77 train.cc:{b}] Iteration {a}",
    "{a}{b}%|####      | {a}/{b}0 [00:0{a}<00:1{b}, 2.5it/s] loss=0.{b}",
    "\ufeffstep {a}: seed1: 12ab34 seed{b}: 12{a}{b}56",
    "step {a}/{b} took {a}.{b} s, saved at May {a}, 202{b}",
    '{{"hr@{a}": 0.{b}, "lr": {a}, "hr@{b}0": {{"b{b}": 1, "b{a}": 2}}, "step": {b}}}',
    "\x1a {a} (pid {a}{b}) sshd[4{a}1]: user x{b}",
)
DIGITS = st.tuples(st.sampled_from(LINES), st.integers(0, 9), st.integers(0, 9))


def before(lines: list[str]) -> Before:
    return words_before_ids("\n".join(lines))


@given(st.lists(DIGITS, min_size=1, max_size=40))
def test_a_line_is_masked_as_it_would_be_alone_whatever_stood_before(drawn: list[tuple[str, int, int]]) -> None:
    lines = [line.format(a=a, b=b) for line, a, b in drawn]
    words = before(lines)
    assert ComparedLines(words).all(lines) == [ComparedLines(words).one(line) for line in lines]


@pytest.mark.parametrize("line", LINES[:8])
def test_what_stays_of_a_line_keeps_its_digits(line: str) -> None:
    lines = [line.format(a=a, b=b) for a in range(10) for b in range(10)]
    words = before(lines)
    compared = ComparedLines(words)
    assert compared.all(lines) == [compared.one(each) for each in lines]


def test_behind_the_word_of_an_id_a_row_of_digits_as_long_is_one_too() -> None:
    lines = ["job1 12ab34 starts", "job2 123456 starts", "job2 12345 starts"]
    masked = ComparedLines(before(lines)).all(lines)
    assert [line.split()[1].isdigit() for line in masked] == [False, False, True]
