"""Where numbers of claims come from: the outputs that printed them, as they stand, rounded, or as a percentage."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.record import Output, Record
from gedanken.experiment.claim import NumberSource

_TOKEN = re.compile(
    r"(?:(?<![\w.])-?|(?<=\bv))(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,18}(?:\.\d{1,18}){0,3}|\.\d{1,18})(?:[eE][-+]?\d{1,3})?(?!\d)"
)
_MOST_OUTPUT = 5_000_000
"""Characters of one output that are looked through."""
_MOST_PLACES = 60
_CENT = Decimal(100)


class Found(NamedTuple):
    """Where a number stands."""

    event: int
    offset: int
    how: str


@dataclass(slots=True)
class NumberIndex:
    """For each number that a claim has, the places before it at which an output printed it."""

    places: dict[str, list[Found]] = field(default_factory=dict)

    def before(self, number: str, event: int) -> Sequence[Found]:
        """The places in events before this one, the last first."""
        found = self.places.get(_key(number), [])
        at = bisect_left(found, event, key=lambda one: one.event)
        return found[max(at - _MOST_PLACES, 0) : at][::-1]


def index_numbers(numbers: Iterable[str], outputs: Sequence[Output]) -> NumberIndex:
    """Look through outputs once, for all these numbers."""
    wanted = _Wanted.of(numbers)
    index = NumberIndex({key: [] for key in wanted.keys})
    if not wanted.keys:
        return index
    for output in outputs:
        text = output.text[:_MOST_OUTPUT]
        for found in _TOKEN.finditer(text):
            for key, how in wanted.meant_by(found[0]):
                places = index.places[key]
                if (
                    places
                    and places[-1].event == output.event
                    and len(places) > 3
                    and places[-4].event == output.event
                ):
                    continue  # a few places in each output are enough
                places.append(Found(output.event, found.start(), how))
    return index


@dataclass(slots=True)
class _Wanted:
    keys: set[str]
    by_decimals: dict[int, set[str]]
    known: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, numbers: Iterable[str]) -> "_Wanted":
        keys = {_key(number) for number in numbers}
        keys.discard("")
        by_decimals: dict[int, set[str]] = {}
        for key in keys:
            if _is_decimal(key):
                by_decimals.setdefault(len(key.partition(".")[2]), set()).add(key)
        return cls(keys, by_decimals)

    def meant_by(self, token: str) -> tuple[tuple[str, str], ...]:
        """The wanted numbers that a printed number can be written as, with how."""
        if token in self.known:
            return self.known[token]
        found = tuple(self._meant(token))
        if len(self.known) < 200_000:
            self.known[token] = found
        return found

    def _meant(self, token: str) -> Iterable[tuple[str, str]]:
        bare = plain_number(token)
        exact = _key(bare)
        if exact in self.keys:
            yield exact, "as printed"
        value = _decimal(bare)
        if value is None:
            return
        seen = {exact}
        for decimals, keys in self.by_decimals.items():
            for scaled, how in _scales(value):
                for rounded in _rounded(scaled, decimals):
                    if rounded in keys and rounded not in seen:
                        seen.add(rounded)
                        yield rounded, how


def _scales(value: Decimal) -> Iterable[tuple[Decimal, str]]:
    yield value, "rounded"
    if abs(value) <= 1:
        yield value * _CENT, "percent"
    elif abs(value) <= _CENT:
        yield value / _CENT, "percent"


def _rounded(value: Decimal, decimals: int) -> set[str]:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent < decimals:
        return {_fixed(value, decimals)} if value == value.quantize(Decimal(1).scaleb(-decimals)) else set()
    unit = Decimal(1).scaleb(-decimals)
    try:
        return {
            _fixed(value.quantize(unit, rounding), decimals)
            for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
        }
    except InvalidOperation:
        return set()


def _fixed(value: Decimal, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if abs(value) < Decimal(10) ** 18 and value.is_finite() else None


def _is_decimal(text: str) -> bool:
    return _decimal(text) is not None


def _key(number: str) -> str:
    return plain_number(number.rstrip("%").strip()).lstrip("+")


def matches(claimed: str, printed: str, *, about: bool = False) -> str | None:
    """How a printed number carries the claimed one; none where it does not."""
    wanted = _Wanted.of([claimed])
    for _key_found, how in wanted.meant_by(printed):
        return how
    low, high = _decimal(_key(claimed)), _decimal(plain_number(printed))
    if about and low is not None and high is not None and high != 0:
        for value in (high, high * _CENT):
            if abs(low - value) <= abs(value) * Decimal("0.05"):
                return "rounded"
    return None


def source_of(
    number: str, event: int, index: NumberIndex, record: Record, near: Collection[int] = ()
) -> NumberSource:
    """The output that printed a number before an event: first what carries the claim, then the last, the exact."""
    places = index.before(number, event)
    results = [found for found in places[:_MOST_PLACES] if record.is_result(found.event)]
    order = {"as printed": 0, "rounded": 1, "percent": 2}
    best = min(results, key=lambda found: (found.event not in near, order[found.how]), default=None)
    if best is None:
        return NumberSource(number, None, "no output before it printed this")
    return NumberSource(number, record.evidence(best.event, best.offset), best.how)
