"""Checks whether a stated number can be computed from printed numbers, as their sum, difference, ratio or mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import combinations

from gedanken.compare.audit.claims.claim_contents import Figure
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.outputs.equal_numbers import is_amount, matches_when_rounded
from gedanken.compare.audit.outputs.labels import PrintedNumber, parse_unit
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case

FACTORS = ("×", "x", "times", "fold", "-fold")
_MAX_STATED = 8
_MAX_SUMMANDS = 30
_MAX_DISTANCE = 250
_STATED_NUMBER = re.compile(
    r"(?<![\w.])(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,12}(?:[.,]\d{1,9})?)"
    r"\s{0,2}(?P<unit>ns|µs|us|ms|s|[kKMG]i?B|bytes|%)?(?!\w)"
)
_COMPUTED = re.compile(
    r"\b(?:total|altogether|overall|in all|sum|both|together|more|fewer|less|save[sd]?|saving|difference|apart|"
    r"faster|slower|smaller|larger|longer|shorter|worse|better|reduction|reduced|down|up|increased?|grew|shrank|gain\w*|"
    r"improve\w*|dropped|fell|rose|by|lost|remain\w*|leaves?|left|average|mean|rate|share|ratio|times|"
    r"that is|so|uplift|moved|make up|causes|net|growth|cut|shaved|points|halved|doubled|out of|of all|"
    r"accounts|insgesamt|mehr|weniger|schneller|Durchschnitt|de plus|moins|en total|más|menos)\b|"
    r"×|\dx\b",
    re.IGNORECASE,
)
_COMPUTED_SIGN = re.compile(r"[%+−(:]")
_SUM_OR_MEAN = re.compile(
    r"\b(?:total|altogether|overall|in all|sum|both|together|average|mean|insgesamt|zusammen|Durchschnitt|moyenne)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlacedNumber:
    """A printed number, and the result in which it is."""

    event: int
    printed: PrintedNumber
    command_words: frozenset[str]
    """The words of the command that printed the number."""
    run: Run | None
    result_size: int
    """How many numbers the result prints in total."""

    @property
    def all_words(self) -> frozenset[str]:
        """All words that name the number."""
        return self.printed.words | self.printed.heading_words | self.command_words


def find_derivation(
    case: Case, figure: Figure, numbers: list[PlacedNumber], sentence: Sentence | None
) -> tuple[PlacedNumber, ...] | None:
    """Return printed numbers from which a stated number can be computed; None if there are none.

    These numbers also occur in the message, have the same name as the stated number, or begin a result whose sum or
    mean is the stated number.
    """
    if sentence is None or not figure.value:
        return None
    if not (is_derived := _COMPUTED.search(sentence.plain)) and not _COMPUTED_SIGN.search(sentence.plain):
        return None
    stated_numbers = _find_stated_numbers(case, figure, numbers, sentence)
    for first, second in combinations(stated_numbers, 2):
        if is_derivable(figure, first.printed, second.printed):
            return first, second
    if (
        len(stated_numbers) > 1
        and sum((number.printed.value for number in stated_numbers), Decimal(0)) == figure.value
    ):
        return tuple(stated_numbers[:2])
    if is_derived is None or (len(re.sub(r"\D", "", str(figure.value))) < 2 and not figure.unit):
        return None
    for first, second in _comparable_pairs(figure, numbers):
        if is_derivable(figure, first.printed, second.printed):
            return first, second
    return _find_sum_or_mean(figure, numbers) if _SUM_OR_MEAN.search(sentence.plain) else None


def suggests_computation(sentence: Sentence) -> bool:
    """Return whether a sentence has words which suggest that its number was computed."""
    return _COMPUTED.search(sentence.plain) is not None


def _find_stated_numbers(
    case: Case, figure: Figure, numbers: list[PlacedNumber], sentence: Sentence
) -> list[PlacedNumber]:
    """Return the printed numbers that are stated in the claim's sentence, or shortly before that sentence."""
    text = case.record.transcript.events[case.event].text
    position = text.rfind(sentence.raw[:60], 0, case.spotted.claim.end + len(sentence.raw[:60]))
    context = text[max(position - _MAX_DISTANCE, 0) : max(position, 0) + len(sentence.raw)]
    stated_numbers: list[PlacedNumber] = []
    for match in list(_STATED_NUMBER.finditer(context))[-_MAX_STATED:]:
        value = Decimal(normalize_number(match["value"]))
        if value == figure.value:
            continue
        unit = parse_unit(match["unit"] or "")
        number = next((number for number in numbers if is_amount(value, unit, number.printed, about=False)), None)
        if number is not None and number not in stated_numbers:
            stated_numbers.append(number)
    return stated_numbers


def _comparable_pairs(figure: Figure, numbers: list[PlacedNumber]) -> Iterator[tuple[PlacedNumber, PlacedNumber]]:
    """Yield the pairs of printed numbers that an agent might compare.

    Both have the same name in two results, or different names in one result, or they are the first and the last
    number of a series.
    """
    words = figure.words if any(figure.words & number.printed.words for number in numbers) else figure.words_before
    named_numbers = [number for number in numbers if words & number.printed.words][:_MAX_SUMMANDS]
    for number, other_number in combinations(named_numbers, 2):
        if number.printed.kind == other_number.printed.kind and (number.event != other_number.event) == (
            number.printed.words == other_number.printed.words
        ):
            yield number, other_number
    series: dict[tuple[int, frozenset[str], str], list[PlacedNumber]] = {}
    for number in named_numbers:
        series.setdefault((number.event, number.printed.words, number.printed.kind), []).append(number)
    yield from ((values[0], values[-1]) for values in series.values() if len(values) > 1)


def _find_sum_or_mean(figure: Figure, numbers: list[PlacedNumber]) -> tuple[PlacedNumber, ...] | None:
    """If the stated number is the sum or the mean of all numbers of a result that have the same kind of unit,
    return two of them; otherwise None.
    """
    is_stated = partial(matches_when_rounded, figure.value * parse_unit(figure.unit)[1], about=figure.is_approximate)
    for event in list(dict.fromkeys(number.event for number in numbers))[:2]:
        for kind in ("time", "size", "percent", ""):
            column = [number for number in numbers if number.event == event and number.printed.kind == kind]
            total = sum((number.printed.value * number.printed.scale for number in column), Decimal(0))
            if 1 < len(column) <= _MAX_SUMMANDS and (is_stated(total) or is_stated(total / len(column))):
                return tuple(column[:2])
    return None


def is_derivable(figure: Figure, first: PrintedNumber, second: PrintedNumber) -> bool:
    """Return whether a number is the sum, the difference or the ratio of two printed numbers."""
    low, high = sorted((abs(first.value * first.scale), abs(second.value * second.scale)))
    kind, scale = parse_unit(figure.unit)
    is_stated = partial(matches_when_rounded, figure.value, about=figure.is_approximate)
    if low <= 0 or first.kind != second.kind:
        return False
    if figure.unit in FACTORS:
        return is_stated(high / low)
    if re.search(r"points$|^pp$", figure.unit):
        return is_stated(high - low) or (high <= 1 and is_stated(100 * (high - low)))
    if kind == "percent" and first.kind != "percent":
        return (
            is_stated(100 * low / high) or is_stated(100 * (high - low) / high) or is_stated(100 * (high - low) / low)
        )
    if kind and first.kind and kind != first.kind:
        return False
    divisor = scale if kind == first.kind or not first.kind else Decimal(1)
    return is_stated((high - low) / divisor) or is_stated((high + low) / divisor)
