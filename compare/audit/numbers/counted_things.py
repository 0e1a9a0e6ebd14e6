"""Checks whether a stated number and a printed one count different things, such as rows and batches of rows."""

import re
from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.concepts import concepts_in
from gedanken.compare.audit.verdicts import Case

_NOUN = r"(?:\s|\*|`|_){0,3}(?:of\s)?(?P<noun>[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ-]{1,30})"
_NUMBER = re.compile(r"(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d")
_REPLACED_BY = re.compile(r"\s?[^\W\d]{0,12}\s?(?:\b(?:to|auf|à|a|zu|para)\b|→|->|=>)", re.IGNORECASE)
"""Matches the text after a number if it shows that the next number replaced this one, as in `12 to 9`."""
_FUNCTION_WORD = re.compile(
    r"(?:and|or|in|on|at|of|for|from|to|with|by|while|but|was|were|is|are|had|has|have|that|which|ms|us|ns)",
    re.IGNORECASE,
)


def adjacent_sums(numbers: list[Decimal]) -> set[Decimal]:
    """Return the sums of all groups of adjacent numbers; a single number is also a group."""
    return {
        sum(numbers[start:end], Decimal(0))
        for start in range(len(numbers))
        for end in range(start + 1, len(numbers) + 1)
    }


def counts_something_else(case: Case, says: ValueClaim, line: str, printed: str) -> bool:
    """Return whether the claim and the output line may count different things, such as rows and batches of rows.

    `printed` is the number in `line`.
    """
    claim = case.spotted.claim
    text = case.record.transcript.events[case.event].text
    claim_text = text[claim.start : claim.end + 40]
    other_numbers = [
        match
        for match in _NUMBER.finditer(claim.quote)
        if match[0].strip(",.") != says.value.rstrip("kKM") and not _REPLACED_BY.match(claim.quote, match.end())
    ]
    if (other_numbers and says.unit) or _significant_digits(says.value) == _significant_digits(printed):
        return True
    claimed_noun, printed_noun = _counted_noun(claim_text, says.value), _counted_noun(line, printed)
    if claimed_noun is None or printed_noun is None:
        return False
    return claimed_noun != printed_noun and not set(concepts_in(claimed_noun, "thing")) & set(
        concepts_in(printed_noun, "thing")
    )


def _significant_digits(number: str) -> str:
    """Return the digits of a number without zeros at both ends. They are the same for `1.5` and `1500`."""
    return re.sub(r"\D", "", number).strip("0")


def _counted_noun(text: str, number: str) -> str | None:
    """Return the word after a number, which says what the number counts; None if there is no such word."""
    match = re.search(rf"(?<![\w.]){re.escape(number)}{_NOUN}", text)
    if match is None or _FUNCTION_WORD.fullmatch(match["noun"]) or any(concepts_in(match["noun"], "done", "measure")):
        return None
    return match["noun"].lower().rstrip("s")
