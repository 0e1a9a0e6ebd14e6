"""Checks whether the record prints only other numbers under the name of the claimed number."""

import re
from decimal import Decimal
from itertools import combinations, islice

from gedanken.compare.audit.amounts import is_amount
from gedanken.compare.audit.derived import PlacedNumber, follows
from gedanken.compare.audit.labels import keys_in, unit_of
from gedanken.compare.audit.other_names import clause_around, sentence_of
from gedanken.compare.audit.parts import CODE, QUOTED, Sentence
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import Figure, FiguresSay, ValueSays
from gedanken.compare.audit.stated import may_be_explained, places_before, significant, unfound
from gedanken.compare.audit.verdicts import Case, Verdict

_MOST_NAMED = 60
_MOST_PLACES = 300
_FEWEST = 2
"""Minimum number of printed values that form a series."""
_EXACT = 4
"""A whole number with at least this many significant digits counts as exact, not as an approximation."""
_NEAR = Decimal("0.06")
_OTHERWISE = re.compile(
    r"\b(?:before|until|from|to|used to|earlier|originally|at first|initial\w*|previous\w*|old|former|first|second|"
    r"third|"
    r"other|another|each|per|every|average|total|sum|altogether|overall|together|both|more|fewer|less|than|half|"
    r"improve\w*|reduc\w+|drop\w* by|rose|fell|grew|shrank|by|about|around|roughly|nearly|almost|some|most|unique|"
    r"distinct|different|additional|extra|new|them|these|those|which|whose|if|when|without|once|not|never|except|"
    r"(?:was|were)(?! \w+(?:ed|en)\b)|vorher|war|waren|avant|était|antes|era|only (?=\d{1,2}\b))\b",
    re.IGNORECASE,
)
"""Words which suggest that the claimed number is about another state, condition, part or sum than the printed
numbers.
"""
_OF_ALL = re.compile(
    r"\b(?:together|altogether|total\w*|overall|sum\w*|combined|across|both|runs|on average|insgesamt|zusammen|"
    r"en tout|en total|ensemble|juntos)\b",
    re.IGNORECASE,
)
"""Words anywhere in a sentence which suggest that its numbers combine several runs."""
_PLAIN = keys_in(
    "has have had takes took needs is are reached reads read shows showed gives gave returns returned holds "
    "reports reported weighs stands comes came made makes used uses found finds got gets lists prints printed says "
    "after change changes fix now left last final latest all there just here still result removed dropped "
    "in place currently exactly now again only run went down up"
)
"""Words of a claim, such as `has` and `shows`, that do not name its number. An output need not contain them."""
_GONE = keys_in("removed dropped")
"""Words for removal. A claim with such a word, as in `12 rows removed`, is contradicted only by a number whose whole
name the claim contains, not by `rows kept: 40`.
"""
_OF_VERSIONS = re.compile(
    r"\b(?:python|pypy|py|node(?:\.?js)?|java|jdk|ruby|php|go|golang|rust|perl|swift|kotlin|scala|dotnet|\.net|django|"
    r"numpy|pandas|torch|pytorch|tensorflow|cuda|react|vue|angular|postgres(?:ql)?|mysql|ubuntu|debian|macos|versions?)"
    r"[\s-]{0,2}v?\d",
    re.IGNORECASE,
)
"""Words which show that the numbers of a sentence are versions, as in `passes on Python 3.11 but fails on 3.10`."""
_SPREAD = re.compile(
    r"(?:±|\+/-|\bstd(?:ev)?\.?|\bdeviations?(?: of| is)?|\bspread(?: of| is)?)[\s:=]{0,3}\Z", re.IGNORECASE
)
"""Words before a number which show that the number is a spread, such as `±` or `std of`."""
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,3})?")
_NOUN = re.compile(r"\s{1,3}(?P<noun>[^\W\d_][\w/-]{1,20})")


