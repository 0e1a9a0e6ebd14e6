"""Infers line templates from real logs, for a program that is not available."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.compared_lines import ComparedLines
from gedanken.compare.output.masking import MASK, Before, has_word, words_before_ids
from gedanken.compare.output.number_commas import Commas, commas_in
from gedanken.compare.output.transcript import Transcript, template_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.column_orders import ColumnOrders
from gedanken.compare.parsed.hashing import mixed
from gedanken.compare.parsed.prefix_names import PrefixNames
from gedanken.compare.source.print_sites import PrintSite

NO_LINE = 0
"""Takes the place of the line number in a template that comes from a log and not from a source."""
_MOST_WORDS = 60
"""Lines of at most this many words are searched for a word that varies; longer lines are used as they are."""

_BARE = re.compile(rf"[^\w#{MASK}]{{3,}}")
"""A form without words and values."""
_STRETCH = re.compile(r"([^\w\s])\1{2,}")
"""Matches a repeated character, as in a horizontal rule: `-----` or `+----+----+`."""

_CHUNK = 1 << 8
"""Number of forms that are processed together."""

Indices = NDArray[np.int64]


class _Standing(NamedTuple):
    """The forms that each log contains."""

    forms: list[str]
    """All forms in the real logs, in the order of their first appearance."""
    form: Indices
    """Indices of forms, in order; each index occurs once for every log that contains the form."""
    log: Indices
    """For each entry of `form`, the index of a log that contains this form."""


class Templates:
    """One template for each form in the real logs.

    Forms that differ in one word share a template if the logs show that this word varies. The same holds for
    horizontal rules (`-----`) that differ in width.
    """

    def __init__(self, logs: Callable[[], Sequence[Transcript]], texts: Callable[[], Iterable[str]] = tuple) -> None:
        """Store functions that return the logs and their texts; they are called when needed."""
        self._read = logs
        self._texts = texts

    @cached_property
    def _before_ids(self) -> dict[str, Before]:
        """Map the text of each real log to its places of ids (see `Before`)."""
        return {text: words_before_ids(text) for text in self._texts()}

    @cached_property
    def _before_any_id(self) -> Before:
        """The places of ids in the real logs. A place without a word counts if at least half of the logs have it."""
        logs = Counter(place for places in self._before_ids.values() for place in places)
        return frozenset(place for place, of in logs.items() if has_word(place) or 2 * of >= len(self._before_ids))

    def before_ids(self, text: str) -> Before:
        """Return the places of ids for a log with this text (see `Before`).

        For an imagined log, its own places that have a word are added, such as `job ` in `job 3f9a21`.
        """
        if text in self._before_ids:
            return self._before_any_id
        return self._before_any_id.union(filter(has_word, words_before_ids(text)))

    @cached_property
    def names(self) -> PrefixNames:
        """The names of hosts, jobs and runs in front of the lines of the logs."""
        return PrefixNames(self._texts(), lambda lines: ComparedLines(self._before_any_id).all(lines))

    @cached_property
    def commas(self) -> Commas:
        """What commas between digits mean in the real logs."""
        return commas_in(self._texts())

    @cached_property
    def column_orders(self) -> ColumnOrders:
        """The orders in which the logs have the columns of their tables."""
        return ColumnOrders(self._texts(), lambda lines: ComparedLines(self._before_any_id).all(lines))

    @cached_property
    def _logs(self) -> Sequence[Transcript]:
        return self._read()

    @cached_property
    def _standing(self) -> _Standing:
        numbers: dict[str, int] = {}
        shown = [
            np.array([numbers.setdefault(form, len(numbers)) for form in log.forms if form], np.int64)
            for log in self._logs
        ]
        form = np.concatenate(shown) if shown else np.empty(0, np.int64)
        order = np.argsort(form, kind="stable")
        log = np.repeat(np.arange(len(shown)), list(map(len, shown)))
        return _Standing(list(numbers), form[order], log[order])

    @cached_property
    def _opened(self) -> "_Opened":
        """The variants of all forms of the real logs; see `_Opened`."""
        return _opened(self._standing.forms)

    @cached_property
    def _varying(self) -> NDArray[np.uint64]:
        return _varying(self._standing, self._opened, len(self._logs))

    @cached_property
    def _index(self) -> dict[str, int]:
        """Maps each form of the real logs, and each template itself, to the template's index in `sites`."""
        of_forms = dict(zip(self._standing.forms, self._of_forms.tolist(), strict=True))
        return of_forms | {key: at for at, key in enumerate(self._keys)}

    @cached_property
    def _key_of(self) -> list[str]:
        """For each form of a line in the real logs (`_standing.forms`), the template that it belongs to."""
        forms = self._standing.forms
        keyed = _keyed(forms, self._opened, self._varying) if len(self._varying) else forms
        if not self._rules:
            return keyed
        return [self._rules.get(_rule_in(form), key) for form, key in zip(forms, keyed, strict=True)]

    @cached_property
    def _rules(self) -> dict[str, str]:
        """Maps each horizontal rule of varying width, such as `-----`, to its template. Keys: see `_rule_in`."""
        return _rules_of_any_width(self._standing, len(self._logs))

    @cached_property
    def _keys(self) -> list[str]:
        """The templates, with `#` for each value."""
        return list(dict.fromkeys(self._key_of))

    @cached_property
    def _of_forms(self) -> Indices:
        """The index of the template of each form of the real logs."""
        number = {key: at for at, key in enumerate(self._keys)}
        return np.array([number[key] for key in self._key_of], np.int64)

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The templates, in the order of their first appearance."""
        return tuple(PrintSite(template_of(key, HOLE), NO_LINE) for key in self._keys)

    @cached_property
    def index_of_site(self) -> dict[PrintSite, int]:
        """The position in `sites` of each template."""
        return index_of(self.sites)

    def find(self, forms: Sequence[str]) -> list[int | None]:
        """Return, for each form, the index in `sites` of its template; None if there is none."""
        found = [self._index.get(form) for form in forms]
        new = [at for at, one in enumerate(found) if one is None] if len(self._varying) else []
        if new:
            others = [forms[at] for at in new]
            for at, key in zip(new, _keyed(others, _opened(others), self._varying), strict=True):
                found[at] = self._index.get(key)
        if self._rules:
            for at, form in enumerate(forms):
                if found[at] is None and (rule := self._rules.get(_rule_in(form))):
                    found[at] = self._index[rule]
        return found

    @cached_property
    def odd(self) -> list[list[str]]:
        """For each real log, the templates that no other real log has."""
        logs = max(1, len(self._logs))
        pairs = np.unique(self._of_forms[self._standing.form] * logs + self._standing.log)
        template, first, times = np.unique(pairs // logs, return_index=True, return_counts=True)
        odd: list[list[str]] = [[] for _log in self._logs]
        for at, log in zip(template[times == 1].tolist(), (pairs % logs)[first[times == 1]].tolist(), strict=True):
            odd[log].append(self._keys[at])
        return odd


def index_of(sites: Sequence[PrintSite]) -> dict[PrintSite, int]:
    """Return the position of each site in `sites`; the first one if a site occurs several times."""
    return {site: at for at, site in reversed(list(enumerate(sites)))}


def _rule_in(form: str) -> str:
    """Return a horizontal rule with each repeated character once, `+-+-+` for `+----+----+`; else an empty text."""
    return _STRETCH.sub(r"\1", form) if _BARE.fullmatch(form) and _STRETCH.search(form) else ""


def _rules_of_any_width(standing: _Standing, logs: int) -> dict[str, str]:
    """Map each horizontal rule of varying width to the first form that has it. Keys: see `_rule_in`."""
    alike: dict[str, list[int]] = {}
    for at, form in enumerate(standing.forms):
        if rule := _rule_in(form):
            alike.setdefault(rule, []).append(at)
    varying: dict[str, str] = {}
    for rule, forms in alike.items():
        holding = standing.log[np.isin(standing.form, forms)]
        # The width varies if each log contains at least one of these rules, and not every log contains all of them.
        if len(np.unique(holding)) == logs and len(holding) < len(forms) * logs:
            varying[rule] = standing.forms[forms[0]]
    return varying


def _varying(standing: _Standing, opened: "_Opened", logs: int) -> NDArray[np.uint64]:
    """Return the keys of the variants whose hole stands for a word that varies between logs."""
    begins = np.searchsorted(standing.form, np.arange(len(standing.forms) + 1))
    times = np.diff(begins)
    # A word varies if each log contains at least one of the forms, and no form occurs in every log.
    in_some = times[opened.form] < logs
    every = opened.key[in_some]
    in_order = np.sort(every)
    shared: NDArray[np.uint64] = np.unique(in_order[1:][in_order[1:] == in_order[:-1]])
    is_shared = np.isin(every, shared)
    group, form = np.searchsorted(shared, every[is_shared]), opened.form[in_some][is_shared]
    # One row for each log that has the form.
    again = np.repeat(np.arange(len(form)), times[form])
    nth = np.arange(len(again)) - np.repeat(np.cumsum(times[form]) - times[form], times[form])
    log = standing.log[begins[form[again]] + nth]
    pairs = np.unique(group[again] * logs + log)
    in_logs = np.bincount(pairs // max(1, logs), minlength=len(shared))
    varying: NDArray[np.uint64] = shared[in_logs == logs]
    return varying


def _keyed(forms: Sequence[str], opened: "_Opened", varying: NDArray[np.uint64]) -> list[str]:
    """Return the template of each form: a hole replaces the word that varies, if there is one."""
    keyed = list(forms)
    hit = np.flatnonzero(np.isin(opened.key, varying))
    at, first = np.unique(opened.form[hit], return_index=True)
    for one, place in zip(at.tolist(), opened.place[hit][first].tolist(), strict=True):
        words = keyed[one].split(" ")
        keyed[one] = " ".join([*words[:place], HOLE, *words[place + 1 :]])
    return keyed


class _Opened(NamedTuple):
    """Variants of forms, each with a hole for one word: `saved to disk #` gives `saved {} disk #`."""

    key: NDArray[np.uint64]
    """Hash of the words around the hole."""
    form: Indices
    """Index of the form."""
    place: Indices
    """Position of the hole."""


def _opened(forms: Sequence[str]) -> _Opened:
    """Return a variant of each form for each of its words, as hashes, to save memory."""
    nothing = _Opened(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
    parts = [_opened_at(start, forms[start : start + _CHUNK]) for start in range(0, len(forms), _CHUNK)]
    return _Opened(*map(np.concatenate, zip(nothing, *parts, strict=True)))


def _opened_at(start: int, forms: Sequence[str]) -> _Opened:
    """Return the variants of consecutive forms, of which the first has the index `start`."""
    split = [(at, words) for at, form in enumerate(forms) if 2 <= len(words := form.split(" ")) <= _MOST_WORDS]
    every = [word for _at, words in split for word in words]
    counts = np.array([len(words) for _at, words in split], np.int64)
    # A host name may be a word in one log, and in another a masked id, such as a container's.
    worded = {word: MASK in word or any(map(str.isalpha, word)) for word in set(every)}
    is_word = np.fromiter(map(worded.__getitem__, every), bool, len(every))
    begins = np.cumsum(counts) - counts
    place = np.arange(len(every)) - np.repeat(begins, counts)
    at = mixed(place.astype(np.uint64) + np.uint64(1))
    part = mixed(np.fromiter(map(hash, every), np.int64, len(every)).view(np.uint64) + at)
    whole = np.add.reduceat(part, begins) if len(begins) else part
    whole = np.repeat(whole + mixed(counts.astype(np.uint64)), counts)
    key = whole - part + mixed(at)
    form = np.repeat(np.array([start + at for at, _words in split], np.int64), counts)
    return _Opened(key[is_word], form[is_word], place[is_word])
