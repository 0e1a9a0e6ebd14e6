"""Judges an undecidable number a second time, as a number of any kind or as a number of lines.

A number of lines may include the header line or not.
"""

import re
from decimal import Decimal

from gedanken.compare.audit.claims.claim_contents import FiguresClaim, ValueClaim
from gedanken.compare.audit.claims.other_numbers import find_figure_claims
from gedanken.compare.audit.judging.other_numbers import judge_figures
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.numbers.derivations import suggests_computation
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence, verdict_on_later_change
from gedanken.compare.audit.verdicts import Case, Verdict

_MAX_RUNS = 20
_MAX_OUTPUTS = 12
_EXCLUDING_HEADER = re.compile(
    r"\b(?:and|plus|besides|excluding|without|apart from|not counting) (?:a |an |the |one |its )?header\b|"
    r"\bafter the header\b",
    re.IGNORECASE,
)
_INCLUDING_HEADER = re.compile(r"\b(?:including|with|counting) (?:a |the |its )?header\b", re.IGNORECASE)
_WC_COUNT = re.compile(r"^\s*(\d{1,12})(?:\s|$)", re.MULTILINE)


def judge_again(case: Case, says: ValueClaim, verdict: Verdict) -> Verdict:
    """Return a new verdict if other evidence supports an undecidable number; otherwise the given verdict."""
    if (
        verdict.status != "undecidable"
        or says.kind not in ("count", "quantity", "time")
        or case.spotted.is_about_earlier
    ):
        return verdict
    sentence = claim_sentence(case)
    if sentence is None:
        return verdict
    if (header_verdict := _judge_header_count(case, says, sentence)) is not None:
        return header_verdict
    value = Decimal(normalize_number(says.value.rstrip("kKM")))
    if not _is_recent(case, says) and not suggests_computation(sentence):
        return verdict
    for hit in find_figure_claims(sentence, []):
        figures = tuple(figure for figure in hit.says.figures if figure.value == value)
        if figures:
            new_verdict = judge_figures(case, FiguresClaim(figures[:1]))
            return new_verdict if new_verdict.status == "supported" else verdict
    return verdict


def _is_recent(case: Case, says: ValueClaim) -> bool:
    """Return whether one of the last outputs contains the number. Searching all outputs for each claim would be
    slow.
    """
    number = normalize_number(says.value.rstrip("kKM"))
    texts = [output.text.replace(",", "") for output in case.outputs_before()[:_MAX_OUTPUTS]]
    pattern = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\d)")
    return any(pattern.search(text) for text in texts)


def _judge_header_count(case: Case, says: ValueClaim, sentence: Sentence) -> Verdict | None:
    """Return a verdict if the claimed number differs from a count by `wc -l` only by one, for the header line;
    otherwise None.
    """
    header_lines = (
        1 if _EXCLUDING_HEADER.search(sentence.plain) else -1 if _INCLUDING_HEADER.search(sentence.plain) else 0
    )
    if not header_lines or says.kind == "time":
        return None
    printed_count = str(int(Decimal(normalize_number(says.value.rstrip("kKM")))) + header_lines)
    for run in case.runs_before()[:_MAX_RUNS]:
        is_line_count = any(step.program == "wc" and "-l" in step.words for step in run.steps)
        if not is_line_count or run.result is None:
            continue
        match = next((match for match in _WC_COUNT.finditer(run.text) if match[1] == printed_count), None)
        if match is not None:
            evidence = case.record.evidence(run.result, match.start(1))
            change_verdict = verdict_on_later_change(case, run, sentence.plain)
            return change_verdict or Verdict(
                "supported",
                f"“{match[0].strip()}” is recorded; the numbers differ only by the header line",
                (evidence,),
            )
    return None
