"""The settings that a model accepts, as known from the model's name or learned when the model refuses a setting."""

import asyncio
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from gedanken.agents.model_errors import Problem

REASONING_TOKENS = 16_384
"""Number of tokens that a model may use for its reasoning, in addition to the token limit of its answer."""
GATE_SECONDS = 1.5
"""Maximum number of seconds that other requests wait for the first request.

The first request shows which settings the server refuses.
"""


class Setting(StrEnum):
    """A request setting or feature that a model may refuse."""

    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    SEED = "seed"
    LIMIT = "token limit"
    SYSTEM = "system role"
    STREAM = "streaming"
    STREAM_OPTIONS = "stream options"
    CHAT_COMPLETIONS = "chat completions"


_SETTING_PATTERNS = {
    Setting.TEMPERATURE: re.compile(r"temperature", re.IGNORECASE),
    Setting.TOP_P: re.compile(r"top_?p\b", re.IGNORECASE),
    Setting.SEED: re.compile(r"\b(?:random_?)?seed\b|generation_?config\.seed", re.IGNORECASE),
    Setting.LIMIT: re.compile(
        r"max_?(?:completion_?|output_?|new_?)?tokens\b|maxTokens|num_predict|maximum tokens", re.IGNORECASE
    ),
    Setting.STREAM_OPTIONS: re.compile(r"stream_?options|include_usage", re.IGNORECASE),
    Setting.STREAM: re.compile(r"\bstream(?:ing|ed|s)?\b(?!_?options)", re.IGNORECASE),
    Setting.SYSTEM: re.compile(
        r"system (?:role|message|prompt|instruction)|developer (?:role|message|instruction)|"
        r"\brole\b.{0,40}['\"`](?:system|developer)['\"`]|['\"`](?:system|developer)['\"`].{0,40}\brole\b|"
        r"roles must alternate|only user and assistant|systemInstruction",
        re.IGNORECASE,
    ),
    Setting.CHAT_COMPLETIONS: re.compile(r"v1/responses|responses api|responses endpoint", re.IGNORECASE),
}
_REFUSAL_WORDS = re.compile(
    r"support|deprecat|cannot|can ?not|can't|not allowed|not permitted|forbidden|unknown|unrecogni[sz]ed|unexpected|"
    r"extra|invalid|compatible|only|must|should|no longer|not available|not implemented|not enabled|not one of|"
    r"disabled|too (?:large|big|high)|exceed|at most|at least|greater|less|not a valid|removed|use ",
    re.IGNORECASE,
)
_ASKS_TO_STREAM = re.compile(
    r"(?:supports? only|only supports?|requires?|must (?:use|set|be)|needs?) [`'\"]?stream|"
    r"stream\w*[`'\"]? (?:is required|must be (?:set to )?true)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{2,}")
