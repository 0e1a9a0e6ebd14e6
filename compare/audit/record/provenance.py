"""Traces each claimed number to an output that printed it, or to two numbers whose sum or difference it is."""

import re
from collections.abc import Sequence

from gedanken.compare.audit.record.number_index import NumberIndex, find_number_source
from gedanken.compare.audit.record.record import Record
from gedanken.experiment.claim import Claim, Evidence, NumberSource

_MAX_NUMBERS = 200


def find_number_sources(
    claim: Claim, index: NumberIndex, record: Record, evidence: Sequence[Evidence]
) -> tuple[NumberSource, ...]:
    """Return the source of each number of a claim, in order: an output, two numbers in the evidence, or none."""
    return tuple(_find_source(number, claim, index, record, evidence) for number in claim.numbers[:_MAX_NUMBERS])


def _find_source(
    number: str, claim: Claim, index: NumberIndex, record: Record, evidence: Sequence[Evidence]
) -> NumberSource:
    source = find_number_source(number, claim.event, index, record, near={line.event for line in evidence})
    if source.evidence is not None or not number.isdigit():
        return source
    return _find_sum_or_difference(int(number), evidence) or source


def _find_sum_or_difference(number: int, evidence: Sequence[Evidence]) -> NumberSource | None:
    """Find two numbers in the supporting lines whose sum or difference is `number`."""
    numbers = [
        (int(text), line) for line in evidence for text in re.findall(r"(?<![\w.])\d{1,9}(?![\w.]*\d)", line.quote)
    ][:40]
    for index, (first, line) in enumerate(numbers):
        for second, _line in numbers[index + 1 :]:
            if first + second == number:
                return NumberSource(str(number), line, "sum")
            if abs(first - second) == number:
                return NumberSource(str(number), line, "difference")
    return None
