"""Searches all outputs for the numbers that claims state: as printed, rounded, or as percentages."""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import copysign, trunc
from typing import NamedTuple

from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.record.record import Output, Record
from gedanken.experiment.claim import NumberSource

_TOKEN = re.compile(
    r"(?:(?<![\w.])-?|(?<=\bv))(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,18}(?:\.\d{1,18}){0,3}|\.\d{1,18})(?:[eE][-+]?\d{1,3})?(?!\d)"
)
_MAX_SEARCHED_CHARS = 5_000_000
_MAX_POSITIONS = 60
_PERCENT_FACTOR = 100.0
_ROUNDING_TOLERANCE = 1e-9


class NumberPosition(NamedTuple):
    """The position of a number in an output."""

    event: int
    offset: int
    match_kind: str
    """How the printed number matches: `as printed`, `rounded` or `percent`."""


@dataclass(slots=True)
class NumberIndex:
    """The positions at which outputs print the numbers that claims state."""

    positions: dict[str, list[NumberPosition]] = field(default_factory=dict)

    def positions_before(self, number: str, event: int) -> Sequence[NumberPosition]:
        """Return the positions of a number before an event, the latest first, up to a limit."""
        positions = self.positions.get(_normalize(number), [])
        index = bisect_left(positions, event, key=lambda position: position.event)
        return positions[max(index - _MAX_POSITIONS, 0) : index][::-1]


def index_numbers(numbers: Iterable[str], outputs: Sequence[Output]) -> NumberIndex:
    """Return the positions of these numbers in the outputs; at most a few positions in each output."""
    wanted = _WantedNumbers.of(numbers)
    index = NumberIndex({key: [] for key in wanted.keys})
    if not wanted.keys:
        return index
    for output in outputs:
        text = output.text[:_MAX_SEARCHED_CHARS]
        for match in _TOKEN.finditer(text):
            for key, match_kind in wanted.matches(match[0]):
                positions = index.positions[key]
                if (
                    positions
                    and positions[-1].event == output.event
                    and len(positions) > 3
                    and positions[-4].event == output.event
                ):
                    continue  # a few positions in each output are enough
                positions.append(NumberPosition(output.event, match.start(), match_kind))
    return index


@dataclass(slots=True)
class _WantedNumbers:
    keys: set[str]
    by_decimals: dict[int, set[str]]
    cache: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, numbers: Iterable[str]) -> "_WantedNumbers":
        keys = {_normalize(number) for number in numbers}
        keys.discard("")
        by_decimals: dict[int, set[str]] = {}
        for key in keys:
            if _parse_value(key) is not None:
                by_decimals.setdefault(len(key.partition(".")[2]), set()).add(key)
        return cls(keys, by_decimals)

    def matches(self, token: str) -> tuple[tuple[str, str], ...]:
        """Return the wanted numbers that a printed number may stand for, as (number, kind of match)."""
        if token in self.cache:
            return self.cache[token]
        wanted = tuple(self._find_wanted(token))
        if len(self.cache) < 200_000:
            self.cache[token] = wanted
        return wanted

    def _find_wanted(self, token: str) -> Iterator[tuple[str, str]]:
        number = normalize_number(token)
        exact = _normalize(number)
        if exact in self.keys:
            yield exact, "as printed"
        value, number_decimals = _parse_value(number), _count_decimals(number)
        if value is None or (not number_decimals and abs(value) > _PERCENT_FACTOR):
            return
        yielded = {exact}
        for decimals, keys in self.by_decimals.items():
            for scaled, scaled_decimals, match_kind in _scaled_values(value, number_decimals, decimals):
                for rounded in _rounded_texts(scaled, scaled_decimals, decimals):
                    if rounded in keys and rounded not in yielded:
                        yielded.add(rounded)
                        yield rounded, match_kind


def _scaled_values(value: float, decimals: int, wanted_decimals: int) -> Iterator[tuple[float, int, str]]:
    """Yield a printed number as it is, and as a percentage or a fraction. Each is a tuple (value, decimals, kind
    of match).
    """
    yield value, decimals, "rounded"
    if abs(value) <= 1:
        # a printed 1 may count one thing, and need not mean 100 %
        if decimals:
            yield value * _PERCENT_FACTOR, max(decimals - 2, 0), "percent"
    elif abs(value) <= _PERCENT_FACTOR and wanted_decimals:
        yield value / _PERCENT_FACTOR, decimals + 2, "percent"


