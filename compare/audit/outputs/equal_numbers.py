"""Checks whether a printed number may be the stated one: exactly, rounded, as a percentage, or in another unit."""

import re
from collections.abc import Iterator
from decimal import Decimal

from gedanken.compare.audit.outputs.labels import PrintedNumber

_KIBI = Decimal(1024)


def is_amount(stated: Decimal, unit: tuple[str, Decimal], printed: PrintedNumber, *, about: bool) -> bool:
    """Return whether a printed number may be the stated number.

    `unit` is the unit of the stated number, as `parse_unit` returns it. If `about` is True, a difference of 6 % is
    allowed.
    """
    kind, scale = unit
    if kind and printed.kind and kind != printed.kind:
        return False
    return any(matches_when_rounded(stated, value, about=about) for value in _possible_values(kind, scale, printed))


def _possible_values(kind: str, scale: Decimal, printed: PrintedNumber) -> set[Decimal]:
    """Return the values that a printed number may have in the stated unit (`kind`, `scale`).

    For example, if the stated unit is `ms`, a printed `1.5` without a unit may be 1.5 s, which is 1500 ms.
    """
    value = printed.value
    if kind == "percent" or (not kind and printed.kind == "percent"):
        return {value, value * 100} if not printed.kind and abs(value) <= 1 else {value}
    base_value = value * printed.scale
    values = {value / scale, base_value / scale}
    if kind == "size" or (not kind and scale > 1):
        stated_power = len(str(int(scale))) // 3
        printed_power = len(str(int(printed.scale))) // 3
        values |= {
            value * _KIBI**printed_power / _KIBI**stated_power,
            value * _KIBI**printed_power / scale,
            base_value / _KIBI**stated_power,
        }
    if not printed.kind:
        values.add(value if scale == 1 or kind == "time" else value / scale)
    if kind == "time" and not printed.kind:
        values |= {value / 1000, value * 1000}
    return values


def matches_when_rounded(stated: Decimal, real: Decimal, *, about: bool = False) -> bool:
    """Return whether `real`, rounded to the decimals of `stated`, equals `stated`. If there are decimals, they may
    also be cut off.

    If `about` is True, a difference of 6 % is allowed.
    """
    exponent = stated.as_tuple().exponent
    step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    if about and abs(stated - real) <= abs(real) * Decimal("0.06"):
        return True
    if step == 1 and abs(stated) < 10 and real != real.to_integral_value() and not about:
        return abs(stated - real) <= Decimal("0.5")
    return abs(stated - real) <= step / 2 or (0 <= real - stated < step < 1)


_MINUTES_AND_SECONDS = re.compile(
    r"(?<![\w.:])(?P<minutes>\d{1,3})\s?m(?:in)?\s?(?P<seconds>\d{1,2}(?:\.\d{1,9})?)\s?s(?:ec)?\b"
)


def find_minute_durations(text: str) -> Iterator[tuple[int, Decimal]]:
    """Yield (position, seconds) of each time in a text that has minutes and seconds, such as `2m3.4s`."""
    for match in _MINUTES_AND_SECONDS.finditer(text):
        yield match.start(), 60 * Decimal(match["minutes"]) + Decimal(match["seconds"])
