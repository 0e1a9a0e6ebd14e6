"""Wraps a model, so that the ledger stores its replies, and no request with a stored reply is sent again."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gedanken.agents.messages import Message
from gedanken.agents.metering import Meter
from gedanken.agents.model import Model, Reply, Sampling, ShouldStop
from gedanken.agents.model_errors import NoReply
from gedanken.agents.rate_limits import RequestQueue
from gedanken.agents.scripted import ScriptedModel
from gedanken.agents.settings import Setting
from gedanken.experiment.blocking import off_loop
from gedanken.experiment.errors import BadInput, BudgetSpent, Interrupted, NotStored
from gedanken.experiment.execution import Cause, OnOutput
from gedanken.experiment.run_spec import ModelSpec, RunSpec
from gedanken.experiment.surprisal import Lines
from gedanken.records.ledger import Ledger, digest, reading_entry
from gedanken.records.sent_mark import SentMark
from gedanken.traces.terminal_run import mark_as_from_ledger

_REPLY = TypeAdapter(Reply)
_SCORES: TypeAdapter[Lines | None] = TypeAdapter(Lines | None)
CARD = "model"
BEFORE_FORK_REASON = "a line before the fork, for which the model is not asked again"
CACHE_LOST_NOTE = (
    "a request could not continue from the server's cache, because the process that had filled the cache has ended"
)

FAILURE_KEPT_NOTE = (
    "the model was not asked again for a failed reply: the replies after it depend on the failure, and would have to "
    "be requested again too"
)
PROMPTS_CHANGED = (
    "gedanken now words its requests differently than when this run was started, so it would make and pay for all of "
    "them again; continue with the version that started the run, or start a new one (`gedanken report` still shows "
    "this one)"
)
CACHE_NOT_USED_NOTE = (
    "a request did not continue from the server's cache, so that the server could adapt to other programs, which "
    "leave it more or fewer cores than before"
)


class ModelCard(BaseModel):
    """The facts about a model that a replay needs, and that must not change in a run."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    digest: str | None
    extra: dict[str, Any]
    coder_prompt: Literal["tell", "checklist"]
    prefills: bool
    empty_turns: bool
    scores: Literal["grammar", "echo"] | None
    prompts: str | None = None
    """SHA-256 of the prompts from which the requests are made; None in a run that an earlier version began."""


class StoredCapabilities(BaseModel):
    """What was known about the model after a reply, for example which settings it refuses."""

    refused: frozenset[Setting]
    reasons: bool
    hides: bool
    most_tokens: int | None


class KeptReply(BaseModel):
    """An entry of the ledger: a reply, or the reason why there is none."""

    learned: StoredCapabilities
    reply: Any = None
    no_reply: str | None = None
    cause: Cause = Cause.NO_REPLY
    may_pass: bool = False
    """If there is no reply: True if the failure may be temporary, so that a resumed run sends the request again."""
    failures: int = Field(default=1, ge=1, le=1_000_000)
    """If there is no reply: how often the request has failed so far."""


@dataclass(slots=True)
class ProcessState:
    """What one process has done so far: how often it made each request, and whether the server's cache is current."""

    draws: Counter[str] = field(default_factory=Counter)
    """How often each request was made, by the digest of the request. Each time counts as a separate sample."""
    cache_is_current: bool = False
    """True if the last reply came from the model itself, so that the server's cache has the state that this reply
    left.
    """


