"""Parts of `gedanken shell` that can be tested without a terminal: complete commands, streaming, answers side by
side.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from gedanken.agents.reply_cleaning import clean
from gedanken.experiment.execution import Limits
from gedanken.shell.commands import is_incomplete
from gedanken.shell.side_by_side import MARK_WIDTH, lay_out_columns, pair_lines
from gedanken.shell.streaming import ImaginedStream, RealStream
from gedanken.shell.unified_diff import unified_diff


@pytest.mark.parametrize(
    "command",
    [
        "echo 'a",
        "if true; then",
        "cat <<EOF\n{a}",
        "ls \\",
        "for i in 1 2; do",
        "ls |",
        "{ echo a;",
        "echo $(",
        "x=(1",
    ],
)
def test_a_command_goes_on_where_bash_would_wait(command: str) -> None:
    assert is_incomplete(command)


@pytest.mark.parametrize(
    "command",
    ["ls", "cat <<EOF\n{a}\nEOF", "echo a\\\\", "awk '{print $1}' f", 'echo ${HOME} {"a": 1}', ")", "done", "[[ a"],
)
def test_a_command_that_is_complete_or_wrong_is_typed_as_it_is(command: str) -> None:
    assert not is_incomplete(command)


def test_the_syntax_of_a_command_is_judged_without_running_any_of_it(tmp_path: Path) -> None:
    assert not is_incomplete(f"touch {tmp_path}/ran; $(touch {tmp_path}/ran)\nx=$(touch {tmp_path}/ran)")
    assert not list(tmp_path.iterdir())


REPLY_LINES = ["", "Sure, here:", "This is it:", "```", "$ ls -l", "ls -l", "a.py", "Note that.", "user@h:~$ ", "$"]


@given(st.lists(st.sampled_from(REPLY_LINES)).map("\n".join) | st.text(), st.integers(1, 7))
def test_what_is_streamed_is_what_is_left_of_the_whole_reply(reply: str, size: int) -> None:
    shown_pieces: list[str] = []
    stream = ImaginedStream("ls -l", shown_pieces.append)
    for start in range(0, len(reply), size):
        stream.receive(reply[start : start + size])
    output = clean(reply, "ls -l").text
    if stream.finish(output):
        assert "".join(shown_pieces) == output
    else:
        assert not output.startswith("".join(shown_pieces))


def test_lines_are_streamed_as_they_come() -> None:
    shown_pieces: list[str] = []
    stream = ImaginedStream("ls", shown_pieces.append)
    reply = "```\nls\na.py\nb.py\n```\nNote that.\n"
    for piece, expected in [("```\nls", ""), ("\na.py\nb", "a.py\n"), (".py\n```\nNote that.\n", "a.py\nb.py\n")]:
        stream.receive(piece)
        assert "".join(shown_pieces) == expected
    assert stream.finish(clean(reply, "ls").text)
    assert "".join(shown_pieces) == "a.py\nb.py\n"


def test_what_was_typed_before_is_streamed_as_the_output_it_is() -> None:
    shown_pieces: list[str] = []
    stream = ImaginedStream("cat notes", shown_pieces.append, typed_before="echo 'As an AI I know' > notes")
    stream.receive("As an AI I know\nend\n")
    assert "".join(shown_pieces) == "As an AI I know\nend\n"


def test_of_a_flood_the_beginning_is_streamed_and_then_what_was_kept() -> None:
    shown_pieces: list[str] = []
    stream = RealStream(Limits(output_bytes=1024), shown_pieces.append)
    for piece in ("a" * 400, "b" * 400, "c"):
        stream.receive(piece)
    assert shown_pieces == ["a" * 400]
    assert stream.finish("a" * 400 + "b" * 112 + "\n[… 289 bytes not kept …]\nc")
    assert "".join(shown_pieces).endswith("b\n[… 289 bytes not kept …]\nc")


ANSWERS = st.lists(st.text(alphabet="ab 漢é\u0301😀\t", max_size=30)).map("\n".join)


def _rows_of(left: str, right: str, width: int) -> Iterator[tuple[str, str]]:
    for row in lay_out_columns(pair_lines(left, right), width):
        yield row.left, row.right


@given(ANSWERS, ANSWERS, st.integers(7, 120))
def test_of_two_answers_side_by_side_nothing_is_lost_and_every_row_fits(left: str, right: str, width: int) -> None:
    rows = list(_rows_of(left, right, width))
    for side, text in enumerate((left, right)):
        side_text = "".join(row[side] for row in rows)
        assert side_text.replace(" ", "") == text.expandtabs().replace(" ", "").replace("\n", "")
    assert all(sum(wcwidth(character) for character in "".join(row)) + MARK_WIDTH <= width for row in rows)
    assert len({sum(wcwidth(character) for character in row[0]) for row in rows}) <= 1


@given(ANSWERS)
def test_equal_answers_differ_nowhere(answer: str) -> None:
    assert {row.sides for row in pair_lines(answer, answer)} <= {"same"}


def test_a_line_more_on_one_side_makes_no_other_line_differ() -> None:
    assert [row.sides for row in pair_lines("a\nb\nc\n", "a\nnew\nb \nc")] == ["same", "right", "same", "same"]


def test_answers_of_few_different_lines_are_held_against_each_other_in_no_time() -> None:
    start = time.monotonic()
    for left, right in [
        ("x\n" * 1000, "x\ny\n" * 500),
        ("x\n" * 20_000, "x\n" * 180),
        ("x\ny\n" * 2500, "y\n" * 4999),
    ]:
        assert list(unified_diff(pair_lines(left, right), ("real", "imagined")))
    assert time.monotonic() - start < 20, "in the square of their lengths this takes minutes"


@given(ANSWERS, ANSWERS)
def test_a_diff_has_exactly_the_lines_that_are_marked(left: str, right: str) -> None:
    rows = pair_lines(left, right)
    diff = list(unified_diff(rows, ("real", "imagined")))[2:]
    assert [line[1:] for line in diff if line[0] == "-"] == [
        row.left for row in rows if row.sides in ("differ", "left")
    ]
    assert [line[1:] for line in diff if line[0] == "+"] == [
        row.right for row in rows if row.sides in ("differ", "right")
    ]


def test_a_diff_shows_what_stands_around_a_difference() -> None:
    left = "".join(f"{number}\n" for number in range(1, 21))
    right = left.replace("10\n", "ten\n").replace("20\n", "")
    assert list(unified_diff(pair_lines(left, right), ("real", "imagined"))) == [
        "--- real",
        "+++ imagined",
        "@@ -7,7 +7,7 @@",
        " 7",
        " 8",
        " 9",
        "-10",
        "+ten",
        " 11",
        " 12",
        " 13",
        "@@ -17,4 +17,3 @@",
        " 17",
        " 18",
        " 19",
        "-20",
    ]
