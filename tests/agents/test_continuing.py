"""A reply longer than the token limit is requested in pieces, and reads as if it had been a single reply."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any

import pytest
from builders import lines
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from gedanken.agents.imagined_machine import ImaginedMachine
from gedanken.agents.long_replies import SEED_STEP
from gedanken.agents.messages import Message
from gedanken.agents.model import Model
from gedanken.agents.rate_limits import Bucket, RequestQueue
from gedanken.agents.repetition import (
    MIN_REPEATED_CHARACTERS,
)
from gedanken.agents.scripted import ScriptedModel, ScriptedReply
from gedanken.agents.session import Session, Turn
from gedanken.experiment.execution import Cause, Execution, Limits
from gedanken.experiment.persona import Persona
from gedanken.prompts import render

GO_ON = render("terminal-go-on")
COMMAND = "python3 train.py"
EARLIER = Session().add(Turn("pwd", "/home/user\n"))
LOSSES = [0.9, 0.7, 0.55, 0.43, 0.41, 0.4]
RUN = lines(LOSSES)
SHAPE = "shape of input\n"


class OpenReply(BaseChatModel):
    """A model that replies with `whole`, and continues its reply if that was cut off. Each character is a token."""

    whole: str
    repeats: bool = False
    """Whether the model repeats the cut-off reply before it continues, as some servers do."""
    max_tokens: int = 0

    @property
    def _llm_type(self) -> str:
        return "open reply"

    def _generate(self, *_messages: Any, **_options: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], *_options: Any, **_more: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        open_reply = messages[-1].text if isinstance(messages[-1], AIMessage) else ""
        end = len(open_reply) + self.max_tokens
        for character in self.whole[0 if self.repeats else len(open_reply) : end]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=character))
        reason = "length" if end < len(self.whole) else "stop"
        last = AIMessageChunk(content="", response_metadata={"finish_reason": reason}, chunk_position="last")
        yield ChatGenerationChunk(message=last)


def imagined_machine(model: Model, **limits: int) -> ImaginedMachine:
    """An imagined machine with one earlier turn, limited to short replies."""
    bounds = Limits.model_validate({"reply_tokens": 16, **limits})
    return ImaginedMachine(model, Persona(name="matched"), limits=bounds, session=EARLIER, sample=1)


def scripted_machine(*rules: dict[str, Any], **limits: int) -> ImaginedMachine:
    """An imagined machine whose model replies by the first rule that matches."""
    replies = tuple(ScriptedReply.model_validate({"when": "", **rule}) for rule in rules)
    pace = RequestQueue(bucket=Bucket(first_wait=0.001))
    return imagined_machine(Model("scripted", ScriptedModel(rules=replies), pace=pace), **limits)


def run(machine: ImaginedMachine) -> tuple[Execution, str]:
    """The execution of the command, and the text that was received while it ran."""
    chunks: list[str] = []
    execution = asyncio.run(machine.run(COMMAND, on_output=chunks.append))
    return execution, "".join(chunks)


@pytest.mark.parametrize("tokens", [16, 50, len(RUN) - 1, len(RUN), 1000])
def test_a_server_that_takes_up_an_open_reply_leaves_no_seam(tokens: int) -> None:
    machine = imagined_machine(
        Model("open", OpenReply(whole=RUN), prefills=True), reply_tokens=tokens, continuations=64
    )
    execution, heard = run(machine)
    assert (execution.stdout, execution.cause, execution.exit_code) == (RUN, Cause.FINISHED, 0)
    assert heard == RUN
    assert machine.session.stored[-1] == Turn(COMMAND, RUN)
    pieces = -(-len(RUN) // tokens)
    assert execution.notes == ((f"joined from {pieces} pieces",) if pieces > 1 else ())


@pytest.mark.parametrize("tokens", [MIN_REPEATED_CHARACTERS, 300, len(RUN) * 2 - 1])
def test_what_a_server_sends_again_of_an_open_reply_is_left_out(tokens: int) -> None:
    output = RUN + lines([0.39, 0.38, 0.37, 0.36, 0.35, 0.34])
    model = Model("open", OpenReply(whole=output, repeats=True), prefills=True)
    execution, heard = run(imagined_machine(model, reply_tokens=tokens, continuations=1))
    assert execution.stdout == heard == output
    assert execution.notes == (f"joined from 2 pieces; {tokens} repeated characters were left out",)


@pytest.mark.parametrize("whole", ["1\n" * 50, SHAPE * 40 + "done\n"])
@pytest.mark.parametrize("line_ends", [1, 8, 20])
def test_a_line_over_and_over_is_no_open_reply_sent_again(whole: str, line_ends: int) -> None:
    tokens = (whole.index("\n") + 1) * line_ends
    model = Model("open", OpenReply(whole=whole), prefills=True)
    execution, heard = run(imagined_machine(model, reply_tokens=max(16, tokens), continuations=64))
    # In circles it is given up, but never shortened.
    assert whole.startswith(execution.stdout)
    assert execution.stdout == heard
    assert execution.stdout == whole or "goes in circles" in execution.notes[-1]
    assert "left out" not in execution.notes[0]


@given(st.text("ab\n", min_size=1, max_size=80))
def test_each_character_is_heard_once_whatever_the_reply(whole: str) -> None:
    model = Model("open", OpenReply(whole=whole), prefills=True)
    execution, heard = run(imagined_machine(model, continuations=8))
    assert heard == execution.raw_reply


MID = lines(LOSSES[:3], total=6)
CUTS = {
    "between lines": (MID, RUN.removeprefix(MID)),
    "within a line": (RUN[:100], RUN[100:]),
    "the last line begun anew": (RUN[:100], RUN[RUN.rindex("\n", 0, 100) + 1 :]),
    "two lines repeated": (RUN[:120], RUN[RUN.index("\n") + 1 :]),
    "all of it repeated": (RUN[:100], RUN),
    "a fence once more": (RUN[:100], f"```\n{RUN[100:]}```\n"),
    "a fence once more, and the line": (f"```\n{RUN[:100]}", f"```\n{RUN[RUN.rindex(chr(10), 0, 100) + 1 :]}```\n"),
    "all of it repeated in a fence": (RUN[:100], f"Sure, here is all of it:\n\n```\n{RUN}```\nThat is all.\n"),
    "chat before it goes on": (RUN[:100], f"Sure, here is the rest of the output:\n{RUN[100:]}"),
}


@pytest.mark.parametrize(("first", "then"), CUTS.values(), ids=CUTS)
def test_a_model_that_is_asked_to_go_on_leaves_no_seam(first: str, then: str) -> None:
    machine = scripted_machine(
        {"when": GO_ON, "samples": [then]}, {"samples": [first], "cut": True}, reply_tokens=1024
    )
    execution, heard = run(machine)
    assert (execution.stdout, execution.cause) == (RUN, Cause.FINISHED)
    # That it was asked to go on is no part of the session.
    assert machine.session.stored[-1] == Turn(COMMAND, heard)
    assert execution.raw_reply == heard


@pytest.mark.parametrize(
    ("then", "kinds"),
    [
        ("```\nEpoch 2: loss 0.5\n", ["code fence"]),
        ("Sure, here is the rest of the output:\n```\nEpoch 2: loss 0.5\n```", ["chat", "code fence", "code fence"]),
        ("Of course!\nss 0.5\n", ["chat"]),
    ],
)
def test_what_is_taken_off_at_a_seam_is_counted(then: str, kinds: list[str]) -> None:
    first = "Epoch 1: loss 0.9\nEpoch 2: lo"
    execution, _ = run(scripted_machine({"when": GO_ON, "samples": [then]}, {"samples": [first], "cut": True}))
    assert execution.stdout == "Epoch 1: loss 0.9\nEpoch 2: loss 0.5\n"
    assert [violation.kind for violation in execution.violations] == kinds
    first_piece, second = _sealed_pieces(execution)
    assert "reply" not in first_piece
    assert second["reply"] == then, "what was left out stands in the seal"


def test_a_fence_that_one_further_piece_opens_and_the_next_closes_is_no_output() -> None:
    rules = [{"when": GO_ON, "samples": ["```\nb\n"], "cut": True}, {"samples": ["a\n"], "cut": True}]
    replies = iter(["```\nc\n```"])

    class Closes(ScriptedModel):
        def _text(self, rule: ScriptedReply) -> str:
            return super()._text(rule) if self.seed < 2 * SEED_STEP else next(replies)

    closing_model = Closes(rules=tuple(ScriptedReply.model_validate({"when": "", **rule}) for rule in rules))
    execution, _ = run(imagined_machine(Model("scripted", closing_model), continuations=2))
    assert execution.stdout == "a\nb\nc\n"
    assert [violation.text for violation in execution.violations] == ["```"] * 3


@pytest.mark.parametrize(
    ("first", "then", "whole"),
    [
        (SHAPE * 2, SHAPE * 2 + "done\n", SHAPE * 4 + "done\n"),
        (SHAPE * 30, SHAPE * 31 + "done\n", SHAPE * 61 + "done\n"),
        (f"{SHAPE}{SHAPE}sha", f"{SHAPE}{SHAPE}sha", f"{SHAPE * 4}sha"),
        ("a\n", "\nb", "a\n\nb"),
        ("a\nb\n", "a\nb\nc\n", "a\nb\na\nb\nc\n"),
    ],
)
def test_a_complete_line_that_may_come_twice_is_kept(first: str, then: str, whole: str) -> None:
    execution, _ = run(scripted_machine({"when": GO_ON, "samples": [then]}, {"samples": [first], "cut": True}))
    assert execution.stdout == whole


def test_what_is_said_again_is_left_out_and_said_so() -> None:
    execution, _ = run(scripted_machine({"when": GO_ON, "samples": ["bc\nd"]}, {"samples": ["a\nb"], "cut": True}))
    assert execution.stdout == "a\nbc\nd"
    assert execution.notes == ("joined from 2 pieces; 1 repeated character was left out",)
    long_output = RUN + lines(LOSSES[:2])
    execution, _ = run(
        scripted_machine({"when": GO_ON, "samples": [long_output + "end\n"]}, {"samples": [long_output], "cut": True})
    )
    assert execution.stdout == long_output + "end\n"


@pytest.mark.parametrize("continuations", [0, 1, 3])
def test_a_reply_is_continued_so_often_and_then_marked_as_cut(continuations: int) -> None:
    model = Model("open", OpenReply(whole=RUN), prefills=True)
    execution, heard = run(imagined_machine(model, continuations=continuations))
    assert execution.stdout == heard == RUN[: 16 * (continuations + 1)]
    assert (execution.cause, execution.exit_code) == (Cause.CUT, None)
    pieces = f"after {continuations + 1} pieces of at most 16 tokens each" if continuations else "at 16 tokens"
    assert execution.notes[-1] == f"the reply was cut {pieces}"


def test_a_model_that_has_nothing_more_to_say_is_not_asked_again() -> None:
    execution, _ = run(
        scripted_machine({"when": GO_ON, "samples": [""], "cut": True}, {"samples": ["half"], "cut": True})
    )
    assert (execution.stdout, execution.cause) == ("half", Cause.CUT)
    assert "joined from 2 pieces" in execution.notes


def test_what_goes_in_circles_is_not_continued_and_says_so() -> None:
    shapes = "torch.Size([64, 784])\n" * 40
    execution, _ = run(scripted_machine({"when": GO_ON, "samples": ["more"]}, {"samples": [shapes], "cut": True}))
    assert (execution.stdout, execution.cause) == (shapes, Cause.CUT)
    assert execution.notes == ("the reply was cut at 16 tokens; it goes in circles and was not continued",)


def test_a_model_that_never_stops_is_cut() -> None:
    execution, heard = run(scripted_machine({"samples": ["epoch\n"], "endless": True}))
    assert (execution.cause, execution.exit_code) == (Cause.CUT, None)
    assert execution.raw_reply == heard == "epoch\n" * (len(heard) // 6)
    assert len(heard) < 2000
    assert execution.notes == (
        f"the reply was cut at {len(heard)} characters: the server does not enforce the limit of 16 tokens; "
        "it goes in circles and was not continued",
    )


@pytest.mark.parametrize(
    "rules",
    [
        ({"samples": ["epoch 1\nepoch 2\n"], "dies": True},),
        ({"when": GO_ON, "samples": ["epoch 2\n"], "dies": True}, {"samples": ["epoch 1\n"], "cut": True}),
    ],
    ids=["in its first piece", "in its second"],
)
def test_a_model_that_dies_leaves_the_session_as_it_was(rules: tuple[dict[str, Any], ...]) -> None:
    machine = scripted_machine(*rules)

    async def main() -> None:
        for ask in (machine.run(COMMAND), machine.ask(COMMAND), machine.rebuild("requests")):
            execution = await ask
            assert execution is not None and not execution.is_run
            assert (execution.cause, execution.exit_code, execution.terminal) == (Cause.BROKEN_OFF, None, "")
            assert "connection was broken" in execution.notes[0]
            assert machine.session == EARLIER

    asyncio.run(main())


@pytest.mark.parametrize("then", [RUN[100:], f"Sure:\n{RUN[100:]}"], ids=["as it is", "with chat"])
def test_the_seal_of_a_joined_reply_covers_all_that_was_sent_and_said(then: str) -> None:
    machine = scripted_machine({"when": GO_ON, "samples": [then]}, {"samples": [RUN[:100]], "cut": True})
    messages = machine.messages(COMMAND)
    execution, _ = run(machine)
    assert execution.seal is not None
    assert execution.seal.sha256 == _seal_hash(messages, asdict(execution.seal), RUN)
    second_messages = [*messages, Message("assistant", RUN[:100]), Message("user", GO_ON)]
    offset = 0
    for piece, piece_messages, seed in zip(
        _sealed_pieces(execution), (messages, second_messages), (1, 10_001), strict=True
    ):
        reply = piece.get("reply", RUN[offset : offset + piece["characters"]])
        assert piece["settings"]["seed"] == seed
        assert piece["sha256"] == _seal_hash(piece_messages, piece, reply)
        offset += piece["characters"]
    assert offset == len(RUN)


def test_half_a_surrogate_pair_is_not_sent_back() -> None:
    halves = "a\ud800b\udc00c" * 6
    encoded: list[bytes] = []

    class Strict(OpenReply):
        async def _astream(self, messages: list[BaseMessage], *_options: Any, **_more: Any) -> Any:
            encoded.extend(message.text.encode() for message in messages)
            async for chunk in super()._astream(messages):
                yield chunk

    machine = imagined_machine(Model("strict", Strict(whole=halves), prefills=True))
    first, _ = run(machine)
    run(machine)
    assert first.raw_reply == halves.encode(errors="replace").decode().replace("?", "\ufffd")
    assert "a\ufffdb\ufffdc".encode() * 6 in encoded


def _sealed_pieces(execution: Execution) -> Any:
    assert execution.seal is not None
    return execution.seal.settings["pieces"]


def _seal_hash(messages: list[Message], seal: dict[str, Any], reply: str) -> str:
    fields = {
        "messages": [list(message) for message in messages],
        **{key: seal[key] for key in ("model", "settings", "time")},
        "reply": reply,
    }
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_scripted_faults_stand_in_the_file(scripted: Callable[[list[dict[str, Any]]], str]) -> None:
    name = scripted([{"when": "", "samples": ["x"], "dies": True}])

    async def main() -> None:
        async with ImaginedMachine(name, Persona(name="matched")) as machine:
            execution = await machine.run(COMMAND)
            assert execution.cause is Cause.BROKEN_OFF

    asyncio.run(main())
