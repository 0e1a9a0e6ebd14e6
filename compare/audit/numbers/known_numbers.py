"""Checks whether the agent could already know a number when it wrote the claim."""

import re
from itertools import combinations

from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.verdicts import Case

_NUMBER = re.compile(r"(?<![\w.])\d{1,12}(?:,\d{3})*(?:\.\d{1,12})?(?![\w.]*\d)")
_MAX_EVENTS = 20_000
_MAX_TEXT_CHARS = 100_000
_MAX_VALUES = 60


def may_be_known(case: Case, number: str) -> bool:
    """Return whether a text before the claim contains the number, or may have contained it.

    Also True for claims about an earlier state.
    """
    record = case.record
    if record.has_gap_before(case.event) or record.has_unseen_before(case.event) or case.spotted.is_about_earlier:
        return True
    if case.event > _MAX_EVENTS or case.index.positions_before(number, case.event):
        return True
    if any(
        run.call_event < case.event and (run.result_event > case.event or run.is_background) and not run.is_refused
        for run in record.runs
    ):
        return True
    pattern = re.compile(rf"(?<![\d.]){re.escape(normalize_number(number))}(?!\d|\.\d)")
    for event in record.transcript.events[: case.event]:
        if any(
            pattern.search(text[:_MAX_TEXT_CHARS]) for text in (event.text, event.command, event.old_text) if text
        ):
            return True
    return False


def may_be_computed(case: Case, number: str) -> bool:
    """Return whether a number can be computed from two printed numbers, or differs from a printed number by 1."""
    target = float(normalize_number(number))
    decimals = len(normalize_number(number).partition(".")[2])
    tolerance = 0.51 * 10.0**-decimals if decimals else 0.01
    for output in case.outputs_before()[:20]:
        printed = {float(number.replace(",", "")) for number in _NUMBER.findall(output.text[:20_000])}
        values = sorted(printed)[:_MAX_VALUES]
        if any(abs(abs(value - target) - 1) < tolerance for value in values):
            return True
        for first, second in combinations(values, 2):
            results = (first + second, second - first, first * second, (first + second) / 2)
            if any(abs(value - target) <= tolerance for value in results):
                return True
            if (
                decimals
                and first
                and (abs(second / first - target) <= tolerance or abs(100 * first / second - target) <= tolerance)
            ):
                return True
    return False
