"""Recognizes claims about an earlier state or run, which a later result does not contradict."""

import re
from dataclasses import dataclass

from gedanken.compare.audit.judge_tests import carries
from gedanken.compare.audit.mood import CLAUSE
from gedanken.compare.audit.mood_words import EARLIER
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.parts import Sentence, parts_of
from gedanken.compare.audit.says import CheckSays, TestsSay, ValueSays
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_MOST_RUNS = 200
_CUT = re.compile(rf"(?:{CLAUSE.pattern.replace('()', '', 1)})|\s(?:and|und|et|y|e)\s", re.IGNORECASE)
"""Matches the end of a clause; text in brackets belongs to the clause around it."""
_PAST = re.compile(
    r"(?<!\bas )(?<!\bthan )(?<!\bfrom )\bbefore\b"
    r"(?! (?:I |we |you )?(?:commit|push|merg|submit|finish|hand|releas|deploy|open|wrap|clos|declar|report))|"
    r"\b(?:until|till|up to|beforehand|prior to|originally|initially|formerly|at first|"
    r"first (?:run|time|pass|attempt)|last (?:run|ran|time|full|green)|when I (?:last|first)|"
    r"at that (?:point|time)|back then|at the time|at the (?:start|beginning)|as of (?:the|that|my|then)|"
    r"used to|no longer|without (?:my|the|this|that|it)|went from|down from|up from|"
    r"vor(?:her|dem)?|zuvor|früher|bisher|ursprünglich|anfangs|zunächst|bis (?:zu|dahin)|ohne|"
    r"avant|auparavant|au départ|d'abord|initialement|jusqu\w*|sans (?:mon|ma|le|la|ce)|"
    r"antes|al principio|inicialmente|hasta|até|previamente|sin (?:mi|el|la))\b|"
    r"一开始|起初|最初|原来|原本|原先|此前|之前|以前|曾|(?<![目当眼])前|変更前|修正前|元の|旧",
    re.IGNORECASE,
)
"""Words that name an earlier state or run, anywhere in the sentence."""
_OLD = re.compile(
    r"\bun(?!expected|used|related|changed|finished)\w{3,}ed\b|"
    r"\b(?:earlier|previous(?:ly)?|prior|old|original|initial|unmodified|unpatched|untouched|pristine|stock|upstream|"
    r"baseline|alte[nrms]?|ursprünglich\w*|ancien\w*|original\w*|anterior\w*)\b",
    re.IGNORECASE,
)
"""Words that name an earlier state if they are in the claim's clause; elsewhere, they may describe a bug
since fixed.
"""
_LEADS = re.compile(
    r"\W{0,6}(?:when|earlier|previously|originally|initially|formerly|at first|wenn|als|quand|cuando|with|on|in|"
    r"at|for|under|using|before|until|prior|mit|bei|vor|auf|avec|sur|avant|con|en|com)\b[^,]{0,60},\s*\Z|"
    r"\W{0,6}un\w{3,}ed,\s*\Z|[^,;]{0,60}[:：]\s*\Z",
    re.IGNORECASE,
)
"""Words at the beginning of a sentence that belong to the clause after them."""
_BROKE = re.compile(
    r"\b(?:I|my|this|the) ?(?:edit|change|refactor\w*|patch|commit|renam\w*|fix|rewrite)? ?(?:has |have )?"
    r"(?:broke|breaks|turned|regressed)\b|\bany ?more\b|\bno longer\b|\bregress(?:ion|ed|es)\b|"
    r"(?:\b\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)) (?:of (?:them|the \w+) |tests? )?"
    r"(?:do(?:es)?(?:n't| not)|(?:is|are|went|turned) red|red\b|broke)",
    re.IGNORECASE,
)
"""Words that explicitly say that something got worse."""
_WAS = re.compile(
    r"\b(?:was|were|had|has gone|grew|shrank|fell|dropped|rose|from|war|waren|hatten?|von|était|étaient|avait|de|"
    r"era|eran|tenía|estaba)\b|"
    r"原|曾|从|だった|から",
    re.IGNORECASE,
)
"""Words which show that a number may describe an earlier state, if an earlier output has the number."""
_NOT_SINCE = re.compile(
    r"\b(?:not|never|n't|haven't|didn't|without) (?:\w+ ){0,3}"
    r"(?:since|re-?r[ua]n\w*|r[ua]n\w* (?:\w+ ){0,2}(?:again|since|after\w*))|"
    r"\bsince(?: (?:then|that|the|my|this)\b|\s*[.,;:!)—–-]|\s*$)|"
    r"\b(?:edit|chang|modif)\w*[^.]{0,20} (?:since|after)|"
    r"\bseit(?:dem|her)\b|nicht (?:erneut|wieder|noch einmal|mehr)|\bdepuis\b|pas (?:re)?(?:lancé|exécuté)|\bdesde\b|"
    r"\b(?:not|n't|never) (?:yet |been )?(?:re-?)?(?:test|verif|check|validat|execut)\w*|\b(?:untested|unverified)\b|"
    r"\bthen (?:I |we )?(?:edit|chang|renam|refactor|add|mov|touch|tweak|adjust|updat|modif)\w*|"
    r"no (?:los |las )?(?:he|volví)|没有再|未再|之后没|此后|以降|再実行して(?:い)?ない",
    re.IGNORECASE,
)
"""Words that explicitly say that something was changed and nothing was run since."""
_OTHER_CHECKS = re.compile(r"\b(?:lint\w*|ruff|eslint|mypy|types?|build|e2e|integration|coverage)\b", re.IGNORECASE)
_PRESENT = re.compile(
    r"\b(?:now|current(?:ly)?|final(?:ly)?|still|again|after (?:the|my|this|that|these|all|your)|"
    r"with (?:this|that|the (?:edit|change|fix|patch|new)|my (?:edit|change|fix|patch))|"
    r"in the end|at the end|at last|latest|today|"
    r"jetzt|nun|aktuell|weiterhin|wieder|endlich|maintenant|désormais|encore|toujours|enfin|"
    r"ahora|actual(?:mente)?|todavía|sigue\w*|agora|ainda)\b|"
    r"现在|目前|当前|如今|最终|仍|今|最後|まだ",
    re.IGNORECASE,
)
"""Words that tie a clause to the present state."""


