"""The command `gedanken models check`: a few short questions show how a model replies."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from gedanken.agents.messages import Message, to_langchain
from gedanken.agents.model import Model, Reply, Sampling
from gedanken.agents.model_errors import as_no_model
from gedanken.agents.request_settings import prepare_call
from gedanken.agents.settings import Learned, Setting
from gedanken.experiment.errors import NoModel
from gedanken.experiment.execution import UNUSABLE_CAUSES
from gedanken.experiment.progress import Progress

CHARACTERS_PER_TOKEN = 4
"""Approximate number of characters in a token of English text."""
ANSWER_TOKENS, SHORT_ANSWER_TOKENS = 160, 12
_SYSTEM = Message("system", "You are a terminal. Answer with nothing but what it prints.")
_COUNT = Message("user", "seq 1 30")
_DICE = Message("user", "shuf -i 100000-999999 -n 8")
_TESTED_SETTINGS = (Setting.SEED, Setting.TEMPERATURE, Setting.TOP_P, Setting.LIMIT, Setting.SYSTEM, Setting.STREAM)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about the model, found out by asking it a question."""

    name: str
    answer: str
    detail: str = ""


@dataclass(slots=True)
class ModelCheck:
    """What a model's replies to the questions show."""

    model: str
    facts: list[Fact] = field(default_factory=list)
    unusable: str = ""
    """The reason why the model cannot be used; empty if it can be used."""
    asked: int = 0
    """Number of questions that were asked."""
    characters: int = 0

    @property
    def tokens(self) -> int:
        """Roughly how many tokens the questions and their replies used."""
        return self.characters // CHARACTERS_PER_TOKEN


async def check_model(model: Model, progress: Progress) -> ModelCheck:
    """Ask a model at most eight short questions, and return what its replies show.

    Raises NoModel if the first question gets no reply.
    """
    model_check = _Check(model, progress, ModelCheck(model.name))
    await model_check.first()
    if not model_check.done.unusable:
        await model_check.seeds()
        await model_check.cut()
        await model_check.trial(
            "empty assistant turn", "does it accept an empty assistant turn?", model_check.empty_turn
        )
        await model_check.trial("prefill", "does it continue a reply that is already begun?", model_check.prefill)
        await model_check.trial("log-probabilities", "does it give log-probabilities?", model_check.log_probabilities)
    return model_check.done


