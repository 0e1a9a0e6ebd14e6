"""Lines of a log in the form in which they are compared. Lines that differ only in digits are masked together."""

import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_log_structure import compare_logs, structural_checks

from gedanken.compare.output.compared_lines import ComparedLines
from gedanken.compare.output.masking import (
    MASK,
    MAX_LINE_LENGTH,
    IdContexts,
    find_id_contexts,
    masked_line,
    masked_lines,
)
from gedanken.compare.output.text_lines import indices_containing
from gedanken.compare.parsed.templates import Templates

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


TEXT = """
user host: node pid=12 port took 2024 May 5, 12:30:01 am pm (pid 77) sshd[431]: 3f2ab19c 0xdead 1e5 0.12 10.0.0.1
/tmp/run1/x C:\\logs web-7d9f8b6c5d-x2x4z 123e4567-e89b-12d3-a456-426614174000 job 123456 123a56 [node3] \x1a loss dec
id: device name a1b2c3d4 a1b2c3d4-e5f6a I0501 █▂ {"a": 1} 2024-05-01T12:00:00Z feb [ 10%|## 3/9
train_a1b2c_00000 train_abcde_00001 Sunday [12ab34] [123456] 12ab34 | "run": "12ab34" "123456" (12ab34) (123456)
"""
WORDY = st.lists(st.sampled_from(re.findall(r"\S+", TEXT)), min_size=1, max_size=8).map(" ".join)


def find_id_words(lines: list[str]) -> IdContexts:
    return find_id_contexts("\n".join(lines))


@pytest.mark.parametrize(
    "line", ["0.5  0.86 ]", "[ 3/9] loss", "x |---->", "( 7) done", "a = 5", '{"a": 1}', "10 %| 3"]
)
def test_a_sign_in_a_line_counts_beside_plain_lines_as_it_does_alone(line: str) -> None:
    lines = ["loss 0.5", line, "done"]
    assert ComparedLines(find_id_words(lines)).all(lines) == [
        ComparedLines(find_id_words(lines)).one(line) for line in lines
    ]


@given(st.lists(DIGITS, min_size=1, max_size=40))
def test_a_line_is_masked_as_it_would_be_alone_whatever_stood_before(drawn: list[tuple[str, int, int]]) -> None:
    lines = [line.format(a=a, b=b) for line, a, b in drawn]
    words = find_id_words(lines)
    assert ComparedLines(words).all(lines) == [ComparedLines(words).one(line) for line in lines]


@given(st.lists(WORDY, min_size=1, max_size=12))
def test_lines_that_are_masked_together_are_masked_as_each_is_alone(lines: list[str]) -> None:
    lines = [*lines, "user" + " node1" * MAX_LINE_LENGTH, "user"]
    words = find_id_words(lines)
    assert masked_lines(lines, words) == [masked_line(line, words) for line in lines]


@given(st.lists(WORDY, min_size=1, max_size=12))
def test_lines_that_all_differ_are_converted_as_each_is_alone(lines: list[str]) -> None:
    words = find_id_words(lines)
    assert ComparedLines(words).all(lines) == [ComparedLines(words).one(line) for line in lines]


@given(st.lists(st.text("01x_3a,. ", max_size=12), min_size=1, max_size=12))
@example(["at 3x7f3a11", "at 3x7f3a11", "at 0x7f3a11"])
@example(["0_234 steps", "0_234 steps", "1_234 steps"])
def test_lines_that_differ_in_a_leading_zero_are_converted_as_each_is_alone(lines: list[str]) -> None:
    words = find_id_words(lines)
    assert ComparedLines(words).all(lines) == [ComparedLines(words).one(line) for line in lines]


@pytest.mark.parametrize("line", LINES[:8])
def test_what_stays_of_a_line_keeps_its_digits(line: str) -> None:
    lines = [line.format(a=a, b=b) for a in range(10) for b in range(10)]
    words = find_id_words(lines)
    compared = ComparedLines(words)
    assert compared.all(lines) == [compared.one(line) for line in lines]


def test_behind_the_word_of_an_id_a_row_of_digits_as_long_is_one_too() -> None:
    lines = ["job1 12ab34 starts", "job2 123456 starts", "job2 12345 starts"]
    masked_lines = ComparedLines(find_id_words(lines)).all(lines)
    assert [line.split()[1].isdigit() for line in masked_lines] == [False, False, True]


