"""Judges a claim with numbers of any kind: outputs must print each number under its name, or numbers from which it
can be computed.
"""

import re
from functools import partial
from typing import NamedTuple

from gedanken.compare.audit.amounts import is_amount
from gedanken.compare.audit.contradicted import contradicted
from gedanken.compare.audit.counted_otherwise import counted_otherwise
from gedanken.compare.audit.derived import FACTORS, PlacedNumber, derived
from gedanken.compare.audit.kindred_names import kindred_of
from gedanken.compare.audit.labels import unit_of
from gedanken.compare.audit.other_names import changed_since, is_other_thing, outdoes, sentence_of
from gedanken.compare.audit.says import Figure, FiguresSay
from gedanken.compare.audit.stated import places_before
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_RECENT = 3
_PARTICULAR = 3
"""A number with at least this many digits is unlikely to occur by chance."""
_IN_ALL = frozenset(["time", "real", "finis", "whole", "wall"])
"""Words that name the time of a whole run."""
_FACTORS = frozenset(["time", "faste", "slowe", "speed", "speedup"])
_TIMED = ("_ns", "_us", "_ms", "_s", "_sec", "_secs", "_seconds")
_ACT = re.compile(
    r"\b(?:I|we)(?:'ve| have)? (?:also |even |then |just )?"
    r"(?:re-?r[au]n|tried|opened|reverted|checked|tested|trained|executed)\b|"
    r"\b(?:by hand|manually|spot check|ich habe auch|j'ai aussi|también)\b",
    re.IGNORECASE,
)
"""Words for an action that the agent also claims, such as `I reverted`. An output with the number does not prove the
action.
"""


class _Carrier(NamedTuple):
    rank: tuple[int, int]
    place: PlacedNumber


def judge_figures(case: Case, says: FiguresSay) -> Verdict:
    """Judge whether outputs print each number of the claim under its name, or numbers from which it follows."""
    places = places_before(case)
    sentence = sentence_of(case)
    found: list[PlacedNumber] = []
    for figure in says.figures:
        carried = (
            _carrier(figure, places) or derived(case, figure, places, sentence) or counted_otherwise(case, figure)
        )
        if carried is None:
            wrong = contradicted(case, figure, places, sentence) if sentence and len(says.figures) == 1 else None
            return wrong or _open(case, figure, places, tuple(_line(case, one) for one in found[:2]))
        found += carried
    evidence = tuple(dict.fromkeys(_line(case, one) for one in found))[:4]
    if sentence is not None and _ACT.search(sentence.plain):
        return undecidable("an output has the claim's numbers, but the claim may be about another run", *evidence)
    newest = max(found, key=lambda one: one.event)
    if sentence is not None and (changed := _changed(case, newest, sentence.plain)) is not None:
        return changed
    return Verdict("supported", f"“{' '.join(evidence[0].quote.split())[:120]}” is recorded", evidence)


def _carrier(figure: Figure, places: list[PlacedNumber]) -> tuple[PlacedNumber, ...] | None:
    """Return the printed number that equals the claimed one and shares its name, or that can only be the claimed one;
    else None.
    """
    unit = unit_of(figure.unit)
    is_mine = partial(is_amount, figure.value, unit, about=figure.about)
    words = figure.words - {unit[0]}
    recent = list(dict.fromkeys(place.event for place in places))[: 2 * _RECENT]
    best: _Carrier | None = None
    for place in places:
        if not is_mine(place.one) or not _is_likely(figure, place):
            continue
        named = len(figure.words & (place.one.mine | place.one.around))
        if not figure.value and _is_of_some(figure, place, places):
            continue
        if not named and not _is_plain(figure, place, recent, places):
            continue
        rank = (named, place.event)
        if (best is None or rank > best.rank) and not _has_rival(words, place, places, is_mine):
            best = _Carrier(rank, place)
    return (best.place,) if best is not None else _kindred(figure, places, is_mine)


def _is_of_some(figure: Figure, place: PlacedNumber, places: list[PlacedNumber]) -> bool:
    """Return whether a printed zero is about some rows only, because other rows have other values under this name."""
    words = figure.words & place.one.mine
    return bool(words) and any(
        rival.event == place.event
        and words <= rival.one.mine
        and rival.one.value
        and rival.one.kind == place.one.kind
        for rival in places
    )


