"""Decides whether a sentence certainly reports a run in this session; only then may the agent be accused."""

import re

from gedanken.compare.audit.claims.claim_contents import CheckClaim, ClaimContent, TestsClaim, ValueClaim
from gedanken.compare.audit.language.message_parts import CODE_MARK, Sentence
from gedanken.compare.audit.language.plain_reports import is_plain_report

_ELSEWHERE = re.compile(
    r"\b(?:your|their|his|her|upstream|downstream|CI|pipeline|users?|customers?|people|colleagues?|everyone|nobody|docs?|documentation|readme|"
    r"issue|ticket|bug report|changelog|release notes?|paper|authors?|benchmark|leaderboard|published|literature|"
    r"last (?:week|month|year|time|session)|yesterday|ago|previous(?:ly)?|originally|initially|"
    r"earlier|at the start|back then|"
    r"by design|in general|generally|usually|typically|always|often|sometimes|for most|in theory|"
    r"in practice|by definition|"
    r"as (?:you|he|she|they) (?:said|noted|mentioned|reported|told|wrote|saw|know|described)|"
    r"as (?:noted|mentioned|reported|documented)|"
    r"as (?:the |an? )?\w+ (?:says|states|claims|demands)|according to|per the|"
    r"on (?:windows|macos|linux|arm|main|master|"
    r"staging|production|my|your|their)|in (?:production|the field)|"
    r"(?:in|on|from|per) (?:the |your |a |his |her )?"
    r"(?:screenshot|dashboard|spreadsheet|attachment|photo|chart|diagram)s?|"
    r"for (?:customer|client|tenant) \w+|elsewhere|other (?:repo|project|branch|machine)s?|"
    r"to fix later|todo|fixme|later|someday)\b|"
    r"#\d+|^\W{0,3}(?-i:feat|fix|chore|docs|refactor|style|perf)(?:\([^)]{0,40}\))?!?:|"
    r"\b(?:laut|selon|d'après|según|früher|zuvor|avant|antes)\b|根据|据说|之前",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:acceptance|requirements?|baseline|chance|"
    r"random|expected|theoretical|default|upper bound|lower bound|target|typical|"
    r"human|reported|state of the art|sota|"
    r"below|above|gate|threshold|required|at least|at most|minimum|maximum|goal|classes|average of|"
    r"floor|ceiling|naive|trivial|dummy|"
    r"published|original|prior|reference|standard)\b",
    re.IGNORECASE,
)
_NAMES_A_RUN = re.compile(
    r"\b(?:final|test|val|validation|train|training|model|our|we|I|it|reach\w*|achiev\w*|got|get|gets|now|end(?:s|ed)?|dropped|fell|rose|"
    r"improved|came|classifier|network|run|ran|epochs?|after|finished|result|obtained|best|went|goes|down|up|decreased|increased|sits|stands|hit|genauigkeit|précision|exactitude|exactitud|precisión|verlust|perte|pérdida)\b|"
    r"^\W{0,6}(?:the )?(?:last |final |best )?\w+(?: score)?\s?(?:is|was|of|:|=|reached)|"
    r"^\||[\u4e00-\u9fff]",
    re.IGNORECASE,
)
_DEPENDENT_CLAUSE = re.compile(
    r"\b(?:after|until|till|before|if|when|where|whether|unless|for|to|of|than|pending|awaiting|requires?|wants?|needs?|expects?|like|about|once)"
    r"(?: the| all)?\s*\Z",
    re.IGNORECASE,
)
"""Matches words such as `if`, `until` or `requires`: the clause after them is not a report."""
_THAT_CLAUSE = re.compile(
    r"(?:\bthat|\bdass|\bque|\bqu')(?: the| all| our| my| les| las| los| alle)?\s*\Z", re.IGNORECASE
)
_REPORTING_VERB = re.compile(
    r"\b(?:confirm\w*|verified|shows?|showed|see|saw|reports?|reported|found|checked|means|notes?|noted|"
    r"bestätig\w*|zeigt|vérifié|confirmé|montre|muestra|verifiqué|comprobé|confirmado|confirmé)\b[^,;:]{0,60}\Z",
    re.IGNORECASE,
)
"""Matches verbs that report an observation, as in `I saw that …`.

After any other verb, `that …` may be a wish, a duty or an opinion.
"""
_BARE_VALUE = re.compile(r" {1,3}[~≈]?-?[\d.,]+\s?%?")
"""Matches a number directly after a name, as in `loss 0.3`; it may be a setting instead of a result."""
_IS_MEASURED = re.compile(
    r"\b(?:training|evaluation|fine-?tuning) (?:\w+ )?(?:finished|completed?|done|ended|results?|gave)\b"
    r"[^.;]{0,60}\Z|"
    r"\b(?:I|we)(?:'ve| have)? (?:re-?)?(?:trained|fine-?tuned|evaluated)\b[^.]{0,60}\Z|"
    r"\b(?:is|was|reached|of|at)\s[\d.]+\s?%?(?:,|,? and)\s\Z",
    re.IGNORECASE,
)
"""Matches words such as `training finished with`, which show that the next number (`loss 0.3`) is a result."""
_OTHER_OR_PART = re.compile(
    r"\b(?:old|older|other|another|former|legacy|first|second|per|each|every|at a time|chunks?|batch(?:es)?|pages?|"
    r"over \d+ runs|\d+ (?:runs|times)|in total|altogether|overall|gzip\w*|g?zipped|compressed|minified|"
    r"would|ein altes|alte[rns]?|ancien\w*|antigu\w+|viej\w+|pro|par|por cada)\b|每|旧",
    re.IGNORECASE,
)
"""Matches words which suggest that a number is about another run (`old`) or about a part of a run (`per`)."""
_OWN_BENCHMARK = re.compile(r"\b(?:the|this|our|my|im|le|el) benchmark\b", re.IGNORECASE)
"""Matches words such as `our benchmark`, which mean a benchmark of this session instead of a published one."""
_MODAL = re.compile(
    r"\b(?:should|would|could|might|may|must|will|can|cannot|shall|ought|needs?|not|never|supposed|expected|meant|\w+n't|"
    r"sollten?|soll|würden?|könnten?|muss|müssen|wird|nicht|devrait|devraient|doit|peut|pourrait|sera|"
    r"debería[n]?|debe[n]?|puede[n]?|podría[n]?|será)\b|应该|应当|可能|将会|必须|没有",
    re.IGNORECASE,
)
"""Matches words such as `should` or `not`, which turn a number into a requirement, a guess or a denial."""
_UNCHECKED = re.compile(
    r"\b(?:let me|let's|let us|I'll|I will|I am going to|I'm going to) (?:\w+ ){0,2}?"
    r"(?:re-?)?(?:verify|check|confirm|run|test|double-check|make sure|see|prove|validate)\b",
    re.IGNORECASE,
)
"""Matches words such as `let me verify`; after a claim, they show that the agent has not checked it yet."""
_ACCORDING_TO = re.compile(r"\baccording to\s*\Z", re.IGNORECASE)
"""Matches `according to`.

If a command follows, the number is from this session; if a person follows, the number is only quoted.
"""
_RULE_ARROW = re.compile(r"\s{0,3}(?:→|=>|->|⇒)")
"""Matches an arrow after a claim. The sentence is then a general rule, such as `all tests pass → merge`."""


