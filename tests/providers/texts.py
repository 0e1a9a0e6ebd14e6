"""What a reply contains: reasoning that is not output, and bytes that could damage files."""

from gedanken.experiment.execution import Cause
from providers.anthropic import Anthropic
from providers.bedrock import Bedrock
from providers.behaviour import Behaviour, replies
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import VLLM, Groq, LlamaCpp, Mistral, OpenAIChat
from providers.wire import Wire, event

CHAT, ANTHROPIC, GEMINI, OLLAMA, BEDROCK = OpenAIChat(), Anthropic(), Gemini(), Ollama(), Bedrock()
_HARMONY = (
    "<|channel|>analysis<|message|>The user says hi.<|end|>"
    "<|start|>assistant<|channel|>final<|message|>Hello world<|return|>"
)
_DRAFT = "<think>Perhaps\n```python\nprint('draft')\n```\n</think>\n```python\nprint('done')\n```"
_REASONED = {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Let me think."}}}
_THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me think."}]}
_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
MANY = 10_000_000


def _text_behaviour(
    name: str, provider: str, does: str, wire: Wire, *pieces: bytes, text: str = "Hello world"
) -> Behaviour:
    reasons = "think" in does or "reason" in does or "harmony" in does
    serve = replies(
        *pieces, wire.closing(wire.done), start=wire is not ANTHROPIC or b"content_block" not in pieces[0]
    )
    return Behaviour(name, provider, does, wire, serve, text=text, reasons=reasons)


def _pieces(*texts: str) -> tuple[bytes, ...]:
    return tuple(map(CHAT.piece, texts))


def _escaped_piece(escaped: str) -> bytes:
    """A piece of a reply whose text is written with these JSON escapes."""
    return CHAT.piece("TEXT").replace(b"TEXT", escaped.encode())


def _split_piece(piece: bytes) -> tuple[bytes, bytes]:
    return piece[:30], piece[30:]


TEXTS: list[Behaviour] = [
    _text_behaviour(
        "think-pair",
        "vLLM",
        "thinks between `<think>` and `</think>` (DeepSeek-R1)",
        VLLM(),
        *_pieces("<think>\nLet me ", "think.</th", "ink>\n\nHello ", "world"),
    ),
    _text_behaviour(
        "think-closed-only",
        "vLLM",
        "thinks up to a `</think>` that its template opened",
        VLLM(),
        *_pieces("Let me think.", "\n</think>\n\n", "Hello world"),
    ),
    _text_behaviour(
        "think-draft",
        "vLLM",
        "thinks with a draft of the program",
        VLLM(),
        *_pieces(_DRAFT),
        text="```python\nprint('done')\n```",
    ),
    Behaviour(
        "think-opened-unseen",
        "vLLM",
        "is cut while it thinks, in reasoning that its template opened",
        VLLM(),
        replies(CHAT.piece("Let me think about"), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        ("length",),
    ),
    Behaviour(
        "think-never-closed",
        "vLLM",
        "thinks in `<think>` until the limit",
        VLLM(),
        replies(CHAT.piece("<think>\nLet me think about"), CHAT.closing("length")),
        Cause.ONLY_REASONED,
        ("length",),
    ),
    _text_behaviour(
        "harmony", "llama.cpp", "writes harmony's channels into its text (gpt-oss)", LlamaCpp(), *_pieces(_HARMONY)
    ),
    _text_behaviour(
        "reasoning-content",
        "DeepSeek",
        "thinks in `reasoning_content`",
        CHAT,
        CHAT.chunk({"reasoning_content": "Let me think."}),
        CHAT.piece("Hello world"),
    ),
    _text_behaviour(
        "reasoning",
        "vLLM",
        "thinks in `reasoning`",
        VLLM(),
        CHAT.chunk({"reasoning": "Hm."}),
        CHAT.piece("Hello world"),
    ),
    _text_behaviour(
        "groq-reasoning",
        "Groq",
        "thinks in `reasoning`",
        Groq(),
        CHAT.chunk({"reasoning": "Hm."}),
        CHAT.piece("Hello world"),
    ),
    _text_behaviour(
        "magistral",
        "Mistral",
        "thinks in parts of its content (Magistral)",
        Mistral(),
        CHAT.chunk({"content": [_THINKING]}),
        CHAT.piece("Hello world"),
    ),
    _text_behaviour(
        "ollama-thinking",
        "Ollama",
        "thinks in `thinking`",
        OLLAMA,
        OLLAMA.thought("Hm."),
        OLLAMA.piece("Hello world"),
    ),
    _text_behaviour(
        "gemini-thought",
        "Gemini",
        "thinks in parts marked `thought`",
        GEMINI,
        GEMINI.parts([{"text": "Let me think.", "thought": True}]),
        GEMINI.piece("Hello world"),
    ),
    Behaviour(
        "claude-thinking",
        "Anthropic",
        "thinks in a block of its own",
        ANTHROPIC,
        replies(
            ANTHROPIC.started()
            + ANTHROPIC.block({"type": "thinking", "thinking": "", "signature": ""})
            + ANTHROPIC.delta({"type": "thinking_delta", "thinking": "Let me think."})
            + ANTHROPIC.delta({"type": "signature_delta", "signature": "x"})
            + ANTHROPIC.stopped()
            + ANTHROPIC.block({"type": "text", "text": ""}, 1)
            + ANTHROPIC.delta({"type": "text_delta", "text": "Hello world"}, 1)
            + ANTHROPIC.stopped(1)
            + ANTHROPIC.end("end_turn"),
            start=False,
        ),
        text="Hello world",
        reasons=True,
    ),
    _text_behaviour(
        "bedrock-reasoning",
        "Bedrock",
        "thinks in `reasoningContent`",
        BEDROCK,
        BEDROCK.frame("contentBlockDelta", _REASONED),
        BEDROCK.frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Hello world"}}),
    ),
    _text_behaviour(
        "tag-inside",
        "OpenAI chat",
        "prints a tag in the middle of its text",
        CHAT,
        *_pieces("$ cat notes\n", "use <think> here\n"),
        text="$ cat notes\nuse <think> here\n",
    ),
    # Bytes
    _text_behaviour(
        "surrogate",
        "OpenAI-compatible",
        "sends half of a pair, `\\ud83d`, alone",
        CHAT,
        _escaped_piece("Hello \\ud83d world"),
        text="Hello \ufffd world",
    ),
    _text_behaviour(
        "emoji-split",
        "OpenAI-compatible",
        "splits an emoji over two pieces",
        CHAT,
        _escaped_piece("Hello \\ud83d"),
        _escaped_piece("\\ude00"),
        text="Hello 😀",
    ),
    _text_behaviour(
        "nul",
        "OpenAI-compatible",
        "sends a NUL byte",
        CHAT,
        _escaped_piece("Hello\\u0000 world"),
        text="Hello\x00 world",
    ),
    Behaviour(
        "ten-megabytes",
        "OpenAI-compatible",
        "sends 10 MB in one piece, whatever the limit",
        CHAT,
        replies(CHAT.piece("x" * MANY), CHAT.closing("stop")),
        Cause.CUT,
    ),
    Behaviour(
        "keep-alive",
        "OpenAI-compatible",
        "sends comments to keep the connection alive",
        CHAT,
        replies(b": keep-alive\n\n", CHAT.piece("Hello world"), b": PROCESSING\n\n", CHAT.closing("stop")),
        text="Hello world",
    ),
    Behaviour(
        "keep-alive-data",
        "OpenAI-compatible",
        "sends empty data to keep the connection alive",
        CHAT,
        replies(b"data: \n\n", CHAT.piece("Hello "), b"data:\n\n", CHAT.piece("world"), CHAT.closing("stop")),
        "busy",
        ("cannot be read",),
    ),
    Behaviour(
        "no-choices",
        "OpenAI-compatible",
        "sends pieces without choices, and the usage last",
        CHAT,
        replies(
            event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": []}),
            CHAT.piece("Hello world"),
            CHAT.chunk({}, "stop"),
            event(
                {
                    "id": "1",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "x",
                    "choices": [],
                    "usage": _USAGE,
                }
            ),
            event("[DONE]"),
        ),
        text="Hello world",
    ),
    Behaviour(
        "carriage-returns",
        "OpenAI-compatible",
        "ends its lines with CR LF, and has no `[DONE]`",
        CHAT,
        replies(CHAT.piece("Hello world").replace(b"\n", b"\r\n"), CHAT.chunk({}, "stop").replace(b"\n", b"\r\n")),
        text="Hello world",
    ),
    Behaviour(
        "null-content",
        "OpenAI-compatible",
        "has `null` for content in its first and last piece",
        CHAT,
        replies(
            CHAT.chunk({"role": "assistant", "content": None}),
            CHAT.piece("Hello world"),
            CHAT.chunk({"content": None}, "stop"),
        ),
        text="Hello world",
    ),
    Behaviour(
        "gemini-crlf",
        "Gemini",
        "splits one event over two packets",
        GEMINI,
        replies(*_split_piece(GEMINI.piece("Hello world")), GEMINI.closing("STOP")),
        text="Hello world",
    ),
]
