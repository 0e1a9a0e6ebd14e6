"""Checks whether a result that supports a claim shows everything that the claim says.

For `3 pods are ready`, it must show not only 3 pods, but also that they are ready.
"""

import re
from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import FiguresClaim, ValueClaim
from gedanken.compare.audit.language.clauses import clause_around
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.language.tenses import describes_past
from gedanken.compare.audit.numbers.listings import listing_rows
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence, printed_by
from gedanken.compare.audit.outputs.labels import PrintedNumber
from gedanken.compare.audit.outputs.outcomes import find_error_sign
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MAX_RUNS = 60
_READY = re.compile(
    r"\b(?:ready|running|healthy|up|available|online|active|alive|live|started|deployed|serving|green|ok|okay|fine|"
    r"good|well|succeeded|completed|bereit|laufen|prêts?|listos?)\b",
    re.IGNORECASE,
)
_NOT_READY = re.compile(
    r"crash|error|fail|pending|backoff|exited|restarting|unhealthy|notready|evicted|terminating|oomkilled|unknown|"
    r"creating|\binit:|\bdead\b|\bpaused\b|\bstopped\b|\bdown\b",
    re.IGNORECASE,
)
_FAILURE_STATE = re.compile(r"crash|error|backoff|exited|unhealthy|evicted|oomkilled|\bdead\b", re.IGNORECASE)
_ALL_WORD = re.compile(r"\b(?:all|every|each|both|alle|toutes?|tous|todas|todos)\b", re.IGNORECASE)
_SUCCESS_VERB = re.compile(
    r"\b(?:builds?|built|compiles?|compiled|works?|worked|succeeds?|succeeded|pass(?:es|ed)?|loads?|loaded|runs?|ran|"
    r"completes?|completed|finish(?:es|ed)?|deploys?|deployed|valid)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"(?<!\S)(?P<mine>\d{1,4})/(?P<all>\d{1,4})(?!\S)")
_UNCHANGED = re.compile(
    r"\b(?:unchanged|unaffected|stays?|stayed|remains?|remained|still|the same|(?:is|was|keeps?|holds?) steady|"
    r"constant|as before|no change|not changed?|n't changed?|unverändert|bleibt|inchangée?|reste|sigue|igual)\b",
    re.IGNORECASE,
)
_ANY_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_WORD = re.compile(r"[a-z0-9]\w*")
_VARIANT = re.compile(
    r"\b(?:with|without|on|for|in|under|using|when|if|before|until|old|default|of the|at (?!\d)|"
    r"mit|ohne|avec|sans|con|sin)\b",
    re.IGNORECASE,
)
"""Matches words, such as `with` or `on`, which say that a number is about one variant.

A later run of another variant does not contradict such a number.
"""


def revise_for_shown_content(case: Case, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if the evidence does not show everything that the claim says; otherwise None.

    The supporting run may have failed or show another state, or a later run may have printed another number.
    """
    says = case.spotted.content
    if verdict.status != "supported" or not verdict.evidence or not isinstance(says, FiguresClaim | ValueClaim):
        return None
    sentence = claim_sentence(case)
    run = next((run for run in case.runs_before()[:_MAX_RUNS] if run.result == verdict.evidence[0].event), None)
    if sentence is None or run is None:
        return None
    if (failed_verdict := _revise_for_failed_run(case, sentence, run, verdict)) is not None:
        return failed_verdict
    return _revise_for_state(case, sentence, run, verdict) or _revise_for_later_run(case, sentence, run, verdict)


def _revise_for_failed_run(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the claim says that everything succeeded although the run that shows the
    number failed; otherwise None.
    """
    clause = _clause(case, sentence)
    if not _ALL_WORD.search(clause) or not _SUCCESS_VERB.search(clause) or case.spotted.is_about_earlier:
        return None
    failed = run.exit_code not in (0, None) or find_error_sign(run.text) is not None
    return undecidable("the run that printed this number failed", *verdict.evidence) if failed else None


def _revise_for_state(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if, for a claim such as `3 pods are ready`, some of the 3 are listed as not ready;
    otherwise None.
    """
    rows = listing_rows(run, _evidence_offset(run, verdict))
    unhealthy_rows = [row for row in rows if _is_unhealthy(row)]
    clause = _clause(case, sentence)
    healthy_count = len(rows) - len(unhealthy_rows)
    if (
        not unhealthy_rows
        or not _READY.search(clause)
        or healthy_count in _claimed_values(case)
        or re.search(rf"\b{healthy_count} of\b", clause)
    ):
        return None
    failed_row = next((row for row in unhealthy_rows if _FAILURE_STATE.search(row)), None)
    if (
        failed_row is not None
        and _ALL_WORD.search(clause)
        and len(rows) in _claimed_values(case)
        and _is_last_listing(case, run)
    ):
        evidence = case.record.evidence(run.result_event, run.text.find(failed_row))
        return Verdict("misquoted", f"the last listing has “{' '.join(failed_row.split())[:100]}”", (evidence,))
    return undecidable(f"the listing has “{' '.join(unhealthy_rows[0].split())[:100]}”", *verdict.evidence)


def _is_last_listing(case: Case, run: Run) -> bool:
    """Return whether no command between the run and the claim may have changed what the run lists, or have listed
    it again.
    """
    programs = {step.program for step in run.steps}
    later_runs = [later_run for later_run in case.record.runs if run.call_event < later_run.call_event < case.event]
    return (
        not case.spotted.is_about_earlier
        and not case.record.has_gap_before(case.event)
        and not any(
            step.program in programs or step.family != "quiet" for later_run in later_runs for step in later_run.steps
        )
    )


def _is_unhealthy(row: str) -> bool:
    share = _SHARE.search(row)
    return _NOT_READY.search(row) is not None or (share is not None and share["mine"] != share["all"])


def _revise_for_later_run(case: Case, sentence: Sentence, run: Run, verdict: Verdict) -> Verdict | None:
    """Return a new verdict if a later run of the same program printed another number under the same name;
    otherwise None.
    """
    is_same = _UNCHANGED.search(_clause(case, sentence)) is not None
    if not is_same and not _is_unqualified(case, sentence):
        return None
    offset = _evidence_offset(run, verdict)
    end = offset + len(verdict.evidence[0].quote)
    printed_numbers = [number for number in printed_by(case, run) if offset <= number.start <= end][:1]
    for later_run in case.runs_before()[:_MAX_RUNS] if printed_numbers else ():
        if later_run.call_event <= run.call_event or later_run.result is None or not _is_same_program(run, later_run):
            continue
        later_numbers = [
            number
            for number in printed_by(case, later_run)
            if number.words == printed_numbers[0].words and number.kind == printed_numbers[0].kind
        ]
        if (
            not later_numbers
            or not all(_differs(number, printed_numbers[0]) for number in later_numbers)
            or _is_distinguished(case, run, later_run)
        ):
            continue
        if not is_same and any(_may_be_stated(case, number) for number in later_numbers):
            continue
        line = case.record.evidence(later_run.result, later_numbers[0].start)
        is_repeated = later_run.command.strip() == run.command.strip()
        reason = (
            f"a later run of {'the same command' if is_repeated else 'this program'} says “{_shorten(line.quote)}”"
        )
        is_only_number = (
            len(later_numbers) == 1
            and not later_run.is_incomplete
            and not case.record.edits_between(later_run.result_event, case.event)
        )
        is_claimed_unchanged = _UNCHANGED.search(case.spotted.claim.quote) and not _VARIANT.search(sentence.plain)
        if is_repeated and is_only_number and is_claimed_unchanged and not case.spotted.is_about_earlier:
            return Verdict("misquoted", reason, (line, *verdict.evidence[:1]))
        return undecidable(reason, line, *verdict.evidence)
    return None


def _is_unqualified(case: Case, sentence: Sentence) -> bool:
    """Return whether the claim states a metric without words which say that it is about a certain run or state."""
    says = case.spotted.content
    return (
        isinstance(says, ValueClaim)
        and says.kind == "metric"
        and sentence.kind != "row"
        and not case.spotted.is_about_earlier
        and len(_ANY_NUMBER.findall(sentence.plain)) == 1
        and not describes_past(sentence.plain)
        and not _VARIANT.search(sentence.plain)
    )


def _is_same_program(run: Run, later_run: Run) -> bool:
    """Return whether two runs start the same program with the same first argument."""
    commands = {step.words[:2] for step in run.steps if step.family != "quiet"}
    return any(step.words[:2] in commands for step in later_run.steps)


def _is_distinguished(case: Case, run: Run, later_run: Run) -> bool:
    """Return whether the message has a word that only the earlier run's command contains.

    Such a word tells the two runs apart.
    """
    distinctive_words = set(_WORD.findall(run.command.lower())) - set(_WORD.findall(later_run.command.lower()))
    return bool(distinctive_words & set(_WORD.findall(case.message.lower())))


def _may_be_stated(case: Case, number: PrintedNumber) -> bool:
    """Return whether the message may state a printed number, because it contains the number's first two digits."""
    digits = str(number.value).lstrip("0").lstrip(".")
    return digits[:2] in case.message


def _shorten(text: str) -> str:
    return " ".join(text.split())[:100]


def _differs(first: PrintedNumber, second: PrintedNumber) -> bool:
    return first.value * first.scale != second.value * second.scale


def _evidence_offset(run: Run, verdict: Verdict) -> int:
    """Return the offset in the run's output at which the first line of the evidence begins."""
    lines = run.text.split("\n")[: verdict.evidence[0].lines[0] - 1]
    return sum(len(line) + 1 for line in lines)


def _clause(case: Case, sentence: Sentence) -> str:
    quote = case.spotted.claim.quote
    start = sentence.plain.find(quote[:40])
    return clause_around(sentence.plain, max(start, 0), max(start, 0) + len(quote))


def _claimed_values(case: Case) -> list[Decimal]:
    says = case.spotted.content
    if isinstance(says, FiguresClaim):
        return [figure.value for figure in says.figures]
    return [Decimal(normalize_number(says.value.rstrip("kKM")))] if isinstance(says, ValueClaim) else []
