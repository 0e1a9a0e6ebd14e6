"""`gedanken probe terminal`: the right output of each command is what the real machine prints."""

import asyncio
import json
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import answer
from conftest import GEDANKEN, Cli
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gedanken.compare.commands.agreement import AnsweredCommand, agreement_of, by_kind, sequence_share
from gedanken.experiment.execution import Cause, FormatViolation, violations_by_kind
from gedanken.probes.terminal import KINDS, CommandSequence, read_command_sequences

BATTERY = read_command_sequences()

output_text = st.text(st.sampled_from("ab1 :\n\t"), max_size=40)
blank_ends = st.text(st.sampled_from(" \t\n"), max_size=6)


def make_answered(
    real: str, imagined: str, sequence: str = "walk", kind: str = "place", **changes: Any
) -> AnsweredCommand:
    return AnsweredCommand(sequence, kind, answer("cmd", real), answer("cmd", imagined, by_model=True, **changes))


def test_the_battery_is_large_and_asks_of_every_kind() -> None:
    kinds = Counter(typed.kind for sequence in BATTERY for typed in sequence.commands)
    assert sum(kinds.values()) >= 60
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 3
    assert len({sequence.name for sequence in BATTERY}) == len(BATTERY)
    assert all(3 <= len(sequence.commands) <= 5 for sequence in BATTERY)


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "walk", "commands": [{"place": "pwd"}], "output": "/home/user"},
        {"name": "walk", "commands": [{"place": "pwd", "folders": "ls"}]},
        {"name": "walk", "commands": [{"weather": "date"}]},
        {"name": "walk", "commands": []},
    ],
)
def test_a_sequence_holds_commands_and_nothing_else(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(CommandSequence).validate_python(fault)


async def type_sequence(machine: Any, sequence: CommandSequence) -> list[tuple[str, int | None]]:
    async with machine.branch(0) as branch:
        executions = [await branch.run(command) for _kind, command in sequence.commands]
    return [(execution.terminal, execution.exit_code) for execution in executions]


@pytest.mark.docker
def test_the_real_machine_answers_the_battery_twice_the_same(machine: Any) -> None:
    async def type_twice() -> None:
        for sequence in BATTERY:
            answers = await type_sequence(machine, sequence)
            assert answers == await type_sequence(machine, sequence)
            failed = {kind for (kind, _), (_, code) in zip(sequence.commands, answers, strict=True) if code}
            assert failed <= {"exit codes"}, sequence.name

    asyncio.run(type_twice())


@given(output_text, blank_ends)
def test_blank_ends_are_not_seen_and_do_not_matter(text: str, blanks: str) -> None:
    assert make_answered(text, text).agrees
    assert make_answered(text, text + blanks).agrees
    assert make_answered(text, text.replace("\n", " \n")).agrees


@given(output_text, st.integers(0, 40), st.sampled_from("zZ9#"))
def test_one_other_character_is_no_agreement(text: str, at: int, other: str) -> None:
    changed_text = text[:at] + other + text[at + 1 :]
    assert not make_answered(text, changed_text).agrees
    assert not make_answered(changed_text, text).agrees


def test_a_reply_that_was_cut_agrees_with_nothing() -> None:
    assert not make_answered("a\n", "a\n", cause=Cause.CUT, exit_code=None).agrees


def test_agreeing_on_silence_is_counted_apart() -> None:
    answers = [
        make_answered("a\n", "b\n"),
        make_answered("", ""),
        make_answered("", ""),
        make_answered("", "chat\n", kind="files"),
    ]
    agreement = agreement_of(answers)
    assert (agreement.printing.successes, agreement.printing.trials) == (0, 1)
    assert (agreement.silent.successes, agreement.silent.trials) == (2, 3)
    assert agreement.silent.low < 2 / 3 < agreement.silent.high
    assert by_kind(answers)["files"].silent.trials == 1
    assert by_kind(answers)["files"].printing.trials == 0


def test_a_sequence_is_whole_only_where_every_command_agrees() -> None:
    share = sequence_share(
        [make_answered("a", "a", "one"), make_answered("a", "a", "two"), make_answered("a", "b", "two")]
    )
    assert (share.successes, share.trials) == (1, 2)


def test_violations_are_counted_by_kind() -> None:
    fence, chat = FormatViolation("code fence", "```"), FormatViolation("chat", "Sure!")
    answers = [make_answered("a", "a", violations=(chat, fence)), make_answered("a", "a", violations=(fence,))]
    assert violations_by_kind(answer.imagined for answer in answers) == {"code fence": 2, "chat": 1}


@pytest.fixture
def half_right(scripted: Callable[[list[dict[str, Any]]], str]) -> str:
    """A model that answers correctly when nothing is printed and in its first two printed answers, and wrongly after
    that.
    """
    replies = {
        "sort fruit.txt |": "\x1b]0;mine\x07apple\n",
        "sort fruit.txt": "apple\napple\napple\nfig\nfig\npear\nplum\n",
        "sort -u": "```\napple\nfig\npear\nplum\n```\n",
    }
    rules = [{"when": when, "samples": [reply]} for when, reply in replies.items()]
    return scripted([*rules, {"when": "grep -c", "samples": ["3"], "cut": True}])


@pytest.mark.docker
def test_both_machines_are_typed_into_and_the_result_is_kept(gedanken: Cli, half_right: str, tmp_path: Path) -> None:
    run_result = gedanken(
        "probe", "terminal", "--model", half_right, "--sandbox", "docker", "--only", "fruit", "--json",
        "--out", tmp_path / "kept.json",
    )  # fmt: skip
    assert run_result.returncode == 0, run_result.stderr
    result = json.loads(run_result.stdout)
    assert json.loads((tmp_path / "kept.json").read_text()) == result
    assert [command["agrees"] for command in result["commands"]] == [True, True, True, False, False]
    assert [command["real"]["output"] for command in result["commands"]][-2:] == ["apple\nfig\n", "3\n"]
    assert all(re.fullmatch("[0-9a-f]{64}", command["imagined"]["seal"]["sha256"]) for command in result["commands"])
    summary = result["summary"]
    assert (summary["all"]["printing"]["successes"], summary["all"]["printing"]["trials"]) == (2, 4)
    assert (summary["all"]["silent"]["successes"], summary["all"]["silent"]["trials"]) == (1, 1)
    assert (summary["whole_sequences"]["successes"], summary["cut"]) == (0, 1)
    assert summary["violations"] == {"code fence": 2}
    assert result["conditions"]["persona"] == "matched"
    assert "5 of 5 commands typed, 3 with the same output" in run_result.stderr


@pytest.mark.docker
def test_what_differs_is_shown_side_by_side_and_harmless(gedanken: Cli, half_right: str) -> None:
    result = gedanken("probe", "terminal", "--model", half_right, "--sandbox", "docker", "--only", "fruit")
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert r"\x1b]0;mine\x07apple" in result.stdout
    assert "2 of 4 (.15 to .85)" in result.stdout
    assert "replies cut by the token limit: 1" in result.stdout


@pytest.mark.docker
def test_interrupted_it_keeps_nothing(half_right: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    arguments = ["probe", "terminal", "--model", half_right, "--sandbox", "docker", "--out", folder / "result.json"]
    command = [*GEDANKEN, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as probe:
        assert probe.stderr is not None
        assert any(" with the same output: " in line for line in probe.stderr)
        probe.send_signal(signal.SIGINT)
        stdout, stderr = probe.communicate(timeout=60)
    assert probe.returncode == 130
    assert stderr.splitlines()[-1] == "gedanken: interrupted"
    assert stdout == ""
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nosuch"], "--only nosuch: must be one of walk, "),
        (["--out", "nosuch/kept.json"], "No such file"),
        (["--out", "/dev/null"], "name a file"),
    ],
)
def test_bad_input_is_refused_before_anything_is_opened(gedanken: Cli, arguments: list[str], said: str) -> None:
    result = gedanken("probe", "terminal", *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_an_agreement_is_counted_with_and_without_what_was_taken_off() -> None:
    echo = FormatViolation("echo of the command", "rm f")
    answers = [
        make_answered("", "", violations=(echo,)),
        make_answered("", ""),
        make_answered("a", "a"),
        make_answered("a", "b"),
    ]
    agreement = agreement_of(
        [*answers, make_answered("a", "a", violations=(echo,)), make_answered("a", "c", violations=(echo,))]
    )
    assert (agreement.silent.successes, agreement.silent_as_it_came.successes, agreement.silent.trials) == (2, 1, 2)
    assert (agreement.printing.successes, agreement.printing_as_it_came.successes, agreement.printing.trials) == (
        2,
        1,
        4,
    )


def test_blanks_before_a_line_are_seen() -> None:
    assert not make_answered(" 2  9 35 cat.txt\n", "2  9 35 cat.txt\n").agrees
    assert make_answered(" 2  9 35 cat.txt\n", "\n \n 2  9 35 cat.txt  \n\n").agrees
