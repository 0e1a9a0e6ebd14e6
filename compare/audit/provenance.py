"""Traces each claimed number to an output that printed it, or to two numbers whose sum or difference it is."""

import re
from collections.abc import Sequence

from gedanken.compare.audit.numbers import NumberIndex, source_of
from gedanken.compare.audit.record import Record
from gedanken.experiment.claim import Claim, Evidence, NumberSource

_MOST = 200


def sources_of(
    claim: Claim, index: NumberIndex, record: Record, evidence: Sequence[Evidence]
) -> tuple[NumberSource, ...]:
    """Return the source of each number of a claim, in order: an output, two numbers in the evidence, or none."""
    return tuple(_source(number, claim, index, record, evidence) for number in claim.numbers[:_MOST])


def _source(
    number: str, claim: Claim, index: NumberIndex, record: Record, evidence: Sequence[Evidence]
) -> NumberSource:
    found = source_of(number, claim.event, index, record, near={one.event for one in evidence})
    if found.evidence is not None or not number.isdigit():
        return found
    return _combined(int(number), evidence) or found


def _combined(number: int, evidence: Sequence[Evidence]) -> NumberSource | None:
    """Find `number` as the sum or difference of two numbers in the supporting lines."""
    given = [
        (int(text), one) for one in evidence for text in re.findall(r"(?<![\w.])\d{1,9}(?![\w.]*\d)", one.quote)
    ][:40]
    for at, (first, one) in enumerate(given):
        for second, _other in given[at + 1 :]:
            if first + second == number:
                return NumberSource(str(number), one, "sum")
            if abs(first - second) == number:
                return NumberSource(str(number), one, "difference")
    return None
