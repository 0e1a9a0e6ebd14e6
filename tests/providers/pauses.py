"""Servers that stop sending. A time limit ends each pause, and the error names this limit."""

from providers.anthropic import Anthropic
from providers.bedrock import Bedrock
from providers.behaviour import Behaviour, Serve, TimeLimit, silent, trickles
from providers.gemini import Gemini
from providers.ollama import Ollama
from providers.openai_chat import Groq, Mistral, OpenAIChat
from providers.openai_responses import OpenAIResponses
from providers.wire import Wire

_WIRES: list[tuple[str, Wire]] = [
    ("OpenAI chat", OpenAIChat()),
    ("OpenAI Responses", OpenAIResponses()),
    ("Anthropic", Anthropic()),
    ("Gemini", Gemini()),
    ("Ollama", Ollama()),
    ("Bedrock", Bedrock()),
    ("Groq", Groq()),
    ("Mistral", Mistral()),
]

_SILENCES: list[tuple[str, str, Serve, TimeLimit]] = [
    ("at-first", "takes the request and says nothing", silent(head=False), "first"),
    ("midway", "says two words and then nothing", silent("Hello ", "world"), "between"),
]

PAUSES: list[Behaviour] = [
    *[
        Behaviour(
            f"{provider}-silent-{name}".lower().replace(" ", "-"), provider, does, wire, serve, "busy", limit=limit
        )
        for provider, wire in _WIRES
        for name, does, serve, limit in _SILENCES
    ],
    Behaviour(
        "silent-after-head",
        "OpenAI chat",
        "begins to answer, 200, and says nothing",
        OpenAIChat(),
        silent(),
        "busy",
        limit="first",
    ),
    Behaviour(
        "comments-forever",
        "OpenAI-compatible",
        "sends comments that keep the connection alive, for ever",
        OpenAIChat(),
        trickles(b": keep-alive\n\n"),
        "busy",
        limit="first",
    ),
    Behaviour(
        "trickle",
        "OpenAI-compatible",
        "says one more word, for ever",
        OpenAIChat(),
        trickles(),
        "busy",
        limit="total",
    ),
]
