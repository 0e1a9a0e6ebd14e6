"""What an imagined machine still knows after its context was lost."""

import asyncio
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from builders import answer
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.session import Session, Turn
from gedanken.compare.commands.memory import compare_memory
from gedanken.experiment.errors import BadInput
from gedanken.experiment.persona import Persona
from gedanken.probing.memory import read_commands
from gedanken.probing.questions import QUESTIONS, ask_memory, memory_sentence, print_memory, questions_for
from gedanken.terminal.screen import shortened

NO_FILE = "ls: cannot access 'notes': No such file or directory"
LS = "colour.txt\ncopy.txt\n"


def imagined_answer(text: str, exit_code: int | None = 0) -> Any:
    return [answer("ls", text, by_model=True, exit_code=exit_code)]


@pytest.mark.parametrize(
    ("before", "after", "exit_code", "verdict"),
    [
        (LS, LS, 0, "kept"),
        (LS, "\ncolour.txt  \ncopy.txt", 0, "kept"),
        (LS, "colour.txt\n", 0, "changed"),
        (LS, "", 0, "lost"),
        (LS, NO_FILE, 1, "lost"),
        (LS, "bash: ls: command not found", 127, "lost"),
        (LS, "colour.txt\ncop", None, "changed"),
        ("", "", 0, "kept"),
        ("", LS, 0, "changed"),
    ],
)
def test_an_answer_is_kept_changed_or_lost(before: str, after: str, exit_code: int | None, verdict: str) -> None:
    (answer,) = compare_memory(imagined_answer(before), imagined_answer(before), imagined_answer(after, exit_code))
    assert (answer.verdict, answer.control_verdict, answer.verdict_text) == (verdict, "kept", verdict)
    assert answer.is_changed_by_loss == (verdict != "kept")


def test_an_error_that_becomes_another_error_was_not_lost_for_there_was_no_answer() -> None:
    (answer,) = compare_memory(
        imagined_answer(NO_FILE, 1), imagined_answer(NO_FILE, 1), imagined_answer("bash: ls: command not found", 127)
    )
    assert answer.verdict == "changed"


def test_a_change_that_the_control_shows_too_is_not_blamed_on_the_loss() -> None:
    (answer,) = compare_memory(imagined_answer("64 %"), imagined_answer("12 %"), imagined_answer("30 %"))
    assert answer.verdict_text == "changed, and so is the control"
    assert not answer.is_changed_by_loss
    assert "1 of the changed or lost answers may have another cause" in memory_sentence([answer])


def test_answers_to_different_questions_are_not_compared() -> None:
    with pytest.raises(ValueError, match="not the same"):
        compare_memory(imagined_answer(LS), imagined_answer(LS), [answer("pwd", LS, by_model=True)])


def test_the_variable_that_was_exported_last_is_asked_for() -> None:
    stored = (Turn("export A=1; export BETA_2=x", ""), Turn("echo 'no export C=1'", ""), Turn("ls", "export D=2"))
    assert questions_for(Session(stored)) == (*QUESTIONS, "echo $BETA_2")
    assert questions_for(Session()) == QUESTIONS


@given(st.text())
def test_whatever_was_typed_the_question_holds_a_name_and_nothing_else(typed: str) -> None:
    extra_questions = questions_for(Session((Turn(f"export {typed}=1", ""),)))[len(QUESTIONS) :]
    assert all(question.removeprefix("echo $").replace("_", "a").isalnum() for question in extra_questions)


def test_the_session_does_not_remember_that_it_was_asked(scripted: Callable[..., str]) -> None:
    async def ask() -> None:
        asked_questions: list[str] = []
        async with ImaginedMachine(scripted([{"when": "", "samples": ["x"]}]), Persona(name="p")) as machine:
            await machine.run("export A=1")
            session_before = machine.session
            answers = await ask_memory(machine, asked_questions.append)
        assert [answer.command for answer in answers] == asked_questions == [*QUESTIONS, "echo $A"]
        assert machine.session == session_before

    asyncio.run(ask())