_CONTEXT_LENGTH = re.compile(
    r"context length(?: is|:)?\D{0,20}(?P<whole>\d+).*?(?P<used>\d+) (?:input|prompt|in the messages)|"
    r"context length(?: is|:)?\D{0,20}(?P<size>\d+).*?(?:has|\() ?(?P<taken>\d+)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Family:
    """Known facts about the models whose names match a pattern."""

    pattern: re.Pattern[str]
    refuses: frozenset[Setting] = frozenset()
    reasons: bool = False
    """True if these models reason even if the request does not ask for it."""
    hides: bool = False
    """True if the chat template writes the tag that opens the reasoning.

    A reply then begins in the middle of the reasoning.
    """
    ignores: frozenset[Setting] = frozenset()
    """Settings that these models accept, but that have no effect."""


def _make_family(pattern: str, *refuses: Setting, reasons: bool = False, hides: bool = False) -> Family:
    return Family(re.compile(pattern, re.IGNORECASE), frozenset(refuses), reasons, hides)


_SAMPLING_SETTINGS = (Setting.TEMPERATURE, Setting.TOP_P)
_NAME_START = r"(?:^|[/.:])"
FAMILIES = (
    _make_family(_NAME_START + r"o1-(?:mini|preview)", *_SAMPLING_SETTINGS, Setting.SYSTEM, reasons=True),
    _make_family(_NAME_START + r"o[1-9](?:-|$)", *_SAMPLING_SETTINGS, reasons=True),
    _make_family(_NAME_START + r"gpt-5(?!\.\d)(?!-chat)", *_SAMPLING_SETTINGS, reasons=True),
    _make_family(
        _NAME_START + r"gpt-5\.\d+-(?:pro|codex)|" + _NAME_START + r"codex-", *_SAMPLING_SETTINGS, reasons=True
    ),
    _make_family(_NAME_START + r"gpt-(?:5\.\d|[6-9])(?!.*chat)", reasons=True),
    _make_family(_NAME_START + r"claude-opus-(?:4[-.](?:[7-9]|\d\d(?!\d))|[5-9])", *_SAMPLING_SETTINGS),
    _make_family(
        _NAME_START + r"claude-(?:fable|mythos)|" + _NAME_START + r"claude-sonnet-5[-.]5",
        *_SAMPLING_SETTINGS,
        reasons=True,
    ),
    _make_family(
        _NAME_START + r"claude-(?:opus-4[-.][1-6](?!\d)|(?:sonnet|haiku)-4[-.][5-9]|(?:sonnet|haiku)-[5-9])",
        Setting.TOP_P,
    ),
    Family(
        re.compile(_NAME_START + r"deepseek-reasoner", re.IGNORECASE),
        reasons=True,
        ignores=frozenset(_SAMPLING_SETTINGS),
    ),
    _make_family(r"deepseek-r1|r1-distill|qwq|qwen3.*thinking", reasons=True, hides=True),
    _make_family(
        r"qwen3(?!.*(?:instruct|coder|embed))|magistral|gpt-oss|kimi-k2-thinking|glm-(?:4\.[5-9]|5)", reasons=True
    ),
    _make_family(
        _NAME_START + r"gemini-(?:2\.5|[3-9])(?!.*image)|" + _NAME_START + r"grok-(?:3-mini|4)(?!.*non-reasoning)",
        reasons=True,
    ),
)


@dataclass(slots=True)
class Learned:
    """What is known about one model in one run.

    It is updated when the model refuses a setting, or when a reply shows that the model reasons.
    """

    refused: set[Setting] = field(default_factory=set)
    ignored: frozenset[Setting] = frozenset()
    reasons: bool = False
    hides: bool = False
    """True if a reply may begin in the middle of reasoning."""
    max_tokens: int | None = None
    """The server's maximum number of tokens, if it stated one."""
    limit_names: list[str] = field(default_factory=list)
    """Names for the token limit that the client supports. The first that was not refused is used."""
    gate_seconds: float = GATE_SECONDS
    _has_sent_first: bool = False
    _first_accepted: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for_first(self) -> None:
        """Wait until the server has accepted the first request, but at most `gate_seconds`. The first request
        itself does not wait.

        Without waiting, many requests sent at once could all be refused because of the same setting.
        """
        if self._first_accepted.is_set():
            return
        if not self._has_sent_first:
            self._has_sent_first = True
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._first_accepted.wait(), self.gate_seconds)

    def record_accepted(self) -> None:
        """Record that a request was accepted."""
        self._first_accepted.set()

    @property
    def reasoning_tokens(self) -> int:
        """Number of tokens allowed for reasoning, in addition to the limit of the answer."""
        return REASONING_TOKENS if self.reasons else 0

    def learn(self, problem: Problem, sent: Collection[Setting], tokens: int) -> bool:
        """Learn from the refusal of a request, which had the settings `sent` and the token limit `tokens`.

        Return True if the request can be repeated with other settings.
        """
        if problem.status not in (None, 400, 404, 405, 415, 422, 500, 501) or problem.is_filtered:
            return False
        refused_settings = [setting for setting in sent if _is_refused(setting, problem)]
        # Of two settings that exclude each other, top_p is left out: a run's conditions name the temperature.
        if {Setting.TEMPERATURE, Setting.TOP_P} <= set(refused_settings) and _names_conflict(problem.text):
            refused_settings = [Setting.TOP_P]
        if Setting.STREAM_OPTIONS in refused_settings:
            refused_settings = [Setting.STREAM_OPTIONS]
        if Setting.LIMIT in refused_settings and self._learn_limit(problem.text, tokens):
            return True
        refused_settings = refused_settings[:1] if Setting.LIMIT in refused_settings else refused_settings
        self.refused.update(refused_settings)
        return bool(refused_settings)

    def _learn_limit(self, text: str, tokens: int) -> bool:
        """Learn which token limit the server allows, or switch to the next name for the limit, such as
        `max_tokens`.

        Return whether one of the two was possible.
        """
        if allowed_tokens := _find_allowed_tokens(text, tokens):
            self.max_tokens = allowed_tokens
            return True
        if len(self.limit_names) > 1:
            self.limit_names.pop(0)
            return True
        return False


