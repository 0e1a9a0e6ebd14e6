"""Cuts a sentence into the clauses around its numbers, since each clause may be about another number."""

import re

_SEPARATOR = re.compile(
    r"[,;()|](?!\d)|→(?!\s{0,3}\d)|\s(?:and|und|et|y|e|but|while|against|vs\.?|versus|gegen)\s", re.IGNORECASE
)
"""Matches a comma, an `and` or something similar, after which a sentence may be about another number."""
_EARLIER_VALUE = re.compile(
    r"\s{0,3}(?:(?:it |that |which )?(?:was|were|had been)|previously|before|formerly|originally|instead of|"
    r"(?:down |up )?from)\s{1,3}",
    re.IGNORECASE,
)
"""Matches words between two numbers which show that the second is the earlier value of the first, as in `61 ms,
was 88`.
"""
_NOUN_AFTER = re.compile(r"\s{1,3}(?!(?:of|to|from|in|at|on|and|or|is|are|was|were)\b)[a-zà-ÿ][\w-]{2,20}")
_NUMBER_WITH_NOUN = re.compile(
    r"(?<!\bof )(?<!/)(?<![\w.,])\d[\d,.]*\s{1,3}"
    r"(?!(?:of|to|from|in|at|on|and|or|is|are|was|were)\b)(?:[a-zà-ÿ][\w-]{2,20})"
)


def clause_around(sentence: str, start: int, end: int) -> str:
    """Return the part of a sentence that contains the number from `start` to `end`. The sentence is cut at each
    `_SEPARATOR`.
    """
    clause_start, clause_end = _bounds(sentence, start, end)
    return sentence[clause_start:clause_end]


def _bounds(sentence: str, start: int, end: int) -> tuple[int, int]:
    clause_start = max((match.end() for match in _SEPARATOR.finditer(sentence) if match.end() <= start), default=0)
    separator = _SEPARATOR.search(sentence, end)
    return clause_start, separator.start() if separator else len(sentence)


def words_around(sentence: str, start: int, end: int) -> str:
    """Return the words around the number from `start` to `end`.

    Nouns that other numbers count are left out, such as `suites` in `105 tests in 14 suites`.
    """
    low, high = _bounds(sentence, start, end)
    before, after = sentence[low:start], sentence[end:high]
    if not _NOUN_AFTER.match(after):
        if _EARLIER_VALUE.fullmatch(before) and low:
            return f"{sentence[_bounds(sentence, low - 1, low - 1)[0] : low]} {sentence[low:high]}"
        return sentence[low:high]
    return f"{_NUMBER_WITH_NOUN.sub(' ', before)} {sentence[start:end]} {_NUMBER_WITH_NOUN.sub(' ', after)}"
