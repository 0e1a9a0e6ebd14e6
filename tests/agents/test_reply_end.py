"""Why a reply ended, given the words that each provider's documentation lists."""

import pytest
from langchain_core.messages import AIMessageChunk

from gedanken.agents.reasoning import ReasoningSeparator
from gedanken.agents.reply_end import EndSigns, find_reason, infer_end
from gedanken.agents.streamed_reply import StreamedReply
from gedanken.experiment.execution import UNUSABLE_CAUSES, Cause

METADATA_BY_CAUSE = {
    Cause.FINISHED: (
        {"finish_reason": "stop"},
        {"finish_reason": "STOP"},
        {"finish_reason": "eos"},
        {"stop_reason": "end_turn"},
        {"stop_reason": "stop_sequence"},
        {"stopReason": "end_turn"},
        {"done_reason": "stop", "done": True},
        {"done": True},
        {"status": "completed"},
    ),
    Cause.CUT: (
        {"finish_reason": "length"},
        {"finish_reason": "LENGTH"},
        {"finish_reason": "MAX_TOKENS"},
        {"finish_reason": "FinishReason.MAX_TOKENS"},
        {"finish_reason": "model_length"},
        {"stop_reason": "max_tokens"},
        {"stop_reason": "model_context_window_exceeded"},
        {"stopReason": "max_tokens"},
        {"stopReason": "model_context_window_exceeded"},
        {"done_reason": "length", "done": True},
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
    ),
    Cause.FILTERED: (
        {"finish_reason": "content_filter"},
        {"finish_reason": "SAFETY"},
        {"finish_reason": "RECITATION"},
        {"finish_reason": "PROHIBITED_CONTENT"},
        {"finish_reason": "BLOCKLIST"},
        {"finish_reason": "SPII"},
        {"finish_reason": "LANGUAGE"},
        {"stopReason": "content_filtered"},
        {"stopReason": "guardrail_intervened"},
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        {"prompt_feedback": {"block_reason": "PROHIBITED_CONTENT"}},
    ),
    Cause.REFUSED: ({"stop_reason": "refusal"},),
    Cause.TOOL_CALL: (
        {"finish_reason": "tool_calls"},
        {"finish_reason": "function_call"},
        {"finish_reason": "MALFORMED_FUNCTION_CALL"},
        {"finish_reason": "UNEXPECTED_TOOL_CALL"},
        {"stop_reason": "tool_use"},
        {"stop_reason": "pause_turn"},
    ),
    Cause.BROKEN_OFF: (
        {},
        {"finish_reason": "error"},
        {"finish_reason": "insufficient_system_resource"},
        {"finish_reason": "abort"},
        {"status": "failed"},
    ),
    Cause.UNKNOWN_END: (
        {"finish_reason": "OTHER"},
        {"finish_reason": "FINISH_REASON_UNSPECIFIED"},
        {"finish_reason": "something new"},
    ),
}


