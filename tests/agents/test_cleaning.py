"""What a terminal would not print is removed from a reply and counted; what programs print stays."""

import pytest
from builders import TRACEBACK, lines
from hypothesis import given
from hypothesis import strategies as st

from gedanken.agents.reply_cleaning import clean, clean_beginning
from gedanken.agents.terminal import infer_exit_code

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
        (f"Here is the output:\n\n```\n{RUN}```", ["chat", "code fence", "code fence"]),
        (f"```\n{RUN}```\nThis command trains a network.\n\nAsk me anything", ["code fence"] * 2 + ["chat"] * 2),
        (f"```\n{RUN}```\nPlease let me know!\nuser@host:~$\n", ["code fence"] * 2 + ["chat", "prompt"]),
        (f"```\n{RUN}", ["code fence"]),
        (f"````text\n{RUN}````", ["code fence"] * 2),
        (f"As an AI language model, I cannot run this.\n{RUN}", ["speaks as an AI"]),
        (f"I'm sorry, but as an AI I have no GPU.\n{RUN}", ["speaks as an AI"]),
        (
            f"Certainly!\n```\n$ {COMMAND}\n{RUN}```\nThis output is simulated.\n",
            ["chat", "code fence", "echo of the command", "code fence", "chat"],
        ),
    ],
)
def test_what_breaks_the_rules_is_taken_off_and_counted(reply: str, kinds: list[str]) -> None:
    cleaned = clean(reply, COMMAND)
    assert cleaned.text.strip() == RUN.strip()
    assert [violation.kind for violation in cleaned.violations] == kinds


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
        "Note: 3 files were skipped.\nloss 0.5\n\nThis is the end.\n",
        "Dear Ann,\n\nPlease call me.\n",
        "Here are the classes:\n\n0 1 2 3\n",
        "# Title\n\n```sh\nmake\n```\n\n~~~\nls\n~~~\nThis is all.\n",
        f"# Title\n```\n{RUN}```\n",
        "Here are the classes:\n0 1 2 3\n",
        "> quoted\n$ 5.00\n",
        "{'a': 1}\n\tindented\n\x0c\n",
        "user@host:~$ is my prompt\n",
        "progress\rdone\r\n",
    ],
)
def test_what_programs_print_stays_to_the_letter(output: str) -> None:
    assert clean(output, COMMAND) == (output, ())


@pytest.mark.parametrize("reply", ["```\n```\n", "```bash\n\n```", "```", f"```\n{COMMAND}\n```\n", f"{COMMAND}\n"])
def test_an_empty_fence_and_an_echo_are_silence_and_counted(reply: str) -> None:
    cleaned = clean(reply, COMMAND)
    assert cleaned.text.strip() == ""
    assert len(cleaned.violations) == len(reply.split()) - (COMMAND in reply)


README = "# Title\n```sh\nmake\n```\nThis is all.\n"


@pytest.mark.parametrize(
    ("reply", "output", "violations"),
    [
        (f"```\n{README}```\n", README, 2),
        (f"```markdown\n{README}```\nThis is the file.\n", README, 3),
        (f"```\n{README}", README, 1),
        (f"Sure:\n```\n{README}", README, 2),
    ],
    ids=["closed", "remarked on", "cut", "announced and cut"],
)
def test_fences_within_the_output_stay(reply: str, output: str, violations: int) -> None:
    cleaned = clean(reply, "cat README.md")
    assert (cleaned.text, len(cleaned.violations)) == (output, violations)


@pytest.mark.parametrize(
    ("typed", "output"),
    [
        ("echo '~~~'", "~~~\n"),
        ("echo 'Sure, it works:'; ls", "Sure, it works:\na.py\n"),
        ("cat <<'E'\n```\nls\n```\nE", "```\nls\n```\n"),
        ("print('As an AI I count:')", "As an AI I count:\n1\n"),
        ("print('Of course.\\nAs an AI, I do.')", "Of course.\nAs an AI, I do.\n"),
        ("echo 'user@host:~$'", "user@host:~$\n"),
    ],
)
def test_what_was_typed_may_be_printed(typed: str, output: str) -> None:
    assert clean(output, typed) == (output, ())
    assert clean(output, COMMAND, known=f"pwd\n{typed}") == (output, ())
    assert clean(output, COMMAND).violations


def test_a_line_that_the_program_prints_stays_behind_a_fence_too() -> None:
    reply = f"```\n{RUN}```\nThis is the end.\nThis output is simulated.\n"
    cleaned = clean(reply, COMMAND, known='print("\\nThis is the end.")')
    assert cleaned.text == RUN + "This is the end.\n"
    assert [violation.text for violation in cleaned.violations] == ["```", "```", "This output is simulated."]


