"""Assigns each printed line to a print site that can print it or has similar words, or to none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from gedanken.compare.output.line_prefixes import LEVEL, LEVELS, NUMBER, PrefixWord
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.transcript import VALUE, Transcript, template_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.templates import Templates, index_of
from gedanken.compare.source.print_sites import PrintSite

MIN_SIMILARITY = 75.0
"""Minimum similarity of words, in percent, at which a line counts as a reworded print (`literal`).

Less similar lines are `foreign`.
"""
MAX_CHARACTERS = 400
"""Maximum number of characters of a line, and of a site's template, that are compared."""
MOST_PAIRS = 5_000_000
"""Maximum number of pairs (line shape, print site) in one output whose words are compared.

If there are more pairs, only the first print sites are compared.
"""

Kind = Literal["site", "literal", "foreign"]
"""Origin of a line.

`site`: a print site can print it. `literal`: only its words are similar to those of a print site. `foreign`: neither.
"""
_BATCH_SIZE = 1000
"""Number of lines whose similarity to all sites is computed together."""
_KINDS: tuple[Kind, ...] = ("site", "literal", "foreign")
_NONE = -1

_ANY_LEVEL = "\ue000"
"""Stands for any level of a log record, such as `INFO`. No log contains this character."""
_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")


@dataclass(frozen=True, slots=True)
class Entry:
    """One printed line and its origin."""

    number: int
    """Line number, counted from 1."""
    text: str
    kind: Kind
    site: PrintSite | None = None


