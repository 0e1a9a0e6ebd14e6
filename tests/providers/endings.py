"""How the replies of each provider end. A reply counts as ended only if the provider says so."""

from gedanken.experiment.execution import Cause
from providers.anthropic import Anthropic
from providers.bedrock import Bedrock
from providers.behaviour import TEXT, Behaviour, Serve, breaks, ends, replies
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import VLLM, Groq, LlamaCpp, LMStudio, Mistral, OpenAIChat
from providers.openai_responses import OpenAIResponses
from providers.wire import Wire, event

CHAT, RESPONSES, ANTHROPIC, GEMINI, OLLAMA, BEDROCK = (
    OpenAIChat(),
    OpenAIResponses(),
    Anthropic(),
    Gemini(),
    Ollama(),
    Bedrock(),
)
NAMES: list[tuple[str, Wire]] = [
    ("OpenAI chat", CHAT),
    ("OpenAI Responses", RESPONSES),
    ("Anthropic", ANTHROPIC),
    ("Gemini", GEMINI),
    ("Ollama", OLLAMA),
    ("Bedrock", BEDROCK),
    ("Groq", Groq()),
    ("Mistral", Mistral()),
    ("vLLM", VLLM("openai:meta-llama/Llama-3.1-8B-Instruct")),
    ("llama.cpp", LlamaCpp()),
    ("LM Studio", LMStudio()),
]


def _slug(provider: str, words: str) -> str:
    return f"{provider}: {words}".lower().replace(" ", "-").replace(":", "").replace("`", "")


def _ending(provider: str, wire: Wire, reason: str, gives: Cause, *texts: str) -> Behaviour:
    does = f"ends with `{reason}`"
    says = (reason,) if gives not in (Cause.FINISHED, Cause.CUT) else ()
    return Behaviour(_slug(provider, does), provider, does, wire, ends(reason, *texts or TEXT), gives, says)


def _custom_ending(provider: str, wire: Wire, does: str, serve: Serve, gives: Cause, *says: str) -> Behaviour:
    # A model that was not known to reason is asked once more, with room for its reasoning.
    requests = None if gives is Cause.ONLY_REASONED else 1
    return Behaviour(_slug(provider, does), provider, does, wire, serve, gives, says, requests=requests)


def _broken_streams(provider: str, wire: Wire) -> list[Behaviour]:
    kinds = (("breaks the connection after a few words", False), ("ends in order, but gives no reason", True))
    return [
        Behaviour(
            _slug(provider, does), provider, does, wire, breaks(*TEXT, politely=politely), "busy", ("broke off",)
        )
        for does, politely in kinds
    ]


def _broken_by_reason(provider: str, wire: Wire, reason: str) -> Behaviour:
    does = f"ends with `{reason}`"
    return Behaviour(_slug(provider, does), provider, does, wire, ends(reason, *TEXT), "busy", (reason, "broke off"))


def _common_endings() -> list[Behaviour]:
    behaviours: list[Behaviour] = []
    for provider, wire in NAMES:
        does = f"replies and ends with `{wire.done}`"
        serve = ends(wire.done, *TEXT)
        behaviours.append(Behaviour(_slug(provider, does), provider, does, wire, serve, text="Hello world"))
        behaviours.append(_ending(provider, wire, wire.cut, Cause.CUT))
        behaviours += _broken_streams(provider, wire)
    return behaviours


