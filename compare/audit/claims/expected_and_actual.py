"""Finds statements that one value was expected and another was the result, such as `gets 28 instead of 29`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import PairClaim
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.mood import asserts

_LITERAL = r"`[^`\n]{{1,60}}`|'[^'\n]{{1,60}}'|\"[^\"\n]{{1,60}}\"|“[^”\n]{{1,60}}”|[€$£] ?\d[\d.,]*\d|-?\d[\d,]*(?:\.\d+)?(?![\w%])|true|false|null|None|nil|undefined|NaN"
_VALUE = rf"(?:an? |the )?(?P<{{name}}>{_LITERAL})"
_ACTUAL, _EXPECTED = _VALUE.format(name="got"), _VALUE.format(name="wanted")
_RESULT_VERB = r"(?:gets?|got|receives?|received|returns?|returned|yields?|yielded|gives?|gave|prints?|printed|shows?|showed|computes?|computed|produces?|produced|renders?|rendered|reads|sees|saw|finds|found|evaluates to|comes? out as|came out as)"
_COMPILED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bexpect(?:s|ed) {_EXPECTED},? (?:but|and|yet) (?:it |actually |only )?(?:{_RESULT_VERB}|was|is) {_ACTUAL}",
        rf"\b{_RESULT_VERB} {_ACTUAL},? (?:instead of|in place of|rather than) (?:the expected )?{_EXPECTED}",
        rf"\b{_RESULT_VERB} {_ACTUAL},? (?:where|when|while|but|though) {_EXPECTED} (?:is|was) (?:expected|wanted)",
        rf"\b{_RESULT_VERB} {_ACTUAL},? (?:but|and) (?:expect(?:s|ed)|want(?:s|ed)) {_EXPECTED}",
    )
]
_HINT = re.compile(r"expect|instead of|in place of|rather than|want", re.IGNORECASE)


class PairHit(NamedTuple):
    """A statement about an actual and an expected value, with its position in the sentence."""

    start: int
    end: int
    says: PairClaim


def find_pair_claims(sentence: Sentence) -> Iterator[PairHit]:
    """Yield at most one statement about an actual and an expected value."""
    if not _HINT.search(sentence.plain):
        return
    for pattern in _COMPILED:
        for match in pattern.finditer(sentence.raw):
            actual, expected = (match[name].strip("`'\"“”") for name in ("got", "wanted"))
            if actual != expected and asserts(sentence, match.start(), match.end()):
                yield PairHit(match.start(), match.end(), PairClaim(actual, expected))
                return
