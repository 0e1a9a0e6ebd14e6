"""Which settings a model accepts, as known for its family and as learned from its refusals."""

import asyncio

import pytest

from gedanken.agents.model_errors import Problem
from gedanken.agents.settings import REASONING_TOKENS, Learned, Setting, learned_from_name, settings_notes

ALL_SETTINGS = frozenset(Setting)
SAMPLING_SETTINGS = {Setting.TEMPERATURE, Setting.TOP_P}


def learned_from(
    text: str, status: int | None = 400, *, sent: frozenset[Setting] = ALL_SETTINGS, tokens: int = 4096
) -> set[str]:
    """The settings that are no longer sent after a refusal with this text."""
    learned = Learned()
    learned.learn(Problem(status, text, text, frozenset(), {}, "", text), sent, tokens)
    return set(learned.refused)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value",
            "temperature",
        ),
        ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "top_p"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("Unknown parameter: 'seed'.", "seed"),
        ("body.seed: Extra inputs are not permitted", "seed"),
        ("body.random_seed: Extra inputs are not permitted", "seed"),
        ("AsyncResponses.create() got an unexpected keyword argument 'seed'", "seed"),
        ("Unrecognized request argument supplied: stream_options", "stream options"),
        ("stream_options is only allowed when stream is true", "stream options"),
        ("Streaming is not supported by this model", "streaming"),
        ("Your organization must be verified to stream this model.", "streaming"),
        ("System role not supported", "system role"),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", "system role"),
        ("'messages[0].role' does not support 'system' with this model.", "system role"),
        ("Conversation roles must alternate user/assistant/user/assistant/...", "system role"),
        ("max_tokens: Extra inputs are not permitted", "token limit"),
        ("This model is only supported in v1/responses and not in v1/chat/completions.", "chat completions"),
    ],
)
def test_a_refusal_is_understood(text: str, left_out: str) -> None:
    assert learned_from(text) == {left_out}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Invalid value for messages[1].content", 400),
        ("This model's maximum context length is 8192 tokens. Please reduce the length of the messages.", 400),
        ("temperature", 401),
        ("the system is overloaded; temperature too high in the hall", 503),
        ("model 'llama3' not found", 404),
        ("The response was filtered: content management policy; see temperature", 400),
    ],
)
def test_what_is_no_refusal_of_a_setting_teaches_nothing(text: str, status: int) -> None:
    assert learned_from(text, status) == set()


def test_what_was_not_sent_cannot_have_been_refused() -> None:
    assert learned_from("'seed' is not supported", sent=frozenset({Setting.TEMPERATURE})) == set()


def test_a_limit_goes_by_its_other_name_before_there_is_none() -> None:
    learned = Learned(limit_names=["max_tokens", "max_completion_tokens"])
    text = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    problem = Problem(400, text, text, frozenset(), {}, "", text)
    assert learned.learn(problem, ALL_SETTINGS, 64)
    assert (learned.limit_names, learned.refused) == (["max_completion_tokens"], set())
    assert learned.learn(problem, ALL_SETTINGS, 64)
    assert learned.refused == {Setting.LIMIT}


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("max_tokens: 17408 > 8192, which is the maximum allowed number of output tokens", 8192),
        ("max_tokens is too large: 17408. This model supports at most 4096 completion tokens", 4096),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 17408. This model's maximum context length is "
            "8192 tokens and your request has 300 input tokens (17408 > 8192 - 300).",
            7892,
        ),
    ],
)
def test_a_limit_that_is_too_large_is_made_as_large_as_may_be(text: str, most: int) -> None:
    learned = Learned()
    assert learned.learn(Problem(400, text, text, frozenset(), {}, "", text), ALL_SETTINGS, 17408)
    assert learned.max_tokens == most
    assert not learned.refused


@pytest.mark.parametrize(
    ("name", "left_out", "reasons"),
    [
        ("gpt-4.1", set(), False),
        ("gpt-5", SAMPLING_SETTINGS, True),
        ("gpt-5-mini-2025-08-07", SAMPLING_SETTINGS, True),
        ("gpt-5-chat-latest", set(), False),
        ("gpt-5.2", set(), True),
        ("gpt-5.1-codex", SAMPLING_SETTINGS, True),
        ("o3-mini", SAMPLING_SETTINGS, True),
        ("openai/o4-mini", SAMPLING_SETTINGS, True),
        ("o1-mini", {*SAMPLING_SETTINGS, Setting.SYSTEM}, True),
        ("claude-3-5-sonnet-20241022", set(), False),
        ("claude-opus-4-20250514", set(), False),
        ("claude-opus-4-1-20250805", {Setting.TOP_P}, False),
        ("claude-sonnet-4-5-20250929", {Setting.TOP_P}, False),
        ("claude-opus-4-7", SAMPLING_SETTINGS, False),
        ("us.anthropic.claude-opus-4-7-v1:0", SAMPLING_SETTINGS, False),
        ("anthropic/claude-opus-4.7", SAMPLING_SETTINGS, False),
        ("deepseek-ai/DeepSeek-R1", set(), True),
        ("gemini-2.0-flash", set(), False),
        ("gemini-2.5-pro", set(), True),
        ("gpt-oss:20b", set(), True),
        ("llama3", set(), False),
    ],
)
def test_families_of_today_are_known_by_their_names(name: str, left_out: set[Setting], reasons: bool) -> None:
    settings = learned_from_name(name)
    assert (settings.refused, settings.reasons) == (left_out, reasons)
    assert settings.reasoning_tokens == (REASONING_TOKENS if reasons else 0)


def test_what_is_not_taken_is_said() -> None:
    assert settings_notes(SAMPLING_SETTINGS) == [
        "the model's own temperature and top_p applied: no other value has an effect"
    ]
    assert settings_notes({Setting.SEED}) == ["no seed is accepted, so a sample cannot be drawn again"]
    assert settings_notes(()) == []


def test_further_requests_wait_until_the_first_is_taken_but_not_for_long() -> None:
    async def main(is_taken: bool) -> list[str]:
        learned, order = Learned(gate_seconds=0.05 if not is_taken else 60), []

        async def ask(name: str) -> None:
            await learned.wait_for_first()
            order.append(name)

        await ask("first")
        other_tasks = [asyncio.create_task(ask("other")) for _ in range(3)]
        await asyncio.sleep(0)
        assert order == ["first"]
        if is_taken:
            learned.record_accepted()
        await asyncio.gather(*other_tasks)
        return order

    assert asyncio.run(main(True)) == asyncio.run(main(False)) == ["first", *["other"] * 3]
