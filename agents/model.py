"""A language model as the rest of the project sees it: messages in, a sealed reply out."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from agents.model_errors import ModelBusy
from agents.reply_end import ReplyEnd
from experiment.errors import NoModel
from experiment.execution import Cause, OnOutput, Seal

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage


MOST_CHARACTERS_A_TOKEN = 64


class Message(NamedTuple):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn. The defaults are the model's own distribution."""

    seed: int
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said."""

    text: str
    """The answer alone, without what the model reasoned before it."""
    end: ReplyEnd
    seconds: float
    seal: Seal
    reasoning: str = ""
    """What it reasoned, where the server shows it."""
    notes: tuple[str, ...] = ()
    """What a reader must know: which settings were not taken, that the model reasons by itself."""

    @property
    def cut(self) -> bool:
        """Whether it was ended by the token limit."""
        return self.end.cause is Cause.CUT


Prepare = Callable[[Sequence[Message], bool], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Model:
    """A chat model with what results must say about it."""

    name: str
    chat: "BaseChatModel"
    digest: str | None = None
    """SHA-256 of the weights, where they are at hand."""
    cores: int = 0
    """Cores of this machine that it keeps busy while it replies."""
    coder_prompt: Literal["tell", "checklist"] = "tell"
    """Which wording the coder needs: small models get a checklist."""
    prepare: Prepare | None = None
    """Called before each reply, with its messages and whether it must be fresh: brings the server's cache into a
    state that depends on nothing asked before. An open reply goes on from the cache as it is."""
    prefills: bool = False
    """Whether the server goes on from a last message that is the assistant's own."""
    scores: Literal["grammar", "echo"] | None = None
    """How the log-probabilities of a given text can be had: by a grammar of tokens, as the embedded server knows
    them; or with those of the prompt, as vLLM's protocol gives them; None where they cannot."""
    base_url: str | None = None
    extra: dict[str, object] = field(default_factory=dict)
    """Further settings sent with each request."""

    def describe(self) -> dict[str, object]:
        """What stands in a result about the model."""
        return {"name": self.name, "sha256": self.digest, "base_url": self.base_url, "settings": dict(self.extra)}

    async def reply(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        role: str,
        fresh: bool = True,
        on_text: OnOutput | None = None,
    ) -> Reply:
        """Ask for one reply; `role` names the conversation in the trace.

        `fresh` promises that the reply depends on messages and sampling alone, not on earlier requests,
        as far as the server allows. Raises ModelBusy for what may pass and NoModel for what will not.
        """
        try:
            if self.prepare:
                await self.prepare(messages, fresh)
            return await self._stream(messages, sampling, role, on_text and _Listener(on_text))
        except NoModel:
            raise
        except _ListenerFailed as failed:
            raise failed.error from None
        except Exception as error:
            raise _as_no_model(self.name, error) from error

    async def _stream(
        self, messages: Sequence[Message], sampling: Sampling, role: str, on_text: OnOutput | None
    ) -> Reply:
        chat, used = with_sampling(self.chat, sampling)
        started = time.monotonic()
        whole: Any = None
        characters = 0
        endless = False
        async with aclosing(chat.astream(as_chat(messages), {"run_name": role})) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                whole = chunk if whole is None else whole + chunk
                characters += max(1, len(chunk.text))  # a stream of nothing ends as well
                if on_text and chunk.text:
                    on_text(chunk.text)
                if endless := characters > MOST_CHARACTERS_A_TOKEN * sampling.max_tokens:
                    break  # a server that keeps no limit
        if whole is None:
            raise ModelBusy(f"{self.name} replied with nothing at all")
        if not endless and not _reason_of(whole.response_metadata) and _always_gives_a_reason(chat):
            raise ModelBusy(f"{self.name}: the connection ended in the middle of the reply")
        settings = {**used, **self.extra, **_served_by(whole.response_metadata)}
        return Reply(
            text=whole.text,
            end=_end_of(whole.response_metadata, endless),
            seconds=round(time.monotonic() - started, 3),
            seal=seal(messages, self.name, settings, whole.text),
        )


def as_chat(messages: Sequence[Message]) -> "list[BaseMessage]":
    """The messages as LangChain has them."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.text) for message in messages]


def seal(messages: Sequence[Message], model: str, settings: dict[str, object], reply: str) -> Seal:
    """Hash what was sent and what came back, as canonical JSON, SHA-256."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = json.dumps(
        {
            "messages": [list(message) for message in messages],
            "model": model,
            "settings": settings,
            "reply": reply,
            "time": now,
        },
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return Seal(hashlib.sha256(content.encode(errors="backslashreplace")).hexdigest(), model, settings, now)


def with_sampling(chat: "BaseChatModel", sampling: Sampling) -> "tuple[BaseChatModel, dict[str, object]]":
    """A copy of the chat model with these settings, and those of them that it knows."""
    fields = type(chat).model_fields
    wanted = asdict(sampling)
    if "max_tokens" not in fields and "num_predict" in fields:  # Ollama's name for it
        wanted["num_predict"] = wanted.pop("max_tokens")
    known = {name: value for name, value in wanted.items() if name in fields}
    return chat.model_copy(update=known), known


def _served_by(metadata: dict[str, Any]) -> dict[str, object]:
    """What the server says of itself: the version of a hosted model can change under the same name."""
    return {key: metadata[key] for key in ("model_name", "system_fingerprint") if metadata.get(key)}


def _reason_of(metadata: dict[str, Any]) -> object:
    """Why the reply ended, in the words of its provider; None where it does not say."""
    return next((metadata[key] for key in ("finish_reason", "stop_reason", "done_reason") if metadata.get(key)), None)


def _end_of(metadata: dict[str, Any], endless: bool) -> ReplyEnd:
    reason = _reason_of(metadata)
    cut = endless or reason in ("length", "max_tokens")
    return ReplyEnd(Cause.CUT if cut else Cause.FINISHED, str(reason or ""))


def _always_gives_a_reason(chat: "BaseChatModel") -> bool:
    """Whether its protocol ends every reply with a reason, so that one without was broken off."""
    from langchain_openai.chat_models.base import BaseChatOpenAI

    return isinstance(chat, BaseChatOpenAI)


class _ListenerFailed(Exception):
    """Whoever was to hear the reply failed, which is no fault of the model's."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _Listener:
    """Passes text on, and tells a failure there from one of the model."""

    def __init__(self, on_text: OnOutput) -> None:
        self._on_text = on_text

    def __call__(self, text: str) -> None:
        try:
            self._on_text(text)
        except Exception as error:
            raise _ListenerFailed(error) from error


def _as_no_model(name: str, error: Exception) -> NoModel:
    import httpx
    import openai

    passing = (
        openai.APIConnectionError,
        openai.RateLimitError,
        openai.InternalServerError,
        httpx.TransportError,
        ConnectionError,
        TimeoutError,
    )
    kind = ModelBusy if isinstance(error, passing) else NoModel
    text = str(error).strip()
    return kind(f"{name}: {text.splitlines()[0][:300] if text else type(error).__name__}")
