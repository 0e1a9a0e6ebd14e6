"""The context of an imagined machine: what it contains, what is lost when it is dropped, and how it is rebuilt."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gedanken.agents.imagined_machine import REBUILD_COMMAND, ImaginedMachine
from gedanken.agents.messages import Message
from gedanken.agents.model import Model
from gedanken.agents.scripted import ScriptedModel, ScriptedReply
from gedanken.agents.session import POLICIES, Policy, Session, Turn
from gedanken.experiment.persona import Persona

RULES: list[dict[str, Any]] = [
    {"when": "mkdir data\n", "samples": ["data  notes  64%\n"]},
    {"when": "ls", "samples": ["data\n"]},
    {"when": "pwd", "samples": ["```\n/home/user\n```\n"]},
    {"when": "", "samples": [""]},
]
MKDIR, LS = Turn("mkdir data", ""), Turn("ls", "data\n")


@pytest.fixture
def machine() -> ImaginedMachine:
    chat = ScriptedModel(rules=tuple(ScriptedReply.model_validate(rule) for rule in RULES))
    machine = ImaginedMachine(Model("scripted", chat), Persona(name="matched"))
    for command in ("mkdir data", "ls"):
        asyncio.run(machine.run(command))
    return machine


def context_messages(machine: ImaginedMachine) -> list[Message]:
    return machine.messages("pwd")[1:-1]


BOTH_SIDES = [
    message for typed, replied in (MKDIR, LS) for message in (Message("user", typed), Message("assistant", replied))
]


def test_it_is_sent_both_sides_of_every_turn(machine: ImaginedMachine) -> None:
    assert context_messages(machine) == BOTH_SIDES
    assert machine.session == Session((MKDIR, LS), (MKDIR, LS))


def test_it_remembers_what_was_really_replied_violations_and_all(machine: ImaginedMachine) -> None:
    execution = asyncio.run(machine.run("pwd"))
    assert (execution.stdout, [violation.kind for violation in execution.violations]) == (
        "/home/user\n",
        ["code fence"] * 2,
    )
    assert machine.session.stored[-1].replied == execution.raw_reply == "```\n/home/user\n```\n"


def test_asking_leaves_no_mark(machine: ImaginedMachine) -> None:
    session_before = machine.session
    assert asyncio.run(machine.ask("ls")).stdout == "data\n"
    assert machine.session == session_before


def test_what_is_lost_is_stored_and_not_seen(machine: ImaginedMachine) -> None:
    machine.empty_context()
    assert context_messages(machine) == []
    assert machine.session.stored == (MKDIR, LS)


def test_rebuilt_from_requests_they_are_sent_in_one_message_and_answered_at_once(machine: ImaginedMachine) -> None:
    machine.empty_context()
    execution = asyncio.run(machine.rebuild("requests"))
    assert execution is not None
    assert (execution.command, execution.stdout) == (REBUILD_COMMAND, "data  notes  64%\n")
    assert context_messages(machine) == [
        Message("user", "mkdir data\nls"),
        Message("assistant", "data  notes  64%\n"),
    ]
    assert machine.session.stored == (MKDIR, LS), "the rebuild is no turn of the person's"


def test_an_echo_of_all_requests_at_a_rebuild_is_taken_off(machine: ImaginedMachine) -> None:
    assert isinstance(machine.model, Model)
    echo = ScriptedReply(when="mkdir data\n", samples=("$ mkdir data\nls\ndata\n",))
    execution = asyncio.run(replace(machine, model=Model("echo", ScriptedModel(rules=(echo,)))).rebuild("requests"))
    assert execution is not None
    assert (execution.command, execution.stdout) == (REBUILD_COMMAND, "data\n")
    assert [violation.kind for violation in execution.violations] == ["echo of the command"] * 2


def test_printed_text_like_chat_is_kept_if_a_typed_program_prints_it(machine: ImaginedMachine) -> None:
    printed = "```\n1\n```\nThis is the end.\n"
    chat = ScriptedModel(rules=(ScriptedReply(when="", samples=(printed,)),))
    machine_with_program = replace(machine, model=Model("ends", chat))
    assert asyncio.run(machine_with_program.ask("python3 end.py")).stdout == "1\n"
    machine_with_program.place("end.py", 'print(1)\nprint("\\nThis is the end.")')
    assert asyncio.run(machine_with_program.run("python3 end.py")).stdout == "1\nThis is the end.\n"


def test_rebuilt_from_the_transcript_nothing_is_asked_and_all_is_seen(machine: ImaginedMachine) -> None:
    machine.empty_context()
    assert asyncio.run(machine.rebuild("transcript")) is None
    assert context_messages(machine) == BOTH_SIDES


def test_not_rebuilt_it_begins_with_what_comes_next(machine: ImaginedMachine) -> None:
    machine.empty_context()
    assert asyncio.run(machine.rebuild("none")) is None
    asyncio.run(machine.run("ls"))
    assert context_messages(machine) == BOTH_SIDES[2:]
    assert machine.session.stored == (MKDIR, LS, LS)


def test_a_second_rebuild_sends_each_request_once(machine: ImaginedMachine) -> None:
    for _round in range(2):
        asyncio.run(machine.rebuild("requests"))
    assert context_messages(machine)[0] == Message("user", "mkdir data\nls")


@pytest.mark.parametrize("policy", POLICIES)
def test_of_a_session_without_turns_nothing_is_rebuilt(machine: ImaginedMachine, policy: Policy) -> None:
    machine.session = Session()
    assert asyncio.run(machine.rebuild(policy)) is None
    assert machine.session == Session()
