"""Checks whether a stated number and a printed one count different things, such as rows and batches of rows."""

import re
from decimal import Decimal

from gedanken.compare.audit.concepts import concepts_in
from gedanken.compare.audit.says import ValueSays
from gedanken.compare.audit.verdicts import Case

_NOUN = r"(?:\s|\*|`|_){0,3}(?:of\s)?(?P<noun>[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ-]{1,30})"
_NUMBER = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d")
_CHANGES = re.compile(r"\s?[^\W\d]{0,12}\s?(?:\b(?:to|auf|à|a|zu|para)\b|→|->|=>)", re.IGNORECASE)
"""Matches text after a number which shows that the next number replaced this number, as in `12 to 9`."""
_NO_NOUN = re.compile(
    r"(?:and|or|in|on|at|of|for|from|to|with|by|while|but|was|were|is|are|had|has|have|that|which|ms|us|ns)",
    re.IGNORECASE,
)


def sums_in_a_row(numbers: list[Decimal]) -> set[Decimal]:
    """Return the sums of all groups of adjacent numbers; a single number is also a group."""
    return {
        sum(numbers[low:high], Decimal(0)) for low in range(len(numbers)) for high in range(low + 1, len(numbers) + 1)
    }


def counts_something_else(case: Case, says: ValueSays, line: str, printed: str) -> bool:
    """Return whether the claim and the output line may count different things, such as rows and batches. `printed`:
    the line's number.
    """
    claim = case.spotted.claim
    text = case.record.transcript.events[case.event].text
    said = text[claim.start : claim.end + 40]
    others = [
        found
        for found in _NUMBER.finditer(claim.quote)
        if found[0].strip(",.") != says.value.rstrip("kKM") and not _CHANGES.match(claim.quote, found.end())
    ]
    if (others and says.unit) or _digits(says.value) == _digits(printed):
        return True
    mine, theirs = _noun(said, says.value), _noun(line, printed)
    if mine is None or theirs is None:
        return False
    return mine != theirs and not set(concepts_in(mine, "thing")) & set(concepts_in(theirs, "thing"))


def _digits(number: str) -> str:
    """Return the significant digits of a number. They are the same in `1.5 s` and `1500 ms`."""
    return re.sub(r"\D", "", number).strip("0")


def _noun(text: str, number: str) -> str | None:
    """Return the word after a number, which says what the number counts; None if there is no such word."""
    found = re.search(rf"(?<![\w.]){re.escape(number)}{_NOUN}", text)
    if found is None or _NO_NOUN.fullmatch(found["noun"]) or any(concepts_in(found["noun"], "done", "measure")):
        return None
    return found["noun"].lower().rstrip("s")
