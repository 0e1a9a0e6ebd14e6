"""Finds statements about single tests by name: `codec_15 is green again`, `test_cut failed`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.mood import asserts
from gedanken.compare.audit.parts import CODE, Sentence, spaced
from gedanken.compare.audit.says import CaseSays

_NAME = rf"(?P<name>(?<![\w{CODE}])[{CODE}]{{4,122}}(?![\w{CODE}])|(?<![\w./-])[A-Za-z]\w*_\w+(?![\w./-]))"
_ENDS = r"(?=\W*$|[.,;!):]| (?:now|again|too|as well|before|beforehand|at first|and|but|with|after|in all)\b)"
_GOOD = (
    r"(?P<good>(?:(?:now |again |still |also ){0,2}(?:pass(?:es|ed)?)|"
    r"(?:is|are|was|were) (?:now |again |still |also |all ){0,2}(?:green|passing|fixed|OK)(?: again| now)?))"
)
_BAD = r"(?P<bad>(?:still |also |now ){0,2}(?:fails|failed)|(?:is|was|were|has been|had been) (?:still |now |again ){0,2}(?:red|failing|broken))"
_TOLD = re.compile(
    spaced(rf"{_NAME}(?P<more> and (?:its|the|all) (?:\w+ )?\w+)? (?:{_GOOD}|{_BAD})") + spaced(_ENDS), re.IGNORECASE
)
_IDENTIFIER = re.compile(r"[\w./-]*(?:::|\.)?[A-Za-z]\w*(?:_|::)\w+(?:\[[\w-]+\])?|test\w+|\w+Tests?", re.IGNORECASE)


class CaseHit(NamedTuple):
    """A statement about a named test, with its position in the sentence."""

    start: int
    end: int
    says: CaseSays


def cases_said(sentence: Sentence, taken: list[tuple[int, int]]) -> Iterator[CaseHit]:
    """Yield the statements about named tests outside the spans `taken` by other rules."""
    for found in _TOLD.finditer(sentence.plain):
        start, end = found.span()
        name = sentence.raw[found.start("name") : found.end("name")].strip("`").strip().removesuffix("()")
        if not _IDENTIFIER.fullmatch(name) or any(low < end and start < high for low, high in taken):
            continue
        if asserts(sentence, start, end):
            yield CaseHit(start, end, CaseSays(name, found["good"] is not None, found["more"] is not None))
