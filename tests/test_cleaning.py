"""What a terminal would not print is taken off a reply and counted; what programs print stays."""

import pytest
from builders import TRACEBACK, lines
from hypothesis import given
from hypothesis import strategies as st

from agents.cleaning import clean
from agents.terminal import exit_code_of

COMMAND = "python3 train.py"
RUN = lines([0.9, 0.5, 0.4])
ENDS = [
    "```\n",
    "```bash\n",
    "Sure! Here is the output:\n",
    "Here is the output of the command:\n",
    "As an AI language model, I cannot run programs.\n",
    "user@host:~$ python3 train.py\n",
    "$ python3 train.py\n",
    "python3 train.py\n",
    "user@host:~$ \n",
    "Note that the actual loss may vary.\n",
    "\n",
    "OUTPUT:\n",
]
replies = st.lists(st.sampled_from([*ENDS, RUN, TRACEBACK, "loss 0.5"]) | st.text(max_size=20)).map("".join)


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (f"```\n{RUN}```\n", ["code fence"] * 2),
        (f"```bash\n{RUN}```", ["code fence"] * 2),
        (f"~~~\n{RUN}~~~\n", ["code fence"] * 2),
        (f"{COMMAND}\n{RUN}", ["echo of the command"]),
        (f"$ {COMMAND}\n{RUN}", ["echo of the command"]),
        (f"user@host:~/work$ {COMMAND}\n{RUN}", ["echo of the command"]),
        (f"root@host:/# {COMMAND}\n{RUN}root@host:/# ", ["echo of the command", "prompt"]),
        (f"Sure! Here is what it prints:\n{RUN}", ["chat"]),
        (f"Here is the output:\n\n{RUN}", ["chat"]),
        (f"{RUN}\nNote that the actual values may vary.\n", ["chat"]),
        (f"{RUN}\nPlease let me know if you need more!\nuser@host:~$\n", ["prompt", "chat"]),
        (f"As an AI language model, I cannot run this.\n{RUN}", ["speaks as an AI"]),
        (f"I'm sorry, but as an AI I have no GPU.\n{RUN}", ["speaks as an AI"]),
        (
            f"Certainly!\n```\n$ {COMMAND}\n{RUN}```\nThis output is simulated.\n",
            ["code fence", "code fence", "chat", "echo of the command", "chat"],
        ),
    ],
)
def test_what_breaks_the_rules_is_taken_off_and_counted(reply: str, kinds: list[str]) -> None:
    cleaned = clean(reply, COMMAND)
    assert cleaned.text.strip() == RUN.strip()
    assert [breach.kind for breach in cleaned.breaches] == kinds


def test_a_command_of_several_lines_is_an_echo_only_whole() -> None:
    command = "for i in 1 2\ndo echo $i\ndone"
    assert clean(f"$ {command}\n1\n2\n", command).text == "1\n2\n"
    assert clean("for i in 1 2\n1\n2\n", command).text == "for i in 1 2\n1\n2\n"


@pytest.mark.parametrize(
    "output",
    [
        RUN,
        TRACEBACK,
        "",
        "\n\n",
        "bash: python3: command not found\n",
        "The output shape is (64, 10).\n",
        "Note: 3 files were skipped.\nloss 0.5\nThis is the end.\n",
        "Here are the classes:\n0 1 2 3\n",
        "> quoted\n$ 5.00\n",
        "{'a': 1}\n\tindented\n\x0c\n",
        "user@host:~$ is my prompt\n",
        "progress\rdone\r\n",
    ],
)
def test_what_programs_print_stays_to_the_letter(output: str) -> None:
    assert clean(output, COMMAND) == (output, ())


@pytest.mark.parametrize(
    ("reply", "text", "kinds"),
    [
        (f"It has 3 epochs.\nOUTPUT:\n{RUN}", RUN, []),
        (f"Say OUTPUT: first.\nOUTPUT:\nno\n  OUTPUT:  \n{RUN}", RUN, []),
        (f"OUTPUT:\n```\n{RUN}```\n", RUN, ["code fence"] * 2),
        ("OUTPUT:", "", []),
        (RUN, RUN, ["no mark before the output"]),
    ],
)
def test_where_steps_are_allowed_the_output_stands_after_the_last_mark(
    reply: str, text: str, kinds: list[str]
) -> None:
    cleaned = clean(reply, COMMAND, marked=True)
    assert (cleaned.text, [breach.kind for breach in cleaned.breaches]) == (text, kinds)


@given(replies)
def test_what_is_clean_stays_clean(reply: str) -> None:
    cleaned = clean(reply, COMMAND)
    assert clean(cleaned.text, COMMAND) == (cleaned.text, ())


@given(replies.filter(lambda reply: "\r" not in reply), st.booleans())  # a line that goes may make \r\n one end
def test_cleaning_adds_nothing_keeps_the_order_and_hides_nothing(reply: str, marked: bool) -> None:
    cleaned = clean(reply, COMMAND, marked=marked)
    kept, rest = cleaned.text.splitlines(keepends=True), iter(reply.splitlines(keepends=True))
    assert all(line in rest for line in kept)
    if not marked:
        assert len(kept) + len(cleaned.breaches) == len(reply.splitlines())


@pytest.mark.parametrize(
    "unit", [" ", "`", "bash: ", "a", "a.", "cat: x: ", "sure ", "note: ", "Sure.\n", "\nNote a."]
)
@pytest.mark.parametrize("begin", ["", "sure " + "x" * 250_000 + "\n"])
def test_a_hostile_reply_is_read_in_no_time(unit: str, begin: str) -> None:
    reply = begin + unit * (500_000 // len(unit)) + "!"
    exit_code_of(clean(reply, COMMAND).text, cut=False)
