"""How replies end, provider by provider: only what the provider calls an end is one."""

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


def _called(provider: str, words: str) -> str:
    return f"{provider}: {words}".lower().replace(" ", "-").replace(":", "").replace("`", "")


def _ends(provider: str, wire: Wire, reason: str, gives: Cause, *texts: str) -> Behaviour:
    does = f"ends with `{reason}`"
    says = (reason,) if gives not in (Cause.FINISHED, Cause.CUT) else ()
    return Behaviour(_called(provider, does), provider, does, wire, ends(reason, *texts or TEXT), gives, says)


def _other(provider: str, wire: Wire, does: str, serve: Serve, gives: Cause, *says: str) -> Behaviour:
    # A model of which nobody knew that it reasons is asked once more, with room for that.
    requests = None if gives is Cause.ONLY_REASONED else 1
    return Behaviour(_called(provider, does), provider, does, wire, serve, gives, says, requests=requests)


def _broken(provider: str, wire: Wire) -> list[Behaviour]:
    kinds = (("breaks the connection after a few words", False), ("ends in order, but gives no reason", True))
    return [
        Behaviour(
            _called(provider, does), provider, does, wire, breaks(*TEXT, politely=politely), "busy", ("broke off",)
        )
        for does, politely in kinds
    ]


def _broken_by_word(provider: str, wire: Wire, reason: str) -> Behaviour:
    does = f"ends with `{reason}`"
    return Behaviour(
        _called(provider, does), provider, does, wire, ends(reason, *TEXT), "busy", (reason, "broke off")
    )


def _everywhere() -> list[Behaviour]:
    """What each of them does."""
    made: list[Behaviour] = []
    for provider, wire in NAMES:
        does = f"replies and ends with `{wire.done}`"
        whole = ends(wire.done, *TEXT)
        made.append(Behaviour(_called(provider, does), provider, does, wire, whole, text="Hello world"))
        made.append(_ends(provider, wire, wire.cut, Cause.CUT))
        made += _broken(provider, wire)
    return made


TOOL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
THOUGHT = CHAT.chunk({"reasoning_content": "Let me think."})
_CALL = {"toolUse": {"toolUseId": "t1", "name": "bash"}}
_REASONING = {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Let me think."}}}

ENDINGS: list[Behaviour] = [
    *_everywhere(),
    # OpenAI chat and those that speak it
    _ends("OpenAI chat", CHAT, "content_filter", Cause.FILTERED),
    _other(
        "OpenAI chat",
        CHAT,
        "refuses in `delta.refusal`",
        replies(CHAT.chunk({"refusal": "I can't help with that."}), CHAT.closing("stop")),
        Cause.REFUSED,
        "I can't help with that.",
    ),
    _other(
        "OpenAI chat",
        CHAT,
        "asks for a tool nobody offered",
        replies(CHAT.chunk({"tool_calls": [TOOL]}), CHAT.closing("tool_calls")),
        Cause.TOOL_CALL,
        "tool_calls",
    ),
    _ends("OpenAI chat", CHAT, "function_call", Cause.TOOL_CALL),
    _ends("OpenAI chat", CHAT, "a_new_reason", Cause.UNKNOWN_END),
    Behaviour("openai-empty", "OpenAI chat", "replies with nothing and `stop`", CHAT, ends("stop", ""), text=""),
    _other(
        "DeepSeek",
        CHAT,
        "thinks in `reasoning_content` until the limit",
        replies(THOUGHT, CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    _broken_by_word("DeepSeek", CHAT, "insufficient_system_resource"),
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
    _broken_by_word("vLLM", VLLM(), "abort"),
    _other(
        "vLLM",
        VLLM(),
        "thinks in `reasoning` until the limit",
        replies(CHAT.chunk({"reasoning": "Let me think."}), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    _ends("Mistral", Mistral(), "model_length", Cause.CUT),
    _broken_by_word("Mistral", Mistral(), "error"),
    _other(
        "Mistral",
        Mistral(),
        "asks for a tool nobody offered",
        replies(CHAT.chunk({"content": "", "tool_calls": [TOOL]}, "tool_calls"), event("[DONE]")),
        Cause.TOOL_CALL,
        "tool_calls",
    ),
    _other(
        "Groq",
        Groq(),
        "thinks in `reasoning` until the limit",
        replies(CHAT.chunk({"reasoning": "Let me think."}), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        "length",
    ),
    # OpenAI Responses
    _ends("OpenAI Responses", RESPONSES, "content_filter", Cause.FILTERED),
    _other(
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
    _ends("Anthropic", ANTHROPIC, "refusal", Cause.REFUSED),
    _ends("Anthropic", ANTHROPIC, "stop_sequence", Cause.FINISHED),
    _ends("Anthropic", ANTHROPIC, "model_context_window_exceeded", Cause.CUT),
    _ends("Anthropic", ANTHROPIC, "a_new_reason", Cause.UNKNOWN_END),
    _other(
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
    _other(
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
        _ends("Gemini", GEMINI, word, Cause.FILTERED)
        for word in ("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII")
    ],
    *[_ends("Gemini", GEMINI, word, Cause.UNKNOWN_END) for word in ("OTHER",)],
    _other(
        "Gemini",
        GEMINI,
        "filters before the first word: a candidate without content",
        replies(GEMINI.ended_without_content("SAFETY")),
        Cause.FILTERED,
        "SAFETY",
    ),
    _other(
        "Gemini",
        GEMINI,
        "blocks the prompt: `blockReason` and no candidate",
        replies(GEMINI.blocked("PROHIBITED_CONTENT")),
        Cause.FILTERED,
        "PROHIBITED_CONTENT",
    ),
    _other(
        "Gemini",
        GEMINI,
        "ends with `MALFORMED_FUNCTION_CALL`",
        replies(GEMINI.ended_without_content("MALFORMED_FUNCTION_CALL")),
        Cause.TOOL_CALL,
        "MALFORMED_FUNCTION_CALL",
    ),
    _other(
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
    _other(
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
    *[_ends("Bedrock", BEDROCK, word, Cause.FILTERED) for word in ("content_filtered", "guardrail_intervened")],
    _ends("Bedrock", BEDROCK, "model_context_window_exceeded", Cause.CUT),
    _ends("Bedrock", BEDROCK, "malformed_model_output", Cause.UNKNOWN_END),
    _other(
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
    _other(
        "Bedrock",
        BEDROCK,
        "thinks until the limit",
        replies(BEDROCK.frame("contentBlockDelta", _REASONING), BEDROCK.closing("max_tokens")),
        Cause.ONLY_REASONED,
        "max_tokens",
    ),
    _ends("Bedrock, not streamed", Bedrock("bedrock_converse:ai21.jamba-instruct-v1:0"), "max_tokens", Cause.CUT),
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
