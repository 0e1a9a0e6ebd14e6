"""Judges a claim that a test expected one value and got another. A failed assertion in an output must show both
values.
"""

import re
from itertools import islice

from gedanken.compare.audit.claims.claim_contents import PairClaim
from gedanken.compare.audit.language.tenses import describes_past
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MAX_RUNS = 20
_MAX_TEXT = 500_000
_MAX_OCCURRENCES = 200
_MAX_LINE_DISTANCE = 6
"""The expected value must be at most this many lines away from the line of the actual value."""
_ASSERTION = re.compile(
    r"expect|actual|received|assert|!=|==|\bleft\b|\bright\b|\bgot\b|\bwant|should|mismatch|differ|"
    r"^[-+]\s?\S|\bbut was\b",
    re.IGNORECASE | re.MULTILINE,
)
_EXPECTED_LABEL = re.compile(
    r"(?:expected|want(?:ed)?|should (?:be|equal)|^-)[^\n]{0,30}\Z", re.IGNORECASE | re.MULTILINE
)
_ACTUAL_LABEL = re.compile(
    r"(?:actual|received|\bgot|but was|returned|^\+)[^\n]{0,30}\Z", re.IGNORECASE | re.MULTILINE
)


def judge_pair(case: Case, says: PairClaim) -> Verdict:
    """Judge whether the output of a run shows both values in one failed assertion."""
    for run in case.runs_before()[:_MAX_RUNS]:
        if run.result is None or run.only_shows or len(run.text) > _MAX_TEXT:
            continue
        position = _find_assertion(run, says)
        if position is None:
            continue
        evidence = case.record.evidence(run.result, position)
        family = "tests" if "tests" in run.families() else "program"
        change = case.record.first_change_since(run, case.event, family)
        if change is not None and not case.spotted.is_about_earlier and not describes_past(case.spotted.claim.quote):
            return undecidable(f"{change.path} was changed after the run that the claim is about", evidence)
        return Verdict("supported", f"“{evidence.quote.strip()[:120]}” is recorded", (evidence,))
    return undecidable("no run before the claim shows both values in one assertion")


def _find_assertion(run: Run, says: PairClaim) -> int | None:
    """Return the offset of the actual value in an assertion that shows both values; None if there is none.

    An assertion does not count if its labels, such as `expected`, say that the two values are the other way round.
    """
    text = run.text
    for actual in islice(_value_pattern(says.actual).finditer(text), _MAX_OCCURRENCES):
        low, high = _lines_around(text, actual.start(), actual.end())
        nearby_text = text[low:high]
        if not _ASSERTION.search(nearby_text):
            continue
        for expected in _value_pattern(says.expected).finditer(nearby_text):
            text_before_actual, text_before_expected = text[low : actual.start()], nearby_text[: expected.start()]
            if not (
                _has_label(_EXPECTED_LABEL, text_before_actual) or _has_label(_ACTUAL_LABEL, text_before_expected)
            ):
                return actual.start()
    return None


def _has_label(pattern: re.Pattern[str], text_before: str) -> bool:
    """Return whether the last label in the text before a value, such as `expected` or `got`, matches `pattern`."""
    opposite_pattern = _ACTUAL_LABEL if pattern is _EXPECTED_LABEL else _EXPECTED_LABEL
    match, opposite = pattern.search(text_before), opposite_pattern.search(text_before)
    return match is not None and (opposite is None or opposite.start() < match.start())


def _value_pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(text)}(?![\w]|\.\d)")


def _lines_around(text: str, start: int, end: int) -> tuple[int, int]:
    low, high = start, end
    for _ in range(_MAX_LINE_DISTANCE):
        low = text.rfind("\n", 0, max(low - 1, 0)) + 1
        high = (text.find("\n", high + 1) + 1 or len(text) + 1) - 1
    return low, high
