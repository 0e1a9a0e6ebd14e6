"""Servers that play models through whole experiments: which settings each model refuses, and how it replies."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from providers.anthropic import Anthropic
from providers.behaviour import fails, reply, value_at
from providers.gemini import Gemini
from providers.openai_chat import VLLM, OpenAIChat
from providers.server import Answer, Request, StandIn, serving
from providers.settings import GPT5, OPUS
from providers.wire import Wire

Say = Callable[[str], list[bytes]]
"""Splits a text into the pieces in which a model streams it, including the model's reasoning."""


@dataclass(frozen=True, slots=True)
class Family:
    """How the models of one family behave."""

    wire: Wire
    say: Say
    refuses: Mapping[str, str] = field(default_factory=dict)
    """For the path of each setting that is refused: the message of the refusal."""


def _stream_lines(wire: Wire, text: str) -> list[bytes]:
    return [wire.piece(line) for line in re.split(r"(?<=\n)", text) if line]


def _gpt5(text: str) -> list[bytes]:
    return _stream_lines(OpenAIChat(), text)


def _opus(text: str) -> list[bytes]:
    return _stream_lines(Anthropic(), text)


def _r1(text: str) -> list[bytes]:
    """Replies with a draft and `</think>` before the text. The opening `<think>` is missing because the chat template
    has written it.
    """
    thought = "The user wants this. A draft:\n```python\nprint('only a draft')\n```\nNo, better:\n</think>\n\n"
    return _stream_lines(VLLM(), thought + text)


def _gemini(text: str) -> list[bytes]:
    wire = Gemini()
    return [wire.parts([{"text": "The user wants this.", "thought": True}]), *_stream_lines(wire, text)]


_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
_EMPTY = "messages: text content blocks must be non-empty"
_NO_LOGPROBS = "You are not allowed to request logprobs from this model"
FAMILIES = {
    "gpt-5": Family(
        OpenAIChat("openai:gpt-5"),
        _gpt5,
        {
            **GPT5,
            "logprobs": _NO_LOGPROBS,
            "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        },
    ),
    "claude-opus-4-7": Family(
        Anthropic("anthropic:claude-opus-4-7"), _opus, {**OPUS, "empty": _EMPTY, "prefill": _PREFILL}
    ),
    "deepseek-r1": Family(VLLM("openai:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"), _r1),
    "gemini": Family(Gemini("google_genai:gemini-2.5-pro"), _gemini, {"empty": "contents.parts must not be empty."}),
}


@dataclass(slots=True)
class Player:
    """A model of a family whose replies follow rules.

    A rule applies if the last message contains its `when`. Its `samples` are then given one after the other.
    """

    family: Family
    rules: list[dict[str, Any]]
    ending: str | None = None
    """The reason with which every reply ends; None for the reason that means a complete reply."""
    address: str = ""
    requests: list[Request] = field(default_factory=list)
    _sample_indices: dict[str, int] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command-line options that choose this model."""
        return "--model", self.family.wire.model, "--base-url", self.address + self.family.wire.path

    async def handle(self, request: Request, answer: Answer) -> None:
        wire = self.family.wire
        self.requests.append(request)
        refusal = next(
            (message for path, message in self.family.refuses.items() if _contains(request.body, path)), None
        )
        if refusal is not None:
            await fails(wire.status, refusal)(wire, request, answer, StandIn(self.handle))
            return
        text, reason = self._choose(last_message(request.body)), self.ending or wire.done
        if not wire.streams(request.body, request.path):
            await reply(wire, request, answer, reason, text)
            return
        await answer.head(200, wire.kind)
        await answer.send(wire.opening(), *self.family.say(text), wire.closing(reason))
        await answer.end()

    def _choose(self, message: str) -> str:
        when, samples = next(
            ((rule["when"], rule["samples"]) for rule in self.rules if rule["when"] in message), ("", [""])
        )
        count = self._sample_indices[when] = self._sample_indices.get(when, -1) + 1
        return str(samples[count % len(samples)])


def last_message(body: dict[str, Any]) -> str:
    """The text of the last message, in the format of any provider."""
    message = (body.get("messages") or body.get("contents") or body.get("input"))[-1]  # type: ignore[index]
    content = message.get("content", message.get("parts"))
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _contains(body: dict[str, Any], path: str) -> bool:
    if path == "prefill":
        return bool(body["messages"][-1]["role"] == "assistant")
    return value_at(body, path) is not None


@contextmanager
def serve_player(player: Player) -> Iterator[Player]:
    """Serve in a thread during the `with` block, so that a command in another process can use the server."""
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(player.handle) as server:
            player.address = server.address
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield player
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def request_bodies(player: Player) -> list[dict[str, Any]]:
    """The bodies of the requests that the player received."""
    return [json.loads(request.raw) for request in player.requests]
