"""Checks whether a sentence asserts the words at a given position, or plans, asks, denies, supposes, orders or quotes
them.
"""

import re

from gedanken.compare.audit.mood_words import AFTER, BEFORE, GOVERNS, HEDGES_LAST, ORDERS, PLANS, REPORTS, Language
from gedanken.compare.audit.parts import Sentence

CLAUSE = re.compile(
    r"[;:—–()|→，；：]|\s-\s|,\s|(?<!\w)(?:but|because|since|while|which|whereas|und|aber|mais|y|pero)\s|"
    r"(?<!\w)(?:and|then|et)\s(?=(?:I|we|all|every|our|my|now|the|it|this|that|these|everything|both|each|no|tests?|tous|\d+)\b)|"
    r"[✅✔✓☑❌]",
    re.IGNORECASE,
)
"""Matches the end of a clause."""


_LEADS_WITH_HEDGE = re.compile(
    r"\W{0,6}(?:ideally|hopefully|in (?:theory|an ideal world)|theoretically|presumably|probably|most likely|maybe|"
    r"perhaps|possibly|supposedly|allegedly|with (?:any |some |a bit of )?luck|at best|"
    r"idealerweise|im idealfall|hoffentlich|vermutlich|wahrscheinlich|theoretisch|"
    r"idéalement|en théorie|probablement|normalement|idealmente|en teoría|em teoria|ojalá|probablemente|quizás?|"
    r"理论上|理想情况下|但愿|希望)\s{0,2}[,，]",
    re.IGNORECASE,
)
"""Matches words such as `Ideally,` at the beginning of a sentence, which weaken the whole sentence."""
_KNOWN = re.compile(
    r"\b(?:by convention|conventionally|by definition|as a rule|rules? of thumb|"
    r"(?:is|are) (?:generally|usually|commonly|typically|often|widely) "
    r"(?:seen|regarded|considered|viewed|taken|thought|held))\b",
    re.IGNORECASE,
)
"""Words of general statements, which report nothing about this session."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


def asserts(sentence: Sentence, start: int, end: int, language: Language = "en") -> bool:
    """Return whether the sentence asserts the words from `start` to `end`."""
    before, after = sentence.plain[:start], sentence.plain[end : end + 60]
    if sentence.box == " " or is_question(sentence) or not reports(sentence):
        return False
    if _announces(sentence, start, end) or _LEADS_WITH_HEDGE.match(sentence.plain):
        return False
    before = REPORTS.sub(lambda found: " " * len(found[0]), before)
    if (
        _KNOWN.search(sentence.plain)
        or GOVERNS.search(before)
        or AFTER.match(after)
        or is_japanese_hedge(sentence.plain)
    ):
        return False
    clause = clause_of(before)
    if language != "zh" and _CHINESE.search(clause) and BEFORE["zh"].search(clause):
        return False
    return not BEFORE[language].search(clause) and not ORDERS.match(clause.lstrip())


def is_japanese_hedge(plain: str) -> bool:
    """Return whether a word anywhere in a Japanese sentence weakens its statement."""
    return _KANA.search(plain) is not None and HEDGES_LAST.search(plain) is not None


def _announces(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether the words only announce what follows, without a number, as in `And now the tests pass:`."""
    said = sentence.raw.rstrip()
    return (
        said.endswith((":", "：")) and not re.search(r"\d", sentence.plain[start:end]) and sentence.where == "prose"
    )


def reports(sentence: Sentence) -> bool:
    """Return whether a sentence reports something: it is no order, and nothing above it announces a plan."""
    lead = sentence.lead
    if PLANS.search(sentence.heading[:200]) or (lead and (PLANS.search(lead[-200:]) or not _leads_to_facts(lead))):
        return False
    return not ORDERS.match(sentence.plain) or "✅" in sentence.raw


def is_question(sentence: Sentence) -> bool:
    """Return whether a sentence is a question."""
    return sentence.raw.rstrip(" \"')*_`").endswith(("?", "？", "吗。"))


def _leads_to_facts(lead: str) -> bool:
    return not (BEFORE["en"].search(REPORTS.sub("", lead[-200:])) or ORDERS.match(lead))


def clause_of(before: str) -> str:
    """Return the part of the text `before` a position that belongs to the same clause."""
    low = 0
    for found in CLAUSE.finditer(before):
        low = found.end()
    return before[low:]
