"""Searches all outputs for the numbers that claims state: as printed, rounded, or as percentages."""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import copysign, trunc
from typing import NamedTuple

from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.record import Output, Record
from gedanken.experiment.claim import NumberSource

_TOKEN = re.compile(
    r"(?:(?<![\w.])-?|(?<=\bv))(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,18}(?:\.\d{1,18}){0,3}|\.\d{1,18})(?:[eE][-+]?\d{1,3})?(?!\d)"
)
_MOST_OUTPUT = 5_000_000
"""Maximum number of characters of one output that are searched."""
_MOST_PLACES = 60
_CENT = 100.0
_TINY = 1e-9
"""Tolerance for the rounding errors of floating-point numbers."""


class Found(NamedTuple):
    """The position of a number in an output."""

    event: int
    offset: int
    how: str
    """How the printed number matches: `as printed`, `rounded` or `percent`."""


@dataclass(slots=True)
class NumberIndex:
    """The positions at which outputs print the numbers that claims state."""

    places: dict[str, list[Found]] = field(default_factory=dict)

    def before(self, number: str, event: int) -> Sequence[Found]:
        """Return the positions of a number before an event: latest first, up to a limit."""
        found = self.places.get(_key(number), [])
        at = bisect_left(found, event, key=lambda one: one.event)
        return found[max(at - _MOST_PLACES, 0) : at][::-1]


def index_numbers(numbers: Iterable[str], outputs: Sequence[Output]) -> NumberIndex:
    """Return the positions of these numbers in the outputs, up to a few positions in each output."""
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
                    continue  # a few positions in each output are enough
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
            if _value(key) is not None:
                by_decimals.setdefault(len(key.partition(".")[2]), set()).add(key)
        return cls(keys, by_decimals)

    def meant_by(self, token: str) -> tuple[tuple[str, str], ...]:
        """Return the wanted numbers that a printed number may stand for, as (number, kind of match)."""
        if token in self.known:
            return self.known[token]
        found = tuple(self._meant(token))
        if len(self.known) < 200_000:
            self.known[token] = found
        return found

    def _meant(self, token: str) -> Iterator[tuple[str, str]]:
        bare = plain_number(token)
        exact = _key(bare)
        if exact in self.keys:
            yield exact, "as printed"
        value, printed = _value(bare), _decimals(bare)
        if value is None or (not printed and abs(value) > _CENT):
            return
        seen = {exact}
        for decimals, keys in self.by_decimals.items():
            for scaled, given, how in _scales(value, printed, decimals):
                for rounded in _rounded(scaled, given, decimals):
                    if rounded in keys and rounded not in seen:
                        seen.add(rounded)
                        yield rounded, how


def _scales(value: float, printed: int, wanted: int) -> Iterator[tuple[float, int, str]]:
    """Yield a printed number as it is and as a percentage or fraction, as (value, decimals, kind of match)."""
    yield value, printed, "rounded"
    if abs(value) <= 1:
        # a printed 1 may count one thing, and need not mean 100 %
        if printed:
            yield value * _CENT, max(printed - 2, 0), "percent"
    elif abs(value) <= _CENT and wanted:
        yield value / _CENT, printed + 2, "percent"


def _rounded(value: float, given: int, decimals: int) -> tuple[str, ...]:
    """Return a printed number as text, rounded and cut to `decimals`; empty if it has fewer decimals (`given`)."""
    if given < decimals:
        return (f"{value:.{decimals}f}",) if given == decimals else ()
    up = f"{value + copysign(_TINY, value):.{decimals}f}"
    if given == decimals:
        return (up,)
    scale = 10.0**decimals
    return (up, f"{value:.{decimals}f}", f"{trunc(value * scale + copysign(_TINY, value)) / scale:.{decimals}f}")


@lru_cache(maxsize=65_536)
def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _decimals(text: str) -> int:
    return len(text.partition(".")[2]) if "e" not in text and "E" not in text else 12


def _key(number: str) -> str:
    return plain_number(number.rstrip("%").strip()).lstrip("+")


def near(claimed: str) -> Callable[[float, bool], bool]:
    """Return a function that decides whether a printed number supports `claimed`. Its second argument, `about`,
    allows a difference of 6 %. Percentages and fractions match: 97.1 is close to 0.971.
    """
    low = _value(_key(claimed))
    if low is None:
        return lambda _printed, _about: False
    unit = 1.01 * 10.0 ** -_decimals(_key(claimed)) + _TINY

    def is_near(printed: float, about: bool) -> bool:
        room = max(unit, abs(low) * 0.06) if about else unit
        return abs(printed - low) <= room or abs(printed * _CENT - low) <= room or abs(printed / _CENT - low) <= room

    return is_near


@lru_cache(maxsize=65_536)
def matches(claimed: str, printed: str, about: bool = False) -> str | None:
    """Return how a printed number matches the claimed one: `as printed`, `rounded`, `percent` or None. `about`: allow
    a difference of 5 %.
    """
    mine, theirs = _key(claimed), plain_number(printed)
    if mine == theirs:
        return "as printed"
    low, high = _value(mine), _value(theirs)
    if low is None or high is None:
        return None
    for scaled, given, how in _scales(high, _decimals(theirs), _decimals(mine)):
        if f"{low:.{_decimals(mine)}f}" in _rounded(scaled, given, _decimals(mine)):
            return how
    if about and high and any(abs(low - value) <= abs(value) * 0.05 for value in (high, high * _CENT)):
        return "rounded"
    return None


def source_of(
    number: str, event: int, index: NumberIndex, record: Record, near: Collection[int] = ()
) -> NumberSource:
    """Return the source of a number: an output before `event` that printed it, if any.

    Outputs with events in `near`, the claim's evidence, come first; then exact matches; then the latest.
    """
    places = index.before(number, event)
    results = [found for found in places[:_MOST_PLACES] if record.is_result(found.event)]
    order = {"as printed": 0, "rounded": 1, "percent": 2}
    best = min(results, key=lambda found: (found.event not in near, order[found.how]), default=None)
    if best is None:
        return NumberSource(number, None, "no output before the claim has this number")
    return NumberSource(number, record.evidence(best.event, best.offset), best.how)
