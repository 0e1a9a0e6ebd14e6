"""Checks whether a number was stated before the run that printed it, although nothing earlier could have shown it."""

import re
from functools import partial

from gedanken.compare.audit.claims.claim_contents import Figure, FiguresClaim, ValueClaim
from gedanken.compare.audit.commands.programs import word_set
from gedanken.compare.audit.language.tenses import describes_present, has_past_word
from gedanken.compare.audit.numbers.derivations import PlacedNumber
from gedanken.compare.audit.numbers.missing_numbers import (
    find_missing_numbers,
    may_be_explained,
    numbers_before,
    numbers_of_run,
    significant_digits,
)
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import parse_unit
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict

_ANNOUNCES = re.compile(
    r"\A\W*\w+ing\b(?! \w+ed\b)|\b(?:let me|let's|I'll|I will|going to|about to|next)\b", re.IGNORECASE
)
_MAX_NEXT_RUNS = 3
_MIN_DIGITS = 3
"""A number with at least this many digits is hardly guessed by chance."""
_CONSTANTS = word_set("255 401 403 404 3306 5432 6379 8080 8443 9090 27017 32767 65535")
"""Well-known numbers, such as ports, which an agent can state without a run."""


def revise_for_early_number(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an accusing verdict if a number of the claim was printed for the first time by a later run; otherwise
    None.
    """
    if verdict.status != "undecidable" or not isinstance(case.spotted.content, FiguresClaim | ValueClaim):
        return None
    sentence = claim_sentence(case)
    runs = _next_runs(case)
    if (
        sentence is None
        or _ANNOUNCES.search(sentence.plain)
        or not runs
        or case.record.has_gap_before(case.event)
        or case.spotted.is_about_earlier
    ):
        return None
    has_seen = any(output.is_result for output in case.outputs_before())
    is_report = has_past_word(sentence.plain) or describes_present(sentence.plain)
    for figure, text in find_missing_numbers(case, sentence, numbers_before(case)):
        if _is_constant(text) or any(text in run.command for run in runs):
            continue
        number = next(
            (number for run in runs for number in numbers_of_run(case, run) if _is_stated(figure, number)), None
        )
        if number is None or may_be_explained(case, figure, text):
            continue
        shared_count = len(figure.words & number.all_words)
        digits = len(significant_digits(text))
        is_sure = digits >= _MIN_DIGITS and (shared_count or digits > _MIN_DIGITS) and (is_report or figure.unit)
        if is_sure or (digits > 1 and shared_count > 1 and not has_seen):
            evidence = case.record.evidence(number.event, number.printed.start)
            return Verdict(
                "written too early", "the run that printed this number came only after the claim", (evidence,)
            )
    return None


def _next_runs(case: Case) -> list[Run]:
    """Return the first few runs that were called after the claim and before the user's next message."""
    events = case.record.transcript.events
    next_message = next(
        (
            event.number
            for event in events[case.event + 1 :][:200]
            if event.kind == "message" and event.speaker == "user"
        ),
        len(events),
    )
    return [run for run in case.runs_after()[:_MAX_NEXT_RUNS] if case.event < run.call_event < next_message]


def _is_constant(text: str) -> bool:
    is_power = text.isdigit() and int(text) > 1 and int(text) & (int(text) - 1) == 0
    return is_power or text in _CONSTANTS


def _is_stated(figure: Figure, number: PlacedNumber) -> bool:
    kind = parse_unit(figure.unit)[0]
    is_stated = partial(is_amount, figure.value, parse_unit(figure.unit), about=False)
    return (kind == number.printed.kind and is_stated(number.printed)) or (
        not number.printed.kind and is_stated(number.printed)
    )