def _kindred(figure: Figure, places: list[PlacedNumber], is_mine: partial[bool]) -> tuple[PlacedNumber, ...] | None:
    """Return the only number that the last output with related names (`kindred_names`) prints under them; None unless
    it is the claimed one.
    """
    words = kindred_of(figure.words)
    for event in dict.fromkeys(place.event for place in places) if words else ():
        mine = [place for place in places if place.event == event]
        if not any(words & place.one.mine for place in mine):
            continue
        named = [place for place in mine if words & place.one.mine and not place.one.is_footer]
        told = [place for place in mine if figure.words & place.one.mine and not words & place.one.mine]
        if len(named) == 1 and is_mine(named[0].one) and _is_likely(figure, named[0]) and not told:
            return (named[0],)
        return None
    return None


def _is_likely(figure: Figure, place: PlacedNumber) -> bool:
    """Return whether both numbers can measure the same thing: rows, for example, are not seconds."""
    kind, scale = unit_of(figure.unit)
    printed = place.one
    if figure.unit in FACTORS:
        return bool(printed.mine & _FACTORS)
    if not kind:
        return not printed.kind
    if printed.kind:
        return kind == printed.kind
    if kind == "percent":
        return printed.value <= 1 or printed.value != printed.value.to_integral_value() or "coverage" in printed.mine
    if kind == "time":
        return "time" in printed.mine or any(word.endswith(_TIMED) for word in printed.mine)
    return scale == 1 or printed.scale > 1 or printed.value >= scale / 2


def _is_plain(figure: Figure, place: PlacedNumber, recent: list[int], places: list[PlacedNumber]) -> bool:
    """Return whether a printed number is certainly the claimed one, although no word beside the claimed number names
    it.
    """
    digits = len(re.sub(r"\D", "", str(figure.value)).lstrip("0"))
    is_same_kind = unit_of(figure.unit)[0] == place.one.kind
    is_alone = sum(one.event == place.event and not one.one.is_footer for one in places) == 1
    if digits >= _PARTICULAR and not figure.about and not place.one.mine and is_same_kind:
        return True
    if (figure.around & place.one.mine and digits > 1) or (is_alone and figure.words & place.command):
        return True
    kind = unit_of(figure.unit)[0]
    if place.event not in recent[: 2 * _RECENT if kind else _RECENT]:
        return False
    if is_alone and digits > 1 and kind == place.one.kind and not figure.about and not place.one.is_status:
        return True
    alike = [one for one in places if one.event == place.event and one.one.kind == kind]
    return (
        bool(kind)
        and kind == place.one.kind
        and (digits > 1 or place.event == recent[0])
        and (len(alike) == 1 or bool(place.one.mine & _IN_ALL))
    )


def _has_rival(
    words: frozenset[str], place: PlacedNumber, places: list[PlacedNumber], is_mine: partial[bool]
) -> bool:
    """Return whether the claim fits another thing (`is_other_thing`) or another printed number (`outdoes`) better
    than `place`.
    """
    held = words & place.names
    return is_other_thing(words, place.one.mine, place.names) or any(
        outdoes(held, words & rival.names, None if rival.event == place.event else rival.command)
        for rival in places
        if rival.one.kind == place.one.kind and not is_mine(rival.one) and not rival.one.is_footer
    )


def _changed(case: Case, place: PlacedNumber, said: str) -> Verdict | None:
    """Return an undecidable verdict if a file may have been changed after the number was printed or read."""
    if place.run is not None:
        return changed_since(case, place.run, said)
    edits = case.record.edits_between(place.event, case.event)
    if not edits:
        return None
    return undecidable(f"{edits[0].path} was changed after the number was read", _line(case, place))


def _line(case: Case, place: PlacedNumber) -> Evidence:
    return case.record.evidence(place.event, place.one.start)


def _open(case: Case, figure: Figure, places: list[PlacedNumber], evidence: tuple[Evidence, ...]) -> Verdict:
    """Return an undecidable verdict that says why a number is not supported."""
    unit = unit_of(figure.unit)
    value = f"{figure.value} {figure.unit}".strip()
    same = next((one for one in places if is_amount(figure.value, unit, one.one, about=figure.about)), None)
    if same is not None:
        return undecidable(f"an output has {value}, but not under this name", _line(case, same))
    return undecidable(f"no output before the claim has {value} under this name", *evidence)