def make_signs(reason: str, **fields: object) -> EndSigns:
    return EndSigns(**{"reason": reason, "has_text": True, "reasoned": False, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cause", "metadata"),
    [(cause, metadata) for cause, signs_of_cause in METADATA_BY_CAUSE.items() for metadata in signs_of_cause],
    ids=str,
)
def test_the_end_of_a_reply_is_told_by_the_words_of_its_provider(cause: Cause, metadata: dict[str, object]) -> None:
    assert infer_end(make_signs(find_reason(metadata))).cause is cause


def test_only_what_finished_or_was_cut_by_its_limit_is_a_run() -> None:
    assert {cause for cause in METADATA_BY_CAUSE if cause not in UNUSABLE_CAUSES} == {Cause.FINISHED, Cause.CUT}


def test_what_says_nothing_in_place_of_a_reply_is_none() -> None:
    assert infer_end(make_signs("stop", has_text=False, reasoned=True)).cause is Cause.ONLY_REASONED
    assert infer_end(make_signs("length", has_text=False, reasoned=True)).cause is Cause.ONLY_REASONED
    assert infer_end(make_signs("stop", has_text=False, refusal="I can't help with that")).cause is Cause.REFUSED
    assert infer_end(make_signs("stop", has_text=False, called_tool=True)).cause is Cause.TOOL_CALL


def test_a_command_that_prints_nothing_is_answered_by_nothing() -> None:
    assert infer_end(make_signs("stop", has_text=False)).cause is Cause.FINISHED


def test_a_protocol_that_need_not_say_why_is_believed() -> None:
    assert infer_end(make_signs("", always_says=False)).cause is Cause.FINISHED


def test_a_full_context_is_not_continued() -> None:
    assert infer_end(make_signs("max_tokens")).can_continue
    assert not infer_end(make_signs("model_context_window_exceeded")).can_continue
    assert not infer_end(make_signs("model_length")).can_continue


def stream_reply(*pieces: AIMessageChunk, tokens: int = 100) -> tuple[StreamedReply, str]:
    """The reply that consists of these pieces, and the text that was shown of it."""
    reply = StreamedReply(ReasoningSeparator(), tokens=tokens, always_says=True)
    shown_text = "".join(reply.add(piece) for piece in pieces)
    return reply, shown_text + reply.end()


def last_piece(reason: str) -> AIMessageChunk:
    return AIMessageChunk(content="", response_metadata={"finish_reason": reason})


@pytest.mark.parametrize(
    "thought",
    [
        AIMessageChunk(content="", additional_kwargs={"reasoning_content": "hm"}),
        AIMessageChunk(content=[{"type": "thinking", "thinking": "hm", "index": 0}]),
        AIMessageChunk(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
        AIMessageChunk(content=[{"type": "reasoning_content", "reasoning_content": {"text": "hm"}}]),
        AIMessageChunk(content=[{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}]),
        AIMessageChunk(content="<think>hm</think>\n"),
    ],
    ids=["a field", "Anthropic", "Mistral", "Bedrock", "Responses", "in the text"],
)
def test_what_is_reasoned_is_no_part_of_the_answer(thought: AIMessageChunk) -> None:
    reply, shown_text = stream_reply(thought, AIMessageChunk(content="total 0\n"), last_piece("stop"))
    assert (reply.text, reply.reasoning, shown_text) == ("total 0\n", "hm", "total 0\n")
    assert reply.find_end().cause is Cause.FINISHED
    reasoning_only, _ = stream_reply(thought, last_piece("stop"))
    assert reasoning_only.find_end().cause is Cause.ONLY_REASONED


def test_reasoning_that_is_counted_and_not_shown_is_reasoning() -> None:
    usage = {
        "input_tokens": 1,
        "output_tokens": 64,
        "total_tokens": 65,
        "output_token_details": {"reasoning": 64},
    }
    counted_piece = AIMessageChunk(
        content="",
        usage_metadata=usage,  # type: ignore[arg-type]
        response_metadata={"finish_reason": "MAX_TOKENS"},
    )
    reply, _ = stream_reply(counted_piece)
    assert (reply.find_end().cause, reply.reasoning_amount) == (Cause.ONLY_REASONED, "64 tokens")


def test_a_reason_said_twice_is_one_reason() -> None:
    reply, _ = stream_reply(AIMessageChunk(content="a"), last_piece("stop"), last_piece("stop"))
    assert reply.find_end().cause is Cause.FINISHED


def test_a_server_that_keeps_no_limit_is_cut_here() -> None:
    reply, _ = stream_reply(AIMessageChunk(content="x" * 1_000_000), tokens=16)
    assert reply.exceeds_limit
    assert len(reply.text) < 2000
    assert reply.find_end().cause is Cause.CUT


def test_a_character_in_two_pieces_is_one() -> None:
    reply, _ = stream_reply(AIMessageChunk(content="\ud83d"), AIMessageChunk(content="\ude00"), last_piece("stop"))
    assert reply.text == "😀"
