"""Judges a claim that one value was the result where another was expected: a failed assertion must show both."""

import re
from itertools import islice

from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import PairSays
from gedanken.compare.audit.tenses import is_of_the_past
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MOST_RUNS = 20
_MOST_TEXT = 500_000
_MOST_PLACES = 200
_NEAR = 6
"""The expected value must be in the line of the actual value, or at most this many lines away."""
_ASSERTED = re.compile(
    r"expect|actual|received|assert|!=|==|\bleft\b|\bright\b|\bgot\b|\bwant|should|mismatch|differ|"
    r"^[-+]\s?\S|\bbut was\b",
    re.IGNORECASE | re.MULTILINE,
)
_AS_EXPECTED = re.compile(
    r"(?:expected|want(?:ed)?|should (?:be|equal)|^-)[^\n]{0,30}\Z", re.IGNORECASE | re.MULTILINE
)
_AS_ACTUAL = re.compile(r"(?:actual|received|\bgot|but was|returned|^\+)[^\n]{0,30}\Z", re.IGNORECASE | re.MULTILINE)


def judge_pair(case: Case, says: PairSays) -> Verdict:
    """Judge whether the output of a run has both values in one failed assertion."""
    for run in case.runs_before()[:_MOST_RUNS]:
        if run.result is None or run.only_shows or len(run.text) > _MOST_TEXT:
            continue
        at = _shown(run, says)
        if at is None:
            continue
        line = case.record.evidence(run.result, at)
        family = "tests" if "tests" in run.families() else "program"
        change = case.record.change_since(run, case.event, family)
        if change is not None and not case.spotted.earlier and not is_of_the_past(case.spotted.claim.quote):
            return undecidable(f"{change.path} was changed after the run that the claim is about", line)
        return Verdict("supported", f"“{line.quote.strip()[:120]}” is recorded", (line,))
    return undecidable("no run before the claim shows both values in one assertion")


def _shown(run: Run, says: PairSays) -> int | None:
    """Return the position of the actual value in an assertion with both values; None if there is none, or its labels
    say the reverse.
    """
    text = run.text
    for found in islice(_value(says.got).finditer(text), _MOST_PLACES):
        low, high = _lines_around(text, found.start(), found.end())
        near = text[low:high]
        if not _ASSERTED.search(near):
            continue
        for other in _value(says.wanted).finditer(near):
            before, after = text[low : found.start()], near[: other.start()]
            if not (_label(_AS_EXPECTED, before) or _label(_AS_ACTUAL, after)):
                return found.start()
    return None


def _label(pattern: re.Pattern[str], before: str) -> bool:
    """Return whether the nearest label in the text `before` a value, such as `expected` or `got`, matches
    `pattern`.
    """
    other = _AS_ACTUAL if pattern is _AS_EXPECTED else _AS_EXPECTED
    mine, theirs = pattern.search(before), other.search(before)
    return mine is not None and (theirs is None or theirs.start() < mine.start())


def _value(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(text)}(?![\w]|\.\d)")


def _lines_around(text: str, start: int, end: int) -> tuple[int, int]:
    low, high = start, end
    for _ in range(_NEAR):
        low = text.rfind("\n", 0, max(low - 1, 0)) + 1
        high = (text.find("\n", high + 1) + 1 or len(text) + 1) - 1
    return low, high
