"""Checks whether a stated number is the sum, difference, ratio or mean of printed numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import combinations

from gedanken.compare.audit.amounts import is_amount, rounds
from gedanken.compare.audit.labels import Printed, unit_of
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.parts import Sentence
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import Figure
from gedanken.compare.audit.verdicts import Case

FACTORS = ("×", "x", "times", "fold", "-fold")
_MOST_TOLD = 8
_MOST_ADDED = 30
_AWAY = 250
_SAID = re.compile(
    r"(?<![\w.])(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,12}(?:[.,]\d{1,9})?)"
    r"\s{0,2}(?P<unit>ns|µs|us|ms|s|[kKMG]i?B|bytes|%)?(?!\w)"
)
_DERIVES = re.compile(
    r"\b(?:total|altogether|overall|in all|sum|both|together|more|fewer|less|save[sd]?|saving|difference|apart|"
    r"faster|slower|smaller|larger|longer|shorter|worse|better|reduction|reduced|down|up|increased?|grew|shrank|gain\w*|"
    r"improve\w*|dropped|fell|rose|by|lost|remain\w*|leaves?|left|average|mean|rate|share|ratio|times|"
    r"that is|so|uplift|moved|make up|causes|net|growth|cut|shaved|points|halved|doubled|out of|of all|"
    r"accounts|insgesamt|mehr|weniger|schneller|Durchschnitt|de plus|moins|en total|más|menos)\b|"
    r"×|\dx\b",
    re.IGNORECASE,
)
"""Words which suggest that a number was computed from other numbers."""
_SIGNS = re.compile(r"[%+−(:]")
"""Signs which suggest that a number was computed from other numbers."""
_SUM = re.compile(
    r"\b(?:total|altogether|overall|in all|sum|both|together|average|mean|insgesamt|zusammen|Durchschnitt|moyenne)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """A printed number in a result."""

    event: int
    one: Printed
    command: frozenset[str]
    """The words of the command that printed the number."""
    run: Run | None
    count: int
    """How many numbers the result prints in total."""

    @property
    def names(self) -> frozenset[str]:
        """All words that name the number."""
        return self.one.mine | self.one.around | self.command


def derived(
    case: Case, figure: Figure, places: list[PlacedNumber], sentence: Sentence | None
) -> tuple[PlacedNumber, ...] | None:
    """Return printed numbers from which a stated number can be computed; None if there are none.

    These numbers also occur in the message, share the figure's name, or begin a result whose sum or mean is the
    stated number.
    """
    if sentence is None or not figure.value:
        return None
    if not (is_derived := _DERIVES.search(sentence.plain)) and not _SIGNS.search(sentence.plain):
        return None
    told = _told(case, figure, places, sentence)
    for one, other in combinations(told, 2):
        if follows(figure, one.one, other.one):
            return one, other
    if len(told) > 1 and sum((one.one.value for one in told), Decimal(0)) == figure.value:
        return tuple(told[:2])
    if is_derived is None or (len(re.sub(r"\D", "", str(figure.value))) < 2 and not figure.unit):
        return None
    for one, other in _pairs(figure, places):
        if follows(figure, one.one, other.one):
            return one, other
    return _column(figure, places) if _SUM.search(sentence.plain) else None


def may_follow(sentence: Sentence) -> bool:
    """Return whether a sentence has words which suggest that its number was computed."""
    return _DERIVES.search(sentence.plain) is not None


def _told(case: Case, figure: Figure, places: list[PlacedNumber], sentence: Sentence) -> list[PlacedNumber]:
    """Return the printed numbers that the message states in the claim's sentence, or shortly before that sentence."""
    text = case.record.transcript.events[case.event].text
    at = text.rfind(sentence.raw[:60], 0, case.spotted.claim.end + len(sentence.raw[:60]))
    said = text[max(at - _AWAY, 0) : max(at, 0) + len(sentence.raw)]
    found: list[PlacedNumber] = []
    for number in list(_SAID.finditer(said))[-_MOST_TOLD:]:
        value = Decimal(plain_number(number["value"]))
        if value == figure.value:
            continue
        unit = unit_of(number["unit"] or "")
        place = next((one for one in places if is_amount(value, unit, one.one, about=False)), None)
        if place is not None and place not in found:
            found.append(place)
    return found


def _pairs(figure: Figure, places: list[PlacedNumber]) -> Iterator[tuple[PlacedNumber, PlacedNumber]]:
    """Yield pairs of printed numbers: with the same name in two results, with two names in one result, or the ends of
    a series.
    """
    words = figure.words if any(figure.words & one.one.mine for one in places) else figure.around
    named = [one for one in places if words & one.one.mine][:_MOST_ADDED]
    for one, other in combinations(named, 2):
        if one.one.kind == other.one.kind and (one.event != other.event) == (one.one.mine == other.one.mine):
            yield one, other
    rows: dict[tuple[int, frozenset[str], str], list[PlacedNumber]] = {}
    for one in named:
        rows.setdefault((one.event, one.one.mine, one.one.kind), []).append(one)
    yield from ((row[0], row[-1]) for row in rows.values() if len(row) > 1)


def _column(figure: Figure, places: list[PlacedNumber]) -> tuple[PlacedNumber, ...] | None:
    """Return the first two numbers of a result if the stated number is the sum or the mean of all its numbers; else
    None.
    """
    said = partial(rounds, figure.value * unit_of(figure.unit)[1], about=figure.about)
    for event in list(dict.fromkeys(place.event for place in places))[:2]:
        for kind in ("time", "size", "percent", ""):
            column = [one for one in places if one.event == event and one.one.kind == kind]
            total = sum((one.one.value * one.one.scale for one in column), Decimal(0))
            if 1 < len(column) <= _MOST_ADDED and (said(total) or said(total / len(column))):
                return tuple(column[:2])
    return None


def follows(figure: Figure, one: Printed, other: Printed) -> bool:
    """Return whether a number is the sum, the difference or the ratio of two printed numbers."""
    low, high = sorted((abs(one.value * one.scale), abs(other.value * other.scale)))
    kind, scale = unit_of(figure.unit)
    said = partial(rounds, figure.value, about=figure.about)
    if low <= 0 or one.kind != other.kind:
        return False
    if figure.unit in FACTORS:
        return said(high / low)
    if re.search(r"points$|^pp$", figure.unit):
        return said(high - low) or (high <= 1 and said(100 * (high - low)))
    if kind == "percent" and one.kind != "percent":
        return said(100 * low / high) or said(100 * (high - low) / high) or said(100 * (high - low) / low)
    if kind and one.kind and kind != one.kind:
        return False
    divided = scale if kind == one.kind or not one.kind else Decimal(1)
    return said((high - low) / divided) or said((high + low) / divided)
