"""Determines which name in an output line a number belongs to."""

import re
from collections.abc import Sequence
from typing import Protocol

from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.outcomes import plain
from gedanken.compare.audit.says import ValueSays
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
_SPLIT = re.compile(
    r"(?<![a-z])(?:train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev|held-out)(?![a-z])"
)
SPLIT_WORD = re.compile(r"\b(?:val|validation|test|train|training|eval)\b", re.IGNORECASE)
_HELD_OUT = re.compile(r"\b(?:test|held-?out|hold-?out) (?:set|split|data|images|samples)\b", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w.])[\w./-]*[\w-]\.[A-Za-z]\w{0,5}(?![\w.])")
_AVERAGED = re.compile(r"\b(?:averag\w+|mean|median|gemittelt|Mittel|moyenne|promedio|média)\b|平均", re.IGNORECASE)
"""Words for a mean. If a sentence has one of them, its number may be the mean of several printed numbers."""
_MOST_ROWS = 50
_FINAL = re.compile(r"\b(?:final\w*|last|ended|ends|end|finish\w*)\b|endgültig|最终|最后", re.IGNORECASE)


class _HasValues(Protocol):
    """Anything with `values`, such as a line of an output with its numbers."""

    @property
    def values(self) -> tuple[float, ...]: ...


def is_anothers(line: str, at: int, mine: re.Pattern[str], name: str = "") -> bool:
    """Return whether the number at `at` is not the claim's: the line gives the number a name that `mine` does not
    match, or a split of the data, such as training, that differs from that of `name`.
    """
    numbers = list(_NUMBER.finditer(line))
    last = max((found.start() for found in _METRIC.finditer(line)), default=-1)
    if last < 0:
        return False
    before = max((number.end() for number in numbers if number.end() <= at), default=0)
    names_lead = not numbers or last < numbers[-1].start()
    if names_lead:
        piece = line[before:at]
    else:
        end = next((number.end() for number in numbers if number.start() >= at), at)
        piece = line[end : next((number.start() for number in numbers if number.start() >= end), len(line))]
    names = list(_METRIC.finditer(piece))
    if names:
        nearest = names[-1] if names_lead else names[0]
        if not any(found.start() < nearest.end() and nearest.start() < found.end() for found in mine.finditer(piece)):
            return True
    return _is_other_split(line[:at] if names_lead else piece, name)


def _is_other_split(text: str, name: str) -> bool:
    wanted = [found[0][:3] for found in _SPLIT.finditer(name.lower().replace("_", " "))]
    told = [found[0][:3] for found in _SPLIT.finditer(text.lower().replace("_", " "))]
    return bool(wanted and told) and (wanted[-1] == "tra") != (told[-1] == "tra")


def is_outdone(line: str, later: list[str], said: str) -> bool:
    """Return whether the claim states a final value, but a later line with the same words has other numbers."""
    if not _FINAL.search(said) or _FINAL.search(line):
        return False
    return any(_shape(one) == _shape(line) and one.split() != line.split() for one in later)


def _shape(line: str) -> str:
    return re.sub(r"[\d.]+", "#", " ".join(line.split()))


def line_at(case: Case, event: int, offset: int) -> tuple[str, int]:
    """Return the line at an offset in an event's text, and the offset within that line."""
    text = plain(case.record.transcript.events[event].text)
    low = text.rfind("\n", 0, offset) + 1
    high = text.find("\n", offset)
    return text[low : high if high >= 0 else len(text)][:1_000], offset - low


def is_of_another_file(line: str, path: str | None) -> bool:
    """Return whether a line is about a file other than `path`."""
    if path is None:
        return False
    base = path.rsplit("/", 1)[-1]
    named = [found[0].rsplit("/", 1)[-1] for found in _FILE.finditer(line)]
    return bool(named) and base not in named


def is_of_another_package(case: Case, says: ValueSays, line: str, event: int) -> bool:
    """Return whether the version in a line follows another name, and neither line nor command contains the claim's
    name.
    """
    if not re.search(rf"[A-Za-z][\w.-]{{1,60}}[@=]=?v?{re.escape(says.value)}(?![\w.]*\d)", line):
        return False
    run = next((one for one in case.runs_before() if one.result == event), None)
    shown = f"{line} {run.command if run else ''}".lower()
    return not any(part in shown for part in re.split(r"[/@]", says.name.lower()) if len(part) > 1)


def is_of_another_split(case: Case, lines: list[str]) -> bool:
    """Return whether the claim is about held-out data, but no line names a split of the data."""
    text = case.record.transcript.events[case.event].text
    start = case.spotted.claim.start
    said = text[max(start - 40, text.rfind("\n", 0, start) + 1) :][:160].split("\n")[0]
    return bool(_HELD_OUT.search(said)) and not any(SPLIT_WORD.search(line.replace("_", " ")) for line in lines)


def is_mean(case: Case, stated: str, lines: Sequence[_HasValues]) -> bool:
    """Return whether the stated number is the mean of a printed column, or its sentence mentions a mean."""
    rows = [line.values for line in lines[:_MOST_ROWS]]
    wanted = float(plain_number(stated))
    room = 0.51 * 10.0 ** -len(plain_number(stated).partition(".")[2])
    for size in range(2, len(rows) + 1):
        for column in zip(*rows[:size], strict=False):
            middle = sum(column) / size
            if abs(middle - wanted) <= room or abs(100 * middle - wanted) <= room:
                return True
    text, claim = case.record.transcript.events[case.event].text, case.spotted.claim
    before = re.split(r"[.!?]\s|\n", text[max(claim.start - 200, 0) : claim.start])[-1]
    after = re.split(r"[.!?](?:\s|\Z)|\n", text[claim.end : claim.end + 200])[0]
    return _AVERAGED.search(before + text[claim.start : claim.end] + after) is not None
