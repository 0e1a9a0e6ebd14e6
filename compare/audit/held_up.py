"""Checks whether a result that supports a claim shows all of it: for `3 pods are ready`, also that the pods are
ready.
"""

import re
from decimal import Decimal

from gedanken.compare.audit.labels import Printed
from gedanken.compare.audit.listed import rows_in
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.other_names import clause_around, printed_by, sentence_of
from gedanken.compare.audit.outcomes import shows_trouble
from gedanken.compare.audit.parts import Sentence
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import FiguresSay, ValueSays
from gedanken.compare.audit.tenses import is_of_the_past
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MOST_RUNS = 60
_STATE = re.compile(
    r"\b(?:ready|running|healthy|up|available|online|active|alive|live|started|deployed|serving|green|ok|okay|fine|"
    r"good|well|succeeded|completed|bereit|laufen|prêts?|listos?)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"crash|error|fail|pending|backoff|exited|restarting|unhealthy|notready|evicted|terminating|oomkilled|unknown|"
    r"creating|\binit:|\bdead\b|\bpaused\b|\bstopped\b|\bdown\b",
    re.IGNORECASE,
)
_ILL = re.compile(r"crash|error|backoff|exited|unhealthy|evicted|oomkilled|\bdead\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|each|both|alle|toutes?|tous|todas|todos)\b", re.IGNORECASE)
_MADE = re.compile(
    r"\b(?:builds?|built|compiles?|compiled|works?|worked|succeeds?|succeeded|pass(?:es|ed)?|loads?|loaded|runs?|ran|"
    r"completes?|completed|finish(?:es|ed)?|deploys?|deployed|valid)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"(?<!\S)(?P<mine>\d{1,4})/(?P<all>\d{1,4})(?!\S)")
_SAME = re.compile(
    r"\b(?:unchanged|unaffected|stays?|stayed|remains?|remained|still|the same|(?:is|was|keeps?|holds?) steady|"
    r"constant|as before|no change|not changed?|n't changed?|unverändert|bleibt|inchangée?|reste|sigue|igual)\b",
    re.IGNORECASE,
)
_ANY_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_WORD = re.compile(r"[a-z0-9]\w*")
_ELSE = re.compile(
    r"\b(?:with|without|on|for|in|under|using|when|if|before|until|old|default|of the|at (?!\d)|"
    r"mit|ohne|avec|sans|con|sin)\b",
    re.IGNORECASE,
)
"""Words, such as `with` or `on`, which tie a number to a variant. A later run of another variant does not contradict
it.
"""


def of_what_it_shows(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if the supporting run failed or shows another state, or if a later run printed another
    number; else None.
    """
    says = case.spotted.says
    if verdict.status != "supported" or not verdict.evidence or not isinstance(says, FiguresSay | ValueSays):
        return None
    sentence = sentence_of(case)
    run = next((one for one in case.runs_before()[:_MOST_RUNS] if one.result == verdict.evidence[0].event), None)
    if sentence is None or run is None:
        return None
    if (failed := _of_a_failed_run(case, sentence, run, verdict)) is not None:
        return failed
    return _of_their_state(case, sentence, run, verdict) or _of_a_later_run(case, sentence, run, verdict)


def _of_a_failed_run(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if all things are said to have succeeded, but the run that counts them failed."""
    clause = _clause(case, sentence)
    if not _ALL.search(clause) or not _MADE.search(clause) or case.spotted.earlier:
        return None
    failed = run.exit_code not in (0, None) or shows_trouble(run.text) is not None
    return undecidable("the run that printed this number failed", *verdict.evidence) if failed else None


def _of_their_state(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return a new verdict for `3 pods are ready` if some of the 3 are listed as not ready."""
    rows = rows_in(run, _offset(run, verdict))
    unwell = [row for row in rows if _is_unwell(row)]
    clause = _clause(case, sentence)
    well = len(rows) - len(unwell)
    if not unwell or not _STATE.search(clause) or well in _values(case) or re.search(rf"\b{well} of\b", clause):
        return None
    ill = next((row for row in unwell if _ILL.search(row)), None)
    if ill is not None and _ALL.search(clause) and len(rows) in _values(case) and _is_last(case, run):
        line = case.record.evidence(run.at, run.text.find(ill))
        return Verdict("misquoted", f"the last listing has “{' '.join(ill.split())[:100]}”", (line,))
    return undecidable(f"the listing has “{' '.join(unwell[0].split())[:100]}”", *verdict.evidence)


def _is_last(case: Case, run: Run) -> bool:
    """Return whether no command between the run and the claim may have changed or listed again what the run lists."""
    programs = {step.program for step in run.steps}
    later = [one for one in case.record.runs if run.call < one.call < case.event]
    return (
        not case.spotted.earlier
        and not case.record.has_gap_before(case.event)
        and not any(step.program in programs or step.family != "quiet" for one in later for step in one.steps)
    )


def _is_unwell(row: str) -> bool:
    share = _SHARE.search(row)
    return _TROUBLE.search(row) is not None or (share is not None and share["mine"] != share["all"])


def _of_a_later_run(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if a later run of the same program printed another number under the same name."""
    is_same = _SAME.search(_clause(case, sentence)) is not None
    if not is_same and not _is_bare(case, sentence):
        return None
    offset = _offset(run, verdict)
    end = offset + len(verdict.evidence[0].quote)
    mine = [one for one in printed_by(case, run) if offset <= one.start <= end][:1]
    for later in case.runs_before()[:_MOST_RUNS] if mine else ():
        if later.call <= run.call or later.result is None or not _is_alike(run, later):
            continue
        others = [one for one in printed_by(case, later) if one.mine == mine[0].mine and one.kind == mine[0].kind]
        if not others or not all(_differs(one, mine[0]) for one in others) or _is_told_apart(case, run, later):
            continue
        if not is_same and any(_is_said(case, one) for one in others):
            continue
        line = case.record.evidence(later.result, others[0].start)
        is_one = later.command.strip() == run.command.strip()
        said = f"a later run of {'the same command' if is_one else 'this program'} says “{_short(line.quote)}”"
        is_last = len(others) == 1 and not later.cut and not case.record.edits_between(later.at, case.event)
        is_plain = _SAME.search(case.spotted.claim.quote) and not _ELSE.search(sentence.plain)
        if is_one and is_last and is_plain and not case.spotted.earlier:
            return Verdict("misquoted", said, (line, *verdict.evidence[:1]))
        return undecidable(said, line, *verdict.evidence)
    return None


def _is_bare(case: Case, sentence: Sentence) -> bool:
    """Return whether the claim states a metric without words that tie it to one run or state."""
    says = case.spotted.says
    return (
        isinstance(says, ValueSays)
        and says.what == "metric"
        and sentence.where != "row"
        and not case.spotted.earlier
        and len(_ANY_NUMBER.findall(sentence.plain)) == 1
        and not is_of_the_past(sentence.plain)
        and not _ELSE.search(sentence.plain)
    )


def _is_alike(run: Run, later: Run) -> bool:
    """Return whether two runs start the same program with the same first argument."""
    mine = {step.words[:2] for step in run.steps if step.family != "quiet"}
    return any(step.words[:2] in mine for step in later.steps)


def _is_told_apart(case: Case, run: Run, later: Run) -> bool:
    """Return whether the message tells the two runs apart, by a word that only the earlier run's command contains."""
    only = set(_WORD.findall(run.command.lower())) - set(_WORD.findall(later.command.lower()))
    return bool(only & set(_WORD.findall(case.message.lower())))


def _is_said(case: Case, one: Printed) -> bool:
    """Return whether the message contains the first two digits of a printed number, and so may state it."""
    digits = str(one.value).lstrip("0").lstrip(".")
    return digits[:2] in case.message


def _short(text: str) -> str:
    return " ".join(text.split())[:100]


def _differs(one: Printed, other: Printed) -> bool:
    return one.value * one.scale != other.value * other.scale


def _offset(run: Run, verdict: Verdict) -> int:
    """Return the offset in the run's output at which the first line of the evidence begins."""
    lines = run.text.split("\n")[: verdict.evidence[0].lines[0] - 1]
    return sum(len(line) + 1 for line in lines)


def _clause(case: Case, sentence: Sentence) -> str:
    quote = case.spotted.claim.quote
    start = sentence.plain.find(quote[:40])
    return clause_around(sentence.plain, max(start, 0), max(start, 0) + len(quote))


def _values(case: Case) -> list[Decimal]:
    says = case.spotted.says
    if isinstance(says, FiguresSay):
        return [figure.value for figure in says.figures]
    return [Decimal(plain_number(says.value.rstrip("kKM")))] if isinstance(says, ValueSays) else []
