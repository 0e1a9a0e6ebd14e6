"""Answer and reasoning are told apart, into whatever pieces their text is split when it arrives."""

import pytest

from gedanken.agents.reasoning import ReasoningSeparator

HARMONY = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>ok\n<|return|>"


def separate(
    text: str, size: int, *, cut: bool = False, holds: bool = False, closes_alone: bool = True
) -> ReasoningSeparator:
    separated = ReasoningSeparator(holds=holds, closes_alone=closes_alone)
    answer_text = "".join(
        separated.add(text[start : start + size]) for start in range(0, len(text), size)
    ) + separated.end(cut=cut)
    if holds or text.startswith("<"):
        assert answer_text == separated.answer
    return separated


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("plain\n", "plain\n", ""),
        ("  indented\n", "  indented\n", ""),
        ("", "", ""),
        ("<think>hm</think>\n\n  ok\n", "  ok\n", "hm"),
        ("\n<think>\nhm\n</think>ok", "ok", "\nhm\n"),
        ("<think>a</think><think>b</think>ok", "ok", "ab"),
        ("<think>never closed", "", "never closed"),
        ("<thinking>hm</thinking>ok", "ok", "hm"),
        ("[THINK]hm[/THINK]ok", "ok", "hm"),
        ("hm\n</think>\n\nok\n", "ok\n", "hm\n"),
        ("<thin", "<thin", ""),
        ("<html>\n", "<html>\n", ""),
        ("a page with <think>x</think> in it", "a page with <think>x</think> in it", ""),
        ("Sure.\n<think>draft</think>\nok\n", "Sure.\nok\n", "draft"),
        (HARMONY, "ok\n", "hm"),
        ("<|channel|>analysis<|message|>hm", "", "hm"),
        ("analysisWe run it.assistantfinalok", "ok", "We run it."),
    ],
)
def test_they_are_told_apart(text: str, answer: str, reasoning: str, size: int) -> None:
    separated = separate(text, size)
    assert (separated.answer, separated.reasoning) == (answer, reasoning)


def test_of_a_model_known_to_begin_in_its_reasoning_nothing_of_it_is_shown() -> None:
    assert separate("hm\n</think>\nok", 2, holds=True).answer == "ok"
    assert separate("no reasoning at all", 2, holds=True).answer == "no reasoning at all"
    assert separate("hm, and then", 2, holds=True, cut=True).answer == ""


def test_where_programs_speak_of_such_tags_they_are_output() -> None:
    assert separate("a </think> b", 3, closes_alone=False).answer == "a </think> b"


def test_a_call_in_a_channel_is_a_call() -> None:
    text = "<|start|>assistant<|channel|>commentary to=functions.run <|constrain|>json<|message|>{}<|call|>"
    separated = separate(text, 7)
    assert separated.called_tool
    assert separated.answer == ""