@dataclass(frozen=True, slots=True)
class KeptModel(Model):
    """A model that is asked only for replies that are not in the ledger."""

    ledger: Ledger = field(kw_only=True)
    replays: str = ""
    """The reason why the model must not be asked, so that a missing reply is an error. Empty if it may be asked."""
    is_settled: bool = False
    """True if a stored failure is used even if it is temporary, because other replies depend on it."""
    place: str | None = None
    """Name of the place in a session at which the model is asked; see `Ledger.mark_answered`. None if the request
    contains no earlier replies of the session.
    """
    note: Callable[[str], None] = lambda _note: None
    """Function that receives notes for the reader of the log."""
    kept: ProcessState = field(default_factory=ProcessState)

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
        """Reply as Model.reply does. If the reply is in the ledger, the model is not asked.

        A failure in the ledger is raised again. A temporary failure, such as a busy server, is the exception: the
        model is asked again, unless `is_settled` is True or `replays` is set. If `replays` is set, a missing reply
        raises NotStored.
        """
        key = self._key([list(message) for message in messages], asdict(sampling), role, fresh)
        if (entry := await off_loop(self.ledger.get, "replies", key)) is not None and (
            self.replays or self.is_settled or not entry.get("may_pass")
        ):
            if self.is_settled and entry.get("may_pass"):
                self.note(FAILURE_KEPT_NOTE)
            if entry.get("no_reply") is None:
                await self._mark_answered(key)
            self.kept.cache_is_current = False
            mark_as_from_ledger()
            return self._restore_reply(entry, key, on_text)
        if self.replays:
            raise NotStored(
                f"{self.replays}: this reply of the {role} is not in the ledger: {_last_message_preview(messages)}"
            )
        is_drawn = self.prepare is None and sampling.temperature > 0
        with reading_entry(self.ledger.path("replies", key)):
            failures = KeptReply.model_validate(entry).failures if entry else 0
        mark = SentMark(self.ledger, f"{key}-{failures}" if failures else key, is_drawn, self.note)
        await off_loop(self.ledger.flush)
        fresh = await self._prepare_cache(messages, fresh)
        try:
            reply = await self._paced(
                messages, sampling, role, fresh, on_text, enough, mark.mark_before_try, mark.unmark_after_refusal
            )
        except (BudgetSpent, Interrupted):
            mark.unmark_given_up()
            raise
        except NoReply as error:
            values = {"no_reply": str(error), "cause": error.cause, "may_pass": error.may_pass}
            values |= {"failures": failures + 1, "learned": self._learned_values()}
            await off_loop(self.ledger.put, "replies", key, values)
            raise
        self.kept.cache_is_current = True
        await self._mark_answered(key)
        values_of_reply = {"reply": asdict(reply), "learned": self._learned_values()}
        stored = await off_loop(self.ledger.put, "replies", key, values_of_reply)
        return _REPLY.validate_python(stored["reply"])

    async def scored(
        self, messages: Sequence[Message], text: str, score: Callable[[], Awaitable[Lines | None]]
    ) -> Lines | None:
        """Score as Model.scored does, or return the scores from the ledger.

        Raises NotStored if the scores are missing and the model must not be asked.
        """
        key = self._key([list(message) for message in messages], text, "score", True)
        if (entry := await off_loop(self.ledger.get, "scores", key)) is None:
            if self.replays:
                raise NotStored(f"{self.replays}: the surprisal of an output is not in the ledger")
            if self.pace.final_error:
                raise self.pace.final_error
            await off_loop(self.ledger.flush)
            lines = await score()
            values = {"lines": lines and [list(line) for line in lines]}
            entry = await off_loop(self.ledger.put, "scores", key, values)
        with reading_entry(self.ledger.path("scores", key)):
            return _SCORES.validate_python(entry["lines"])

    async def _mark_answered(self, key: str) -> None:
        if self.place is not None:
            await off_loop(self.ledger.mark_answered, self.place, key)

    def _key(self, *request: object) -> str:
        request_digest = digest([self.name, self.digest, self.extra, *request])
        draw = self.kept.draws[request_digest]
        self.kept.draws[request_digest] += 1
        return digest([request_digest, draw])

    async def _prepare_cache(self, messages: Sequence[Message], fresh: bool) -> bool:
        """Prepare the server's cache, and return whether the request is sent with an empty one."""
        if fresh or self.prepare is None:
            return fresh
        is_open = messages[-1].role == "assistant"  # an unfinished reply is continued
        if self.kept.cache_is_current:
            if is_open or self.wants_fresh is None or not await self.wants_fresh():
                return fresh
            self.note(CACHE_NOT_USED_NOTE)
            return True
        self.note(CACHE_LOST_NOTE)  # the last reply came from the ledger, so the cache lacks the session
        if is_open:
            await self.prepare(messages[:-1], True)
        return True

    def _restore_reply(self, entry: dict[str, Any], key: str, on_text: OnOutput | None) -> Reply:
        with reading_entry(self.ledger.path("replies", key)):
            stored = KeptReply.model_validate(entry)
            reply = _REPLY.validate_python(stored.reply) if stored.no_reply is None else None
        self.learned.refused |= stored.learned.refused
        self.learned.reasons |= stored.learned.reasons
        self.learned.hides |= stored.learned.hides
        self.learned.max_tokens = stored.learned.most_tokens
        if reply is None:
            raise NoReply(stored.no_reply or "", cause=stored.cause, may_pass=stored.may_pass)
        if on_text:
            on_text(reply.text)
        return reply

    def _learned_values(self) -> dict[str, Any]:
        learned = self.learned
        return {
            "refused": sorted(learned.refused),
            "reasons": learned.reasons,
            "hides": learned.hides,
            "most_tokens": learned.max_tokens,
        }


