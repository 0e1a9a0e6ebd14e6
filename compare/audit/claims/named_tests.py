"""Finds statements about single tests by name, such as `codec_15 is green again` or `test_cut failed`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import TestCaseClaim
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence, allow_more_spaces
from gedanken.compare.audit.language.mood import asserts

_NAME = (
    rf"(?P<name>(?<![\w{CODE_MARK}])[{CODE_MARK}]{{4,122}}(?![\w{CODE_MARK}])|(?<![\w./-])[A-Za-z]\w*_\w+(?![\w./-]))"
)
_CLAUSE_END = r"(?=\W*$|[.,;!):]| (?:now|again|too|as well|before|beforehand|at first|and|but|with|after|in all)\b)"
_PASSES = (
    r"(?P<good>(?:(?:now |again |still |also ){0,2}(?:pass(?:es|ed)?)|"
    r"(?:is|are|was|were) (?:now |again |still |also |all ){0,2}(?:green|passing|fixed|OK)(?: again| now)?))"
)
_FAILS = r"(?P<bad>(?:still |also |now ){0,2}(?:fails|failed)|(?:is|was|were|has been|had been) (?:still |now |again ){0,2}(?:red|failing|broken))"
_STATEMENT = re.compile(
    allow_more_spaces(rf"{_NAME}(?P<more> and (?:its|the|all) (?:\w+ )?\w+)? (?:{_PASSES}|{_FAILS})")
    + allow_more_spaces(_CLAUSE_END),
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[\w./-]*(?:::|\.)?[A-Za-z]\w*(?:_|::)\w+(?:\[[\w-]+\])?|test\w+|\w+Tests?", re.IGNORECASE)


class CaseHit(NamedTuple):
    """A statement about a named test, with its position in the sentence."""

    start: int
    end: int
    says: TestCaseClaim


def find_case_claims(sentence: Sentence, taken_spans: list[tuple[int, int]]) -> Iterator[CaseHit]:
    """Yield the statements about named tests.

    Spans in `taken_spans` are skipped, because other rules have found statements there.
    """
    for match in _STATEMENT.finditer(sentence.plain):
        start, end = match.span()
        name = sentence.raw[match.start("name") : match.end("name")].strip("`").strip().removesuffix("()")
        if not _IDENTIFIER.fullmatch(name) or any(low < end and start < high for low, high in taken_spans):
            continue
        if asserts(sentence, start, end):
            yield CaseHit(start, end, TestCaseClaim(name, match["good"] is not None, match["more"] is not None))