@pytest.mark.parametrize(
    ("piece", "rest", "kinds"),
    [
        ("```\nEpoch 2\n```\n", "Epoch 2\n```\n", ["code fence"]),
        ("Sure, here is the rest of the output:\nss 0.5\n", "ss 0.5\n", ["chat"]),
        ("Sure:\n\n```\n\nEpoch 2\n", "\nEpoch 2\n", ["chat", "code fence"]),
        ("Of course!\n\nEpoch 2\n", "Epoch 2\n", ["chat"]),
        ("\nss 0.5\n", "\nss 0.5\n", []),
    ],
)
def test_a_further_piece_begins_where_the_output_goes_on(piece: str, rest: str, kinds: list[str]) -> None:
    cleaned = clean_beginning(piece)
    assert (cleaned.text, [violation.kind for violation in cleaned.violations]) == (rest, kinds)


def test_a_fence_that_was_opened_before_is_closed() -> None:
    cleaned = clean(f"{RUN}```\nThat is all.\n", COMMAND, opened=True)
    assert (cleaned.text, [violation.kind for violation in cleaned.violations]) == (RUN, ["code fence", "chat"])


@pytest.mark.parametrize(
    ("reply", "text", "kinds"),
    [
        (f"It has 3 epochs.\nOUTPUT:\n{RUN}", RUN, []),
        (f"Say OUTPUT: first.\n  OUTPUT:  \nyes\nOUTPUT:\n{RUN}", f"yes\nOUTPUT:\n{RUN}", []),
        (f"```\nIt has 3 epochs.\nOUTPUT:\n{RUN}```\n", RUN, ["code fence"]),
        (f"OUTPUT:\n```\n{RUN}```\n", RUN, ["code fence"] * 2),
        ("OUTPUT:", "", []),
        (RUN, RUN, ["no mark before the output"]),
    ],
)
def test_where_steps_are_allowed_the_output_stands_after_the_first_mark(
    reply: str, text: str, kinds: list[str]
) -> None:
    cleaned = clean(reply, COMMAND, marked=True)
    assert (cleaned.text, [violation.kind for violation in cleaned.violations]) == (text, kinds)


@given(replies)
def test_what_is_clean_stays_clean(reply: str) -> None:
    cleaned = clean(reply, COMMAND)
    if "code fence" not in {
        violation.kind for violation in cleaned.violations
    }:  # within it the output may have its own
        assert clean(cleaned.text, COMMAND) == (cleaned.text, ())


@given(replies.filter(lambda reply: "\r" not in reply), st.booleans())  # a line that goes may make \r\n one end
def test_cleaning_adds_nothing_keeps_the_order_and_hides_nothing(reply: str, marked: bool) -> None:
    cleaned = clean(reply, COMMAND, marked=marked)
    kept_lines, remaining_lines = cleaned.text.splitlines(keepends=True), iter(reply.splitlines(keepends=True))
    assert all(line in remaining_lines for line in kept_lines)
    if not marked:
        assert len(kept_lines) + len(cleaned.violations) == len(reply.splitlines())


@pytest.mark.parametrize(
    "unit",
    [" ", "`", "bash: ", "a", "a.", "cat: x: ", "sure ", "note: ", "Sure.\n", "\nNote a.", "As an AI.\n", "```\n"],
)
@pytest.mark.parametrize("begin", ["", "sure " + "x" * 250_000 + "\n"])
def test_a_hostile_reply_is_read_in_no_time(unit: str, begin: str) -> None:
    reply = begin + unit * (500_000 // len(unit)) + "!"
    infer_exit_code(clean(reply, COMMAND, known="print('a')\n" * 1000).text, cut=False)


@pytest.mark.parametrize(
    ("reply", "text", "kinds"),
    [
        ("a\nuser@ubuntu:~$ pwd\n/home/user\n[u@h ~]$ ls\nb\n", "a\n", {"plays further commands"}),
        ("(base) user@ubuntu:~$ ls\na\n", "a\n", {"echo of the command"}),
        ("I'm sorry, but I can't run code.\n", "", {"speaks as an AI"}),
        ("I am an AI and cannot do that.\n", "", {"speaks as an AI"}),
        ("I cannot execute commands.\na\n", "a\n", {"speaks as an AI"}),
    ],
)
def test_refusals_and_commands_that_nobody_typed_are_taken_off_and_named(
    reply: str, text: str, kinds: set[str]
) -> None:
    cleaned = clean(reply, "ls")
    assert (cleaned.text, {violation.kind for violation in cleaned.violations}) == (text, kinds)


def test_an_echo_in_a_fence_of_its_own_takes_no_output_with_it() -> None:
    assert clean("```bash\nls\n```\nfoo\nbar\n", "ls").text == "foo\nbar\n"
    assert clean("```bash\nls\n```\n\n```\nfoo\n```\n", "ls").text.strip() == "foo"