def denied(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an accusing verdict if the record prints only other numbers under the claimed number's name;
    else None.
    """
    says = case.spotted.says
    if verdict.status != "undecidable" or case.spotted.earlier or not case.spotted.firm:
        return None
    if not isinstance(says, FiguresSay) and not (isinstance(says, ValueSays) and says.what in ("quantity", "size")):
        return None
    sentence = sentence_of(case)
    if sentence is None or sentence.where == "row" or QUOTED in sentence.plain:
        return None
    places = places_before(case)
    if len(places) > _MOST_PLACES:
        return None
    for figure, text in unfound(case, sentence, places):
        if (end := _end_of_series(case, sentence, figure, text, places)) is not None:
            return end
        start = sentence.plain.find(text) if text in sentence.plain else -1
        place = None if start < 0 else _denier(figure, places, sentence, start, start + len(text))
        if not figure.unit and _VERSION.fullmatch(text) and _OF_VERSIONS.search(sentence.plain):
            continue
        if start > 0 and _SPREAD.search(sentence.plain, 0, start):
            continue
        if place is None or place.run is None or len(significant(text)) < 2 or not _is_whole(case, place.run):
            continue
        if _is_made(figure, places) or may_be_explained(case, figure, text):
            continue
        line = case.record.evidence(place.event, place.one.start)
        quoted = " ".join(line.quote.split())[:120]
        return Verdict("misquoted", f"before the claim, the last run that prints this name says “{quoted}”", (line,))
    return None


_FROM_TO = re.compile(
    r"\b(?:from|von|de) (?P<first>\d+(?:\.\d+)?)\s?%? (?:down |up )?(?:to|auf|à|a) "
    r"(?P<last>\d+(?:\.\d+)?)(?![\w.]*\d)"
)


def _end_of_series(
    case: Case, sentence: Sentence, figure: Figure, text: str, places: list[PlacedNumber]
) -> Verdict | None:
    """Return an accusing verdict for `from 0.9 to 0.4` if the latest series contains 0.9, but not 0.4; else None."""
    said = next((one for one in _FROM_TO.finditer(sentence.plain) if one["last"] == text), None)
    if said is None or len(significant(text)) < 2 or len(_FROM_TO.findall(sentence.plain)) != 1:
        return None
    unit = unit_of(figure.unit)
    latest = max((place.event for place in places), default=-1)
    mine = [place for place in places if place.event == latest and figure.words & place.one.mine]
    firsts = [place for place in mine if is_amount(Decimal(said["first"]), unit, place.one, about=False)]
    if not firsts or firsts[0].run is None or not _is_whole(case, firsts[0].run):
        return None
    series = [place for place in mine if figure.words & place.one.mine == figure.words & firsts[0].one.mine]
    values = [place.one.value for place in series]
    if len(values) < _FEWEST or may_be_explained(case, figure, text) or _is_made(figure, places):
        return None
    line = case.record.evidence(latest, series[-1].one.start)
    quoted = " ".join(line.quote.split())[:120]
    return Verdict("misquoted", f"the series that begins with {said['first']} ends with “{quoted}”", (line,))


def _denier(
    figure: Figure, places: list[PlacedNumber], sentence: Sentence, start: int, end: int
) -> PlacedNumber | None:
    """Return the printed number that best fits the claimed number's name, but has another value; None in case of
    doubt.
    """
    clause = clause_around(sentence.plain, start, end)
    if _OTHERWISE.search(clause) or _OF_ALL.search(sentence.plain) or CODE in clause:
        return None
    kind = unit_of(figure.unit)[0]
    words = figure.words - {kind} - _PLAIN - keys_in(f"- {figure.unit}.")
    named = [one for one in places if _names(words, kind, one)][:_MOST_NAMED]
    if not words or not named:
        return None
    known = frozenset(word for place in named for word in words & place.names)
    noun = _NOUN.match(sentence.plain, end)
    if not _are_parts(words - known, known) or (not kind and _is_called(sentence.plain[:start], words, figure)):
        return None
    best = max(named, key=lambda one: (len(words & one.names), one.event))
    held = words & best.names
    rivals = [one for one in named if not words & one.names < held]
    if len(held) < max(1, len(known) - 1) or _is_among(figure, rivals):
        return None
    if not kind and noun is not None and not keys_in(noun["noun"]) <= best.names | _PLAIN:
        return None
    is_gone = bool(keys_in(clause) & _GONE)
    return None if is_gone and not best.one.mine <= words else best


def _is_called(before: str, words: frozenset[str], figure: Figure) -> bool:
    """Return whether a number without decimals is part of the name before it, as in `row 777`."""
    last = re.search(r"(\w+)\s\Z", before)
    is_whole = figure.value == figure.value.to_integral_value()
    return is_whole and last is not None and bool(keys_in(last[1]) & words)


def _are_parts(unknown: frozenset[str], known: frozenset[str]) -> bool:
    """Return whether each word in `unknown` is part of a word in `known`, its plural, or a compound with it."""
    return all(
        any(word in one for one in known)
        or (not word.isalpha() and bool(keys_in(word) & known))
        or word.removesuffix("s") in known
        for word in unknown
    )


def _names(words: frozenset[str], kind: str, place: PlacedNumber) -> bool:
    """Return whether a printed number has a unit of this `kind`, and one of `words` in its name or its command."""
    if place.one.kind != kind:
        return False
    return bool(words & place.one.mine) or bool(words & place.command and (kind or place.count == 1))


def _is_among(figure: Figure, places: list[PlacedNumber]) -> bool:
    """Return whether the stated number is close to a printed number, or may be the mean of several."""
    firsts: dict[tuple[int, int], Decimal] = {}
    for place in sorted(places, key=lambda one: (one.event, one.one.start)):
        text = place.run.text if place.run is not None else ""
        line = (place.event, text.rfind("\n", 0, place.one.start))
        firsts.setdefault(line, place.one.value * place.one.scale)
    stated = figure.value * unit_of(figure.unit)[1]
    is_between = min(firsts.values()) <= stated <= max(firsts.values())
    return is_between or any(_is_near(figure, one) for one in places)


def _is_near(figure: Figure, place: PlacedNumber) -> bool:
    """Return whether the stated number may mean the printed one: it differs by at most 6 %, or by 1 for exact whole
    numbers.
    """
    stated, printed = figure.value * unit_of(figure.unit)[1], place.one.value * place.one.scale
    away = abs(stated - printed)
    is_whole = figure.value == figure.value.to_integral_value()
    if is_whole and len(significant(str(figure.value))) >= _EXACT:
        return away <= 1
    return away <= abs(printed) * _NEAR or (is_whole and not figure.unit and away <= 1)


def _is_whole(case: Case, run: Run) -> bool:
    """Return whether a run is recorded completely, and nothing since can have changed what it would print."""
    return (
        not run.lost
        and not run.background
        and not case.record.has_gap_before(case.event)
        and case.record.could_have_run("program", case.event, after=run.at) is None
        and not case.record.edits_between(run.at, case.event)
        and not case.record.is_shuffled_since(run.at, case.event)
    )


def _is_made(figure: Figure, places: list[PlacedNumber]) -> bool:
    """Return whether the stated number can be computed from two printed numbers, or is the sum or the count of a
    result's numbers.
    """
    bare = Figure(figure.value, figure.unit, frozenset(), frozenset(), about=False)
    mine = [place.one for place in places if place.one.kind == unit_of(figure.unit)[0]][:_MOST_NAMED]
    if any(follows(bare, one, other) for one, other in islice(combinations(mine, 2), _MOST_NAMED**2)):
        return True
    columns: dict[tuple[int, str], list[Decimal]] = {}
    for place in places:
        columns.setdefault((place.event, place.one.kind), []).append(place.one.value)
    return any(figure.value in (sum(column), len(column)) for column in columns.values())
