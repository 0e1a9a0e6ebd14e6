"""Checks whether the output gives a number a name other than the claimed one: another row, column, key or run."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from gedanken.compare.audit.amounts import is_amount
from gedanken.compare.audit.labels import Printed, keys_in, printed_in, unit_of
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.parts import Sentence, parts_of
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import ValueSays
from gedanken.compare.audit.tenses import is_of_the_past, is_of_the_present
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_OTHER_RUNS = 5
_LONG_COMMAND = 300
_AWAY = 2_000
_GENERAL = frozenset(["test", "pass"])
"""Words that occur in many lines of every output, so that they do not tell numbers apart."""
_CUT = re.compile(
    r"[,;()|](?!\d)|→(?!\s{0,3}\d)|\s(?:and|und|et|y|e|but|while|against|vs\.?|versus|gegen)\s", re.IGNORECASE
)
"""Matches what separates two parts of a sentence that may be about different numbers, such as a comma or `and`."""
_WAS = re.compile(
    r"\s{0,3}(?:(?:it |that |which )?(?:was|were|had been)|previously|before|formerly|originally|instead of|"
    r"(?:down |up )?from)\s{1,3}",
    re.IGNORECASE,
)
"""Words between two numbers which show that the second is the earlier value of the first, as in `61 ms, was 88`."""
_HAS_NOUN = re.compile(r"\s{1,3}(?!(?:of|to|from|in|at|on|and|or|is|are|was|were)\b)[a-zà-ÿ][\w-]{2,20}")
_COUNTED = re.compile(
    r"(?<!\bof )(?<!/)(?<![\w.,])\d[\d,.]*\s{1,3}"
    r"(?!(?:of|to|from|in|at|on|and|or|is|are|was|were)\b)(?:[a-zà-ÿ][\w-]{2,20})"
)
"""Matches a number with the noun after it."""
_SERIAL = re.compile(r"(?<=[a-z])(?:\d+|[-_][a-z0-9]+)$")
"""Matches the part of a name that tells apart things of one series, such as the `-q` of `zone-q`."""


def sentence_of(case: Case) -> Sentence | None:
    """Return the sentence that contains a claim; None if there is none."""
    text = case.record.transcript.events[case.event].text
    start = case.spotted.claim.start
    low = max(text.rfind("\n\n", 0, start), start - _AWAY, 0)
    parts = [part for part in parts_of(text[low : case.spotted.claim.end + _AWAY]) if isinstance(part, Sentence)]
    return next((part for part in parts if part.start <= start - low < part.end), None)


def clause_around(sentence: str, start: int, end: int) -> str:
    """Return the part of a sentence that contains the number from `start` to `end`, cut where `_CUT` matches."""
    low, high = _bounds(sentence, start, end)
    return sentence[low:high]


def _bounds(sentence: str, start: int, end: int) -> tuple[int, int]:
    low = max((found.end() for found in _CUT.finditer(sentence) if found.end() <= start), default=0)
    after = _CUT.search(sentence, end)
    return low, after.start() if after else len(sentence)


def words_of(sentence: str, start: int, end: int) -> str:
    """Return the words around the number from `start` to `end`. Nouns that other numbers count are left out, such as
    `suites` in `105 tests in 14 suites`.
    """
    low, high = _bounds(sentence, start, end)
    before, after = sentence[low:start], sentence[end:high]
    if not _HAS_NOUN.match(after):
        if _WAS.fullmatch(before) and low:
            return f"{sentence[_bounds(sentence, low - 1, low - 1)[0] : low]} {sentence[low:high]}"
        return sentence[low:high]
    return f"{_COUNTED.sub(' ', before)} {sentence[start:end]} {_COUNTED.sub(' ', after)}"


def printed_by(case: Case, run: Run) -> tuple[Printed, ...]:
    """Return the numbers that a run printed."""
    return case.record.once(("printed", run.call), partial(printed_in, run.text))


def names_of(run: Run, one: Printed) -> frozenset[str]:
    """Return all words that name a printed number, including those of the command that printed it."""
    return one.mine | one.around | command_of(run)


def command_of(run: Run | None) -> frozenset[str]:
    """Return the words of a run's command; empty if the command is too long to name what it prints."""
    return keys_in(run.command) if run is not None and len(run.command) < _LONG_COMMAND else frozenset()


