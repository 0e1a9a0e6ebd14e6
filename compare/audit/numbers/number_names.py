"""Determines which name in an output line a number belongs to."""

import re
from collections.abc import Sequence
from typing import Protocol

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.outputs.outcomes import strip_control_sequences
from gedanken.compare.audit.verdicts import Case

_METRIC = re.compile(
    r"(?<![A-Za-z])(?:loss|acc(?:uracy)?|f1|prec(?:ision)?|rec(?:all)?|auc|auroc|rmse|mae|mse|r2|bleu|rouge\w*|ppl|"
    r"perplexity|"
    r"err(?:or)?|lr|learning[ _]rate|grad[ _]?norm|map|ndcg|cov(?:erage)?|specificity|sensitivity|kappa|mcc|iou|"
    r"dice)(?![a-z]{3})|"
    r"[A-Za-z]\w*(?=\s?=\s?[-\d.])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_SPLIT_NAME = re.compile(
    r"(?<![a-z])(?:train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev|held-out)(?![a-z])"
)
SPLIT_WORDS = re.compile(r"\b(?:val|validation|test|train|training|eval)\b", re.IGNORECASE)
_HELD_OUT = re.compile(r"\b(?:test|held-?out|hold-?out) (?:set|split|data|images|samples)\b", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w.])[\w./-]*[\w-]\.[A-Za-z]\w{0,5}(?![\w.])")
_MEAN_WORDS = re.compile(r"\b(?:averag\w+|mean|median|gemittelt|Mittel|moyenne|promedio|média)\b|平均", re.IGNORECASE)
"""Matches words for a mean. If a sentence has one of them, its number may be the mean of several printed numbers."""
_MAX_ROWS = 50
_FINAL_WORDS = re.compile(r"\b(?:final\w*|last|ended|ends|end|finish\w*)\b|endgültig|最终|最后", re.IGNORECASE)


class _HasValues(Protocol):
    @property
    def values(self) -> tuple[float, ...]: ...


def belongs_to_other_name(line: str, position: int, own_name: re.Pattern[str], name: str = "") -> bool:
    """Return whether the number at `position` in the line is not the claimed one.

    This is so if the line gives the number a name that `own_name` does not match, or if the line is about another
    split of the data than `name`, such as training data in place of test data.
    """
    numbers = list(_NUMBER.finditer(line))
    last_name_start = max((match.start() for match in _METRIC.finditer(line)), default=-1)
    if last_name_start < 0:
        return False
    previous_end = max((number.end() for number in numbers if number.end() <= position), default=0)
    is_name_first = not numbers or last_name_start < numbers[-1].start()
    if is_name_first:
        segment = line[previous_end:position]
    else:
        end = next((number.end() for number in numbers if number.start() >= position), position)
        segment = line[end : next((number.start() for number in numbers if number.start() >= end), len(line))]
    names = list(_METRIC.finditer(segment))
    if names:
        nearest = names[-1] if is_name_first else names[0]
        if not any(
            match.start() < nearest.end() and nearest.start() < match.end() for match in own_name.finditer(segment)
        ):
            return True
    return _is_other_split(line[:position] if is_name_first else segment, name)


def _is_other_split(text: str, name: str) -> bool:
    name_splits = [match[0][:3] for match in _SPLIT_NAME.finditer(name.lower().replace("_", " "))]
    text_splits = [match[0][:3] for match in _SPLIT_NAME.finditer(text.lower().replace("_", " "))]
    return bool(name_splits and text_splits) and (name_splits[-1] == "tra") != (text_splits[-1] == "tra")


def is_superseded(line: str, later_lines: list[str], sentence: str) -> bool:
    """Return whether the sentence states a final value although a later line with the same words has other
    numbers.
    """
    if not _FINAL_WORDS.search(sentence) or _FINAL_WORDS.search(line):
        return False
    return any(
        _mask_numbers(later_line) == _mask_numbers(line) and later_line.split() != line.split()
        for later_line in later_lines
    )


def _mask_numbers(line: str) -> str:
    return re.sub(r"[\d.]+", "#", " ".join(line.split()))


def line_at(case: Case, event: int, offset: int) -> tuple[str, int]:
    """Return the line at an offset in an event's text, and the offset within that line."""
    text = strip_control_sequences(case.record.transcript.events[event].text)
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)][:1_000], offset - start


def is_of_another_file(line: str, path: str | None) -> bool:
    """Return whether a line is about a file other than `path`."""
    if path is None:
        return False
    file_name = path.rsplit("/", 1)[-1]
    file_names = [match[0].rsplit("/", 1)[-1] for match in _FILE.finditer(line)]
    return bool(file_names) and file_name not in file_names


def is_of_another_package(case: Case, says: ValueClaim, line: str, event: int) -> bool:
    """Return whether the version in a line belongs to something other than the claim names.

    Neither the line nor the command may contain the name in the claim.
    """
    if not re.search(rf"[A-Za-z][\w.-]{{1,60}}[@=]=?v?{re.escape(says.value)}(?![\w.]*\d)", line):
        return False
    run = next((run for run in case.runs_before() if run.result == event), None)
    searched = f"{line} {run.command if run else ''}".lower()
    return not any(part in searched for part in re.split(r"[/@]", says.name.lower()) if len(part) > 1)


def is_of_another_split(case: Case, lines: list[str]) -> bool:
    """Return whether the claim is about held-out data although no line names a split of the data."""
    text = case.record.transcript.events[case.event].text
    start = case.spotted.claim.start
    claim_line = text[max(start - 40, text.rfind("\n", 0, start) + 1) :][:160].split("\n")[0]
    return bool(_HELD_OUT.search(claim_line)) and not any(
        SPLIT_WORDS.search(line.replace("_", " ")) for line in lines
    )


def is_mean(case: Case, stated: str, lines: Sequence[_HasValues]) -> bool:
    """Return whether the stated number is the mean of a printed column, or its sentence mentions a mean."""
    rows = [line.values for line in lines[:_MAX_ROWS]]
    value = float(normalize_number(stated))
    tolerance = 0.51 * 10.0 ** -len(normalize_number(stated).partition(".")[2])
    for size in range(2, len(rows) + 1):
        for column in zip(*rows[:size], strict=False):
            mean = sum(column) / size
            if abs(mean - value) <= tolerance or abs(100 * mean - value) <= tolerance:
                return True
    text, claim = case.record.transcript.events[case.event].text, case.spotted.claim
    before = re.split(r"[.!?]\s|\n", text[max(claim.start - 200, 0) : claim.start])[-1]
    after = re.split(r"[.!?](?:\s|\Z)|\n", text[claim.end : claim.end + 200])[0]
    return _MEAN_WORDS.search(before + text[claim.start : claim.end] + after) is not None