TOOL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
THOUGHT = CHAT.chunk({"reasoning_content": "Let me think."})
_CALL = {"toolUse": {"toolUseId": "t1", "name": "bash"}}
_REASONING = {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Let me think."}}}

ENDINGS: list[Behaviour] = [
    *_common_endings(),
    # OpenAI chat and those that speak it
    _ending("OpenAI chat", CHAT, "content_filter", Cause.FILTERED),
    _custom_ending(
        "OpenAI chat",
        CHAT,
        "refuses in `delta.refusal`",
        replies(CHAT.chunk({"refusal": "I can't help with that."}), CHAT.closing("stop")),
        Cause.REFUSED,
        "I can't help with that.",
    ),
    _custom_ending(
        "OpenAI chat",
        CHAT,
        "asks for a tool nobody offered",
        replies(CHAT.chunk({"tool_calls": [TOOL]}), CHAT.closing("tool_calls")),
        Cause.TOOL_CALL,
        "tool_calls",
    ),
    _ending("OpenAI chat", CHAT, "function_call", Cause.TOOL_CALL),
    _ending("OpenAI chat", CHAT, "a_new_reason", Cause.UNKNOWN_END),
    Behaviour("openai-empty", "OpenAI chat", "replies with nothing and `stop`", CHAT, ends("stop", ""), text=""),
    _custom_ending(
        "DeepSeek",
        CHAT,
        "thinks in `reasoning_content` until the limit",
        replies(THOUGHT, CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    _broken_by_reason("DeepSeek", CHAT, "insufficient_system_resource"),
    Behaviour(
        "openrouter-error",
        "OpenRouter",
        "ends with `error` and an error in the piece",
        CHAT,
        replies(
            CHAT.piece("Hello"),
            event(
                {
                    "id": "1",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "x",
                    "error": {"code": "server_error", "message": "Provider disconnected unexpectedly"},
                    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
                }
            ),
        ),
        "busy",
        ("Provider disconnected",),
    ),
    _broken_by_reason("vLLM", VLLM(), "abort"),
    _custom_ending(
        "vLLM",
        VLLM(),
        "thinks in `reasoning` until the limit",
        replies(CHAT.chunk({"reasoning": "Let me think."}), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    _ending("Mistral", Mistral(), "model_length", Cause.CUT),
    _broken_by_reason("Mistral", Mistral(), "error"),
    _custom_ending(
        "Mistral",
        Mistral(),
        "asks for a tool nobody offered",
        replies(CHAT.chunk({"content": "", "tool_calls": [TOOL]}, "tool_calls"), event("[DONE]")),
        Cause.TOOL_CALL,
        "tool_calls",
    ),
    _custom_ending(
        "Groq",
        Groq(),
        "thinks in `reasoning` until the limit",
        replies(CHAT.chunk({"reasoning": "Let me think."}), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    # OpenAI Responses
    _ending("OpenAI Responses", RESPONSES, "content_filter", Cause.FILTERED),
    _custom_ending(
        "OpenAI Responses",
        RESPONSES,
        "refuses in a part of its own",
        replies(RESPONSES.refusal("I can't help with that.")),
        Cause.REFUSED,
        "I can't help with that.",
    ),
    Behaviour(
        "responses-failed",
        "OpenAI Responses",
        "fails inside the stream: `server_error`",
        RESPONSES,
        replies(RESPONSES.failed("server_error", "The server had an error processing your request.")),
        "busy",
        ("The server had an error",),
    ),
    Behaviour(
        "responses-quota",
        "OpenAI Responses",
        "fails inside the stream: `insufficient_quota`",
        RESPONSES,
        replies(RESPONSES.failed("insufficient_quota", "You exceeded your current quota.")),
        "final",
        ("exceeded your current quota",),
    ),
    # Anthropic
    _ending("Anthropic", ANTHROPIC, "refusal", Cause.REFUSED),
    _ending("Anthropic", ANTHROPIC, "stop_sequence", Cause.FINISHED),
    _ending("Anthropic", ANTHROPIC, "model_context_window_exceeded", Cause.CUT),
    _ending("Anthropic", ANTHROPIC, "a_new_reason", Cause.UNKNOWN_END),
    _custom_ending(
        "Anthropic",
        ANTHROPIC,
        "asks for a tool nobody offered",
        replies(
            ANTHROPIC.started()
            + ANTHROPIC.block({"type": "tool_use", "id": "t1", "name": "bash", "input": {}})
            + ANTHROPIC.stopped()
            + ANTHROPIC.end("tool_use"),
            start=False,
        ),
        Cause.TOOL_CALL,
        "tool_use",
    ),
    _custom_ending(
        "Anthropic",
        ANTHROPIC,
        "thinks until the limit",
        replies(
            ANTHROPIC.started()
            + ANTHROPIC.block({"type": "thinking", "thinking": "", "signature": ""})
            + ANTHROPIC.delta({"type": "thinking_delta", "thinking": "Let me think."})
            + ANTHROPIC.stopped()
            + ANTHROPIC.end("max_tokens"),
            start=False,
        ),
        Cause.ONLY_REASONED,
        "max_tokens",
    ),
    # Gemini
    *[
        _ending("Gemini", GEMINI, word, Cause.FILTERED)
        for word in ("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII")
    ],
    *[_ending("Gemini", GEMINI, word, Cause.UNKNOWN_END) for word in ("OTHER",)],
    _custom_ending(
        "Gemini",
        GEMINI,
        "filters before the first word: a candidate without content",
        replies(GEMINI.ended_without_content("SAFETY")),
        Cause.FILTERED,
        "SAFETY",
    ),
    _custom_ending(
        "Gemini",
        GEMINI,
        "blocks the prompt: `blockReason` and no candidate",
        replies(GEMINI.blocked("PROHIBITED_CONTENT")),
        Cause.FILTERED,
        "PROHIBITED_CONTENT",
    ),
    _custom_ending(
        "Gemini",
        GEMINI,
        "ends with `MALFORMED_FUNCTION_CALL`",
        replies(GEMINI.ended_without_content("MALFORMED_FUNCTION_CALL")),
        Cause.TOOL_CALL,
        "MALFORMED_FUNCTION_CALL",
    ),
    _custom_ending(
        "Gemini",
        GEMINI,
        "thinks until the limit",
        replies(
            GEMINI.parts([{"text": "Let me think.", "thought": True}]), GEMINI.ended_without_content("MAX_TOKENS")
        ),
        Cause.ONLY_REASONED,
        "MAX_TOKENS",
    ),
    # Ollama
    _custom_ending(
        "Ollama",
        OLLAMA,
        "thinks until the limit",
        replies(OLLAMA.thought("Let me think."), OLLAMA.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    Behaviour(
        "ollama-error",
        "Ollama",
        "puts an error into the stream",
        OLLAMA,
        replies(OLLAMA.piece("Hello"), OLLAMA.error_line("an error was encountered while running the model")),
        "busy",
        ("an error was encountered while running the model",),
    ),
    # Bedrock
    *[_ending("Bedrock", BEDROCK, word, Cause.FILTERED) for word in ("content_filtered", "guardrail_intervened")],
    _ending("Bedrock", BEDROCK, "model_context_window_exceeded", Cause.CUT),
    _ending("Bedrock", BEDROCK, "malformed_model_output", Cause.UNKNOWN_END),
    _custom_ending(
        "Bedrock",
        BEDROCK,
        "asks for a tool nobody offered",
        replies(
            BEDROCK.frame("contentBlockStart", {"contentBlockIndex": 0, "start": _CALL}),
            BEDROCK.closing("tool_use"),
        ),
        Cause.TOOL_CALL,
        "tool_use",
    ),
    _custom_ending(
        "Bedrock",
        BEDROCK,
        "thinks until the limit",
        replies(BEDROCK.frame("contentBlockDelta", _REASONING), BEDROCK.closing("max_tokens")),
        Cause.ONLY_REASONED,
        "max_tokens",
    ),
    _ending("Bedrock, not streamed", Bedrock("bedrock_converse:ai21.jamba-instruct-v1:0"), "max_tokens", Cause.CUT),
    Behaviour(
        "bedrock-stream-throttled",
        "Bedrock",
        "throws `throttlingException` inside the stream",
        BEDROCK,
        replies(BEDROCK.piece("Hello"), BEDROCK.exception("throttlingException", "Too many tokens, please wait.")),
        "busy",
        ("Too many tokens",),
    ),
    Behaviour(
        "bedrock-stream-validation",
        "Bedrock",
        "throws `validationException` inside the stream",
        BEDROCK,
        replies(BEDROCK.exception("validationException", "The input is not valid.")),
        "final",
        ("The input is not valid",),
    ),
]
