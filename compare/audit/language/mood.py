"""Checks whether a sentence asserts the words at a given position, rather than planning, asking, denying,
supposing, ordering or quoting them.
"""

import re

from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.mood_words import (
    HEDGES_AFTER,
    HEDGES_IN_CLAUSE,
    HEDGES_IN_SENTENCE,
    IMPERATIVES,
    JAPANESE_HEDGES,
    PLAN_WORDS,
    REPORTING_PHRASES,
    Language,
)

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
_GENERAL_STATEMENT = re.compile(
    r"\b(?:by convention|conventionally|by definition|as a rule|rules? of thumb|"
    r"(?:is|are) (?:generally|usually|commonly|typically|often|widely) "
    r"(?:seen|regarded|considered|viewed|taken|thought|held))\b",
    re.IGNORECASE,
)
"""Matches words of a general statement, which reports nothing about this session."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


def asserts(sentence: Sentence, start: int, end: int, language: Language = "en") -> bool:
    """Return whether the sentence asserts the words from `start` to `end`."""
    before, after = sentence.plain[:start], sentence.plain[end : end + 60]
    if sentence.checkbox == " " or is_question(sentence) or not is_report(sentence):
        return False
    if _announces(sentence, start, end) or _LEADS_WITH_HEDGE.match(sentence.plain):
        return False
    before = REPORTING_PHRASES.sub(lambda match: " " * len(match[0]), before)
    if (
        _GENERAL_STATEMENT.search(sentence.plain)
        or HEDGES_IN_SENTENCE.search(before)
        or HEDGES_AFTER.match(after)
        or is_japanese_hedge(sentence.plain)
    ):
        return False
    clause = last_clause(before)
    if language != "zh" and _CHINESE.search(clause) and HEDGES_IN_CLAUSE["zh"].search(clause):
        return False
    return not HEDGES_IN_CLAUSE[language].search(clause) and not IMPERATIVES.match(clause.lstrip())


def is_japanese_hedge(plain: str) -> bool:
    """Return whether a word anywhere in a Japanese sentence weakens its statement."""
    return _KANA.search(plain) is not None and JAPANESE_HEDGES.search(plain) is not None


def _announces(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether the words contain no number and only announce what follows, as in `And now the tests pass:`."""
    text = sentence.raw.rstrip()
    return text.endswith((":", "：")) and not re.search(r"\d", sentence.plain[start:end]) and sentence.kind == "prose"


def is_report(sentence: Sentence) -> bool:
    """Return whether a sentence reports something: it is not an order, and no heading or introduction above it
    announces a plan.
    """
    lead = sentence.introduction
    if PLAN_WORDS.search(sentence.heading[:200]) or (
        lead and (PLAN_WORDS.search(lead[-200:]) or not _leads_to_facts(lead))
    ):
        return False
    return not IMPERATIVES.match(sentence.plain) or "✅" in sentence.raw


def is_question(sentence: Sentence) -> bool:
    """Return whether a sentence is a question."""
    return sentence.raw.rstrip(" \"')*_`").endswith(("?", "？", "吗。"))


def _leads_to_facts(lead: str) -> bool:
    return not (HEDGES_IN_CLAUSE["en"].search(REPORTING_PHRASES.sub("", lead[-200:])) or IMPERATIVES.match(lead))


def last_clause(before: str) -> str:
    """Return the last clause of `before`, the text in front of a position."""
    clause_start = 0
    for match in CLAUSE.finditer(before):
        clause_start = match.end()
    return before[clause_start:]
