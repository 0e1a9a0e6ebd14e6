"""Checks whether a printed number may be the stated one: exactly, rounded, as a percentage or in another unit."""

import re
from collections.abc import Iterator
from decimal import Decimal

from gedanken.compare.audit.labels import Printed

_BINARY = Decimal(1024)


def is_amount(stated: Decimal, unit: tuple[str, Decimal], printed: Printed, *, about: bool) -> bool:
    """Return whether a printed number may be the stated one. `unit`: the stated unit, as `unit_of` returns it;
    `about`: allow a difference of 6 %.
    """
    kind, scale = unit
    if kind and printed.kind and kind != printed.kind:
        return False
    return any(rounds(stated, one, about=about) for one in _readings(kind, scale, printed))


def _readings(kind: str, scale: Decimal, printed: Printed) -> set[Decimal]:
    """Return the values that a printed number may have in the stated unit (`kind`, `scale`): for `ms`, a bare `1.5`
    may be 1.5 s and so 1500.
    """
    value = printed.value
    if kind == "percent" or (not kind and printed.kind == "percent"):
        return {value, value * 100} if not printed.kind and abs(value) <= 1 else {value}
    whole = value * printed.scale
    found = {value / scale, whole / scale}
    if kind == "size" or (not kind and scale > 1):
        power = len(str(int(scale))) // 3
        inner = len(str(int(printed.scale))) // 3
        found |= {value * _BINARY**inner / _BINARY**power, value * _BINARY**inner / scale, whole / _BINARY**power}
    if not printed.kind:
        found.add(value if scale == 1 or kind == "time" else value / scale)
    if kind == "time" and not printed.kind:
        found |= {value / 1000, value * 1000}
    return found


def rounds(stated: Decimal, real: Decimal, *, about: bool = False) -> bool:
    """Return whether `real`, rounded or cut to the decimals of `stated`, equals `stated`. `about`: allow a difference
    of 6 %.
    """
    exponent = stated.as_tuple().exponent
    step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    if about and abs(stated - real) <= abs(real) * Decimal("0.06"):
        return True
    if step == 1 and abs(stated) < 10 and real != real.to_integral_value() and not about:
        return abs(stated - real) <= Decimal("0.5")
    return abs(stated - real) <= step / 2 or (0 <= real - stated < step < 1)


_MINUTES = re.compile(r"(?<![\w.:])(?P<minutes>\d{1,3})\s?m(?:in)?\s?(?P<seconds>\d{1,2}(?:\.\d{1,9})?)\s?s(?:ec)?\b")


def minutes_in(text: str) -> Iterator[tuple[int, Decimal]]:
    """Yield (position, seconds) of each time in a text that has minutes and seconds, such as `2m3.4s`."""
    for found in _MINUTES.finditer(text):
        yield found.start(), 60 * Decimal(found["minutes"]) + Decimal(found["seconds"])