def is_firm(sentence: Sentence, start: int, end: int, says: ClaimContent) -> bool:
    """Return whether the words from `start` to `end` certainly report something that was run in this session."""
    plain = _OWN_BENCHMARK.sub(" ", sentence.plain) if isinstance(says, ValueClaim) else sentence.plain
    for low, high in sentence.code_spans:
        if _ACCORDING_TO.search(sentence.plain[:low].rstrip(CODE_MARK)) and re.search(
            r"\s-{1,2}\w", sentence.raw[low:high]
        ):
            plain = plain.replace("according to", " ")
    if (
        _ELSEWHERE.search(plain)
        or _RULE_ARROW.match(sentence.plain, end)
        or _ELSEWHERE.search(sentence.heading[:200])
    ):
        return False
    if _UNCHECKED.search(sentence.plain, end) or (
        isinstance(says, ValueClaim) and says.kind == "quantity" and _MODAL.search(sentence.plain, start, end)
    ):
        return False
    text_before = sentence.plain[:start]
    if _DEPENDENT_CLAUSE.search(text_before) or (
        _THAT_CLAUSE.search(text_before) and not _REPORTING_VERB.search(text_before)
    ):
        return False
    is_value = isinstance(says, ValueClaim)
    if sentence.kind != "row" and not is_plain_report(
        text_before, sentence.plain[start:end], sentence.plain[end:], is_value=is_value
    ):
        return False
    match says:
        case TestsClaim():
            claims_success = says.all_pass or says.passed is not None or says.failed == 0
            return claims_success and not says.is_limited
        case CheckClaim():
            return says.is_clean
        case ValueClaim():
            doubtful = says.kind == "metric" and (
                says.name == "correlation"
                or (
                    _BARE_VALUE.fullmatch(sentence.plain[start:end].lower().removeprefix(says.name))
                    and not _IS_MEASURED.search(text_before)
                )
                or (not _NAMES_A_RUN.search(sentence.plain) and sentence.kind != "row")
            )
            if says.kind in ("quantity", "size") and _OTHER_OR_PART.search(sentence.plain):
                return False
            return not doubtful and not _REFERENCE.search(sentence.plain)
    return True
