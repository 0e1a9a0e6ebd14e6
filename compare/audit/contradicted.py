"""Checks whether the record contradicts a claimed number: the only number with this name has another value."""

import re
from decimal import Decimal
from functools import partial
from itertools import combinations, islice

from gedanken.compare.audit.amounts import is_amount
from gedanken.compare.audit.derived import PlacedNumber, follows
from gedanken.compare.audit.labels import keys_in, unit_of
from gedanken.compare.audit.parts import CODE, QUOTED, Sentence
from gedanken.compare.audit.says import Figure
from gedanken.compare.audit.sources import is_derived, is_known
from gedanken.compare.audit.verdicts import Case, Verdict

_MOST_NUMBERS = 150
_ROUND = 3
"""A number with at least this many significant digits counts as exact; with fewer, it counts as an approximation."""
_OTHERWISE = re.compile(
    r"\b(?:before|until|from|was|were|used to|earlier|originally|at first|initially|previous\w*|old|former|first|"
    r"second|third|other|another|each|per|every|average|mean|total|sum|altogether|overall|together|both|more|fewer|less|than|"
    r"improve\w*|reduc\w+|drop\w*|rose|fell|grew|shrank|down|up|by|about|around|roughly|nearly|almost|some|only|"
    r"if|when|with|without|after|on|under|in|once|not|no|never|except|vorher|war|waren|avant|était|antes|era)\b",
    re.IGNORECASE,
)
"""Words which suggest that the claimed number is about another state, condition, part or sum than the printed number.
"""
_VERBS = keys_in(
    "has have had takes took needs needed is are reached reads read wrote loaded handled managed measured shows "
    "showed gives gave returns returned answers answered holds contains counts counted reports reported weighs "
    "stands comes came accounts made makes used uses found finds got gets file process lists prints printed says"
)
_NOUN = re.compile(r"\s{1,3}(?P<noun>[^\W\d_][\w-]{2,20})")


def contradicted(case: Case, figure: Figure, places: list[PlacedNumber], sentence: Sentence) -> Verdict | None:
    """Return an accusing verdict if the only number printed under the figure's name has another value; else None.
    `places`: the numbers printed before the claim.
    """
    place = _only_place(figure, places)
    if place is None or place.run is None or not _is_of_last_run(case, place):
        return None
    text = _stated(sentence, figure)
    if text is None or not _is_bare(case, figure, place, sentence, text):
        return None
    if is_known(case, text) or is_derived(case, text) or _is_explained(figure, places):
        return None
    line = case.record.evidence(place.event, place.one.start)
    return Verdict(
        "misquoted",
        f"before the claim, the last run that prints this name says “{' '.join(line.quote.split())[:120]}”",
        (line,),
    )


def _only_place(figure: Figure, places: list[PlacedNumber]) -> PlacedNumber | None:
    """Return the only printed number with the name of `figure`; None if none or several have it."""
    words = figure.words - {unit_of(figure.unit)[0]} - _VERBS
    named = [place for place in places if words & place.one.mine]
    if not words or not named:
        return None
    most = max(len(words & place.names) for place in named)
    best = [place for place in named if len(words & place.names) == most]
    known = frozenset(word for place in named for word in words & place.names)
    if len(best) != 1 or words & best[0].names != known:
        return None
    return best[0]


def _is_of_last_run(case: Case, place: PlacedNumber) -> bool:
    """Return whether a number comes from the complete result of the last run, and nothing changed since."""
    runs = case.runs_before()
    run = place.run
    return (
        bool(runs)
        and run is runs[0]
        and not run.cut
        and not run.background
        and case.record.could_have_run("program", case.event, after=run.at) is None
        and not case.record.edits_between(run.at, case.event)
        and not case.record.is_shuffled_since(run.at, case.event)
    )


def _stated(sentence: Sentence, figure: Figure) -> str | None:
    """Return the number as the sentence writes it, but without commas; None unless it occurs exactly once."""
    found = [
        one[0]
        for one in re.finditer(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?", sentence.plain)
        if one[0].replace(",", "").rstrip(".") == str(figure.value)
    ]
    return found[0].replace(",", "") if len(found) == 1 else None


def _is_bare(case: Case, figure: Figure, place: PlacedNumber, sentence: Sentence, text: str) -> bool:
    """Return whether the sentence has a single, exact number, and only words from the run's command and output."""
    kind = unit_of(figure.unit)[0]
    digits = re.sub(r"\D", "", text).strip("0")
    printed = re.sub(r"\D", "", str(place.one.value)).strip("0")
    if figure.about or case.spotted.earlier or sentence.where == "row" or len(digits) < 2 or digits == printed:
        return False
    if (
        "±" in sentence.plain
        or _OTHERWISE.search(sentence.plain)
        or CODE in sentence.plain
        or QUOTED in sentence.plain
    ):
        return False
    if kind != place.one.kind and not (unit_of(figure.unit) == ("size", Decimal(1)) and not place.one.kind):
        return False
    if len(re.findall(r"(?<![\w.,])\d+", sentence.plain)) != 1:
        return False
    noun = _NOUN.match(sentence.plain, sentence.plain.index(text) + len(text)) if text in sentence.plain else None
    if not kind and noun is not None and not keys_in(noun["noun"]) <= place.names:
        return False
    known = place.names | _VERBS | keys_in(f"{place.run.text[:20_000] if place.run else ''}")
    return keys_in(sentence.raw) - {kind} <= known


def _is_explained(figure: Figure, places: list[PlacedNumber]) -> bool:
    """Return whether the stated number is printed, can be computed from two printed numbers, or is the sum or the
    count of a result's numbers.
    """
    is_round = len(re.sub(r"\D", "", str(figure.value)).strip("0")) < _ROUND
    is_mine = partial(is_amount, figure.value, unit_of(figure.unit), about=is_round)
    if len(places) > _MOST_NUMBERS or any(is_mine(place.one) for place in places):
        return True
    bare = Figure(figure.value, figure.unit, frozenset(), frozenset(), about=False)
    pairs = islice(combinations([place.one for place in places], 2), _MOST_NUMBERS**2)
    if any(follows(bare, one, other) for one, other in pairs):
        return True
    columns: dict[tuple[int, str], list[Decimal]] = {}
    for place in places:
        columns.setdefault((place.event, place.one.kind), []).append(place.one.value)
    return any(figure.value in (sum(column), len(column)) for column in columns.values())
