"""Settings that a model refuses: each is learned once, left out when the request is repeated, and named in the
result.
"""

from gedanken.agents.settings import REASONING_TOKENS
from providers.anthropic import Anthropic
from providers.bedrock import Bedrock
from providers.behaviour import TEXT, Behaviour, ends, refuses
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import VLLM, Groq, LlamaCpp, LMStudio, Mistral, OlderVLLM, OpenAIChat
from providers.openai_responses import OpenAIResponses

UNKNOWN = OpenAIChat("openai:some-new-model")
"""A model that is in no table of known models, so that gedanken must learn which settings it accepts."""
_ONLY_DEFAULT = (
    "Unsupported value: '{}' does not support 0.2 with this model. Only the default (1) value is supported."
)
_UNSUPPORTED = "Unsupported parameter: '{}' is not supported with this model."
_NOT_BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
_NO_SYSTEM_ROLE = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
_NOT_VERIFIED = (
    "Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings"
)
_EMPTY_TEXT = "messages: text content blocks must be non-empty"
_WITH_EMPTY = (("system", "Be brief."), ("user", "cat > a"), ("assistant", ""), ("user", "ls"))
GPT5 = {"temperature": _ONLY_DEFAULT.format("temperature"), "top_p": _UNSUPPORTED.format("top_p")}
OPUS = {name: f"`{name}` is deprecated for this model." for name in ("temperature", "top_p")}

