"""Every line at a terminal is read in exactly one way, and there is a way to type every command."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gedanken.experiment.typed_line import read_line

lines = st.text() | st.text("{}\\ \na;")


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "",
        "awk '{print $1}' f",
        "echo ${HOME}",
        'python3 -c "print({1:2})"',
        'echo \'{"a": {"b": 1}}\' > f.json',
        '{"a": 1} | jq .a',
        "{ echo a; echo b; } | wc -l",
        "{a}{b}",
        "find . -exec rm {} \\;",
        "touch {a,b}.txt",
        "} else {",
        " {indented}",
        "\\ls",
    ],
)
def test_what_does_not_begin_with_a_brace_and_end_with_its_match_is_a_command(command: str) -> None:
    assert read_line(command) == ("command", command)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{You own four RTX 3090s.}", "You own four RTX 3090s."),
        ("{ Spaces around it mean nothing. }  \n", "Spaces around it mean nothing."),
        ("{Create train.py\nwith four layers\nand MNIST.}", "Create train.py\nwith four layers\nand MNIST."),
        ("{Print {epoch} and {loss}.}", "Print {epoch} and {loss}."),
        ("{Don't show it}", "Don't show it"),
        ("{}", ""),
    ],
)
def test_what_begins_with_a_brace_and_ends_with_its_match_is_told(line: str, told: str) -> None:
    assert read_line(line) == ("tell", told)


@pytest.mark.parametrize("command", ["{ echo a; echo b; }", '{"a": 1}', "{", "\\{ echo a; }"])
def test_a_command_that_reads_as_a_tell_is_typed_with_a_backslash(command: str) -> None:
    assert read_line("\\" + command) == ("command", command)


@given(lines)
def test_every_command_can_be_typed(command: str) -> None:
    assert ("command", command) in (read_line(command), read_line("\\" + command))


@given(lines)
def test_a_command_is_never_changed_but_for_one_backslash_before_its_first_brace(line: str) -> None:
    kind, text = read_line(line)
    if kind == "command" and text != line:
        assert line == "\\" + text and text.lstrip("\\").startswith("{")


@given(lines)
def test_a_tell_is_what_stands_between_its_braces(line: str) -> None:
    kind, text = read_line(line)
    if kind == "tell":
        assert line.rstrip()[1:-1].strip() == text
        assert text.count("{") == text.count("}")


@given(st.text("{}ab \n").map("{".__add__))
@example("{a {b\n")
def test_what_is_open_is_told_once_its_braces_are_closed(line: str) -> None:
    if read_line(line).kind == "open":
        missing_braces = line.count("{") - line.count("}")
        assert [read_line(line + "}" * count).kind for count in range(missing_braces)] == ["open"] * missing_braces
        assert read_line(line + "}" * missing_braces).kind == "tell"


@given(st.lists(st.text("{}a\n"), min_size=1).map("\n".join).map("{".__add__), st.data())
def test_a_tell_over_several_lines_is_open_until_its_last(line: str, data: st.DataObject) -> None:
    if read_line(line).kind == "tell":
        length = data.draw(st.integers(1, len(line.rstrip()) - 1))
        assert read_line(line[:length]).kind == "open"
