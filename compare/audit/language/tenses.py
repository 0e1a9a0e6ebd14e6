"""Recognizes words that say whether a number is about the present state or an earlier one."""

import re

_PRESENT_WORDS = re.compile(
    r"\b(?:now|current(?:ly)?|present(?:ly)?|as (?:it|they|things) (?:is|are|stands?)|as of now|resulting|tip|"
    r"final (?=\w+ (?:is|are|has|have|updates|takes|needs|holds|weighs|reads|writes|finds|gives|prints|reports))|"
    r"(?:in|with) (?:its|the) (?:final|last|latest|present|new) (?:form|state|version|code|config\w*|settings?)|"
    r"with (?:the|this|that|my) (?:last |final |latest )?(?:\w+ )?(?:edit|change|fix|patch|guard|tweak)?\s?"
    r"(?:in place|in|applied)|with \w+ (?:in|in place|on)(?=,|$)|"
    r"jetzt|nun|aktuell\w*|derzeit|maintenant|actuel\w*|désormais|ahora|actual(?:mente)?|agora|atual\w*)\b|"
    r"现在|目前|当前|現在|今の",
    re.IGNORECASE,
)
_PAST_WORDS = re.compile(
    r"\b(?:was|were|took|had|before|earlier|originally|at first|first run|previous\w*|until|from|went|fell|rose|"
    r"grew|shrank|war|waren|dauerte|hatte|vorher|était|avant|avait|duró|tardó|antes|old|baseline|ran|read|wrote|"
    r"used to|kept|left|found|made|gave|got|came|at (?:that|this) (?:point|time)|\w{3,}ed)\b|了",
    re.IGNORECASE,
)
_TIMELESS_PARTICIPLE = re.compile(
    r"\b(?:the|an?|its|our|my|of|for|in|with|without|under) (?:\w+ly )?\w{3,}ed (?=[a-z]{2})|"
    r"\b(?:is|are|be|being|gets?|stays?) (?:\w+ly |now |still )?(?:left|found|made|given|kept|\w{3,}ed)\b|"
    r"\bwith(?:out)? (?:[\w-]+ ){1,4}\w{3,}ed\b(?=\W{0,3}$|[,;.)])",
    re.IGNORECASE,
)
"""Matches participles that say nothing about time, as in `the smoothed encoder`, `are left`, `with vouchers
counted`.
"""
_PRESENT_VERB = re.compile(
    r"\b(?:is|are|has|have|holds?|weighs?|shows?|takes?|needs?|contains?|counts?|stands?|ist|sind|hat|est|sont|es|son)\b",
    re.IGNORECASE,
)
_UNAFFECTED = re.compile(
    r"\b(?:only|just|merely|purely|nur|seulement|sólo) (?:\w+ )?(?:changed|edited|touched|renamed|moved|added|"
    r"removed|reworded|cosmetic|geändert)\b|\b(?:cosmetic|comments?|unaffected|not affect\w*|n't affect|not change|"
    r"n't change|same (?:numbers?|output|result)|(?:not|n't|never|without) (?:\w+ ){0,3}(?:re-?r[ua]n\w*|"
    r"re-?measur\w*|re-?build\w*|re-?train\w*|r[ua]n\w* again|since))\b",
    re.IGNORECASE,
)


def describes_present(text: str) -> bool:
    """Return whether a text has words which say that it is about the present state."""
    return _PRESENT_WORDS.search(text) is not None


def describes_past(text: str) -> bool:
    """Return whether a text has words which say that it may be about an earlier state."""
    return _PAST_WORDS.search(_TIMELESS_PARTICIPLE.sub(" ", text)) is not None


def has_past_word(text: str) -> bool:
    """Return whether a text has a word that may refer to the past, such as `took`, `before` or a participle."""
    return _PAST_WORDS.search(text) is not None


def has_present_verb(text: str) -> bool:
    """Return whether a text contains a present-tense verb such as `is`, `has` or `takes`."""
    return _PRESENT_VERB.search(text) is not None


def says_unaffected(text: str) -> bool:
    """Return whether a text says that a change has no effect, or that nothing was run after it."""
    return _UNAFFECTED.search(text) is not None
