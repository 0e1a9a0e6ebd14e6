"""Judges an undecidable number again: as a number of any kind, or as a count of lines that includes or omits the
header.
"""

import re
from decimal import Decimal

from gedanken.compare.audit.derived import may_follow
from gedanken.compare.audit.figures_said import figures_said
from gedanken.compare.audit.judge_figures import judge_figures
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.other_names import changed_since, sentence_of
from gedanken.compare.audit.parts import Sentence
from gedanken.compare.audit.says import FiguresSay, ValueSays
from gedanken.compare.audit.verdicts import Case, Verdict

_MOST_RUNS = 20
_MOST_OUTPUTS = 12
_BESIDE_HEADER = re.compile(
    r"\b(?:and|plus|besides|excluding|without|apart from|not counting) (?:a |an |the |one |its )?header\b|"
    r"\bafter the header\b",
    re.IGNORECASE,
)
_WITH_HEADER = re.compile(r"\b(?:including|with|counting) (?:a |the |its )?header\b", re.IGNORECASE)
_COUNTED = re.compile(r"^\s*(\d{1,12})(?:\s|$)", re.MULTILINE)


def judge_again(case: Case, says: ValueSays, verdict: Verdict) -> Verdict:
    """Return the given verdict, or a new one if other evidence supports an undecidable number."""
    if verdict.status != "undecidable" or says.what not in ("count", "quantity", "time") or case.spotted.earlier:
        return verdict
    sentence = sentence_of(case)
    if sentence is None:
        return verdict
    if (counted := _beside_header(case, says, sentence)) is not None:
        return counted
    value = Decimal(plain_number(says.value.rstrip("kKM")))
    if not _is_recent(case, says) and not may_follow(sentence):
        return verdict
    for hit in figures_said(sentence, []):
        mine = tuple(one for one in hit.says.figures if one.value == value)
        if mine:
            again = judge_figures(case, FiguresSay(mine[:1]))
            return again if again.status == "supported" else verdict
    return verdict


def _is_recent(case: Case, says: ValueSays) -> bool:
    """Return whether one of the last outputs has the number. (Reading all outputs for each claim would be slow.)"""
    number = plain_number(says.value.rstrip("kKM"))
    texts = [output.text.replace(",", "") for output in case.outputs_before()[:_MOST_OUTPUTS]]
    pattern = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\d)")
    return any(pattern.search(text) for text in texts)


def _beside_header(case: Case, says: ValueSays, sentence: Sentence) -> Verdict | None:
    """Return a verdict if the claimed number and a count by `wc -l` differ only by the header line."""
    away = 1 if _BESIDE_HEADER.search(sentence.plain) else -1 if _WITH_HEADER.search(sentence.plain) else 0
    if not away or says.what == "time":
        return None
    wanted = str(int(Decimal(plain_number(says.value.rstrip("kKM")))) + away)
    for run in case.runs_before()[:_MOST_RUNS]:
        counts = any(step.program == "wc" and "-l" in step.words for step in run.steps)
        if not counts or run.result is None:
            continue
        found = next((one for one in _COUNTED.finditer(run.text) if one[1] == wanted), None)
        if found is not None:
            line = case.record.evidence(run.result, found.start(1))
            changed = changed_since(case, run, sentence.plain)
            return changed or Verdict(
                "supported", f"“{found[0].strip()}” is recorded; the numbers differ only by the header line", (line,)
            )
    return None
