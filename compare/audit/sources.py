"""Checks whether the agent could already know a number when it wrote the claim."""

import re
from itertools import combinations

from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.verdicts import Case

_NUMBER = re.compile(r"(?<![\w.])\d{1,12}(?:,\d{3})*(?:\.\d{1,12})?(?![\w.]*\d)")
_MOST_EVENTS = 20_000
_MOST_TEXT = 100_000
_MOST_ADDED = 60


def is_known(case: Case, number: str) -> bool:
    """Return whether a text before the claim contains, or may have contained, the number. Also True for claims about
    an earlier state.
    """
    record = case.record
    if record.has_gap_before(case.event) or record.has_unseen_before(case.event) or case.spotted.earlier:
        return True
    if case.event > _MOST_EVENTS or case.index.before(number, case.event):
        return True
    if any(
        run.call < case.event and (run.at > case.event or run.background) and not run.refused for run in record.runs
    ):
        return True
    wanted = re.compile(rf"(?<![\d.]){re.escape(plain_number(number))}(?!\d|\.\d)")
    for event in record.transcript.events[: case.event]:
        if any(wanted.search(text[:_MOST_TEXT]) for text in (event.text, event.command, event.old_text) if text):
            return True
    return False


def is_derived(case: Case, number: str) -> bool:
    """Return whether a number may be computed from two printed numbers, or differs by one from a printed one."""
    wanted = float(plain_number(number))
    decimals = len(plain_number(number).partition(".")[2])
    room = 0.51 * 10.0**-decimals if decimals else 0.01
    for output in case.outputs_before()[:20]:
        shown = {float(found.replace(",", "")) for found in _NUMBER.findall(output.text[:20_000])}
        values = sorted(shown)[:_MOST_ADDED]
        if any(abs(abs(value - wanted) - 1) < room for value in values):
            return True
        for one, other in combinations(values, 2):
            found = (one + other, other - one, one * other, (one + other) / 2)
            if any(abs(value - wanted) <= room for value in found):
                return True
            if decimals and one and (abs(other / one - wanted) <= room or abs(100 * one / other - wanted) <= room):
                return True
    return False