def _rounded_texts(value: float, value_decimals: int, decimals: int) -> tuple[str, ...]:
    """Return a number as texts with `decimals` decimals: rounded, and cut off. Empty if the number has fewer
    decimals.
    """
    if value_decimals < decimals:
        return (f"{value:.{decimals}f}",) if value_decimals == decimals else ()
    rounded = f"{value + copysign(_ROUNDING_TOLERANCE, value):.{decimals}f}"
    if value_decimals == decimals:
        return (rounded,)
    scale = 10.0**decimals
    return (
        rounded,
        f"{value:.{decimals}f}",
        f"{trunc(value * scale + copysign(_ROUNDING_TOLERANCE, value)) / scale:.{decimals}f}",
    )


@lru_cache(maxsize=65_536)
def _parse_value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _count_decimals(text: str) -> int:
    return len(text.partition(".")[2]) if "e" not in text and "E" not in text else 12


def _normalize(number: str) -> str:
    return normalize_number(number.rstrip("%").strip()).lstrip("+")


def make_near_test(claimed: str) -> Callable[[float, bool], bool]:
    """Return a function that decides whether a printed number supports `claimed`.

    If the function's second argument, `about`, is True, a difference of 6 % is allowed. A percentage may match a
    fraction: 97.1 matches 0.971.
    """
    value = _parse_value(_normalize(claimed))
    if value is None:
        return lambda _printed, _about: False
    precision = 1.01 * 10.0 ** -_count_decimals(_normalize(claimed)) + _ROUNDING_TOLERANCE

    def is_near(printed: float, about: bool) -> bool:
        tolerance = max(precision, abs(value) * 0.06) if about else precision
        return (
            abs(printed - value) <= tolerance
            or abs(printed * _PERCENT_FACTOR - value) <= tolerance
            or abs(printed / _PERCENT_FACTOR - value) <= tolerance
        )

    return is_near


@lru_cache(maxsize=65_536)
def match_kind_of(claimed: str, printed: str, about: bool = False) -> str | None:
    """Return how a printed number matches the claimed one: `as printed`, `rounded`, `percent` or None.

    If `about` is True, a difference of 5 % is allowed.
    """
    claimed_key, printed_key = _normalize(claimed), normalize_number(printed)
    if claimed_key == printed_key:
        return "as printed"
    claimed_value, printed_value = _parse_value(claimed_key), _parse_value(printed_key)
    if claimed_value is None or printed_value is None:
        return None
    for scaled, decimals, match_kind in _scaled_values(
        printed_value, _count_decimals(printed_key), _count_decimals(claimed_key)
    ):
        if f"{claimed_value:.{_count_decimals(claimed_key)}f}" in _rounded_texts(
            scaled, decimals, _count_decimals(claimed_key)
        ):
            return match_kind
    if (
        about
        and printed_value
        and any(
            abs(claimed_value - value) <= abs(value) * 0.05
            for value in (printed_value, printed_value * _PERCENT_FACTOR)
        )
    ):
        return "rounded"
    return None


def find_number_source(
    number: str, event: int, index: NumberIndex, record: Record, near: Collection[int] = ()
) -> NumberSource:
    """Return the source of a number: an output before `event` that printed it, if there is one.

    Outputs of events in `near`, which are the claim's evidence, are preferred; then exact matches, then the latest
    outputs.
    """
    positions = index.positions_before(number, event)
    results = [position for position in positions[:_MAX_POSITIONS] if record.is_result(position.event)]
    preference = {"as printed": 0, "rounded": 1, "percent": 2}
    best = min(
        results, key=lambda position: (position.event not in near, preference[position.match_kind]), default=None
    )
    if best is None:
        return NumberSource(number, None, "no output before the claim has this number")
    return NumberSource(number, record.evidence(best.event, best.offset), best.match_kind)