class Ledger:
    """The origin of each line of an output; blank lines and tracebacks have none."""

    def __init__(
        self, transcript: Transcript, sites: Sequence[PrintSite], templates: Templates | None = None
    ) -> None:
        self.transcript = transcript
        self.sites = tuple(sites) if templates is None else templates.sites
        self._templates = templates
        shared_prefix = () if templates is None else templates.names.shared_prefix
        self._site_search = _SiteSearch(self.sites, len(transcript.shapes), shared_prefix)

    @cached_property
    def _has_digits(self) -> list[bool]:
        return [any(map(str.isdecimal, site.template)) for site in self.sites]

    @cached_property
    def _sites_without_digits(self) -> list[PrintSite]:
        return [
            replace(site, template=_replace_digits(site.template)) if digits else site
            for site, digits in zip(self.sites, self._has_digits, strict=True)
        ]

    @cached_property
    def _template_ends(self) -> list[tuple[str, str]]:
        return [(parts[0], parts[-1]) for site in self._sites_without_digits for parts in [site.template.split(HOLE)]]

    @cached_property
    def _word_lengths(self) -> list[int]:
        return [len(site.template.replace(HOLE, "")) for site in self.sites]

    @cached_property
    def _kinds_and_sites(self) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        shapes = self.transcript.shapes
        if not shapes:
            return np.empty(0, np.int8), np.empty(0, np.int32)
        texts = [shape.strip() for shape in shapes]
        kind, site = (
            self._classify_by_sites(texts)
            if self._templates is None
            else self._classify_by_templates(self._templates, texts)
        )
        if self._ends_incomplete(kind):
            kind[-1] = _NONE
        if any(_TRACEBACK in shape for shape in shapes):
            kind[list(_traceback_lines(self.transcript.lines))] = _NONE
        return kind, np.where(kind == _NONE, _NONE, site)

    def _classify_by_templates(
        self, templates: Templates, texts: Sequence[str]
    ) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Return two arrays over all lines: the kind (an index in `_KINDS`) and the template (an index in `sites`).

        An element is -1 if the line has no kind or no template.
        """
        site_of_form = [
            _NONE if index is None else index for index in templates.find_templates(self.transcript.forms)
        ]
        site = np.array(site_of_form, np.int32)[self.transcript.form_of_shape]
        kind = np.zeros(len(site), np.int8)
        unmatched = np.flatnonzero(site == _NONE)
        classified = self._classify([texts[index] for index in unmatched.tolist()], [()] * len(unmatched))
        if classified:
            kind[unmatched], site[unmatched] = np.array(classified).T
        shape_of = self.transcript.shape_of
        return kind[shape_of], site[shape_of]

    def _classify_by_sites(self, texts: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Return the same as `_classify_by_templates`, but with print sites of a program in place of templates."""
        possible_sites = self._possible_sites(texts)
        classified = np.array(self._classify(texts, possible_sites), np.int32)
        shape_of = self.transcript.shape_of
        kind, site = classified[shape_of, 0].astype(np.int8), classified[shape_of, 1]
        # Single lines are examined only if a print site that can print them has digits in its own words.
        lines = self.transcript.lines_with(
            [shape for shape, sites in enumerate(possible_sites) if any(self._has_digits[site] for site in sites)]
        )
        texts = [self.transcript.lines[line].strip() for line in lines]
        sites_of_lines = [
            [index for index in possible_sites[shape_of[line]] if self.sites[index].can_print(text)]
            for line, text in zip(lines, texts, strict=True)
        ]
        if len(lines):
            kind[lines], site[lines] = np.array(self._classify(texts, sites_of_lines)).T
        return kind, site

    def _ends_incomplete(self, kind: NDArray[np.int8]) -> bool:
        if self._templates is None or kind[-1] in (_NONE, _KINDS.index("site")) or not self.transcript.lines.is_torn:
            return False
        words = template_of(self.transcript.forms[self.transcript.form_of[-1]], HOLE)
        return any(site.template.startswith(words) for site in self.sites)

    def _possible_sites(self, shapes: Sequence[str]) -> list[list[int]]:
        """Return, for each shape, the indices of the sites that can print a line of this shape."""
        return [
            [
                index
                for index, (first, last) in enumerate(self._template_ends)
                if shape.startswith(first)
                and shape.endswith(last)
                and self._sites_without_digits[index].can_print(shape)
            ]
            for shape in shapes
        ]

    def _classify(self, texts: Sequence[str], possible_sites: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
        """Return the kind (an index of `_KINDS`) and the site of each text; -1 for none.

        `possible_sites` holds, for each text, the sites that can print it.
        """
        unmatched = [text for text, sites in zip(texts, possible_sites, strict=True) if text and not sites]
        nearest = dict(zip(unmatched, self._site_search.nearest(unmatched), strict=True))
        classified: list[tuple[int, int]] = []
        for text, sites in zip(texts, possible_sites, strict=True):
            nearest_site = nearest.get(text)
            if not text:
                classified.append((_NONE, _NONE))
            elif sites:
                classified.append(
                    (0, sites[0] if len(sites) == 1 else max(sites, key=self._word_lengths.__getitem__))
                )
            else:
                classified.append((2, _NONE) if nearest_site is None else (1, nearest_site))
        return classified

    def has(self, line: int) -> bool:
        """Return whether the line with this index has an entry."""
        return bool(self._kinds_and_sites[0][line] != _NONE)

    def entry(self, line: int) -> Entry:
        """Return the entry of the line with this index, counted from 0; the line must have one."""
        kind, site = (int(column[line]) for column in self._kinds_and_sites)
        return Entry(line + 1, self.transcript.lines[line], _KINDS[kind], self.sites[site] if site >= 0 else None)

    def text(self, line: int) -> str:
        """Return the text of the line with this index, counted from 0."""
        return self.transcript.lines[line]

    def lines_of(self, site: PrintSite) -> NDArray[np.int64]:
        """Return the indices of the lines that are assigned to a print site."""
        index = self._index_of_site.get(site)
        if index is None:
            return np.empty(0, np.int64)
        order, bounds = self._lines_by_site
        return order[bounds[index] : bounds[index + 1]]

    def is_kind(self, kind: Kind) -> NDArray[np.bool_]:
        """Return, for each line, whether it is of this kind."""
        is_of_kind: NDArray[np.bool_] = self._kinds_and_sites[0] == _KINDS.index(kind)
        return is_of_kind

    def first_of_each_form(self, kind: Kind) -> Iterator[Entry]:
        """Yield the entry of the first line of each form, among the lines of one kind."""
        lines = np.flatnonzero(self.is_kind(kind))
        _forms, first = np.unique(self.transcript.form_of[lines], return_index=True)
        return (self.entry(int(lines[index])) for index in np.sort(first))

    @cached_property
    def _index_of_site(self) -> Mapping[PrintSite, int]:
        return index_of(self.sites) if self._templates is None else self._templates.index_of_site

    @cached_property
    def _lines_by_site(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.site_of, kind="stable")
        return order, np.searchsorted(self.site_of[order], np.arange(len(self.sites) + 1))

    @property
    def site_of(self) -> NDArray[np.int32]:
        """The index in `sites` of each line's print site; -1 for lines that have none."""
        return self._kinds_and_sites[1]

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(int(line)) for line in np.flatnonzero(self._kinds_and_sites[0] != _NONE))

    def __len__(self) -> int:
        return int(np.count_nonzero(self._kinds_and_sites[0] != _NONE))


def _replace_digits(template: str) -> str:
    """Replace the digits of a template by holes. The result matches all lines that the template matches."""
    loose = "".join(HOLE if character.isdecimal() else character for character in template)
    while HOLE + HOLE in loose:
        loose = loose.replace(HOLE + HOLE, HOLE)
    return loose


def _traceback_lines(lines: Sequence[str]) -> set[int]:
    """Return the indices of the lines of tracebacks.

    They include the error message and the indented lines after it.
    """
    indices: set[int] = set()
    part, margin = "", 0
    for index, line in enumerate(lines):
        text = line.lstrip()
        is_at_margin = bool(text) and len(line) - len(text) <= margin
        if text.startswith(_TRACEBACK):
            part, margin = "frames", len(line) - len(text)
        elif part and is_at_margin and not text.startswith(_CHAINED):
            part = "message" if part == "frames" else ""
        if part:
            indices.add(index)
    return indices