@dataclass(slots=True)
class _Check:
    model: Model
    progress: Progress
    done: ModelCheck

    def record(self, name: str, answer: str, detail: str = "") -> None:
        self.done.facts.append(Fact(name, answer, detail))

    def report_question(self, question: str) -> None:
        self.done.asked += 1
        self.progress.say(f"question {self.done.asked} of at most 8: {question}")

    async def ask(self, messages: Sequence[Message], sampling: Sampling, model: Model | None = None) -> Reply:
        reply = await (model or self.model).reply(messages, sampling, role="check")
        self.done.characters += (
            sum(len(message.text) for message in messages) + len(reply.text) + len(reply.reasoning)
        )
        return reply

    async def first(self) -> None:
        """Ask for an ordinary reply, and record which settings are accepted and how fast the model is."""
        self.report_question("which settings are accepted, and how fast is it?")
        times: list[float] = []
        started = time.monotonic()
        messages = [_SYSTEM, _COUNT]
        sampling = Sampling(seed=1, max_tokens=ANSWER_TOKENS)
        reply = await self.model.reply(messages, sampling, role="check", on_text=lambda _: times.append(_now()))
        self.done.characters += (
            sum(len(message.text) for message in messages) + len(reply.text) + len(reply.reasoning)
        )
        if reply.end.cause in UNUSABLE_CAUSES or not reply.text.strip():
            self.done.unusable = (
                f"its reply is {reply.end.describe()}" if reply.end.cause in UNUSABLE_CAUSES else "its reply is empty"
            )
        unaccepted = {*self.model.not_taken(), *self.model.learned.refused}
        for setting in _TESTED_SETTINGS:
            name = _limit_name(reply) if setting is Setting.LIMIT and setting not in unaccepted else ""
            self.record(str(setting), "not accepted" if setting in unaccepted else "accepted", name and f"as {name}")
        if self.model.learned.ignored:
            self.record("accepted without effect", ", ".join(sorted(self.model.learned.ignored)))
        reasons = self.model.learned.reasons
        self.record("reasons by itself", "yes" if reasons else "not seen", _reasoning_note(reply))
        self.record("ends a whole reply with", reply.end.reason or "no reason", str(reply.end.cause))
        self._record_speed(reply, times, started)

    def _record_speed(self, reply: Reply, times: list[float], started: float) -> None:
        if not times:
            return
        self.record("first text after", f"{times[0] - started:.1f} s", "including requests with refused settings")
        if len(times) > 1 and times[-1] > times[0]:
            # Numbers have one or two digits per token, so counting pieces is better than counting characters.
            tokens = max(len(reply.text) / CHARACTERS_PER_TOKEN, len(times))
            speed = tokens / (times[-1] - times[0])
            self.record("speed", f"about {speed:.0f} tokens a second", f"in {len(times)} pieces")
        else:
            self.record("speed", "unknown", "the reply came in one piece")

    async def seeds(self) -> None:
        """Test whether the same seed gives the same reply again, and whether another seed gives a different reply."""
        if Setting.SEED in self.model.not_taken():
            self.record("the same seed again", "not asked", "no seed is accepted")
            return
        replies: list[str] = []
        for seed in (1, 1, 2):
            self.report_question("a random reply again, with the same seed" if replies else "a random reply")
            try:
                replies.append((await self.ask([_SYSTEM, _DICE], Sampling(seed, ANSWER_TOKENS))).text)
            except NoModel as error:
                self.record("the same seed again", "unknown", str(error))
                return
        is_repeated, ignores_seed = replies[0] == replies[1], replies[0] == replies[2]
        answer = "unknown" if is_repeated and ignores_seed else "the same reply" if is_repeated else "another reply"
        self.record(
            "the same seed again",
            answer,
            "another seed gives the same reply" if is_repeated and ignores_seed else "",
        )

    async def cut(self) -> None:
        """Test how the model reports that the token limit cut a reply."""
        if self.model.learned.reasons or Setting.LIMIT in self.model.not_taken():
            reason = (
                "the model reasons before its reply, and its reasoning has a separate limit"
                if self.model.learned.reasons
                else "no limit is accepted"
            )
            self.record("ends a cut reply with", "not asked", reason)
            return

        async def ask() -> tuple[str, str]:
            reply = await self.ask(
                [_SYSTEM, Message("user", "seq 1 400")], Sampling(1, SHORT_ANSWER_TOKENS, temperature=0)
            )
            detail = "" if reply.cut else "a cut reply cannot be distinguished from a whole one"
            return reply.end.reason or "no reason", detail

        await self.trial("ends a cut reply with", "how does it end a reply that is cut?", ask)

    async def trial(self, name: str, question: str, ask: "Callable[[], Awaitable[tuple[str, str]]]") -> None:
        """Ask a question that the server may refuse, and record the answer or the refusal under `name`."""
        self.report_question(question)
        try:
            self.record(name, *await ask())
        except NoModel as error:
            self.record(name, "not accepted", str(error))

    async def empty_turn(self) -> tuple[str, str]:
        turns = [Message("user", "cd /tmp"), Message("assistant", ""), Message("user", "pwd")]
        model = replace(self.model, empty_turns=True, learned=_copy_learned(self.model.learned))
        await self.ask([_SYSTEM, *turns], Sampling(1, SHORT_ANSWER_TOKENS, temperature=0), model)
        return "accepted", "" if self.model.empty_turns else "but gedanken leaves it out"

    async def prefill(self) -> tuple[str, str]:
        model = replace(self.model, learned=_copy_learned(self.model.learned))
        messages = [_SYSTEM, _COUNT, Message("assistant", "1\n2\n3\n4\n")]
        reply = await self.ask(messages, Sampling(1, SHORT_ANSWER_TOKENS, temperature=0), model)
        is_continued = reply.text.split()[:1] == ["5"]
        return ("accepted", "") if is_continued else ("not accepted", f"it does not continue: {reply.text[:40]!r}")

    async def log_probabilities(self) -> tuple[str, str]:
        chat = self.model.chat
        if "logprobs" not in type(chat).model_fields:
            return "not accepted", "its client cannot request them"
        learned = _copy_learned(self.model.learned)
        requested: dict[Setting, float | int] = {Setting.LIMIT: SHORT_ANSWER_TOKENS + learned.reasoning_tokens}
        call = prepare_call(chat.model_copy(update={"logprobs": True}), requested, learned, has_system=False)
        try:
            response = await call.chat.ainvoke(to_langchain([_COUNT]), {"run_name": "check"}, **call.arguments)
        except Exception as error:
            raise as_no_model(self.model.name, error, self.model.host) from error
        self.done.characters += len(_COUNT.text) + len(response.text)
        log_probabilities = (response.response_metadata.get("logprobs") or {}).get("content")
        return ("given", "") if log_probabilities else ("not given", "requested, but not in the reply")


def _copy_learned(learned: Learned) -> Learned:
    """Return a copy of `learned`, so that what one question shows does not affect the next question."""
    return replace(learned, refused=set(learned.refused), limit_names=list(learned.limit_names))


def _limit_name(reply: Reply) -> str:
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict")
    return next((name for name in names if name in reply.seal.settings), "")


def _reasoning_note(reply: Reply) -> str:
    return next((note for note in reply.notes if "reasons by itself" in note), "")


def _now() -> float:
    return time.monotonic()