@pytest.mark.parametrize(
    "place",
    [
        "[{}] round {} nll {}",
        "12:30:07 [{}] round {} nll {}",
        '{{"trial": "{}", "round": {}, "nll": {}}}',
        "trial=[{}] round={} nll={}",
        "{} | round {} nll {}",
    ],
)
@pytest.mark.parametrize("length", [7, 8, 12])
def test_an_id_without_letters_is_an_id_where_other_logs_have_one(place: str, length: int) -> None:
    def log(seed: int, name: str, extra: str) -> str:
        rng = random.Random(seed)
        lines = [
            place.format(name, round_number, f"{3 / (round_number + 1) + rng.gauss(0, 0.1):.4f}")
            for round_number in range(9)
        ]
        extra_lines = [place.format(name, round_number, extra) for round_number in (1,)] if extra else []
        return "".join(f"{line}\n" for line in lines + extra_lines)

    ids = [f"{0xA4C1D2E3F4B5 + 977 * index:012x}"[:length].replace("a", "abcdef"[index % 6]) for index in range(6)]
    digits = ["481593720614"[:length], "937204815506"[:length]]
    logs = [log(seed, name, "") for seed, name in enumerate([*ids, digits[0]])]
    assert structural_checks(compare_logs(logs, [log(20, digits[1], ""), log(21, ids[0], "")])) == []
    saved_logs = [log(seed, name, "saved") for seed, name in enumerate([*ids, digits[0]])]
    comparison = compare_logs(
        saved_logs, [log(20 + index, name, "") for index, name in enumerate([digits[1], *ids[:2]])]
    )
    assert structural_checks(comparison) == ["print count differs"]


def test_digits_are_numbers_where_few_logs_have_an_id() -> None:
    lines = [f"[{8204715 + index}] nll {1 / (index + 1):.3f}\n{8204715 + index} rows\n" for index in range(9)]
    templates = Templates(list, lambda: ["".join(lines), "".join(lines[1:]), "".join(lines[2:]) + "[82a4715]\n"])
    assert templates.before_ids("[82a4715] of\n82a4715 rows\n") == frozenset()
    assert find_id_contexts("82a4715 rows\n" + "".join(lines)) == frozenset()


@given(
    st.lists(st.text("aBAb İ", max_size=6), max_size=12), st.lists(st.text("ab ", min_size=1, max_size=2), max_size=3)
)
def test_texts_that_are_searched_at_once_contain_the_words_that_each_contains_alone(
    texts: list[str], words: list[str]
) -> None:
    expected = [index for index, text in enumerate(texts) if any(word in text.lower() for word in words)]

    assert indices_containing(texts, words) == expected


@pytest.mark.parametrize(
    ("line", "is_masked"),
    [
        ("May 03 04:05:06 node17 epoch 3 cost 0.5", True),
        ("0: 12:00:01 ip-10-0-3.internal epoch 3 cost 0.5", True),
        ("12:00:01 epoch3 cost 0.5", False),
        ("12:00:01 resnet50 cost 0.5", False),
        ("12:00:01 worker3: cost 0.5", False),
        ("12:00:01 top-5 share: 0.5", False),
        ("Mar  3 04:05:06 alpha2 trainer: epoch 3", True),
    ],
)
def test_a_host_behind_the_time_is_masked(line: str, is_masked: bool) -> None:
    words = re.findall(r"[a-z][\w.-]*\d[\w.-]*", line)
    assert (words[0] not in masked_line(line)) is is_masked


@pytest.mark.parametrize(
    "line", ["2024-05-01 12:00:01 Test set: 0.5", "12:00:01 Running cost: 2", "May 03 01:02:03 Val x: 1"]
)
def test_a_word_between_the_time_and_another_word_is_no_host(line: str) -> None:
    assert line.split()[-3] in masked_line(line)


def test_the_host_of_syslog_is_masked_whatever_its_form() -> None:
    assert "alpha" not in masked_line("Mar  3 04:05:06 alpha trainer: begin") + masked_line(
        "12:00:01 alpha trainer[12]: begin"
    )


@pytest.mark.parametrize(
    "line", ["lr 3e5", "loss 0.25 at 3/10", "decade added 0.5", "may 5 be", "train/loss: 0.4", "0.9 (+/- 0.02)"]
)
def test_numbers_and_words_are_no_ids(line: str) -> None:
    assert MASK not in masked_line(line)


def test_lines_among_wide_rows_are_masked_as_ever() -> None:
    rows = [f"{index} " + " ".join(["0.25", "3f2ab19c"] * MAX_LINE_LENGTH) for index in range(4)]
    job_lines = ["job 3f2ab1 at 12:30:01", "job 4f2ab2 at 12:30:02", "job 123456 ran"]
    lines = [rows[0], job_lines[0], rows[1], rows[1], *job_lines[1:], *rows[2:]]
    id_words = find_id_words(lines)
    assert id_words == find_id_words(job_lines) and id_words
    assert ComparedLines(id_words).all(lines) == [masked_line(line, id_words) for line in lines]
