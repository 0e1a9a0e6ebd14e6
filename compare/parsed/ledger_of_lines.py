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

from gedanken.compare.output.line_prefixes import LEVEL, LEVELS, NUMBER, Place
from gedanken.compare.output.masking import MASK
from gedanken.compare.output.transcript import VALUE, Transcript, template_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.templates import Templates, index_of
from gedanken.compare.source.print_sites import PrintSite

NEARNESS = 75.0
"""Minimum similarity of words, in percent, at which a line counts as a reworded print (`literal`), not as
`foreign`."""
LONGEST = 400
"""Maximum number of characters of a line, and of a site's template, that are compared."""
MOST_PAIRS = 5_000_000
"""Maximum number of similarities computed in one output; beyond that, only the first sites are considered."""

Kind = Literal["site", "literal", "foreign"]
"""Origin of a line. `site`: a print site can print it; `literal`: only its words are similar to those of a print
site; `foreign`: neither."""
_ROWS = 1000
"""Number of lines whose similarity to all sites is computed at a time."""
_KINDS: tuple[Kind, ...] = ("site", "literal", "foreign")
_NONE = -1

_ANY_LEVEL = "\ue000"
"""Stands for the level of a log record; a character that no log has."""
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
        shared = () if templates is None else templates.names.shared
        self._near = _Nearness(self.sites, len(transcript.shapes), shared)

    @cached_property
    def _with_digits(self) -> list[bool]:
        return [any(map(str.isdecimal, site.template)) for site in self.sites]

    @cached_property
    def _loose(self) -> list[PrintSite]:
        return [
            replace(site, template=_loosened(site.template)) if digits else site
            for site, digits in zip(self.sites, self._with_digits, strict=True)
        ]

    @cached_property
    def _ends(self) -> list[tuple[str, str]]:
        return [(parts[0], parts[-1]) for site in self._loose for parts in [site.template.split(HOLE)]]

    @cached_property
    def _weight(self) -> list[int]:
        return [len(site.template.replace(HOLE, "")) for site in self.sites]

    @cached_property
    def _columns(self) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        shapes = self.transcript.shapes
        if not shapes:
            return np.empty(0, np.int8), np.empty(0, np.int32)
        texts = [shape.strip() for shape in shapes]
        kind, site = self._by_sites(texts) if self._templates is None else self._by_templates(self._templates, texts)
        if self._is_torn(kind):
            kind[-1] = _NONE
        if any(_TRACEBACK in shape for shape in shapes):
            kind[list(_tracebacks(self.transcript.lines))] = _NONE
        return kind, np.where(kind == _NONE, _NONE, site)

    def _by_templates(self, templates: Templates, texts: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Return the kind (an index of _KINDS) and the template (an index of `sites`) of each line; -1 for none."""
        of_form = [_NONE if at is None else at for at in templates.find(self.transcript.forms)]
        site = np.array(of_form, np.int32)[self.transcript.form_of_shape]
        kind = np.zeros(len(site), np.int8)
        alone = np.flatnonzero(site == _NONE)
        judged = self._judge([texts[at] for at in alone.tolist()], [()] * len(alone))
        if judged:
            kind[alone], site[alone] = np.array(judged).T
        shape_of = self.transcript.shape_of
        return kind[shape_of], site[shape_of]

    def _by_sites(self, texts: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Return the same as `_by_templates`, but with the print sites of a program in place of templates."""
        made = self._made_by(texts)
        of_shape = np.array(self._judge(texts, made), np.int32)
        shape_of = self.transcript.shape_of
        kind, site = of_shape[shape_of, 0].astype(np.int8), of_shape[shape_of, 1]
        # Single lines are examined only if a print site that can print them has digits in its own words.
        lines = self.transcript.lines_with(
            [at for at, sites in enumerate(made) if any(self._with_digits[site] for site in sites)]
        )
        texts = [self.transcript.lines[line].strip() for line in lines]
        really = [
            [one for one in made[shape_of[line]] if self.sites[one].makes(text)]
            for line, text in zip(lines, texts, strict=True)
        ]
        if len(lines):
            kind[lines], site[lines] = np.array(self._judge(texts, really)).T
        return kind, site

    def _is_torn(self, kind: NDArray[np.int8]) -> bool:
        """Return whether the last line of a log is only the beginning of a print."""
        if self._templates is None or kind[-1] in (_NONE, _KINDS.index("site")) or not self.transcript.lines.is_torn:
            return False
        words = template_of(self.transcript.forms[self.transcript.form_of[-1]], HOLE)
        return any(site.template.startswith(words) for site in self.sites)

    def _made_by(self, shapes: Sequence[str]) -> list[list[int]]:
        """Return, for each shape, the indices of the sites that can print at least some of its lines."""
        return [
            [
                at
                for at, (first, last) in enumerate(self._ends)
                if shape.startswith(first) and shape.endswith(last) and self._loose[at].makes(shape)
            ]
            for shape in shapes
        ]

    def _judge(self, texts: Sequence[str], made: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
        """Return kind (an index of _KINDS) and site of each text; -1 for none. `made`: sites that can print it."""
        alone = [text for text, sites in zip(texts, made, strict=True) if text and not sites]
        near = dict(zip(alone, self._near.nearest(alone), strict=True))
        judged: list[tuple[int, int]] = []
        for text, sites in zip(texts, made, strict=True):
            found = near.get(text)
            if not text:
                judged.append((_NONE, _NONE))
            elif sites:
                judged.append((0, sites[0] if len(sites) == 1 else max(sites, key=self._weight.__getitem__)))
            else:
                judged.append((2, _NONE) if found is None else (1, found))
        return judged

    def has(self, line: int) -> bool:
        """Return whether the line with this index has an entry."""
        return bool(self._columns[0][line] != _NONE)

    def entry(self, line: int) -> Entry:
        """Return the entry of the line with this index, counted from 0; the line must have one."""
        kind, site = (int(column[line]) for column in self._columns)
        return Entry(line + 1, self.transcript.lines[line], _KINDS[kind], self.sites[site] if site >= 0 else None)

    def text(self, line: int) -> str:
        """Return the text of the line with this index, counted from 0."""
        return self.transcript.lines[line]

    def lines_of(self, site: PrintSite) -> NDArray[np.int64]:
        """Return the indices of the lines that are assigned to a print site."""
        at = self._index.get(site)
        if at is None:
            return np.empty(0, np.int64)
        order, bounds = self._by_site
        return order[bounds[at] : bounds[at + 1]]

    def is_kind(self, kind: Kind) -> NDArray[np.bool_]:
        """Return, for each line, whether it is of this kind."""
        alike: NDArray[np.bool_] = self._columns[0] == _KINDS.index(kind)
        return alike

    def one_of_each(self, kind: Kind) -> Iterator[Entry]:
        """Among the lines of one kind, yield the entry of the first line of each form."""
        lines = np.flatnonzero(self.is_kind(kind))
        _forms, first = np.unique(self.transcript.form_of[lines], return_index=True)
        return (self.entry(int(lines[at])) for at in np.sort(first))

    @cached_property
    def _index(self) -> Mapping[PrintSite, int]:
        return index_of(self.sites) if self._templates is None else self._templates.index_of_site

    @cached_property
    def _by_site(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.site_of, kind="stable")
        return order, np.searchsorted(self.site_of[order], np.arange(len(self.sites) + 1))

    @property
    def site_of(self) -> NDArray[np.int32]:
        """The index in `sites` of each line's print site; -1 for lines that have none."""
        return self._columns[1]

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(int(line)) for line in np.flatnonzero(self._columns[0] != _NONE))

    def __len__(self) -> int:
        return int(np.count_nonzero(self._columns[0] != _NONE))


def _loosened(template: str) -> str:
    """Return a template with holes in place of digits. It matches all lines that the given template matches."""
    held = "".join(HOLE if letter.isdecimal() else letter for letter in template)
    while HOLE + HOLE in held:
        held = held.replace(HOLE + HOLE, HOLE)
    return held


def _tracebacks(lines: Sequence[str]) -> set[int]:
    """Return the indices of the lines of tracebacks, including the error message and the indented lines after it."""
    inside: set[int] = set()
    part, margin = "", 0
    for at, line in enumerate(lines):
        text = line.lstrip()
        is_at_margin = bool(text) and len(line) - len(text) <= margin
        if text.startswith(_TRACEBACK):
            part, margin = "frames", len(line) - len(text)
        elif part and is_at_margin and not text.startswith(_CHAINED):
            part = "message" if part == "frames" else ""
        if part:
            inside.add(at)
    return inside


class _Nearness:
    """Finds the site whose words are most similar to those of a line; each wording is searched only once."""

    def __init__(self, sites: Sequence[PrintSite], shapes: int, shared: Sequence[Place] = ()) -> None:
        most = max(50, MOST_PAIRS // max(1, shapes))
        wordy = islice(((at, site) for at, site in enumerate(sites) if not site.is_open), most)
        named = [(at, words) for at, site in wordy if (words := words_of(site.template[:LONGEST].replace(HOLE, " ")))]
        self._sites = [at for at, _words in named]
        self._theirs = [words for _at, words in named]
        self._known: dict[str, int | None] = {"": None}
        self._shared = _begin_of(shared)
        behind = {at: its for at, words in enumerate(self._theirs) if (its := self._behind(words)) is not None}
        # Where all lines with these words say the same behind them, they are no prefix, but part of what it says.
        self._their_behind = behind if len(set(behind.values())) > 1 else {}

    def _behind(self, words: str) -> str | None:
        """Return `words` without the prefix that the lines share; None if `words` does not begin with this prefix."""
        if self._shared is None:
            return None
        words = words_of(words.replace(MASK, " "))
        begin = self._shared.match(words)
        return words[begin.end() :] if begin else None

    def nearest(self, texts: Sequence[str]) -> list[int | None]:
        """Return, for each line, the index of the most similar print site; None if no site is similar.

        Of equally similar sites, the first is taken.
        """
        ours = [words_of(text[:LONGEST]) for text in texts]
        new = [words for words in dict.fromkeys(ours) if words not in self._known]
        for start in range(0, len(new), _ROWS):
            self._search(new[start : start + _ROWS])
        return [self._known[words] for words in ours]

    def _search(self, ours: Sequence[str]) -> None:
        if not self._sites:
            self._known |= dict.fromkeys(ours)
            return
        scores = _likeness(ours, self._theirs)
        our_behind = {at: its for at, words in enumerate(ours) if (its := self._behind(words)) is not None}
        if our_behind and self._their_behind:
            both = np.ix_(list(our_behind), list(self._their_behind))
            behind = _likeness(list(our_behind.values()), list(self._their_behind.values()))
            # A common beginning such as `[english] ` makes no two lines similar: what is behind it must be similar
            # too.
            scores[both] = np.minimum(scores[both], behind)
        for words, row in zip(ours, scores, strict=True):
            best = int(row.argmax())
            self._known[words] = self._sites[best] if row[best] >= NEARNESS else None


def _likeness(ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.float32]:
    """Return the similarities, 0 to 100, of texts without values (`ours` × `theirs`); 0 below NEARNESS."""
    scores: NDArray[np.float32] = process.cdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=NEARNESS)
    many = [at for at, words in enumerate(theirs) if " " in words]
    by_words = process.cdist(ours, [theirs[at] for at in many], scorer=fuzz.token_set_ratio, score_cutoff=NEARNESS)
    scores[:, many] = np.maximum(scores[:, many], by_words)
    return scores


def _begin_of(shared: Sequence[Place]) -> re.Pattern[str] | None:
    """Return a pattern that finds a shared prefix in results of `words_of`; None if the prefix has no words."""
    texts = {LEVEL: _ANY_LEVEL, NUMBER: "0"}
    text = "".join(place.gap + texts.get(place.word, place.word) for place in shared)
    words = words_of(text.replace(MASK, " "))
    pattern = re.escape(words).replace(_ANY_LEVEL, rf"(?:[iwefdc]|{LEVELS})")
    return re.compile(rf"{pattern}(?!\w)\W*") if words else None


def words_of(text: str) -> str:
    """Return the words of a text or a template, without its values, in lower case."""
    return " ".join(VALUE.sub(" ", text).split()).casefold()


def likeness_of_words(ours: str, theirs: str, least: float) -> float:
    """Return the similarity, 0 to 100, of two texts from `words_of`; 0 if it is below `least`."""
    if not ours or not theirs:
        return 0.0
    by_words = fuzz.token_set_ratio(ours, theirs, score_cutoff=least) if " " in theirs else 0.0
    return max(fuzz.ratio(ours, theirs, score_cutoff=least), by_words)