SETTINGS: list[Behaviour] = [
    Behaviour(
        "gpt-5",
        "OpenAI chat",
        "takes neither `temperature` nor `top_p` (GPT-5)",
        OpenAIChat("openai:gpt-5"),
        refuses(GPT5),
        text="Hello world",
        requests=None,
        default=("temperature", "top_p"),
    ),
    Behaviour(
        "unknown-like-gpt-5",
        "OpenAI chat",
        "takes neither, and is in no table: two refusals are learned",
        UNKNOWN,
        refuses(GPT5),
        text="Hello world",
        requests=3,
        default=("temperature", "top_p"),
    ),
    Behaviour(
        "gpt-5-codex",
        "OpenAI Responses",
        "takes no `seed` and no `temperature` (chosen by its name)",
        OpenAIResponses("openai:gpt-5-codex"),
        refuses({"seed": "Unknown parameter: 'seed'.", **GPT5}),
        text="Hello world",
        requests=None,
        sent={"seed": None},
        default=("seed", "temperature", "top_p"),
    ),
    Behaviour(
        "gpt-5.6",
        "OpenAI Responses",
        "is a `*-pro` or `gpt-5.6-…` model: `seed` is not sent",
        OpenAIResponses("openai:gpt-5-pro"),
        refuses({"seed": "Unknown parameter: 'seed'."}),
        text="Hello world",
        requests=None,
        default=("seed",),
    ),
    Behaviour(
        "o1-system",
        "OpenAI chat",
        "takes no system role (o1-mini)",
        OpenAIChat("openai:o1-mini"),
        refuses({"messages.system": _NO_SYSTEM_ROLE, **GPT5}),
        text="Hello world",
        requests=None,
        sent={"messages.system": None},
    ),
    Behaviour(
        "o3-stream",
        "OpenAI chat",
        "does not stream to an organization that is not verified",
        UNKNOWN,
        refuses({"stream": _NOT_VERIFIED}),
        text="Hello world",
        requests=2,
    ),
    Behaviour(
        "stream-options",
        "OpenAI-compatible",
        "takes no `stream_options`",
        UNKNOWN,
        refuses({"stream_options": "Unrecognized request argument supplied: stream_options"}),
        text="Hello world",
        requests=2,
        sent={"stream_options": None},
    ),
    Behaviour(
        "stream-options-422",
        "OpenAI-compatible",
        "answers 422 that names `stream_options`, as FastAPI does",
        Mistral("openai:some-new-model", path="/v1"),
        refuses({"stream_options": "stream_options Extra inputs are not permitted"}),
        text="Hello world",
        requests=2,
        sent={"stream_options": None},
    ),
    Behaviour(
        "max-completion-tokens",
        "OpenAI-compatible",
        "knows only `max_tokens`",
        UNKNOWN,
        refuses({"max_completion_tokens": "Unrecognized request argument supplied: max_completion_tokens"}),
        text="Hello world",
        requests=None,
        sent={"max_tokens": 64, "max_completion_tokens": None},
    ),
    Behaviour(
        "max-tokens",
        "OpenAI-compatible",
        "knows only `max_completion_tokens`",
        UNKNOWN,
        refuses(
            {
                "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            }
        ),
        text="Hello world",
        requests=2,
        sent={"max_completion_tokens": 64, "max_tokens": None},
    ),
    Behaviour(
        "fewer-tokens",
        "vLLM",
        "allows fewer tokens than are asked for, and says how many",
        VLLM("openai:meta-llama/Llama-3.1-8B-Instruct"),
        refuses({"max_tokens=64": "max_tokens is too large: 64. This model supports at most 32 completion tokens"}),
        text="Hello world",
        requests=2,
        sent={"max_tokens": 32},
    ),
    Behaviour(
        "seed",
        "OpenAI-compatible",
        "takes no `seed`",
        UNKNOWN,
        refuses({"seed": "Unrecognized request argument supplied: seed"}),
        text="Hello world",
        requests=2,
        default=("seed",),
    ),
    Behaviour(
        "vllm-system",
        "vLLM",
        "has a chat template without a system role (Gemma)",
        VLLM("openai:google/gemma-2-9b-it"),
        refuses({"messages.system": "System role not supported"}),
        text="Hello world",
        requests=2,
        sent={"messages.system": None},
    ),
    Behaviour(
        "older-vllm",
        "vLLM",
        "is an older one: an error without wrapping, `stream_options` not known",
        OlderVLLM("openai:meta-llama/Llama-2-7b-chat-hf"),
        refuses(
            {
                "stream_options": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), "
                "'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]"
            }
        ),
        text="Hello world",
        requests=2,
        sent={"max_tokens": 64, "stream_options": None},
    ),
    Behaviour(
        "llama-cpp-system",
        "llama.cpp",
        "has a chat template that raises on a system role, with status 500",
        LlamaCpp("openai:gemma"),
        refuses({"messages.system": "System role not supported"}, status=500, kind="server_error"),
        text="Hello world",
        requests=2,
        sent={"messages.system": None},
    ),
    Behaviour(
        "lm-studio-seed",
        "LM Studio",
        "refuses `top_p` with an error that is a plain string",
        LMStudio(),
        refuses({"top_p": "Unsupported parameter: 'top_p'"}),
        text="Hello world",
        requests=2,
        default=("top_p",),
    ),
    Behaviour(
        "sonnet-4-5",
        "Anthropic",
        "takes `temperature` or `top_p`, not both (Sonnet 4.5)",
        Anthropic("anthropic:claude-sonnet-4-5"),
        refuses({"temperature+top_p": _NOT_BOTH}),
        text="Hello world",
        requests=None,
        sent={"temperature": 0.2},
        default=("top_p",),
    ),
    Behaviour(
        "opus-4-7",
        "Anthropic",
        "takes neither `temperature` nor `top_p` (Opus 4.7)",
        Anthropic("anthropic:claude-opus-4-7"),
        refuses(OPUS),
        text="Hello world",
        requests=None,
        default=("temperature", "top_p"),
    ),
    Behaviour(
        "unknown-claude",
        "Anthropic",
        "takes neither, and is in no table",
        Anthropic("anthropic:claude-next"),
        refuses(OPUS),
        text="Hello world",
        requests=3,
        default=("temperature", "top_p", "seed"),
    ),
    Behaviour(
        "gemini-limit",
        "Gemini",
        "is sent the token limit and the seed",
        Gemini("google_genai:gemini-2.0-flash"),
        ends("STOP", *TEXT),
        text="Hello world",
        sent={
            "generationConfig.maxOutputTokens": 64,
            "generationConfig.seed": 3,
            "generationConfig.temperature": 0.2,
        },
    ),
    Behaviour(
        "gemini-room",
        "Gemini",
        "reasons by itself: its limit leaves room for that (2.5)",
        Gemini("google_genai:gemini-2.5-flash"),
        ends("STOP", *TEXT),
        text="Hello world",
        sent={"generationConfig.maxOutputTokens": 64 + REASONING_TOKENS},
    ),
    Behaviour(
        "gemini-seed",
        "Gemini",
        "takes no `seed`",
        Gemini("google_genai:gemma-3-27b-it"),
        refuses({"generationConfig.seed": "seed is not supported for this model"}),
        text="Hello world",
        requests=2,
        default=("seed",),
    ),
    Behaviour(
        "gemini-system",
        "Gemini",
        "takes no system instruction (Gemma)",
        Gemini("google_genai:gemma-3-27b-it"),
        refuses({"systemInstruction": "Developer instruction is not enabled for models/gemma-3-27b-it"}),
        text="Hello world",
        requests=None,
        sent={"systemInstruction": None},
    ),
    Behaviour(
        "ollama-limit",
        "Ollama",
        "is sent the token limit and the seed as its options",
        Ollama(),
        ends("stop", *TEXT),
        text="Hello world",
        sent={"options.num_predict": 64, "options.seed": 3, "options.temperature": 0.2},
    ),
    Behaviour(
        "groq-seed",
        "Groq",
        "is sent the seed and the token limit",
        Groq(),
        ends("stop", *TEXT),
        text="Hello world",
        sent={"seed": 3, "temperature": 0.2},
    ),
    Behaviour(
        "groq-top-p",
        "Groq",
        "does not take `top_p`",
        Groq("groq:some-new-model"),
        refuses({"top_p": "property 'top_p' is unsupported"}),
        text="Hello world",
        requests=None,
        default=("top_p",),
    ),
    Behaviour(
        "mistral-seed",
        "Mistral",
        "is sent the seed under its own name",
        Mistral(),
        ends("stop", *TEXT),
        text="Hello world",
        sent={"random_seed": 3, "max_tokens": 64, "temperature": 0.2},
    ),
    Behaviour(
        "mistral-422",
        "Mistral",
        "answers 422 that names `random_seed`",
        Mistral(),
        refuses({"random_seed": "random_seed Extra inputs are not permitted"}),
        text="Hello world",
        requests=2,
        default=("seed",),
    ),
    Behaviour(
        "bedrock-limit",
        "Bedrock",
        "is sent the token limit",
        Bedrock(),
        ends("end_turn", *TEXT),
        text="Hello world",
        sent={"inferenceConfig.maxTokens": 64, "inferenceConfig.temperature": 0.2},
    ),
    Behaviour(
        "bedrock-both",
        "Bedrock",
        "takes `temperature` or `topP`, not both",
        Bedrock("bedrock_converse:anthropic.claude-sonnet-4-5-20250929-v1:0"),
        refuses({"inferenceConfig.temperature+inferenceConfig.topP": _NOT_BOTH}, kind="ValidationException"),
        text="Hello world",
        requests=None,
        default=("top_p",),
    ),
    Behaviour(
        "bedrock-system",
        "Bedrock",
        "takes no system message (Mistral 7B)",
        Bedrock("bedrock_converse:mistral.mistral-7b-instruct-v0:2"),
        refuses({"system": "This model doesn't support system messages. Try again without a system message."}),
        text="Hello world",
        requests=2,
        sent={"system": None},
    ),
    *[
        Behaviour(
            f"empty-turn-{wire.model.partition(':')[0]}",
            provider,
            "is sent no empty assistant turn (a proxy that keeps Anthropic's rule)",
            wire,
            refuses({"empty": _EMPTY_TEXT}),
            text="Hello world",
            sent={"empty": None},
            turns=_WITH_EMPTY,  # type: ignore[arg-type]
        )
        for provider, wire in (
            ("OpenAI-compatible", UNKNOWN),
            ("Anthropic", Anthropic()),
            ("Bedrock", Bedrock()),
            ("Gemini", Gemini()),
            ("Ollama", Ollama()),
            ("Mistral", Mistral()),
        )
    ],
]
