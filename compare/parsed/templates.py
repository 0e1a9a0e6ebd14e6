"""Infers line templates from real logs, for a program that is not available."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.compared_lines import ComparedLines
from gedanken.compare.output.masking import MASK, IdContexts, find_id_contexts, has_context_word
from gedanken.compare.output.number_commas import Commas, commas_in
from gedanken.compare.output.transcript import Transcript, template_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.column_orders import ColumnOrders
from gedanken.compare.parsed.hashing import mix_bits
from gedanken.compare.parsed.prefix_names import PrefixNames
from gedanken.compare.source.print_sites import PrintSite

NO_LINE = 0
"""The line number of a template that comes from a log, not from a source."""
_MOST_WORDS = 60
"""Lines of at most this many words are searched for a word that varies; longer lines stay as they are."""

_WORDLESS_FORM = re.compile(rf"[^\w#{MASK}]{{3,}}")
_REPEATED_SIGN = re.compile(r"([^\w\s])\1{2,}")
"""Matches a repeated character, as in a horizontal rule: `-----` or `+----+----+`."""

_CHUNK_SIZE = 1 << 8
"""Number of forms that are processed together."""

Indices = NDArray[np.int64]


class _FormsByLog(NamedTuple):
    """The forms that each log contains."""

    forms: list[str]
    """All forms in the real logs, in the order of their first appearance."""
    form: Indices
    """Indices of forms, sorted. Each index occurs once for every log that contains the form."""
    log: Indices
    """For each element of `form`, the index of a log that contains this form."""


class Templates:
    """One template for each form in the real logs.

    Forms that differ in one word share a template if the logs show that this word varies. The same holds for
    horizontal rules (`-----`) that differ in width.
    """

    def __init__(
        self, read_logs: Callable[[], Sequence[Transcript]], read_texts: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Store functions that return the logs and their texts. They are called when needed."""
        self._read_logs = read_logs
        self._texts = read_texts

    @cached_property
    def _before_ids(self) -> dict[str, IdContexts]:
        """What stands before ids (see `IdContexts`) in each real log, by the text of the log."""
        return {text: find_id_contexts(text) for text in self._texts()}

    @cached_property
    def _before_any_id(self) -> IdContexts:
        """What stands before ids in the real logs (see `IdContexts`).

        An entry that contains no word counts only if at least half of the logs have it.
        """
        logs = Counter(place for places in self._before_ids.values() for place in places)
        return frozenset(
            place for place, n_logs in logs.items() if has_context_word(place) or 2 * n_logs >= len(self._before_ids)
        )

    def before_ids(self, text: str) -> IdContexts:
        """Return what stands before ids (see `IdContexts`) in a log with this text.

        For an imagined log, what stands before its own ids is added if it contains a word, such as `job ` in `job
        3f9a21`.
        """
        if text in self._before_ids:
            return self._before_any_id
        return self._before_any_id.union(filter(has_context_word, find_id_contexts(text)))

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
        return self._read_logs()

    @cached_property
    def _forms_by_log(self) -> _FormsByLog:
        number_of_form: dict[str, int] = {}
        form_numbers = [
            np.array([number_of_form.setdefault(form, len(number_of_form)) for form in log.forms if form], np.int64)
            for log in self._logs
        ]
        form = np.concatenate(form_numbers) if form_numbers else np.empty(0, np.int64)
        order = np.argsort(form, kind="stable")
        log = np.repeat(np.arange(len(form_numbers)), list(map(len, form_numbers)))
        return _FormsByLog(list(number_of_form), form[order], log[order])

    @cached_property
    def _form_variants(self) -> "_FormVariants":
        return _form_variants(self._forms_by_log.forms)

    @cached_property
    def _varying_keys(self) -> NDArray[np.uint64]:
        return _varying_keys(self._forms_by_log, self._form_variants, len(self._logs))

    @cached_property
    def _index_by_form(self) -> dict[str, int]:
        """Maps each form of the real logs, and each template itself, to the template's index in `sites`."""
        index_of_form = dict(zip(self._forms_by_log.forms, self._template_indices.tolist(), strict=True))
        return index_of_form | {key: index for index, key in enumerate(self._templates)}

    @cached_property
    def _template_of_form(self) -> list[str]:
        """For each form in the real logs (`_forms_by_log.forms`), the template that it belongs to."""
        forms = self._forms_by_log.forms
        keyed = (
            _replace_varying_words(forms, self._form_variants, self._varying_keys)
            if len(self._varying_keys)
            else forms
        )
        if not self._template_of_rule:
            return keyed
        return [self._template_of_rule.get(_collapse_rule(form), key) for form, key in zip(forms, keyed, strict=True)]

    @cached_property
    def _template_of_rule(self) -> dict[str, str]:
        """Maps horizontal rules of varying width to their templates. The keys are results of `_collapse_rule`."""
        return _rules_of_varying_width(self._forms_by_log, len(self._logs))

    @cached_property
    def _templates(self) -> list[str]:
        """The templates, with `#` for each value."""
        return list(dict.fromkeys(self._template_of_form))

    @cached_property
    def _template_indices(self) -> Indices:
        """For each form of the real logs, the index of its template."""
        index_of_template = {key: index for index, key in enumerate(self._templates)}
        return np.array([index_of_template[key] for key in self._template_of_form], np.int64)

    @cached_property
    def sites(self) -> tuple[PrintSite, ...]:
        """The templates, in the order of their first appearance."""
        return tuple(PrintSite(template_of(key, HOLE), NO_LINE) for key in self._templates)

    @cached_property
    def index_of_site(self) -> dict[PrintSite, int]:
        """The index in `sites` of each template."""
        return index_of(self.sites)

    def find_templates(self, forms: Sequence[str]) -> list[int | None]:
        """Return, for each form, the index in `sites` of its template; None if there is none."""
        indices = [self._index_by_form.get(form) for form in forms]
        unknown = (
            [position for position, index in enumerate(indices) if index is None] if len(self._varying_keys) else []
        )
        if unknown:
            new_forms = [forms[position] for position in unknown]
            for position, key in zip(
                unknown, _replace_varying_words(new_forms, _form_variants(new_forms), self._varying_keys), strict=True
            ):
                indices[position] = self._index_by_form.get(key)
        if self._template_of_rule:
            for position, form in enumerate(forms):
                if indices[position] is None and (rule := self._template_of_rule.get(_collapse_rule(form))):
                    indices[position] = self._index_by_form[rule]
        return indices

    @cached_property
    def odd_templates(self) -> list[list[str]]:
        """For each real log, the templates that no other real log has."""
        logs = max(1, len(self._logs))
        pairs = np.unique(self._template_indices[self._forms_by_log.form] * logs + self._forms_by_log.log)
        template, first, n_logs = np.unique(pairs // logs, return_index=True, return_counts=True)
        odd: list[list[str]] = [[] for _log in self._logs]
        for index, log in zip(
            template[n_logs == 1].tolist(), (pairs % logs)[first[n_logs == 1]].tolist(), strict=True
        ):
            odd[log].append(self._templates[index])
        return odd


def index_of(sites: Sequence[PrintSite]) -> dict[PrintSite, int]:
    """Return the index of each site in `sites`; the first one if a site occurs several times."""
    return {site: index for index, site in reversed(list(enumerate(sites)))}


def _collapse_rule(form: str) -> str:
    """Return a horizontal rule with each repeated sign once: `+-+-+` for `+----+----+`.

    Return an empty string if the form is not a horizontal rule.
    """
    return _REPEATED_SIGN.sub(r"\1", form) if _WORDLESS_FORM.fullmatch(form) and _REPEATED_SIGN.search(form) else ""


def _rules_of_varying_width(forms_by_log: _FormsByLog, logs: int) -> dict[str, str]:
    """Map each horizontal rule of varying width to the first form that shows it. The keys are results of
    `_collapse_rule`.
    """
    forms_by_rule: dict[str, list[int]] = {}
    for index, form in enumerate(forms_by_log.forms):
        if rule := _collapse_rule(form):
            forms_by_rule.setdefault(rule, []).append(index)
    varying: dict[str, str] = {}
    for rule, forms in forms_by_rule.items():
        logs_with_rule = forms_by_log.log[np.isin(forms_by_log.form, forms)]
        # The width varies if each log contains at least one of these rules, and not every log contains all of them.
        if len(np.unique(logs_with_rule)) == logs and len(logs_with_rule) < len(forms) * logs:
            varying[rule] = forms_by_log.forms[forms[0]]
    return varying


def _varying_keys(forms_by_log: _FormsByLog, variants: "_FormVariants", logs: int) -> NDArray[np.uint64]:
    """Return the keys of the variants whose hole stands for a word that varies between logs."""
    starts = np.searchsorted(forms_by_log.form, np.arange(len(forms_by_log.forms) + 1))
    log_counts = np.diff(starts)
    # A word varies if each log contains at least one of the forms, and no form occurs in every log.
    in_some = log_counts[variants.form] < logs
    keys = variants.key[in_some]
    sorted_keys = np.sort(keys)
    shared: NDArray[np.uint64] = np.unique(sorted_keys[1:][sorted_keys[1:] == sorted_keys[:-1]])
    is_shared = np.isin(keys, shared)
    group, form = np.searchsorted(shared, keys[is_shared]), variants.form[in_some][is_shared]
    # One row for each log that has the form.
    form_of_row = np.repeat(np.arange(len(form)), log_counts[form])
    nth_log = np.arange(len(form_of_row)) - np.repeat(
        np.cumsum(log_counts[form]) - log_counts[form], log_counts[form]
    )
    log = forms_by_log.log[starts[form[form_of_row]] + nth_log]
    pairs = np.unique(group[form_of_row] * logs + log)
    in_logs = np.bincount(pairs // max(1, logs), minlength=len(shared))
    varying: NDArray[np.uint64] = shared[in_logs == logs]
    return varying


def _replace_varying_words(
    forms: Sequence[str], variants: "_FormVariants", varying_keys: NDArray[np.uint64]
) -> list[str]:
    """Return the template of each form. If a word of the form varies, a hole replaces it."""
    templates = list(forms)
    hits = np.flatnonzero(np.isin(variants.key, varying_keys))
    form_indices, first_hits = np.unique(variants.form[hits], return_index=True)
    for index, position in zip(form_indices.tolist(), variants.place[hits][first_hits].tolist(), strict=True):
        words = templates[index].split(" ")
        templates[index] = " ".join([*words[:position], HOLE, *words[position + 1 :]])
    return templates


class _FormVariants(NamedTuple):
    """Variants of forms, each with a hole for one word: `saved to disk #` gives `saved {} disk #`. Each array has one
    element per variant.
    """

    key: NDArray[np.uint64]
    """Hash of the words around the hole."""
    form: Indices
    """Index of the form."""
    place: Indices
    """Index of the word that the hole replaces."""


def _form_variants(forms: Sequence[str]) -> _FormVariants:
    """Return a variant of each form for each of its words. They are stored as hashes, to save memory."""
    empty = _FormVariants(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
    chunks = [
        _variants_of_chunk(start, forms[start : start + _CHUNK_SIZE]) for start in range(0, len(forms), _CHUNK_SIZE)
    ]
    return _FormVariants(*map(np.concatenate, zip(empty, *chunks, strict=True)))


def _variants_of_chunk(start: int, forms: Sequence[str]) -> _FormVariants:
    """Return the variants of consecutive forms. `start` is the index of the first form."""
    split = [(index, words) for index, form in enumerate(forms) if 2 <= len(words := form.split(" ")) <= _MOST_WORDS]
    all_words = [word for _index, words in split for word in words]
    counts = np.array([len(words) for _index, words in split], np.int64)
    # A host name may be a word in one log, and in another a masked id, such as a container's.
    is_word_by_text = {word: MASK in word or any(map(str.isalpha, word)) for word in set(all_words)}
    is_word = np.fromiter(map(is_word_by_text.__getitem__, all_words), bool, len(all_words))
    starts = np.cumsum(counts) - counts
    position = np.arange(len(all_words)) - np.repeat(starts, counts)
    position_hash = mix_bits(position.astype(np.uint64) + np.uint64(1))
    word_hash = mix_bits(np.fromiter(map(hash, all_words), np.int64, len(all_words)).view(np.uint64) + position_hash)
    form_hash = np.add.reduceat(word_hash, starts) if len(starts) else word_hash
    form_hash = np.repeat(form_hash + mix_bits(counts.astype(np.uint64)), counts)
    key = form_hash - word_hash + mix_bits(position_hash)
    form = np.repeat(np.array([start + index for index, _words in split], np.int64), counts)
    return _FormVariants(key[is_word], form[is_word], position[is_word])