def keep_replies(
    model: Model,
    ledger: Ledger,
    note: Callable[[str], None],
    meter: Meter | None = None,
    prompts: str | None = None,
) -> KeptModel:
    """Wrap a model with a ledger. `note` receives notes for the log, `meter` counts tokens, and `prompts` is the
    digest of the prompts.

    Raises BadInput if the run was started with another model or with other prompts.
    """
    values = {name.name: getattr(model, name.name) for name in fields(Model)}
    card = ModelCard(
        **{model_field: values[model_field] for model_field in ModelCard.model_fields if model_field in values},
        prompts=prompts,
    )
    entry = ledger.get("about", CARD)
    stored_card = _parse_card(entry, ledger) if entry else None
    if stored_card is None:
        ledger.check_start_record(CARD, "replies")
    elif stored_card != card.model_copy(update={"prompts": stored_card.prompts}):
        raise BadInput(f"the model {model.name} has changed since this run was started; start a new run")
    elif stored_card.prompts not in (None, prompts) and ledger.has_entries("replies"):
        raise BadInput(PROMPTS_CHANGED)
    if stored_card is None or (stored_card.prompts != prompts and not ledger.has_entries("replies")):
        ledger.put("about", CARD, card.model_dump(mode="json"))
    return KeptModel(**{**values, "meter": meter}, ledger=ledger, note=note)


def _parse_card(entry: dict[str, Any], ledger: Ledger) -> ModelCard:
    with reading_entry(ledger.path("about", CARD)):
        return ModelCard.model_validate(entry)


def rename_model_card(ledger: Ledger, model: ModelSpec) -> None:
    """Rename the ModelCard of a model in the ledger when a fork uses the model only for earlier script lines."""
    ledger.rename("about", CARD, _card_key(model))


def replay_earlier_models(ledger: Ledger, spec: RunSpec) -> dict[str, KeptModel]:
    """Return the models of earlier parts of the script, by name. They answer only from the ledger.

    Raises BadInput if the ledger lacks a readable ModelCard for one of them.
    """
    earlier_models = {part.model.name: part.model for part in spec.earlier if part.model.name != spec.model.name}
    return {
        name: replay_model(ledger, model.parallel, _card_key(model), BEFORE_FORK_REASON)
        for name, model in earlier_models.items()
    }


def _card_key(model: ModelSpec) -> str:
    return f"{CARD}-{digest(model.name)[:16]}"


def replay_model(
    ledger: Ledger, parallel: int, name: str = CARD, reason: str = "replay", prompts: str | None = None
) -> KeptModel:
    """Return a model that answers only from the ledger. `name` is the key of its ModelCard.

    If a reply is missing, the error begins with `reason`; it also says so if `prompts` are not the prompts of the
    run. Raises BadInput if the ModelCard is missing or damaged.
    """
    try:
        card = ModelCard.model_validate(ledger.get("about", name) or {})
    except ValidationError as error:
        raise BadInput(
            f"{ledger.folder.parent}: cannot be replayed: the record of its model in {ledger.folder.name}/ is "
            "missing or damaged"
        ) from error
    chat = ScriptedModel(rules=())
    if prompts and card.prompts not in (None, prompts):
        reason = f"{reason}, with other prompts than those of the run (another version of gedanken)"
    values = {name: value for name, value in card if name != "prompts"}
    return KeptModel(**values, chat=chat, pace=RequestQueue(parallel), ledger=ledger, replays=reason)


def _last_message_preview(messages: Sequence[Message]) -> str:
    return " ".join(messages[-1].text.split())[:100]