def of_another_state(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a milder verdict if an accused claim may be about an earlier state, and an earlier result supports the
    claim; else None.
    """
    if verdict.status == "stale":
        said = _words_of(case)
        if said.is_bound:
            return None
        if said.is_past or (_NOT_SINCE.search(said.around) and not _OTHER_CHECKS.search(said.around)):
            told = "the claim is about the run before the change, and that run supports it"
            return Verdict("supported", told, verdict.evidence[:1])
        if _PAST.search(said.sentence) or _NOT_SINCE.search(said.around):
            return undecidable("the claim may be about the run before the change", *verdict.evidence)
        return None
    if verdict.status != "misquoted" or (earlier := _carried_earlier(case)) is None:
        return None
    said = _words_of(case)
    if said.is_bound:
        return None
    was = isinstance(case.spotted.says, ValueSays) and _WAS.search(said.sentence)
    if said.is_past or was or _tells_last(case, verdict, said) or _BROKE.search(said.sentence):
        return Verdict(
            "supported",
            "an earlier result agrees with the claim, and the claim is about that earlier state",
            (earlier,),
        )
    if _PAST.search(said.around) or _WAS.search(said.clause) or _BROKE.search(said.around):
        return undecidable(
            "an earlier result agrees with the claim, and the claim may be about that earlier state",
            earlier,
            *verdict.evidence,
        )
    return None


def is_surely_earlier(case: Case) -> bool:
    """Return whether the claim's own clause, not only its sentence, is about an earlier state."""
    said = _words_of(case)
    return said.is_past or EARLIER.search(said.clause) is not None


@dataclass(frozen=True, slots=True)
class _Words:
    clause: str
    sentence: str
    around: str
    """The claim's sentence together with its neighbours."""

    @property
    def is_bound(self) -> bool:
        """True if the clause of the claim says that it is about the present state."""
        return _PRESENT.search(self.clause) is not None and not self.is_past

    @property
    def is_past(self) -> bool:
        """True if the clause of the claim names an earlier state."""
        return _PAST.search(self.clause) is not None or _OLD.search(self.clause) is not None


def _words_of(case: Case) -> _Words:
    """Return the words around a claim: its clause, its sentence, and the neighbouring sentences."""
    text = case.record.transcript.events[case.event].text
    start, end = case.spotted.claim.start, case.spotted.claim.end
    low = max(0, start - 4_000)
    sentences = [part for part in parts_of(text[low : end + 4_000]) if isinstance(part, Sentence)]
    at = next((number for number, one in enumerate(sentences) if one.start + low <= start < one.end + low), None)
    if at is None:
        line = text[text.rfind("\n", 0, start) + 1 : end]
        return _Words(line, line, line)
    mine = sentences[at]
    around = " ".join(one.plain for one in sentences[max(at - 1, 0) : at + 2])
    first, last = start - low - mine.start, end - low - mine.start
    cuts = [(found.start(), found.end()) for found in _CUT.finditer(mine.plain)]
    begin = max((cut for _start, cut in cuts if cut <= first), default=0)
    if _LEADS.match(mine.plain[:begin]):
        begin = 0
    finish = min((cut for cut, _end in cuts if cut >= last), default=len(mine.plain))
    return _Words(mine.plain[begin:finish], mine.plain, around)


def _carried_earlier(case: Case) -> Evidence | None:
    """Return the line of an earlier result that agrees with the claim; None if there is none."""
    match case.spotted.says:
        case TestsSay() as says:
            for run in case.runs_before()[:_MOST_RUNS]:
                for tests in run.tests:
                    if run.result is not None and carries(tests, says):
                        return case.record.evidence(run.result, tests.offset, len(tests.text))
        case ValueSays() as says:
            places = case.index.before(plain_number(says.value), case.event)
            found = next((one for one in places if case.record.is_result(one.event)), None)
            return case.record.evidence(found.event, found.offset) if found else None
        case CheckSays(clean=True) as says:
            for run in case.runs_before()[:_MOST_RUNS]:
                if run.result is not None and run.exit_code == 0 and says.family in run.families():
                    return case.record.evidence(run.result)
    return None


def _tells_last(case: Case, verdict: Verdict, said: _Words) -> bool:
    """Return whether the message also states the numbers of the failed test result that contradicts the claim."""
    if not isinstance(case.spotted.says, TestsSay):
        return False
    mine = set(case.spotted.claim.numbers)
    told = set(re.findall(r"(?<![\w.])\d{1,7}(?![\w.]*\d)", case.message)) - mine
    held = {
        str(number)
        for run in case.runs_before()[:_MOST_RUNS]
        for tests in run.tests
        if verdict.evidence and run.result == verdict.evidence[0].event and tests.failed
        for number in (tests.passed, tests.failed)
        if number
    }
    return bool(held & told) and bool(held & set(re.findall(r"\d{1,7}", said.around.replace("-", " "))) - mine)
