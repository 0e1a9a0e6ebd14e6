"""The interface to a language model: sends messages, and returns a reply with its seal (a hash)."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from gedanken.agents.messages import Message, prepare_messages, to_langchain
from gedanken.agents.metering import Meter, metered
from gedanken.agents.model_errors import as_no_model, host_of, read_problem
from gedanken.agents.rate_limits import RequestQueue
from gedanken.agents.reasoning import CLOSING_TAG, ReasoningSeparator
from gedanken.agents.reply_end import ReplyEnd, always_gives_reason
from gedanken.agents.request_settings import Call, prepare_call, uses_responses_api
from gedanken.agents.seal import seal
from gedanken.agents.settings import Learned, Setting, settings_notes
from gedanken.agents.streamed_reply import StreamedReply
from gedanken.agents.time_limits import USUAL_LIMITS, TimeLimits, enforce_limits
from gedanken.experiment.errors import BudgetSpent, Interrupted, NoModel
from gedanken.experiment.execution import Cause, OnOutput, Seal
from gedanken.experiment.surprisal import Lines

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MAX_TRIES = 8
"""Maximum number of times that one request is sent. Each time, the settings that were refused so far are left out."""
SIGN_OF_LIFE_SECONDS = 20
"""While a model reasons, `on_text` is called with an empty text each time that this many seconds have passed.