def learned_from_name(name: str) -> Learned:
    """Return what is known about a model from its name alone, whichever server provides it."""
    families = [family for family in FAMILIES if family.pattern.search(name)]
    return Learned(
        refused={setting for family in families for setting in family.refuses},
        ignored=frozenset(setting for family in families for setting in family.ignores),
        reasons=any(family.reasons for family in families),
        hides=any(family.hides for family in families),
    )


_OWN_SETTING_PREFIX = "the model's own "
_NOTES = {
    Setting.SEED: "no seed is accepted, so a sample cannot be drawn again",
    Setting.LIMIT: "no token limit is accepted",
    Setting.SYSTEM: "no system role is accepted; its text is put at the beginning of the first message",
}


def settings_notes(refused: Collection[str], ignored: Collection[str] = ()) -> list[str]:
    """Return the notes on settings that were not accepted or have no effect."""
    without_effect = [str(name) for name in _SAMPLING_SETTINGS if name in refused or name in ignored]
    notes = (
        [f"{_OWN_SETTING_PREFIX}{' and '.join(without_effect)} applied: no other value has an effect"]
        if without_effect
        else []
    )
    return [*notes, *(note for setting, note in _NOTES.items() if setting in refused)]


def is_settings_note(note: str) -> bool:
    """Return whether a note is about settings. Such notes are the same for every reply."""
    return note.startswith(_OWN_SETTING_PREFIX) or note in _NOTES.values()


def _is_refused(setting: Setting, problem: Problem) -> bool:
    if not _SETTING_PATTERNS[setting].search(problem.text):
        return False
    if setting is Setting.SYSTEM:  # a failing chat template counts as an error of the server
        return bool(_REFUSAL_WORDS.search(problem.text))
    if setting is Setting.CHAT_COMPLETIONS:
        return True
    if problem.status in (404, 405, 500, 501) and setting is not Setting.STREAM:
        return False
    if setting is Setting.STREAM:
        return bool(_REFUSAL_WORDS.search(problem.text)) and not _ASKS_TO_STREAM.search(problem.text)
    return problem.status is not None or bool(_REFUSAL_WORDS.search(problem.text))


def _names_conflict(text: str) -> bool:
    return bool(re.search(r"both|together|either|one of|only one|mutually", text, re.IGNORECASE))


def _find_allowed_tokens(text: str, requested_tokens: int) -> int | None:
    """Return the largest token limit that an error message allows; None if it names none."""
    if match := _CONTEXT_LENGTH.search(text):
        context_tokens = int(match["whole"] or match["size"])
        remaining_tokens = context_tokens - int(match["used"] or match["taken"])
        return remaining_tokens if 0 < remaining_tokens < requested_tokens else None
    numbers = [int(number) for number in _NUMBER.findall(text)]
    return (
        max((number for number in numbers if number < requested_tokens), default=None)
        if requested_tokens in numbers
        else None
    )
