"""Units after numbers, and the positions at which they end."""

import re

UNIT = re.compile(
    r"\s?(?:(?:[a-z]+/|/)(?:secs?|seconds?|s|ms|min|hour)|(?:m?s|secs?|seconds?)/[a-z]+|(?:n|u|µ|m)?s(?:ecs?|econds?)?|"
    r"milliseconds?|mins?|minutes?|h|hrs?|hours?|days?|[KMGT]i?B?(?:ytes|/s)?|MFLOPS|[TG]FLOPS?|W(?!&)|°?C)\b",
    re.IGNORECASE,
)

_VALUE_NEXT = re.compile(r"\s{0,20}[@:=]?\s{0,20}[-+]?\.?\d")


def unit_end(line: str, number_end: int) -> int | None:
    """Return the position at which the unit after a number ends; None without a unit."""
    unit = UNIT.match(line, number_end)
    # In `epoch 0 HR 0.3`, `HR` is a name.
    if unit is None or (unit[0][0].isspace() and "/" not in unit[0] and _VALUE_NEXT.match(line, unit.end())):
        return None
    if unit[0][0].isspace() and re.match(r"\s?[:=]", line[unit.end() : unit.end() + 2]):
        return None  # `ppl=10.1 tok/s=12034`
    return unit.end()