These calls show that the model is still working.
"""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling settings of a reply. The default values give the model's own distribution."""

    seed: int
    max_tokens: int
    """Token limit of the answer; the reasoning before the answer has a limit of its own."""
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply."""

    text: str
    """The answer alone, without the reasoning before it."""
    end: ReplyEnd
    seconds: float
    seal: Seal
    reasoning: str = ""
    """The reasoning, if the server shows it."""
    reasoned: str = ""
    """Amount of reasoning, for example `4096 tokens`; empty if no reasoning was seen."""
    notes: tuple[str, ...] = ()
    """Notes for the reader of the results, for example on settings that were not accepted."""
    tokens_read: int = 0
    """Number of tokens of the request, as reported by the server; 0 if the server reports none."""
    tokens_written: int = 0
    """Number of tokens of the reply, including reasoning, as reported by the server; 0 if the server reports none."""

    @property
    def cut(self) -> bool:
        """True if the reply is incomplete because a token limit was reached or this client stopped it."""
        return self.end.cause is Cause.CUT


ShouldStop = Callable[[str], bool]
"""Callback that receives each piece of a reply as it arrives; returns True to stop the reply."""
Prepare = Callable[[Sequence[Message], bool], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Model:
    """A chat model, with everything that gedanken knows about it."""

    name: str
    chat: "BaseChatModel"
    digest: str | None = None
    """SHA-256 of the weights, if they are stored locally."""
    cores: int = 0
    """Number of cores of this machine that are busy while the model replies."""
    coder_prompt: Literal["tell", "checklist"] = "tell"
    """Wording of the coder's prompt: `checklist` for small models, `tell` for all others."""
    prepare: Prepare | None = None
    """Function that is called before each request, with the request's messages and `fresh`.

    If `fresh` is True, it makes the server's cache independent of earlier requests.
    """
    wants_fresh: Callable[[], Awaitable[bool]] | None = None
    """Function that returns True if the next request should be sent with `fresh=True` although its caller passes
    `fresh=False`.
    """
    prefills: bool = False
    """True if the server can continue an unfinished reply, sent as the last message with the role `assistant`."""
    empty_turns: bool = True
    """True if the server accepts an empty message with the role `assistant`.

    Such a message is the reply to a command that prints nothing.
    """
    scores: Literal["grammar", "echo"] | None = None
    """How the log-probabilities of a given text are obtained; None if they cannot be obtained.

    `grammar`: a grammar forces the model to write the text. `echo`: the text is sent as part of a prompt (vLLM).
    """
    base_url: str | None = None
    extra: dict[str, object] = field(default_factory=dict)
    """Further settings sent with each request."""
    learned: Learned = field(default_factory=Learned)
    """What is known about the model, for example which settings it refuses.

    It is updated while the model is used.
    """
    limits: TimeLimits = USUAL_LIMITS
    pace: RequestQueue = field(default_factory=RequestQueue)
    """The queue that all requests to the model go through.

    It limits their rate and how many run at a time.
    """
    meter: Meter | None = None
    """Counts the tokens of each request; None if nothing is counted."""

    def describe(self) -> dict[str, object]:
        """Return what is stored about the model with a result: its name, digest, base URL and settings, and what
        was learned from its replies.
        """
        described = {
            "name": self.name,
            "sha256": self.digest,
            "base_url": self.base_url,
            "settings": dict(self.extra),
        }
        learned_facts = {"reasons_by_itself": self.learned.reasons, "not_taken": self.not_taken()}
        return described | {name: value for name, value in learned_facts.items() if value}

    def not_taken(self) -> list[str]:
        """Return the names of the settings that are not sent, because the model does not accept them."""
        requested = _wanted_settings(Sampling(seed=0, max_tokens=16), self.learned)
        call = prepare_call(self.chat, requested, self.learned, has_system=False)
        unsent = {setting for setting in requested if setting not in call.sent} | self.learned.refused
        return sorted(str(setting) for setting in unsent - {Setting.CHAT_COMPLETIONS})

    def sends(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages in the form that this model accepts. The seal of a reply covers the messages in this
        form.
        """
        return prepare_messages(
            messages, empty_turns=self.empty_turns, system=Setting.SYSTEM not in self.learned.refused
        )

    async def reply(  # noqa: PLR0913 (what a reply is asked with)
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        role: str,
        fresh: bool = True,
        on_text: OnOutput | None = None,
        enough: ShouldStop | None = None,
    ) -> Reply:
        """Request one reply; `role` names the conversation in LangChain's trace.

        `on_text` and `enough` receive each piece of the answer; if `enough` returns True, the reply is ended. `fresh`
        makes the reply independent of earlier requests, as far as the server allows.

        If a reply was filtered or refused, its `end` says so. Raises NoReply if only this request gets no reply, even
        after retries; NoModel if the model cannot be used any more.
        """
        return await self._paced(messages, sampling, role, fresh, on_text, enough)

    async def _paced(  # noqa: PLR0913 (what a reply is asked with)
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        role: str,
        fresh: bool,
        on_text: OnOutput | None,
        enough: ShouldStop | None,
        sending: Callable[[], Awaitable[None]] | None = None,
        turned_down: Callable[[], Awaitable[None]] | None = None,
    ) -> Reply:
        """Request a reply when rate limit and budget allow it.

        `sending` is called just before each try. `turned_down` is called after a try for which no reply was
        generated.
        """

        async def once() -> Reply:
            if self.prepare:
                try:
                    await self.prepare(messages, fresh)
                except Exception as error:
                    raise as_no_model(self.name, error) from error
            listener = on_text and _GuardedCallback(on_text)
            return await self._once(messages, sampling, role, listener, enough, sending, turned_down)

        return await self.pace.ask(once)

    async def scored(
        self,
        messages: Sequence[Message],  # noqa: ARG002 (what a score is kept under)
        text: str,  # noqa: ARG002
        score: Callable[[], Awaitable[Lines | None]],
    ) -> Lines | None:
        """Return the result of `score`: the surprisal of `text` as a reply to `messages`, or None.

        Subclasses can store the result.
        """
        return await score()

    async def _once(  # noqa: PLR0913 (what a reply is asked with)
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        role: str,
        on_text: OnOutput | None,
        enough: ShouldStop | None = None,
        sending: Callable[[], Awaitable[None]] | None = None,
        turned_down: Callable[[], Awaitable[None]] | None = None,
    ) -> Reply:
        """Request a reply. Request it again without settings that the server refused, or with more tokens if only
        reasoning arrived.
        """
        await self.learned.wait_for_first()
        if self.pace.final_error:
            raise self.pace.final_error
        for _ in range(MAX_TRIES):
            requested = _wanted_settings(sampling, self.learned)
            has_system = any(message.role == "system" for message in messages)
            call = prepare_call(self.chat, requested, self.learned, has_system=has_system)
            sent = self.sends(messages)
            started = time.monotonic()
            streamed_reply = self._new_streamed_reply(call, sent)
            try:
                async with metered(self.meter, sent, call.tokens, streamed_reply, partial(_notify, sending)):
                    await self._stream(call, sent, role, streamed_reply, on_text, enough)
            except (BudgetSpent, Interrupted):
                raise
            except _CallbackFailed as callback_error:
                raise callback_error.error from None
            except Exception as error:
                problem = read_problem(error)
                if problem.is_filtered:  # Azure also reports this in the middle of a reply
                    streamed_reply.end()
                    end = ReplyEnd(Cause.FILTERED, problem.message[:120])
                    return self._reply(sent, call, streamed_reply, end, started)
                if turned_down and streamed_reply.pieces == 0 and problem.got_no_reply:
                    await turned_down()
                if streamed_reply.pieces == 0 and self.learned.learn(problem, call.sent, call.tokens):
                    continue
                is_begun, connect = streamed_reply.pieces > 0, self.limits.connect
                raise as_no_model(self.name, error, self.host, begun=is_begun, connect=connect) from error
            end = self._check_end(streamed_reply)
            self.learned.hides |= streamed_reply.opened_unseen
            if streamed_reply.reasoned and not self.learned.reasons:
                self.learned.reasons = True
                if end.cause is Cause.ONLY_REASONED and end.was_cut:
                    continue
            return self._reply(sent, call, streamed_reply, end, started)
        raise NoModel(
            f"{self.name}: the server still refuses the request, although these settings are left out: "
            f"{', '.join(sorted(self.learned.refused))}"
        )

    @property
    def host(self) -> str:
        """Address of the host that serves the model; empty if the client does not name it."""
        names = ("openai_api_base", "anthropic_api_url", "groq_api_base", "endpoint", "base_url", "endpoint_url")
        urls = (getattr(self.chat, name, None) for name in names)
        return next((host for url in urls if isinstance(url, str) and (host := host_of(url))), "")

    def _new_streamed_reply(self, call: Call, sent: Sequence[Message]) -> StreamedReply:
        mentions_tags = any(CLOSING_TAG in message.text for message in sent)
        separator = ReasoningSeparator(holds=self.learned.hides, closes_alone=not mentions_tags)
        return StreamedReply(separator, tokens=call.tokens, always_says=always_gives_reason(self.chat))

    async def _stream(  # noqa: PLR0913 (what a reply is asked with)
        self,
        call: Call,
        sent: Sequence[Message],
        role: str,
        streamed_reply: StreamedReply,
        on_text: OnOutput | None,
        enough: ShouldStop | None,
    ) -> None:
        chunks = call.chat.astream(to_langchain(sent), {"run_name": role}, **call.arguments)
        pieces = enforce_limits(
            chunks, self.limits, streamed=call.streamed, answers=lambda: streamed_reply.has_answer
        )
        last_shown = time.monotonic()
        # Leaving early closes the connection, so the server stops generating.
        async with aclosing(chunks), aclosing(pieces):  # type: ignore[type-var]
            async for piece in pieces:
                self.learned.record_accepted()
                text = streamed_reply.add(piece)
                if on_text and (text or time.monotonic() - last_shown > SIGN_OF_LIFE_SECONDS):
                    last_shown = time.monotonic()
                    on_text(text)
                if enough is not None and text and enough(text):
                    streamed_reply.stop()
                if streamed_reply.exceeds_limit or streamed_reply.stopped:
                    break
        text = streamed_reply.end()
        if on_text and text:
            on_text(text)

    def _check_end(self, streamed_reply: StreamedReply) -> ReplyEnd:
        """Return why the reply ended. Raises ModelBusy if it was interrupted or never began."""
        end = streamed_reply.find_end()
        if streamed_reply.pieces == 0:
            raise as_no_model(self.name, ConnectionError("the reply is empty"), self.host)
        if end.cause is Cause.BROKEN_OFF:
            interruption = f"the provider says {end.reason!r}" if end.reason else "the connection ended"
            raise as_no_model(
                self.name, ConnectionError(f"{interruption} in the middle of the reply"), self.host, begun=True
            )
        return end

    def _reply(
        self, sent: Sequence[Message], call: Call, streamed_reply: StreamedReply, end: ReplyEnd, started: float
    ) -> Reply:
        not_taken = self.not_taken()
        settings: dict[str, object] = {**call.used, **self.extra, **streamed_reply.served_by}
        if not_taken:
            settings["not_taken"] = not_taken
        if self.learned.reasoning_tokens:
            settings["reasoning_tokens"] = self.learned.reasoning_tokens
        if uses_responses_api(self.chat, self.learned):
            settings["api"] = "responses"
        if changes := streamed_reply.notes():
            settings["changed"] = changes
        text, reasoning = streamed_reply.text, streamed_reply.reasoning
        if reasoning:
            settings["reasoning_sha256"] = hashlib.sha256(reasoning.encode(errors="backslashreplace")).hexdigest()
        notes = settings_notes(self.learned.refused, self.learned.ignored)
        if streamed_reply.reasoned:
            notes.append(f"the model reasons by itself: {streamed_reply.reasoning_amount} before the reply")
        return Reply(
            text=text,
            end=end,
            seconds=round(time.monotonic() - started, 3),
            seal=seal(sent, self.name, {**settings, "ended": end.reason} if end.reason else settings, text),
            reasoning=reasoning,
            reasoned=streamed_reply.reasoning_amount,
            notes=(*notes, *streamed_reply.notes()),
            tokens_read=streamed_reply.tokens.get("input", 0),
            tokens_written=streamed_reply.tokens.get("output", 0),
        )


def _wanted_settings(sampling: Sampling, learned: Learned) -> dict[Setting, float | int]:
    tokens = sampling.max_tokens + learned.reasoning_tokens
    return {
        Setting.TEMPERATURE: sampling.temperature,
        Setting.TOP_P: sampling.top_p,
        Setting.SEED: sampling.seed,
        Setting.LIMIT: min(tokens, learned.max_tokens or tokens),
    }


async def _notify(callback: Callable[[], Awaitable[None]] | None) -> None:
    """Call `callback`. Its exceptions are raised as `_CallbackFailed`, because they are not failures of the model."""
    try:
        if callback:
            await callback()
    except Exception as error:
        raise _CallbackFailed(error) from error


class _CallbackFailed(Exception):
    """A callback raised an exception; the model did not fail."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _GuardedCallback:
    def __init__(self, on_text: OnOutput) -> None:
        self._on_text = on_text

    def __call__(self, text: str) -> None:
        try:
            self._on_text(text)
        except Exception as error:
            raise _CallbackFailed(error) from error
