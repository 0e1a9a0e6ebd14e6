"""Replies that repeat themselves: recognized, stopped, and never confused with what a program may print."""

import pytest
from builders import lines
from hypothesis import given
from hypothesis import strategies as st
from test_continuing import OpenReply, imagined_machine, run, scripted_machine

from gedanken.agents import repetition
from gedanken.agents.model import Model
from gedanken.agents.repetition import (
    CHECK_EVERY,
    MIN_REPEATED_CHARACTERS,
    MIN_REPETITIONS,
    MIN_STOPPED_CHARACTERS,
    RepetitionWatch,
    is_repetitive,
)
from gedanken.experiment.execution import Cause


def test_a_reply_in_circles_that_came_to_its_end_is_a_reply() -> None:
    execution, _ = run(scripted_machine({"samples": ["torch.Size([64, 784])\n" * 40]}))
    assert (execution.cause, execution.notes) == (Cause.FINISHED, ())


@given(
    st.text("ab", max_size=40), st.text("ab", min_size=1, max_size=90), st.integers(1, 300), st.text("ab", max_size=3)
)
def test_circles_are_rounds_of_one_piece_to_the_end(before: str, piece: str, rounds: int, after: str) -> None:
    text = before + piece * rounds + after
    tail = text[len(text) // 2 :]
    periods = range(1, len(tail) // MIN_REPETITIONS + 1)
    is_long = len(tail) >= MIN_REPEATED_CHARACTERS
    assert is_repetitive(text) == (is_long and any(tail[n:] == tail[:-n] for n in periods))


def test_a_reply_that_goes_in_circles_is_stopped_while_it_comes() -> None:
    shapes = "torch.Size([64, 784])\n" * 400
    execution, heard = run(imagined_machine(Model("open", OpenReply(whole=shapes)), reply_tokens=8000))
    assert (execution.cause, execution.exit_code) == (Cause.CUT, None)
    assert execution.stdout == heard == shapes[: len(heard)]
    assert len(heard) <= MIN_STOPPED_CHARACTERS * (1 + 1 / CHECK_EVERY)
    assert is_repetitive(heard)
    assert execution.notes == (f"the reply was cut at {len(heard)} characters: it goes in circles and was stopped",)


def test_one_that_falls_into_circles_late_or_in_a_later_piece_is_stopped_too() -> None:
    before = lines([1 / n for n in range(1, 31)])
    model = Model("open", OpenReply(whole=before + "torch.Size([64, 784])\n" * 400), prefills=True)
    execution, _ = run(imagined_machine(model, reply_tokens=len(before) * 3 // 2, continuations=8))
    assert "joined from 2 pieces" in execution.notes
    assert execution.notes[-1].endswith("it goes in circles and was stopped")
    assert is_repetitive(execution.stdout)


@pytest.mark.parametrize(
    "real",
    ["x\n" * 200, "torch.Size([64, 784])\n" * 50, "Epoch done, loss: nan\n" * 50, "=" * 1100, lines([0.5] * 100)],
    ids=["200 short lines", "50 shapes", "50 times nan", "a long bar", "100 epochs of one loss"],
)
def test_what_a_program_may_print_is_heard_to_its_end(real: str) -> None:
    execution, _ = run(imagined_machine(Model("open", OpenReply(whole=real)), reply_tokens=20_000))
    assert (execution.stdout, execution.cause, execution.notes) == (real, Cause.FINISHED, ())


@given(st.lists(st.text("ab\n", min_size=1, max_size=40), min_size=1, max_size=30), st.integers(1, 200))
def test_no_reply_is_stopped_that_does_not_go_in_circles(piece: list[str], rounds: int) -> None:
    watch, text = RepetitionWatch(), ""
    for part in piece * rounds:
        text += part
        if watch(part):
            assert is_repetitive(text) and len(text) >= MIN_STOPPED_CHARACTERS
            return


def test_watching_costs_a_few_times_the_length_of_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    text_lengths: list[int] = []
    monkeypatch.setattr(repetition, "is_repetitive", lambda text: text_lengths.append(len(text)))
    watch = RepetitionWatch()
    for _ in range(100_000):
        watch("x")
    assert text_lengths
    assert sum(text_lengths) <= (CHECK_EVERY + 2) * 100_000