def has_rival(case: Case, words: frozenset[str], run: Run, one: Printed, is_mine: Callable[[Printed], bool]) -> bool:
    """Return whether the claim is about another thing than the number `one` of `run`, or another number fits the
    claim better. `words`: the claim's words; `is_mine`: whether a number equals the claimed one.
    """
    held = words & names_of(run, one)
    if is_other_thing(words, one.mine, names_of(run, one)):
        return True
    others = [other for other in case.runs_before()[: _OTHER_RUNS + 1] if other is not run]
    return any(
        outdoes(held, words & names_of(run, rival), None)
        for rival in printed_by(case, run)
        if rival.kind == one.kind and not is_mine(rival)
    ) or any(
        outdoes(held, words & names_of(other, rival), command_of(other))
        for other in others[:_OTHER_RUNS]
        for rival in printed_by(case, other)
        if rival.kind == one.kind and not is_mine(rival)
    )


def outdoes(held: frozenset[str], rival: frozenset[str], command: frozenset[str] | None) -> bool:
    """Return whether another printed number, the rival, fits the claim better than the supporting number.

    `held`: the claim's words that name the supporting number; `rival`: those that name the rival. `command`: the
    words of the rival's command, if another run printed the rival; then a word that only `rival` has must be among
    them.
    """
    return held < rival and (command is None or bool((rival - held) & command))


def is_other_thing(words: frozenset[str], mine: frozenset[str], names: frozenset[str]) -> bool:
    """Return whether the claim names one thing of a series and the output another, such as `zone-q` and `zone-c`.
    `words`: the claim's words; `mine`: the printed number's own name; `names`: all words that name the printed
    number.
    """
    said = {word for word in words if not word.isalpha()}
    printed = {_SERIAL.sub("", word) for word in mine if not word.isalpha()}
    return not said & names and any(_SERIAL.search(word) and _SERIAL.sub("", word) in printed for word in said)


def of_another_name(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the supporting number has another name or may have changed since; else
    None.
    """
    says = case.spotted.says
    if verdict.status != "supported" or not verdict.evidence or not isinstance(says, ValueSays):
        return None
    if says.what not in ("time", "size", "count", "quantity", "metric"):
        return None
    line = verdict.evidence[0]
    run = next((one for one in case.runs_before()[:60] if one.result == line.event), None)
    sentence = sentence_of(case)
    if run is None or sentence is None:
        return None
    if says.what in ("time", "size") and (changed := changed_since(case, run, sentence.plain)) is not None:
        return changed
    unit, value = unit_of(says.unit), Decimal(plain_number(says.value.rstrip("kKM")))
    is_mine = partial(is_amount, value, unit, about=says.about)
    mine = [one for one in printed_by(case, run) if is_mine(one)]
    start = sentence.plain.find(says.value)
    if not mine and says.what == "size" and any(one.value == value for one in printed_by(case, run)):
        return undecidable("the output has this number, but not as a size in this unit", line)
    if not mine or start < 0:
        return None
    words = keys_in(clause_around(sentence.raw, start, start + len(says.value))) - {unit[0], *_GENERAL}
    if all(has_rival(case, words, run, one, is_mine) for one in mine):
        return undecidable("the output shows this number under a different name", line)
    return None


def changed_since(case: Case, run: Run, said: str) -> Verdict | None:
    """Return an undecidable verdict if code may have changed since the run and the claim is about the present; else
    None. `said`: the claim's sentence.
    """
    if case.spotted.earlier or (is_of_the_past(said) and not is_of_the_present(said)):
        return None
    family = next((one for one in ("build", "tests", "program") if one in run.families()), "program")
    evidence = case.record.evidence(run.result if run.result is not None else run.call)
    change = case.record.change_since(run, case.event, family)
    if change is None:
        doubt = case.record.doubt_since(run, case.event, family)
        return undecidable(doubt, evidence) if doubt is not None else None
    return undecidable(
        f"{change.path} was changed after the run that printed this number",
        evidence,
        case.record.evidence(change.event),
    )
