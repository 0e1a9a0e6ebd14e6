"""Checks whether the output gives a number another name than the claim does: that of another row, column, key or
run.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from gedanken.compare.audit.claims.claim_contents import ValueClaim
from gedanken.compare.audit.language.clauses import clause_around
from gedanken.compare.audit.language.message_parts import Sentence, split_message
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.language.tenses import describes_past, describes_present
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import PrintedNumber, find_printed_numbers, name_keys, parse_unit
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable

_MAX_OTHER_RUNS = 5
_MAX_COMMAND_CHARS = 300
_CONTEXT_CHARS = 2_000
_COMMON_WORDS = frozenset(["test", "pass"])
"""Words that are in many lines of every output, and therefore do not tell numbers apart."""
_SERIES_SUFFIX = re.compile(r"(?<=[a-z])(?:\d+|[-_][a-z0-9]+)$")
"""Matches the part of a name in which the names of a series differ, such as the `-q` of `zone-q`."""


def claim_sentence(case: Case) -> Sentence | None:
    """Return the sentence that contains a claim; None if there is none."""
    text = case.record.transcript.events[case.event].text
    start = case.spotted.claim.start
    offset = max(text.rfind("\n\n", 0, start), start - _CONTEXT_CHARS, 0)
    parts = [
        part
        for part in split_message(text[offset : case.spotted.claim.end + _CONTEXT_CHARS])
        if isinstance(part, Sentence)
    ]
    return next((part for part in parts if part.start <= start - offset < part.end), None)


def printed_by(case: Case, run: Run) -> tuple[PrintedNumber, ...]:
    """Return the numbers that a run printed."""
    return case.record.cached(("printed", run.call_event), partial(find_printed_numbers, run.text))


def names_of(run: Run, printed: PrintedNumber) -> frozenset[str]:
    """Return all words that name a printed number, including those of the command that printed it."""
    return printed.words | printed.heading_words | command_of(run)


def command_of(run: Run | None) -> frozenset[str]:
    """Return the words of a run's command. Empty if the command is so long that its words do not say what it
    prints.
    """
    return name_keys(run.command) if run is not None and len(run.command) < _MAX_COMMAND_CHARS else frozenset()


def has_rival(
    case: Case, words: frozenset[str], run: Run, printed: PrintedNumber, is_mine: Callable[[PrintedNumber], bool]
) -> bool:
    """Return whether `printed`, a number of `run`, is probably not the claimed number, because the claim names
    another thing, or another number fits the claim better.

    `words` are the words of the claim; `is_mine` says whether a number equals the claimed one.
    """
    common_words = words & names_of(run, printed)
    if names_other_of_series(words, printed.words, names_of(run, printed)):
        return True
    other_runs = [other_run for other_run in case.runs_before()[: _MAX_OTHER_RUNS + 1] if other_run is not run]
    return any(
        fits_better(common_words, words & names_of(run, rival), None)
        for rival in printed_by(case, run)
        if rival.kind == printed.kind and not is_mine(rival)
    ) or any(
        fits_better(common_words, words & names_of(other_run, rival), command_of(other_run))
        for other_run in other_runs[:_MAX_OTHER_RUNS]
        for rival in printed_by(case, other_run)
        if rival.kind == printed.kind and not is_mine(rival)
    )


def fits_better(
    common_words: frozenset[str], rival_words: frozenset[str], command_words: frozenset[str] | None
) -> bool:
    """Return whether another printed number, the rival, fits the claim better than the supporting number.

    `common_words` are the words of the claim that name the supporting number; `rival_words` are those that name the
    rival. If another run printed the rival, `command_words` are the words of that run's command, and a word that
    names only the rival must be among them.
    """
    return common_words < rival_words and (
        command_words is None or bool((rival_words - common_words) & command_words)
    )


def names_other_of_series(words: frozenset[str], own_names: frozenset[str], names: frozenset[str]) -> bool:
    """Return whether the claim names one thing of a series and the output another, such as `zone-q` and `zone-c`.

    `words` are the words of the claim; `own_names` is the printed number's own name; `names` are all words that name
    the printed number.
    """
    claimed_names = {word for word in words if not word.isalpha()}
    series_names = {_SERIES_SUFFIX.sub("", word) for word in own_names if not word.isalpha()}
    return not claimed_names & names and any(
        _SERIES_SUFFIX.search(word) and _SERIES_SUFFIX.sub("", word) in series_names for word in claimed_names
    )


def verdict_on_other_name(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an undecidable verdict if the supporting number has another name, or may have changed since;
    otherwise None.
    """
    says = case.spotted.content
    if verdict.status != "supported" or not verdict.evidence or not isinstance(says, ValueClaim):
        return None
    if says.kind not in ("time", "size", "count", "quantity", "metric"):
        return None
    line = verdict.evidence[0]
    run = next((run for run in case.runs_before()[:60] if run.result == line.event), None)
    sentence = claim_sentence(case)
    if run is None or sentence is None:
        return None
    if says.kind in ("time", "size") and (changed := verdict_on_later_change(case, run, sentence.plain)) is not None:
        return changed
    unit, value = parse_unit(says.unit), Decimal(normalize_number(says.value.rstrip("kKM")))
    is_mine = partial(is_amount, value, unit, about=says.is_approximate)
    candidates = [printed for printed in printed_by(case, run) if is_mine(printed)]
    start = sentence.plain.find(says.value)
    if not candidates and says.kind == "size" and any(printed.value == value for printed in printed_by(case, run)):
        return undecidable("the output has this number, but not as a size in this unit", line)
    if not candidates or start < 0:
        return None
    words = name_keys(clause_around(sentence.raw, start, start + len(says.value))) - {unit[0], *_COMMON_WORDS}
    if all(has_rival(case, words, run, printed, is_mine) for printed in candidates):
        return undecidable("the output shows this number under a different name", line)
    return None


def verdict_on_later_change(case: Case, run: Run, sentence: str) -> Verdict | None:
    """Return an undecidable verdict if code may have changed since the run and the claim is about the present;
    otherwise None.

    `sentence` is the sentence that contains the claim.
    """
    if case.spotted.is_about_earlier or (describes_past(sentence) and not describes_present(sentence)):
        return None
    family = next((family for family in ("build", "tests", "program") if family in run.families()), "program")
    evidence = case.record.evidence(run.result if run.result is not None else run.call_event)
    change = case.record.first_change_since(run, case.event, family)
    if change is None:
        doubt = case.record.change_doubt_since(run, case.event, family)
        return undecidable(doubt, evidence) if doubt is not None else None
    return undecidable(
        f"{change.path} was changed after the run that printed this number",
        evidence,
        case.record.evidence(change.event),
    )