def test_what_a_model_said_can_do_nothing_to_the_screen_and_is_cut() -> None:
    (answer,) = compare_memory(
        imagined_answer("\x1b]0;mine\x07"), imagined_answer("[red]x"), imagined_answer("a" * 10_000)
    )
    page = StringIO()
    print_memory([answer], Console(file=page, force_terminal=True, width=100))
    assert "\x1b]0" not in page.getvalue() and "\x07" not in page.getvalue()
    assert "[red]x" in page.getvalue()
    assert len(shortened("a" * 10_000)) < 500 and shortened(" \n") == "(nothing)"


def test_the_packaged_script_types_ten_commands() -> None:
    assert len(read_commands(None)) == 10
    assert questions_for(Session(tuple(Turn(typed, "") for typed in read_commands(None))))[-1] == "echo $GREETING"


def test_a_script_has_comments_tells_and_escaped_braces(tmp_path: Path) -> None:
    script = tmp_path / "lines"
    script.write_text("# why\n\nls\n{You own four GPUs.}\n\\{ echo a; }\n")
    assert read_commands(script) == ("ls", "{You own four GPUs.}", "{ echo a; }")


@pytest.mark.parametrize(
    ("text", "why"),
    [("# nothing\n", "0 lines"), ("{tell me\n", "must end with the matching }"), ("ls\n" * 201, "201 lines")],
)
def test_a_script_that_cannot_be_typed_is_refused(tmp_path: Path, text: str, why: str) -> None:
    script = tmp_path / "lines"
    script.write_text(text)
    with pytest.raises(BadInput, match=why):
        read_commands(script)


REPLIES = [
    # The requests, sent again in one message, hold the whole script.
    {"when": "mkdir notes\ncd notes", "samples": ["42\n3 colour.txt\n"]},
    {"when": "utilization.gpu", "samples": ["0, NVIDIA GeForce RTX 3090, 64 %, 9000 MiB"]},
    {"when": "echo $GREETING", "samples": ["hello", "hallo", "hullo", "hollo"]},
    {"when": "pwd", "samples": ["/home/user/notes"]},
]


def test_the_probe_says_of_each_policy_what_it_kept(gedanken: Cli, scripted: Callable[..., str]) -> None:
    process_result = gedanken("probe", "memory", "--model", scripted(REPLIES), "--json", "--out", "memory.json")
    assert process_result.returncode == 0, process_result.stderr
    result = json.loads(process_result.stdout)
    assert [answer["policy"] for answer in result["rebuilt"]] == ["requests", "transcript", "none"]
    assert [bool(answer["replayed"]) for answer in result["rebuilt"]] == [True, False, False]
    assert result["rebuilt"][0]["replayed"]["stdout"] == "42\n3 colour.txt\n"
    assert all(answer["same_request"] for rebuilt in result["rebuilt"] for answer in rebuilt["report"])
    assert {answer["verdict"] for rebuilt in result["rebuilt"] for answer in rebuilt["report"]} == {"kept"}
    assert result["conditions"]["persona"] == "ubuntu-18.04-4x3090"
    assert len(result["typed"]) == 10


def test_with_temperature_each_asking_is_another_sample_and_the_control_shows_it(
    gedanken: Cli, scripted: Callable[..., str]
) -> None:
    result = gedanken("probe", "memory", "--policy", "none", "--temperature", 1, "--model", scripted(REPLIES))
    assert result.returncode == 0, result.stderr
    assert "rebuilt with the policy none" in result.stdout
    assert "may have another cause" in result.stdout
    assert "the same request again" not in result.stdout


def test_of_a_control_at_temperature_0_it_is_said_that_it_is_the_same_request_again(
    gedanken: Cli, scripted: Callable[..., str]
) -> None:
    result = gedanken("probe", "memory", "--policy", "none", "--model", scripted(REPLIES))
    assert "the control sends the same request again" in result.stdout


@pytest.mark.parametrize(
    "options", [["--policy", "dreams"], ["--script", "missing"], ["--temperature", "3"], ["--out", "no/such/file"]]
)
def test_bad_input_to_the_probe_ends_with_2(gedanken: Cli, options: list[str]) -> None:
    result = gedanken("probe", "memory", *options)
    assert result.returncode == 2, result.stderr
