"""A reply longer than the token limit is asked for piece by piece, and reads as if it had come in one."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from builders import lines
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from agents.continuing import CIRCLE_CHARACTERS, ROUNDS, in_circles
from agents.imagined import ImaginedMachine
from agents.model import Message, Model, ModelBusy
from agents.scripted import ScriptedModel, ScriptedReply
from agents.session import Session, Turn
from experiment.errors import NoModel
from experiment.execution import Cause, Execution, Limits
from experiment.persona import Persona
from prompts import render

GO_ON = render("terminal-go-on")
COMMAND = "python3 train.py"
EARLIER = Session().add(Turn("pwd", "/home/user\n"))
LOSSES = [0.9, 0.7, 0.55, 0.43, 0.41, 0.4]
RUN = lines(LOSSES)


class OpenReply(BaseChatModel):
    """Says a text, going on from what an open reply has of it already; a token is a character."""

    whole: str
    repeats: bool = False
    """Whether it sends what it goes on from again, as some servers do."""
    max_tokens: int = 0

    @property
    def _llm_type(self) -> str:
        return "open reply"

    def _generate(self, *_messages: Any, **_options: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], *_options: Any, **_more: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        said = messages[-1].text if isinstance(messages[-1], AIMessage) else ""
        end = len(said) + self.max_tokens
        for character in self.whole[0 if self.repeats else len(said) : end]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=character))
        reason = "length" if end < len(self.whole) else "stop"
        last = AIMessageChunk(content="", response_metadata={"finish_reason": reason}, chunk_position="last")
        yield ChatGenerationChunk(message=last)


def played_by(model: Model, **limits: int) -> ImaginedMachine:
    """A machine with a turn behind it, of short replies."""
    bounds = Limits.model_validate({"reply_tokens": 16, **limits})
    return ImaginedMachine(model, Persona(name="matched"), limits=bounds, session=EARLIER, sample=1)


def by_rules(*rules: dict[str, Any], **limits: int) -> ImaginedMachine:
    """A machine played by the first rule that fits."""
    replies = tuple(ScriptedReply.model_validate({"when": "", **rule}) for rule in rules)
    return played_by(Model("scripted", ScriptedModel(rules=replies)), **limits)


def run(machine: ImaginedMachine) -> tuple[Execution, str]:
    """What came of the command, and what was heard on the way."""
    heard: list[str] = []
    done = asyncio.run(machine.run(COMMAND, on_output=heard.append))
    return done, "".join(heard)


@pytest.mark.parametrize("repeats", [False, True], ids=["goes on", "sends all again"])
@pytest.mark.parametrize("tokens", [16, 50, len(RUN) - 1, len(RUN), 1000])
def test_a_server_that_takes_up_an_open_reply_leaves_no_seam(tokens: int, repeats: bool) -> None:
    model = Model("open", OpenReply(whole=RUN, repeats=repeats), prefills=True)
    machine = played_by(model, reply_tokens=tokens, continuations=64)
    done, heard = run(machine)
    assert (done.stdout, done.cause, done.exit_code) == (RUN, Cause.FINISHED, 0)
    assert heard == RUN
    assert machine.session.stored[-1] == Turn(COMMAND, RUN)
    pieces = -(-len(RUN) // tokens)
    assert done.notes == ((f"joined from {pieces} pieces",) if pieces > 1 else ())


@given(st.text("ab\n", min_size=1, max_size=80))
def test_each_character_is_heard_once_whatever_the_reply(whole: str) -> None:
    model = Model("open", OpenReply(whole=whole), prefills=True)
    done, heard = run(played_by(model, continuations=8))
    assert heard == done.output


CUTS = {
    "between lines": (lines(LOSSES[:3], total=6), RUN.removeprefix(lines(LOSSES[:3], total=6))),
    "within a line": (RUN[:100], RUN[100:]),
    "the last line begun anew": (RUN[:100], RUN[RUN.rindex("\n", 0, 100) + 1 :]),
    "two lines repeated": (RUN[:120], RUN[RUN.index("\n") + 1 :]),
    "all of it repeated": (RUN[:100], RUN),
}


@pytest.mark.parametrize(("first", "then"), CUTS.values(), ids=CUTS)
def test_a_model_that_is_asked_to_go_on_leaves_no_seam(first: str, then: str) -> None:
    machine = by_rules({"when": GO_ON, "samples": [then]}, {"samples": [first], "cut": True}, reply_tokens=1024)
    done, heard = run(machine)
    assert (done.stdout, heard, done.cause) == (RUN, RUN, Cause.FINISHED)
    assert machine.session.stored[-1] == Turn(COMMAND, RUN), "that it was asked to go on is no part of the session"


@pytest.mark.parametrize("continuations", [0, 1, 3])
def test_a_reply_is_continued_so_often_and_then_marked_as_cut(continuations: int) -> None:
    model = Model("open", OpenReply(whole=RUN), prefills=True)
    done, heard = run(played_by(model, continuations=continuations))
    assert done.stdout == heard == RUN[: 16 * (continuations + 1)]
    assert (done.cause, done.exit_code) == (Cause.CUT, None)
    assert f"the reply was cut at {16 * (continuations + 1)} tokens" in done.notes


def test_a_model_that_has_nothing_more_to_say_is_not_asked_again() -> None:
    done, _ = run(by_rules({"when": GO_ON, "samples": [""], "cut": True}, {"samples": ["half"], "cut": True}))
    assert (done.stdout, done.cause) == ("half", Cause.CUT)
    assert "joined from 2 pieces" in done.notes


def test_what_goes_in_circles_is_not_continued_and_says_so() -> None:
    shapes = "torch.Size([64, 784])\n" * 40
    done, _ = run(by_rules({"when": GO_ON, "samples": ["more"]}, {"samples": [shapes], "cut": True}))
    assert (done.stdout, done.cause) == (shapes, Cause.CUT)
    assert done.notes == ("the reply was cut at 16 tokens; it goes in circles and was not continued",)


def test_a_reply_in_circles_that_came_to_its_end_is_a_reply() -> None:
    done, _ = run(by_rules({"samples": ["torch.Size([64, 784])\n" * 40]}))
    assert (done.cause, done.notes) == (Cause.FINISHED, ())


@given(
    st.text("ab", max_size=40),
    st.text("ab", min_size=1, max_size=90),
    st.integers(1, 300),
    st.text("ab", max_size=3),
)
def test_circles_are_rounds_of_one_piece_to_the_end(before: str, piece: str, rounds: int, after: str) -> None:
    text = before + piece * rounds + after
    tail = text[len(text) // 2 :]
    periods = range(1, len(tail) // ROUNDS + 1)
    is_long = len(tail) >= CIRCLE_CHARACTERS
    assert in_circles(text) == (is_long and any(tail[n:] == tail[:-n] for n in periods))


def test_a_model_that_never_stops_is_cut() -> None:
    done, heard = run(by_rules({"samples": ["epoch\n"], "endless": True}))
    assert (done.cause, done.exit_code) == (Cause.CUT, None)
    assert done.output == heard == "epoch\n" * (len(heard) // 6)
    assert len(heard) < 2000


@pytest.mark.parametrize(
    "rules",
    [
        ({"samples": ["epoch 1\nepoch 2\n"], "dies": True},),
        ({"when": GO_ON, "samples": ["epoch 2\n"], "dies": True}, {"samples": ["epoch 1\n"], "cut": True}),
    ],
    ids=["in its first piece", "in its second"],
)
def test_a_model_that_dies_leaves_the_session_as_it_was(rules: tuple[dict[str, Any], ...]) -> None:
    machine = by_rules(*rules)
    for ask in (machine.run(COMMAND), machine.ask(COMMAND), machine.rebuild("requests")):
        with pytest.raises(ModelBusy, match="connection was broken"):
            asyncio.run(ask)
        assert machine.session == EARLIER


def test_the_seal_of_a_joined_reply_covers_all_of_it() -> None:
    machine = by_rules({"when": GO_ON, "samples": [RUN[100:]]}, {"samples": [RUN[:100]], "cut": True})
    messages = machine.messages(COMMAND)
    done, _ = run(machine)
    assert done.seal is not None
    assert done.seal.settings["seeds"] == [1, 10_001]
    assert done.seal.sha256 == _hashed(messages, done, RUN)


def test_half_a_surrogate_pair_is_not_sent_back() -> None:
    halves = "a\ud800b\udc00c" * 6
    sent: list[bytes] = []

    class Strict(OpenReply):
        async def _astream(self, messages: list[BaseMessage], *_options: Any, **_more: Any) -> Any:
            sent.extend(message.text.encode() for message in messages)
            async for chunk in super()._astream(messages):
                yield chunk

    machine = played_by(Model("strict", Strict(whole=halves), prefills=True))
    first, _ = run(machine)
    run(machine)
    assert first.output == halves
    assert b"a?b?c" * 6 in sent


def _hashed(messages: list[Message], done: Execution, reply: str) -> str:
    assert done.seal is not None
    sealed = {
        "messages": [list(message) for message in messages],
        "model": done.seal.model,
        "settings": done.seal.settings,
        "reply": reply,
        "time": done.seal.time,
    }
    text = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_scripted_faults_stand_in_the_file(scripted: Callable[[list[dict[str, Any]]], str]) -> None:
    name = scripted([{"when": "", "samples": ["x"], "dies": True}])

    async def main() -> None:
        async with ImaginedMachine(name, Persona(name="matched")) as machine:
            await machine.run(COMMAND)

    with pytest.raises(NoModel):
        asyncio.run(main())
