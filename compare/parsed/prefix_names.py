"""Finds names that differ from run to run in front of lines, such as `node-a17` in `[node-a17] step 10`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from gedanken.compare.output.line_prefixes import (
    LEVEL,
    NUMBER,
    Place,
    Prefix,
    Renaming,
    prefix_of,
    some_lines,
    words_of,
)
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.vocabulary import words_in
from gedanken.compare.results import Doubt

_MOST = 0.5
_NAMED = 3
"""Maximum number of logs that a sentence names."""
_SET_OFF_BEFORE = re.compile(r"[\[(<{|]\s?$")
_SET_OFF_BEHIND = re.compile(r"\s?[\])>}|]|:(?! ?#)|:#:#")
"""Matches signs behind a name: `]`, or `:811:811` behind a host (NCCL). Not the colon in `gnorm: 0.5`, the name of a
value.
"""

_NUMBERED = re.compile(r"(?P<kind>gpu|worker|(?:node|machine)(?=[-_]?\d$))[-_]?\d+", re.IGNORECASE)
"""Matches words such as `gpu0` or `node-1`: machines, or processes of one run. Not `node12`: runs hardly have that
many nodes.
"""
_KEY_BEFORE = re.compile(r"[\"']?\s?[:=]\s?[\"']?")
"""Matches the signs between a key and its value, as in `status: ok` or `result=ok`."""
_OF_NAMES = (
    "name host hostname node machine server cluster pod container app service instance replica worker process job "
    "run exp experiment project session agent client user owner tag id"
)
"""Words of keys whose values are names, such as `run_name`."""


_NAME_KEYS = frozenset(_OF_NAMES.split())


class _Log(NamedTuple):
    """Lines of a log, as they are compared, and the words with which nearly all of them begin."""

    lines: list[str]
    prefix: Prefix

    def says(self, renaming: Renaming) -> set[str]:
        """Return the different lines, renamed and with `#` for each number."""
        return {words for line in renaming.all(self.lines) if (words := words_of(line))}


class _Common(NamedTuple):
    """What the prefixes of the real logs have in common."""

    places: tuple[Place, ...] = ()
    """The places of the common prefix, each with its most frequent word. If `masked` is empty, no place has different
    words.
    """
    names: frozenset[int] = frozenset()
    """Indices of the places at which the logs have different names."""
    masked: frozenset[str] = frozenset()
    """The texts of the logs whose names are masked: with names masked, at least half of their lines occur in a log
    with other names.
    """
    said: frozenset[str] = frozenset()
    """The different lines of the logs in `masked`, with names masked and `#` for each number. If `masked` is empty,
    the lines of all real logs, with their names.
    """


class Renamed(NamedTuple):
    """How the lines of a log are compared: with their names masked, or replaced by the names of the real logs."""

    renaming: Renaming
    doubtful: tuple[tuple[str, str], ...] = ()
    """Pairs (word of the real logs, word of this log) that are compared as names, but may be words of the program."""
    is_masked: bool = False
    """True if some names are masked, because the names at their place differ among the real logs."""


class PrefixNames:
    """The names in front of the lines of logs.

    Names that differ among real logs are masked in all logs. A name that only an imagined log has is replaced by the
    name in all real logs.
    """

    def __init__(self, real: Iterable[str], compared: Callable[[Sequence[str]], list[str]]) -> None:
        """Read the real logs. `compared` brings lines of a log into the form in which they are compared."""
        self._compared = compared
        self._real = {text: self._read(text) for text in real}
        self._known: dict[str, Renamed | None] = {}

    def _read(self, text: str) -> _Log:
        some = some_lines(text)
        lines = self._compared(some) if some else []
        return _Log(lines, prefix_of(lines))

    def of(self, text: str) -> Renamed | None:
        """Return how the lines of a log are compared; None if they are compared as they are."""
        if text not in self._known:
            self._known[text] = self._renamed(text)
        return self._known[text]

    def undecided(self, runs: Iterable[tuple[str, str]]) -> Doubt | None:
        """Return the doubt whether words in front of imagined lines are names; None if there is none. A run is
        (label, log).
        """
        doubted = [
            (label, renamed) for label, text in runs if (renamed := self.of(text)) is not None and renamed.doubtful
        ]
        return _doubt(doubted) if doubted else None

    @property
    def shared(self) -> tuple[Place, ...]:
        """The words with which nearly all lines begin, up to the last word that is set off by signs: `[english] `."""
        places = self._common.places
        masked = [place._replace(word=MASK) if at in self._common.names else place for at, place in enumerate(places)]
        ends = [at for at, place in enumerate(masked, 1) if _is_set_off(place)]
        return tuple(masked[: max(ends, default=0)])

    @cached_property
    def _common(self) -> _Common:
        return _common(self._real)

    def _renamed(self, text: str) -> Renamed | None:
        common = self._common
        if not common.places or (text in self._real and text not in common.masked):
            return None
        log = self._real.get(text) or self._read(text)
        by = _replaced(log.prefix, common)
        if by and not _is_half_of(log.says(Renaming(log.prefix, by)), common.said):
            by = {at: word for at, word in by.items() if at in common.names and not log.prefix[at].is_known}
        if not by:
            return None
        others = [at for at in by if at not in common.names]
        are_sure = all(_are_hosts(log.prefix[at], common.places[at]) for at in others)
        doubtful = () if are_sure else tuple((common.places[at].word, log.prefix[at].word) for at in others)
        return Renamed(Renaming(log.prefix, by), doubtful, len(others) < len(by))


def _replaced(prefix: Prefix, common: _Common) -> dict[int, str]:
    """Return new words for places of a prefix, by index, up to the first differing word that cannot be a name."""
    by: dict[int, str] = {}
    for at, (its, theirs) in enumerate(zip(prefix, common.places, strict=False)):
        if its.gap != theirs.gap:
            break
        if at in common.names and its.may_be_name:
            by[at] = MASK
        elif its.word != theirs.word:
            is_value = at > 0 and at - 1 not in by and _is_value(prefix[at - 1], its)
            if (is_value and not _are_hosts(its, theirs)) or not _may_be_names(at, its, theirs, prefix):
                break
            by[at] = theirs.word
    return by


def _is_value(before: Place, its: Place) -> bool:
    """Return whether a word is not a name, but the value of the key `before` it, as in `status: ok`."""
    is_key = before.word not in (LEVEL, NUMBER) and MASK not in before.word and not before.is_host
    return is_key and _KEY_BEFORE.fullmatch(its.gap) is not None and not _NAME_KEYS.issuperset(words_in(before.word))


def _may_be_names(at: int, its: Place, theirs: Place, prefix: Prefix) -> bool:
    """Return whether two different words at the same place may be two names of the same kind."""
    if not all(place.may_be_name and not place.is_of_program for place in (its, theirs)):
        return False
    if its.is_host and theirs.is_host:
        return True
    if MASK in (its.word, theirs.word):
        # The mask alone may stand for the id of a job, but also for a time.
        return its.is_host or theirs.is_host
    # Behind a time, a word with a capital begins a sentence: `12:00:01 Finished epoch 3`.
    is_small = its.word.islower() and theirs.word.islower()
    is_behind_time = at > 0 and prefix[at - 1].word == MASK and not its.gap.strip() and is_small
    is_set_off = is_behind_time or _SET_OFF_BEFORE.search(its.gap) or _SET_OFF_BEHIND.match(its.behind)
    return bool(is_set_off) and its.word.lower() != theirs.word.lower()


def _are_hosts(its: Place, theirs: Place) -> bool:
    """Return whether two different words are certainly names of machines; `gpu0` and `gpu1` may be processes."""
    numbered = [found["kind"].lower() for place in (its, theirs) if (found := _NUMBERED.fullmatch(place.word))]
    return its.is_host and theirs.is_host and not (len(numbered) > 1 and numbered[0] == numbered[1])


def _doubt(doubted: Sequence[tuple[str, Renamed]]) -> Doubt:
    """Return the question whether the words that were replaced in these logs are names."""
    alike: dict[tuple[str, ...], list[tuple[str, Renamed]]] = {}
    for label, renamed in doubted:
        alike.setdefault(tuple(theirs for theirs, _its in renamed.doubtful), []).append((label, renamed))
    what = ", and ".join(
        f"whether {_all_shown(its for _label, renamed in logs for _theirs, its in renamed.doubtful)}, in front of "
        f"the lines of {listed([label for label, _renamed in logs])}, may differ from "
        f"{_all_shown(theirs)} in all real logs"
        for theirs, logs in alike.items()
    )
    is_one = len({words for _label, renamed in doubted for words in renamed.doubtful}) == 1
    if is_one:
        why = (
            "it may if both are names of hosts or runs, but not if the program prints the word of the real logs in "
            "each run"
        )
    else:
        why = (
            "they may if all are names of hosts or runs, but not if the program prints the words of the real logs "
            "in each run"
        )
    is_masked = any(renamed.is_masked for _label, renamed in doubted)
    but = ", except names that differ among the real logs" if is_masked else ""
    return Doubt(what, f"{why}; all other words were compared{but}")


def _all_shown(words: Iterable[str]) -> str:
    """List different words, such as `“a” and “b”`, with `…` for an id inside a word."""
    shown = list(
        dict.fromkeys("an id or a time" if word == MASK else f"“{word.replace(MASK, '…')}”" for word in words)
    )
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def listed(labels: Sequence[str]) -> str:
    """List the labels of runs for a sentence; if there are many, only the first ones."""
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(labels[:_NAMED]) + more


def _is_set_off(place: Place) -> bool:
    """Return whether a prefix word stands apart: as a level, an id, a time, or before a sign such as `]`."""
    return place.word in (LEVEL, MASK) or _SET_OFF_BEHIND.match(place.behind) is not None


def _common(logs: dict[str, _Log]) -> _Common:
    """Return what the prefixes of most of these logs have in common."""
    alike = named = logs
    places: list[Place] = []
    names: list[int] = []
    while True:
        at = len(places)
        gaps = Counter(log.prefix[at].gap for log in alike.values() if len(log.prefix) > at)
        gap = gaps.most_common(1)[0][0] if gaps else ""
        alike = {text: log for text, log in alike.items() if len(log.prefix) > at and log.prefix[at].gap == gap}
        here = [log.prefix[at] for log in alike.values()]
        if len(here) <= _MOST * len(logs) or _ends(here):
            break
        (word, times), *_others = Counter(place.word for place in here).most_common(1)
        if times < len(here):
            names.append(at)
            named = alike
        places.append(max((place for place in here if place.word == word), key=lambda place: place.varies))
    masked = _without(names, named) if names else {}
    if masked:
        return _Common(tuple(places), frozenset(names), frozenset(masked), frozenset().union(*masked.values()))
    said = frozenset(words_of(line) for log in logs.values() for line in log.lines)
    return _Common(tuple(places[: min(names, default=len(places))]), said=said)


def _ends(here: Sequence[Place]) -> bool:
    """Return whether the common prefix ends before the words `here`: known words such as `epoch`, or different words
    of which some cannot be names.
    """
    known = sum(place.is_known for place in here)
    if all(place.word == here[0].word for place in here):
        return known > 0
    return not all(place.may_be_name for place in here) or known > _MOST * len(here)


def _without(names: Sequence[int], logs: dict[str, _Log]) -> dict[str, set[str]]:
    """Mask the names. If a log then resembles a log with other names, return its lines, keyed by its text."""
    said = {text: log.says(Renaming(log.prefix, dict.fromkeys(names, MASK))) for text, log in logs.items()}
    named = {text: [log.prefix[at].word for at in names] for text, log in logs.items()}
    return {
        text: its
        for text, its in said.items()
        if any(_is_half_of(its, said[other]) for other in logs if named[other] != named[text])
    }


def _is_half_of(some: set[str], every: Iterable[str]) -> bool:
    """Return whether at least half of the texts in `some` are also in `every`; False if `some` is empty."""
    return bool(some) and len(some.intersection(every)) >= _MOST * len(some)
