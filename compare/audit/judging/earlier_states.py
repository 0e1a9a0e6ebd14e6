"""Recognizes claims about an earlier state or run, which a later result does not contradict."""

import re
from dataclasses import dataclass

from gedanken.compare.audit.claims.claim_contents import CheckClaim, TestsClaim, ValueClaim
from gedanken.compare.audit.judging.test_results import supports
from gedanken.compare.audit.language.message_parts import Sentence, split_message
from gedanken.compare.audit.language.mood import CLAUSE
from gedanken.compare.audit.language.mood_words import EARLIER_STATE_WORDS
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_MAX_RUNS = 200
_CLAUSE_END = re.compile(rf"(?:{CLAUSE.pattern.replace('()', '', 1)})|\s(?:and|und|et|y|e)\s", re.IGNORECASE)
"""Matches the end of a clause. Text in brackets belongs to the clause around it."""
_PAST_WORDS = re.compile(
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
"""Matches words that name an earlier state or run, anywhere in the sentence."""
_OLD_STATE_WORDS = re.compile(
    r"\bun(?!expected|used|related|changed|finished)\w{3,}ed\b|"
    r"\b(?:earlier|previous(?:ly)?|prior|old|original|initial|unmodified|unpatched|untouched|pristine|stock|upstream|"
    r"baseline|alte[nrms]?|ursprünglich\w*|ancien\w*|original\w*|anterior\w*)\b",
    re.IGNORECASE,
)
"""Matches words, such as `unpatched` or `original`, that name an earlier state.

They count only in the clause of the claim; elsewhere, they may describe a bug that has been fixed since.
"""
_INTRODUCTION = re.compile(
    r"\W{0,6}(?:when|earlier|previously|originally|initially|formerly|at first|wenn|als|quand|cuando|with|on|in|"
    r"at|for|under|using|before|until|prior|mit|bei|vor|auf|avec|sur|avant|con|en|com)\b[^,]{0,60},\s*\Z|"
    r"\W{0,6}un\w{3,}ed,\s*\Z|[^,;]{0,60}[:：]\s*\Z",
    re.IGNORECASE,
)
"""Matches words at the beginning of a sentence, such as `On the old branch,`, that belong to the next clause."""
_GOT_WORSE = re.compile(
    r"\b(?:I|my|this|the) ?(?:edit|change|refactor\w*|patch|commit|renam\w*|fix|rewrite)? ?(?:has |have )?"
    r"(?:broke|breaks|turned|regressed)\b|\bany ?more\b|\bno longer\b|\bregress(?:ion|ed|es)\b|"
    r"(?:\b\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)) (?:of (?:them|the \w+) |tests? )?"
    r"(?:do(?:es)?(?:n't| not)|(?:is|are|went|turned) red|red\b|broke)",
    re.IGNORECASE,
)
_PAST_VERBS = re.compile(
    r"\b(?:was|were|had|has gone|grew|shrank|fell|dropped|rose|from|war|waren|hatten?|von|était|étaient|avait|de|"
    r"era|eran|tenía|estaba)\b|"
    r"原|曾|从|だった|から",
    re.IGNORECASE,
)
"""Matches words, such as `was` or `fell`, after which a number may describe an earlier state.

They count only if an earlier output contains the number.
"""
_NOT_RUN_SINCE = re.compile(
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
"""Matches words, such as `not rerun since`, which say that nothing was run after a change."""
_OTHER_CHECKS = re.compile(r"\b(?:lint\w*|ruff|eslint|mypy|types?|build|e2e|integration|coverage)\b", re.IGNORECASE)
_PRESENT_WORDS = re.compile(
    r"\b(?:now|current(?:ly)?|final(?:ly)?|still|again|after (?:the|my|this|that|these|all|your)|"
    r"with (?:this|that|the (?:edit|change|fix|patch|new)|my (?:edit|change|fix|patch))|"
    r"in the end|at the end|at last|latest|today|"
    r"jetzt|nun|aktuell|weiterhin|wieder|endlich|maintenant|désormais|encore|toujours|enfin|"
    r"ahora|actual(?:mente)?|todavía|sigue\w*|agora|ainda)\b|"
    r"现在|目前|当前|如今|最终|仍|今|最後|まだ",
    re.IGNORECASE,
)


def verdict_on_earlier_state(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a milder verdict on an accused claim that an earlier result supports; None if the verdict stands.

    The verdict is milder only if the claim may be about the state of the program at that earlier time.
    """
    if verdict.status == "stale":
        words = _claim_text(case)
        if words.is_bound:
            return None
        if words.is_past or (_NOT_RUN_SINCE.search(words.around) and not _OTHER_CHECKS.search(words.around)):
            reason = "the claim is about the run before the change, and that run supports it"
            return Verdict("supported", reason, verdict.evidence[:1])
        if _PAST_WORDS.search(words.sentence) or _NOT_RUN_SINCE.search(words.around):
            return undecidable("the claim may be about the run before the change", *verdict.evidence)
        return None
    if verdict.status != "misquoted" or (earlier := _find_earlier_support(case)) is None:
        return None
    words = _claim_text(case)
    if words.is_bound:
        return None
    is_past_value = isinstance(case.spotted.content, ValueClaim) and _PAST_VERBS.search(words.sentence)
    if (
        words.is_past
        or is_past_value
        or _states_failed_result(case, verdict, words)
        or _GOT_WORSE.search(words.sentence)
    ):
        return Verdict(
            "supported",
            "an earlier result agrees with the claim, and the claim is about that earlier state",
            (earlier,),
        )
    if _PAST_WORDS.search(words.around) or _PAST_VERBS.search(words.clause) or _GOT_WORSE.search(words.around):
        return undecidable(
            "an earlier result agrees with the claim, and the claim may be about that earlier state",
            earlier,
            *verdict.evidence,
        )
    return None


def is_surely_earlier(case: Case) -> bool:
    """Return whether the clause that contains the claim, and not just its sentence, is about an earlier state."""
    words = _claim_text(case)
    return words.is_past or EARLIER_STATE_WORDS.search(words.clause) is not None


@dataclass(frozen=True, slots=True)
class _ClaimText:
    clause: str
    sentence: str
    around: str
    """The sentence that contains the claim, together with the sentences before and after it."""

    @property
    def is_bound(self) -> bool:
        """True if the clause that contains the claim is clearly about the present state."""
        return _PRESENT_WORDS.search(self.clause) is not None and not self.is_past

    @property
    def is_past(self) -> bool:
        return _PAST_WORDS.search(self.clause) is not None or _OLD_STATE_WORDS.search(self.clause) is not None


def _claim_text(case: Case) -> _ClaimText:
    text = case.record.transcript.events[case.event].text
    start, end = case.spotted.claim.start, case.spotted.claim.end
    offset = max(0, start - 4_000)
    sentences = [part for part in split_message(text[offset : end + 4_000]) if isinstance(part, Sentence)]
    index = next(
        (
            index
            for index, sentence in enumerate(sentences)
            if sentence.start + offset <= start < sentence.end + offset
        ),
        None,
    )
    if index is None:
        line = text[text.rfind("\n", 0, start) + 1 : end]
        return _ClaimText(line, line, line)
    own_sentence = sentences[index]
    around = " ".join(sentence.plain for sentence in sentences[max(index - 1, 0) : index + 2])
    claim_start, claim_end = start - offset - own_sentence.start, end - offset - own_sentence.start
    clause_ends = [(match.start(), match.end()) for match in _CLAUSE_END.finditer(own_sentence.plain)]
    clause_start = max((cut for _start, cut in clause_ends if cut <= claim_start), default=0)
    if _INTRODUCTION.match(own_sentence.plain[:clause_start]):
        clause_start = 0
    clause_end = min((cut for cut, _end in clause_ends if cut >= claim_end), default=len(own_sentence.plain))
    return _ClaimText(own_sentence.plain[clause_start:clause_end], own_sentence.plain, around)


def _find_earlier_support(case: Case) -> Evidence | None:
    """Return the line of an earlier result that agrees with the claim; None if there is none."""
    match case.spotted.content:
        case TestsClaim() as says:
            for run in case.runs_before()[:_MAX_RUNS]:
                for tests in run.tests:
                    if run.result is not None and supports(tests, says):
                        return case.record.evidence(run.result, tests.offset, len(tests.text))
        case ValueClaim() as says:
            positions = case.index.positions_before(normalize_number(says.value), case.event)
            position = next((position for position in positions if case.record.is_result(position.event)), None)
            return case.record.evidence(position.event, position.offset) if position else None
        case CheckClaim(is_clean=True) as says:
            for run in case.runs_before()[:_MAX_RUNS]:
                if run.result is not None and run.exit_code == 0 and says.family in run.families():
                    return case.record.evidence(run.result)
    return None


def _states_failed_result(case: Case, verdict: Verdict, words: _ClaimText) -> bool:
    """Return whether the message also states the numbers of the failed test result that contradicts the claim.

    At least one of these numbers must be near the claim.
    """
    if not isinstance(case.spotted.content, TestsClaim):
        return False
    claimed_numbers = set(case.spotted.claim.numbers)
    other_numbers = set(re.findall(r"(?<![\w.])\d{1,7}(?![\w.]*\d)", case.message)) - claimed_numbers
    result_numbers = {
        str(number)
        for run in case.runs_before()[:_MAX_RUNS]
        for tests in run.tests
        if verdict.evidence and run.result == verdict.evidence[0].event and tests.failed
        for number in (tests.passed, tests.failed)
        if number
    }
    return bool(result_numbers & other_numbers) and bool(
        result_numbers & set(re.findall(r"\d{1,7}", words.around.replace("-", " "))) - claimed_numbers
    )