class _SiteSearch:
    """Finds the site whose words are most similar to those of a line.

    Each wording is searched only once.
    """

    def __init__(self, sites: Sequence[PrintSite], shapes: int, shared: Sequence[PrefixWord] = ()) -> None:
        max_sites = max(50, MOST_PAIRS // max(1, shapes))
        sites_to_search = islice(
            ((index, site) for index, site in enumerate(sites) if not site.is_ambiguous), max_sites
        )
        indexed_words = [
            (index, words)
            for index, site in sites_to_search
            if (words := words_of(site.template[:MAX_CHARACTERS].replace(HOLE, " ")))
        ]
        self._site_indices = [index for index, _words in indexed_words]
        self._site_words = [words for _at, words in indexed_words]
        self._cache: dict[str, int | None] = {"": None}
        self._shared_prefix = _prefix_pattern(shared)
        words_after_prefix = {
            index: rest
            for index, words in enumerate(self._site_words)
            if (rest := self._without_prefix(words)) is not None
        }
        # If the same words follow in all sites, the shared words are no prefix, but part of one text.
        self._site_words_after_prefix = words_after_prefix if len(set(words_after_prefix.values())) > 1 else {}

    def _without_prefix(self, words: str) -> str | None:
        """Return `words` without the prefix that nearly all lines share, such as `[english]`.

        None if `words` does not begin with this prefix.
        """
        if self._shared_prefix is None:
            return None
        words = words_of(words.replace(MASK, " "))
        match = self._shared_prefix.match(words)
        return words[match.end() :] if match else None

    def nearest(self, texts: Sequence[str]) -> list[int | None]:
        """Return, for each line, the index of the most similar print site; None if no site is similar.

        Of equally similar sites, the first is taken.
        """
        line_words = [words_of(text[:MAX_CHARACTERS]) for text in texts]
        new_words = [words for words in dict.fromkeys(line_words) if words not in self._cache]
        for start in range(0, len(new_words), _BATCH_SIZE):
            self._search_batch(new_words[start : start + _BATCH_SIZE])
        return [self._cache[words] for words in line_words]

    def _search_batch(self, line_words: Sequence[str]) -> None:
        if not self._site_indices:
            self._cache |= dict.fromkeys(line_words)
            return
        scores = _similarities(line_words, self._site_words)
        words_after_prefix = {
            index: rest for index, words in enumerate(line_words) if (rest := self._without_prefix(words)) is not None
        }
        if words_after_prefix and self._site_words_after_prefix:
            cells = np.ix_(list(words_after_prefix), list(self._site_words_after_prefix))
            rest_scores = _similarities(
                list(words_after_prefix.values()), list(self._site_words_after_prefix.values())
            )
            # A shared prefix such as `[english] ` makes no two lines similar: the words after it must be similar too.
            scores[cells] = np.minimum(scores[cells], rest_scores)
        for words, row in zip(line_words, scores, strict=True):
            best = int(row.argmax())
            self._cache[words] = self._site_indices[best] if row[best] >= MIN_SIMILARITY else None


def _similarities(texts: Sequence[str], site_texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the similarities (`texts` × `site_texts`), 0 to 100; 0 below `MIN_SIMILARITY`.

    All texts must come from `words_of`.
    """
    scores: NDArray[np.float32] = process.cdist(texts, site_texts, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
    with_several_words = [index for index, words in enumerate(site_texts) if " " in words]
    by_words = process.cdist(
        texts,
        [site_texts[index] for index in with_several_words],
        scorer=fuzz.token_set_ratio,
        score_cutoff=MIN_SIMILARITY,
    )
    scores[:, with_several_words] = np.maximum(scores[:, with_several_words], by_words)
    return scores


def _prefix_pattern(prefix: Sequence[PrefixWord]) -> re.Pattern[str] | None:
    """Return a pattern that matches a prefix at the beginning of a text from `words_of`; None if the prefix has no
    words.
    """
    texts = {LEVEL: _ANY_LEVEL, NUMBER: "0"}
    text = "".join(place.gap + texts.get(place.word, place.word) for place in prefix)
    words = words_of(text.replace(MASK, " "))
    pattern = re.escape(words).replace(_ANY_LEVEL, rf"(?:[iwefdc]|{LEVELS})")
    return re.compile(rf"{pattern}(?!\w)\W*") if words else None


def words_of(text: str) -> str:
    """Return the words of a text or a template, without its values, in lower case."""
    return " ".join(VALUE.sub(" ", text).split()).casefold()


def word_similarity(words: str, other_words: str, least: float) -> float:
    """Return the similarity, 0 to 100, of two texts from `words_of`; 0 if it is below `least`."""
    if not words or not other_words:
        return 0.0
    by_words = fuzz.token_set_ratio(words, other_words, score_cutoff=least) if " " in other_words else 0.0
    return max(fuzz.ratio(words, other_words, score_cutoff=least), by_words)
