"""Oracle: a count, its total and its percentage in the same line must agree."""

import re
from collections.abc import Iterable, Iterator

from gedanken.compare.checks.oracle import Contradiction, LineFilter, lines_with, oracle
from gedanken.compare.parsed.run_set import ParsedRun, RunSet
from gedanken.experiment.finding import Finding

_ACCURACY_WORD = re.compile(r"\b(?:acc|accuracy|correct)\b", re.IGNORECASE)
_FORM = LineFilter(re.compile(r"\b(?:acc|accuracy|correct)\b.*#\s?/\s?#", re.IGNORECASE), ("acc", "correct"))
_OTHER_WORD = re.compile(r"epoch|step|batch|iter|loss", re.IGNORECASE)
_FRACTION = re.compile(r"(?<![\d./])(?P<part>\d{1,12})\s{0,2}/\s{0,2}(?P<whole>\d{1,12})(?![\d./])")
_ACCURACY_AFTER = re.compile(r"\s{0,2}[(=]\s{0,2}(?P<value>\d{1,3}(?:\.\d{1,12})?)\s?(?P<percent>%)")
_ACCURACY_BEFORE = re.compile(r"(?<![\d.])(?P<value>\d{1,3}(?:\.\d{1,12})?)\s?(?P<percent>%)?\s?\(\Z")
_SLACK = 1e-12
"""Relative tolerance. It is needed because binary floating-point numbers cannot represent all decimal fractions."""


def fractions(run_set: RunSet) -> Iterable[Finding]:
    """Find counts that contradict the accuracy beside them, as in `97/100 (95%)`, or exceed their total."""
    yield from oracle(run_set, "oracle: fractions", _contradictions)


def _contradictions(run: ParsedRun) -> Iterator[Contradiction]:
    for index, line in lines_with(run, _FORM):
        for match in _FRACTION.finditer(line):
            part, whole = int(match["part"]), int(match["whole"])
            between = _text_after_word(line[: match.start()])
            if not whole or between is None or _OTHER_WORD.search(between):
                continue
            if part > whole:
                yield Contradiction("more than all", f"shows a count of {part} out of only {whole}", (index,))
                continue
            accuracy = _ACCURACY_AFTER.match(line, match.end()) or _accuracy_before(between, line[match.end() :])
            if accuracy and not is_rounding(accuracy["value"], part / whole * (100 if accuracy["percent"] else 1)):
                unit = accuracy["percent"] or ""
                right = f"{100 * part / whole:.4g}%" if unit else f"{part / whole:.6g}"
                claim = f"shows {accuracy['value']}{unit} beside {part}/{whole}, which is {right}"
                yield Contradiction("percentage", claim, (index,))


def _text_after_word(text: str) -> str | None:
    """Return the text after the last word for accuracy, such as `correct`; None if there is no such word."""
    words = list(_ACCURACY_WORD.finditer(text))
    return text[words[-1].end() :] if words else None


def _accuracy_before(between: str, after: str) -> re.Match[str] | None:
    """Find the accuracy before a count in brackets, as in `0.9712 (9712/10000)`; None if there is none.

    `between` is the text from the word for accuracy to the count, `after` the text behind the count.
    """
    if not after.lstrip().startswith(")") or any(character.isalpha() for character in between):
        return None
    match = _ACCURACY_BEFORE.search(between[-24:])
    return match if match and (match["percent"] or "." in match["value"]) else None


def is_rounding(printed: str, value: float) -> bool:
    """Return whether `printed` is `value` rounded or truncated to the number of decimals that `printed` has."""
    unit = 10.0 ** -len(printed.partition(".")[2])
    offset = (float(printed) - value) / unit
    slack = 1e-9 + _SLACK * value / unit
    return -1 - slack < offset <= 0.5 + slack
