"""Finds names at the beginning of lines that differ from run to run, such as `node-a17` in `[node-a17] step 10`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from gedanken.compare.output.line_prefixes import (
    LEVEL,
    NUMBER,
    Prefix,
    PrefixRenaming,
    PrefixWord,
    prefix_of,
    sample_lines,
    words_of,
)
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.vocabulary import words_in
from gedanken.compare.results import Doubt

_MAJORITY = 0.5
_MAX_LISTED = 3
_SET_OFF_BEFORE = re.compile(r"[\[(<{|]\s?$")
_SET_OFF_BEHIND = re.compile(r"\s?[\])>}|]|:(?! ?#)|:#:#")
"""Matches the signs that end a name: `]`, or `:811:811` after a host (NCCL).

The colon in `gnorm: 0.5` is not matched: it follows the name of a value.
"""

_NUMBERED = re.compile(r"(?P<kind>gpu|worker|(?:node|machine)(?=[-_]?\d$))[-_]?\d+", re.IGNORECASE)
"""Matches the numbered name of a machine or process within one run, such as `gpu0` or `node-1`.

`node12` is not matched, because hardly any run has that many nodes.
"""
_KEY_BEFORE = re.compile(r"[\"']?\s?[:=]\s?[\"']?")
"""Matches the signs between a key and its value, as in `status: ok` or `result=ok`."""
_NAME_KEY_WORDS = (
    "name host hostname node machine server cluster pod container app service instance replica worker process job "
    "run exp experiment project session agent client user owner tag id"
)
"""Words of keys whose values are names, such as `run_name`."""


_NAME_KEYS = frozenset(_NAME_KEY_WORDS.split())


class _Log(NamedTuple):
    """Lines of a log as they are compared, and the words with which nearly all of them begin."""

    lines: list[str]
    prefix: Prefix

    def renamed_lines(self, renaming: PrefixRenaming) -> set[str]:
        """Return the distinct lines, with their names replaced and with `#` for each number."""
        return {words for line in renaming.all(self.lines) if (words := words_of(line))}


class _CommonPrefix(NamedTuple):
    places: tuple[PrefixWord, ...] = ()
    """The words of the common prefix. Where logs differ, the most frequent word is taken.

    If `masked` is empty, the prefix ends before the first word in which logs differ.
    """
    names: frozenset[int] = frozenset()
    """Indices in `places` at which the logs have different names."""
    masked: frozenset[str] = frozenset()
    """The texts of the logs whose names are masked.

    Once names are masked, at least half of the lines of such a log also occur in a log with other names.
    """
    compared_lines: frozenset[str] = frozenset()
    """The distinct lines of the logs in `masked`, with names masked and `#` for each number.

    If `masked` is empty, these are the lines of all real logs, with their names and with `#` for each number.
    """


class Renamed(NamedTuple):
    """How the names in the prefixes of a log's lines are replaced: they are masked, or replaced by the names in
    the real logs.
    """

    renaming: PrefixRenaming
    doubtful: tuple[tuple[str, str], ...] = ()
    """Pairs (word of the real logs, word of this log) that are treated as names of the same kind.

    The two may be words of the program instead.
    """
    is_masked: bool = False
    """True if some names are masked, because the real logs have different names at the same position."""


class PrefixNames:
    """The names in front of the lines of logs.

    Names that differ among real logs are masked in all logs. If all real logs have the same name, it replaces any
    other name in an imagined log.
    """

    def __init__(self, real: Iterable[str], to_compared_lines: Callable[[Sequence[str]], list[str]]) -> None:
        """Read the real logs.

        `to_compared_lines` prepares lines of a log for the comparison, for example by masking times.
        """
        self._to_compared_lines = to_compared_lines
        self._real_logs = {text: self._read_log(text) for text in real}
        self._cache: dict[str, Renamed | None] = {}

    def _read_log(self, text: str) -> _Log:
        sample = sample_lines(text)
        lines = self._to_compared_lines(sample) if sample else []
        return _Log(lines, prefix_of(lines))

    def renaming_of(self, text: str) -> Renamed | None:
        """Return how the names in a log are replaced; None if no name is replaced."""
        if text not in self._cache:
            self._cache[text] = self._find_renaming(text)
        return self._cache[text]

    def undecided(self, runs: Iterable[tuple[str, str]]) -> Doubt | None:
        """Return a `Doubt` whether words in front of imagined lines are names; None if there is no doubt.

        `runs` holds pairs (label, log).
        """
        doubtful_runs = [
            (label, renamed)
            for label, text in runs
            if (renamed := self.renaming_of(text)) is not None and renamed.doubtful
        ]
        return _doubt_on_names(doubtful_runs) if doubtful_runs else None

    @property
    def shared_prefix(self) -> tuple[PrefixWord, ...]:
        """The words with which nearly all lines of the real logs begin, such as `[english] `.

        The prefix ends with the last word that is set off, for example by `]`.
        """
        places = self._common_prefix.places
        masked_places = [
            place._replace(word=MASK) if index in self._common_prefix.names else place
            for index, place in enumerate(places)
        ]
        ends = [index for index, place in enumerate(masked_places, 1) if _is_set_off(place)]
        return tuple(masked_places[: max(ends, default=0)])

    @cached_property
    def _common_prefix(self) -> _CommonPrefix:
        return _common_prefix(self._real_logs)

    def _find_renaming(self, text: str) -> Renamed | None:
        common = self._common_prefix
        if not common.places or (text in self._real_logs and text not in common.masked):
            return None
        log = self._real_logs.get(text) or self._read_log(text)
        replacements = _replacement_words(log.prefix, common)
        if replacements and not _is_half_contained(
            log.renamed_lines(PrefixRenaming(log.prefix, replacements)), common.compared_lines
        ):
            replacements = {
                index: word
                for index, word in replacements.items()
                if index in common.names and not log.prefix[index].is_known
            }
        if not replacements:
            return None
        unmasked = [index for index in replacements if index not in common.names]
        are_sure = all(_are_hosts(log.prefix[index], common.places[index]) for index in unmasked)
        doubtful = (
            () if are_sure else tuple((common.places[index].word, log.prefix[index].word) for index in unmasked)
        )
        return Renamed(PrefixRenaming(log.prefix, replacements), doubtful, len(unmasked) < len(replacements))


def _replacement_words(prefix: Prefix, common: _CommonPrefix) -> dict[int, str]:
    """Return replacements for words of a log's prefix, keyed by the index of the word.

    No word is replaced after the first one that differs from the common prefix and cannot be a name.
    """
    replacements: dict[int, str] = {}
    for index, (place, common_place) in enumerate(zip(prefix, common.places, strict=False)):
        if place.gap != common_place.gap:
            break
        if index in common.names and place.may_be_name:
            replacements[index] = MASK
        elif place.word != common_place.word:
            is_value = index > 0 and index - 1 not in replacements and _is_value(prefix[index - 1], place)
            if (is_value and not _are_hosts(place, common_place)) or not _may_be_two_names(
                index, place, common_place, prefix
            ):
                break
            replacements[index] = common_place.word
    return replacements


def _is_value(key: PrefixWord, place: PrefixWord) -> bool:
    """Return whether a word is the value of `key`, as in `status: ok`, and not a name."""
    is_key = key.word not in (LEVEL, NUMBER) and MASK not in key.word and not key.is_host
    return is_key and _KEY_BEFORE.fullmatch(place.gap) is not None and not _NAME_KEYS.issuperset(words_in(key.word))


def _may_be_two_names(index: int, place: PrefixWord, other: PrefixWord, prefix: Prefix) -> bool:
    """Return whether two different words with the same index may be two names of the same kind."""
    if not all(name_place.may_be_name and not name_place.is_of_program for name_place in (place, other)):
        return False
    if place.is_host and other.is_host:
        return True
    if MASK in (place.word, other.word):
        # The mask alone may stand for the id of a job, but also for a time.
        return place.is_host or other.is_host
    # Behind a time, a word with a capital begins a sentence: `12:00:01 Finished epoch 3`.
    is_small = place.word.islower() and other.word.islower()
    is_behind_time = index > 0 and prefix[index - 1].word == MASK and not place.gap.strip() and is_small
    is_set_off = is_behind_time or _SET_OFF_BEFORE.search(place.gap) or _SET_OFF_BEHIND.match(place.after)
    return bool(is_set_off) and place.word.lower() != other.word.lower()


def _are_hosts(place: PrefixWord, other: PrefixWord) -> bool:
    """Return whether two different words are certainly names of machines.

    False for `gpu0` and `gpu1`, which may also be processes.
    """
    numbered = [
        match["kind"].lower() for host_place in (place, other) if (match := _NUMBERED.fullmatch(host_place.word))
    ]
    return place.is_host and other.is_host and not (len(numbered) > 1 and numbered[0] == numbered[1])


def _doubt_on_names(doubtful_runs: Sequence[tuple[str, Renamed]]) -> Doubt:
    runs_by_words: dict[tuple[str, ...], list[tuple[str, Renamed]]] = {}
    for label, renamed in doubtful_runs:
        runs_by_words.setdefault(tuple(real_word for real_word, _word in renamed.doubtful), []).append(
            (label, renamed)
        )
    question = ", and ".join(
        f"whether {_quote_words(word for _label, renamed in logs for _real_word, word in renamed.doubtful)}, "
        f"in front of the lines of {list_labels([label for label, _renamed in logs])}, may differ from "
        f"{_quote_words(real_words)} in all real logs"
        for real_words, logs in runs_by_words.items()
    )
    is_one = len({pair for _label, renamed in doubtful_runs for pair in renamed.doubtful}) == 1
    if is_one:
        reason = (
            "it may if both are names of hosts or runs, but not if the program prints the word of the real logs in "
            "each run"
        )
    else:
        reason = (
            "they may if all are names of hosts or runs, but not if the program prints the words of the real logs "
            "in each run"
        )
    is_masked = any(renamed.is_masked for _label, renamed in doubtful_runs)
    exception = ", except names that differ among the real logs" if is_masked else ""
    return Doubt(question, f"{reason}; all other words were compared{exception}")


def _quote_words(words: Iterable[str]) -> str:
    """Format words for a sentence, each only once, such as `“a” and “b”`.

    An id inside a word becomes `…`.
    """
    quoted = list(
        dict.fromkeys("an id or a time" if word == MASK else f"“{word.replace(MASK, '…')}”" for word in words)
    )
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def list_labels(labels: Sequence[str]) -> str:
    """Format labels of runs for a sentence; if there are many, only the first ones."""
    more = f" and {len(labels) - _MAX_LISTED} more" if len(labels) > _MAX_LISTED else ""
    return ", ".join(labels[:_MAX_LISTED]) + more


def _is_set_off(place: PrefixWord) -> bool:
    """Return whether a prefix word is a level, an id or a time, or is followed by a sign such as `]`."""
    return place.word in (LEVEL, MASK) or _SET_OFF_BEHIND.match(place.after) is not None


def _common_prefix(logs: dict[str, _Log]) -> _CommonPrefix:
    """Return what the prefixes of most of these logs have in common."""
    matching = logs_with_names = logs
    places: list[PrefixWord] = []
    names: list[int] = []
    while True:
        index = len(places)
        gaps = Counter(log.prefix[index].gap for log in matching.values() if len(log.prefix) > index)
        gap = gaps.most_common(1)[0][0] if gaps else ""
        matching = {
            text: log for text, log in matching.items() if len(log.prefix) > index and log.prefix[index].gap == gap
        }
        candidates = [log.prefix[index] for log in matching.values()]
        if len(candidates) <= _MAJORITY * len(logs) or _ends_prefix(candidates):
            break
        (word, times), *_others = Counter(place.word for place in candidates).most_common(1)
        if times < len(candidates):
            names.append(index)
            logs_with_names = matching
        places.append(max((place for place in candidates if place.word == word), key=lambda place: place.varies))
    masked = _mask_names(names, logs_with_names) if names else {}
    if masked:
        return _CommonPrefix(tuple(places), frozenset(names), frozenset(masked), frozenset().union(*masked.values()))
    lines = frozenset(words_of(line) for log in logs.values() for line in log.lines)
    return _CommonPrefix(tuple(places[: min(names, default=len(places))]), compared_lines=lines)


def _ends_prefix(candidates: Sequence[PrefixWord]) -> bool:
    """Return whether the common prefix ends before `candidates`, the words of several logs at the same position.

    It ends before a known word that all share, such as `epoch`. It also ends before different words if some of them
    cannot be names, or if most of them are known.
    """
    n_known = sum(place.is_known for place in candidates)
    if all(place.word == candidates[0].word for place in candidates):
        return n_known > 0
    return not all(place.may_be_name for place in candidates) or n_known > _MAJORITY * len(candidates)


def _mask_names(names: Sequence[int], logs: dict[str, _Log]) -> dict[str, set[str]]:
    """Mask the names with these indices in each log. Return the masked lines, keyed by the text of the log.

    A log is left out if it resembles no log with other names, even with names masked.
    """
    masked_lines = {
        text: log.renamed_lines(PrefixRenaming(log.prefix, dict.fromkeys(names, MASK))) for text, log in logs.items()
    }
    names_of_log = {text: [log.prefix[index].word for index in names] for text, log in logs.items()}
    return {
        text: lines
        for text, lines in masked_lines.items()
        if any(
            _is_half_contained(lines, masked_lines[other_text])
            for other_text in logs
            if names_of_log[other_text] != names_of_log[text]
        )
    }


def _is_half_contained(texts: set[str], others: Iterable[str]) -> bool:
    """Return whether at least half of `texts` are also in `others`; False if `texts` is empty."""
    return bool(texts) and len(texts.intersection(others)) >= _MAJORITY * len(texts)
