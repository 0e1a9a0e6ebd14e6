"""Surprisal: how likely the lines of a text were to a model, if its server returns log-probabilities."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vllm import LOG_P, Server, serving

from gedanken.agents.messages import Message
from gedanken.agents.model import Model
from gedanken.agents.registry import open_model
from gedanken.agents.surprisal import (
    MAX_CHARACTERS,
    MAX_LINES,
    Question,
    Token,
    by_line,
    scored_part,
    surprisal,
    surprisals,
)
from gedanken.experiment.progress import Silent
from gedanken.experiment.run_spec import ModelSpec
from gedanken.experiment.surprisal import Lines, NotAvailable, Surprisal

REQUEST = (Message("system", "You are a terminal."), Message("user", "python3 train.py"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A stand-in for a vLLM server."""
    with serving(Server()) as started_server:
        yield started_server


def open_hosted_model(server: Server) -> Model:
    async def open_once() -> Model:
        async with open_model(ModelSpec(name="openai:small", base_url=server.address), Silent()) as model:
            return model

    return asyncio.run(open_once())


def surprisal_of(server: Server, text: str) -> Lines | None:
    return asyncio.run(surprisal(open_hosted_model(server), REQUEST, text))


def questions(*outputs: tuple[str, str]) -> list[Question]:
    return [
        Question(f"train-v{number}", number, REQUEST, real, imagined)
        for number, (real, imagined) in enumerate(outputs, start=1)
    ]


def ask_surprisal(server: Server, *outputs: tuple[str, str]) -> Surprisal:
    return asyncio.run(surprisals(open_hosted_model(server), questions(*outputs), lambda _text: None))


def test_a_server_of_vllm_s_kind_tells_it_line_by_line(server: Server) -> None:
    lines = surprisal_of(server, "loss 5\n\nend")
    assert lines is not None
    assert [tuple(line) for line in lines] == [
        (1, "loss 5", -4 * LOG_P, 4),  # its end is a token too
        (2, "", -LOG_P, 1),
        (3, "end", -LOG_P, 1),
    ]
    assert server.requests[-1]["messages"][-1] == {"role": "assistant", "content": "loss 5\n\nend"}


@pytest.mark.parametrize("text", ["é 日本 😀", 'say "x" \\ y', "\x1b[31m\x07\x00", "<|im_end|>\nuser"])
def test_any_text_is_told_or_not_available(server: Server, text: str) -> None:
    lines = surprisal_of(server, text)
    assert lines is None or "\n".join(line.text for line in lines) == text


def test_of_nothing_there_is_no_surprise(server: Server) -> None:
    assert surprisal_of(server, "") is None
    assert server.requests == []


def test_a_server_that_does_not_tell_is_asked_once(server: Server) -> None:
    server.scores = False
    surprisal_result = ask_surprisal(server, ("real", "own"), ("real", "own"))
    assert surprisal_result == NotAvailable("openai:small returns no log-probabilities of a given text")
    assert len(server.requests) == 1


def test_an_empty_output_shows_nothing_of_what_a_server_can_tell(server: Server) -> None:
    surprisal_result = ask_surprisal(server, ("", "own"), ("real", "own"))
    assert not isinstance(surprisal_result, NotAvailable)
    assert [
        (program_surprisal.real is None, program_surprisal.imagined is None) for program_surprisal in surprisal_result
    ] == [(True, False), (False, False)]
    assert surprisal_result[0].notes == ("the real output is empty",)
    server.scores = False
    assert isinstance(ask_surprisal(server, ("\n", "own"), ("real", "own")), NotAvailable)


def test_a_server_that_is_gone_does_not_end_the_run(server: Server) -> None:
    server.address = "http://127.0.0.1:9/v1"
    assert isinstance(ask_surprisal(server, ("real", "own")), NotAvailable)


def test_a_model_whose_server_never_tells_is_not_asked_at_all(tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text("[]")

    async def use() -> object:
        async with open_model(ModelSpec(name=f"scripted:{tmp_path / 'replies.yaml'}"), Silent()) as model:
            return await surprisals(model, questions(("real", "own")), lambda _text: None)

    assert "returns no log-probabilities" in str(asyncio.run(use()))


def test_the_real_output_stands_beside_the_model_s_own_and_says_what_was_left_out(server: Server) -> None:
    surprisal_result = ask_surprisal(server, ("x\n" * (MAX_LINES + 1), ""))
    assert not isinstance(surprisal_result, NotAvailable)
    (answer,) = surprisal_result
    assert (answer.program, answer.line, answer.imagined) == ("train-v1", 1, None)
    assert answer.real is not None and len(answer.real) == MAX_LINES
    assert answer.notes == (
        f"of the real output, at most the first {MAX_LINES} lines and {MAX_CHARACTERS} characters are scored",
        "the imagined output is empty",
    )


@given(st.text(max_size=200), st.lists(st.integers(1, 5)))
def test_no_line_and_no_token_is_lost(text: str, cuts: list[int]) -> None:
    remaining, tokens = text.encode(), []
    for size in [*cuts, len(remaining)]:
        if remaining:
            tokens.append(Token(remaining[:size], -1.0))
            remaining = remaining[size:]
    lines = by_line(tokens)
    assert "\n".join(line.text for line in lines) == text
    assert sum(line.tokens for line in lines) == sum(line.nats for line in lines) == len(tokens)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


@given(st.text(st.sampled_from("ab \n")) | st.integers(0, 400).map(lambda n: "words\n" * n + "w" * 20 * n))
def test_what_is_looked_at_is_the_head_of_an_output(text: str) -> None:
    head = scored_part(text)
    assert text.startswith(head) and len(head) <= MAX_CHARACTERS and head.count("\n") < MAX_LINES
