"""The texts that are sent to an imagined terminal, and the exit codes inferred from its output."""

import subprocess

import pytest
from builders import TRACEBACK, lines
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.agents.terminal import file_turn, infer_exit_code, prints_nothing, typed_message
from gedanken.experiment.execution import Cause

TRAINING_OUTPUT = lines([0.9, 0.5, 0.4])
FILE_ERRORS = [
    "cat: notes: No such file or directory",
    "ls: cannot access 'notes': No such file or directory",
    "mkdir: cannot create directory 'notes': File exists",
    "rmdir: failed to remove 'notes': Directory not empty",
    "cat: data: Is a directory",
]
BAD_SYNTAX = "  File \"/home/user/train.py\", line 17\n    print(\n         ^\nSyntaxError: '(' was never closed\n"


@pytest.mark.parametrize(
    ("output", "exit_code"),
    [
        (TRAINING_OUTPUT, 0),
        ("", 0),
        (TRACEBACK, 1),
        (TRAINING_OUTPUT + TRACEBACK, 1),
        (TRACEBACK.replace("NameError", "torch.OutOfMemoryError") + "    of 3 GiB\n", 1),
        (f"{TRACEBACK}\nDuring handling of the above exception, another exception occurred:\n\n{TRACEBACK}", 1),
        ("Traceback (most recent call last):\n", 1),
        ("Traceback (most recent call last):\n  File x\nKeyboardInterrupt\n", 1),
        (BAD_SYNTAX, 1),
        ("bash: nvidia-smi: command not found\n", 127),
        ("bash: line 1: nvcc: command not found", 127),
        ("python3: can't open file '/home/user/x.py': [Errno 2] No such file or directory\n", 2),
        ("bash: ./run: Permission denied\n", 126),
        ("bash: ./run: No such file or directory\n", 127),
        ("bash: cd: notes: No such file or directory\n", 1),
        ("Command 'nvcc' not found, but can be installed with:\n", 127),
        ("bash: syntax error near unexpected token `)'\n", 2),
        ("Segmentation fault (core dumped)\n", 139),
        ("Killed\n", 137),
        *((line, 1) for line in FILE_ERRORS),
    ],
)
def test_the_exit_code_is_read_off_the_end_of_the_output(output: str, exit_code: int) -> None:
    assert infer_exit_code(output, cut=False) == (exit_code, Cause.FAILED if exit_code else Cause.FINISHED)


@pytest.mark.parametrize(
    "output",
    [
        TRACEBACK + TRAINING_OUTPUT,
        f"{FILE_ERRORS[0]}\n{TRAINING_OUTPUT}",
        f"bash: x: command not found\n{TRAINING_OUTPUT}",
        "SyntaxError is caught\n",
        "Error: none\n",
    ],
)
def test_an_error_that_more_output_follows_was_caught(output: str) -> None:
    assert infer_exit_code(output, cut=False) == (0, Cause.FINISHED)


def test_of_a_reply_that_was_cut_the_end_was_not_seen() -> None:
    assert infer_exit_code(TRACEBACK, cut=True) == (None, Cause.CUT)


@given(
    st.text() | st.lists(st.sampled_from([TRACEBACK, BAD_SYNTAX, " \n", "  x\n", "Error"])).map("".join),
    st.booleans(),
)
def test_any_output_has_an_exit_code_or_was_cut(output: str, cut: bool) -> None:
    exit_code, cause = infer_exit_code(output, cut)
    assert (exit_code is None) == cut == (cause is Cause.CUT)


@settings(max_examples=20, deadline=None)  # each starts a shell
@given(st.lists(st.sampled_from(["x = 1", "EOF", "EOF_", "$HOME `ls` \\", "'''", ""])))
def test_a_file_comes_to_stand_by_a_command_that_a_real_shell_obeys(program: list[str]) -> None:
    source = "\n".join(program).rstrip()
    turn = file_turn("train.py", source + "\n")
    *_, typed = turn.typed.split("cat > train.py", 1)
    result = subprocess.run(["/bin/sh", "-c", "cat " + typed], capture_output=True, text=True, check=True)
    assert (result.stdout, turn.replied) == (source + "\n", "")


def test_what_is_told_goes_before_the_command_in_braces() -> None:
    assert typed_message("ls", ("Do not show train.py.", "Be quick.")) == "{Do not show train.py.}\n{Be quick.}\nls"


def test_a_command_that_would_read_as_a_tell_is_sent_with_its_backslash() -> None:
    assert typed_message("{ echo a; }", ("Be quick.",)) == "{Be quick.}\n\\{ echo a; }"
    assert typed_message("\\{") == "\\\\{"
    assert typed_message("{a,b} c") == "{a,b} c"


@pytest.mark.parametrize(
    "command",
    ["cd /tmp", "mkdir -p a/b && cd a", "export X=1; touch y", "X=1", "echo hi > file", "rm -r a", "true", "cd"],
)
def test_silence_is_an_answer_to_what_prints_nothing(command: str) -> None:
    assert prints_nothing(command)


@pytest.mark.parametrize(
    "command",
    [
        "python3 train.py",
        "ls",
        "cd /tmp && ls",
        "nvidia-smi",
        "cat a",
        "mkdir -v a",
        "echo hi",
        "",
        "grep a b > c | wc",
    ],
)
def test_silence_is_no_answer_to_what_may_print(command: str) -> None:
    assert not prints_nothing(command)
