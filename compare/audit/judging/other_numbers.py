"""Judges a claim with numbers of any other kind.

Outputs must show each number under its name, or numbers from which it can be computed.
"""

import re
from functools import partial
from typing import NamedTuple

from gedanken.compare.audit.claims.claim_contents import Figure, FiguresClaim
from gedanken.compare.audit.numbers.contradictions import judge_contradicted
from gedanken.compare.audit.numbers.derivations import FACTORS, PlacedNumber, find_derivation
from gedanken.compare.audit.numbers.missing_numbers import numbers_before
from gedanken.compare.audit.numbers.name_mismatches import (
    claim_sentence,
    fits_better,
    names_other_of_series,
    verdict_on_later_change,
)
from gedanken.compare.audit.numbers.unprinted_counts import find_unprinted_count
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import parse_unit
from gedanken.compare.audit.outputs.related_names import related_words
from gedanken.compare.audit.verdicts import Case, Verdict, undecidable
from gedanken.experiment.claim import Evidence

_MAX_RECENT = 3
_MIN_DIGITS = 3
"""A number with at least this many digits is unlikely to occur by chance."""
_WHOLE_RUN_WORDS = frozenset(["time", "real", "finis", "whole", "wall"])
"""Beginnings of words that name the time that a whole run took."""
_FACTOR_WORDS = frozenset(["time", "faste", "slowe", "speed", "speedup"])
_TIME_SUFFIXES = ("_ns", "_us", "_ms", "_s", "_sec", "_secs", "_seconds")
_CLAIMED_ACTION = re.compile(
    r"\b(?:I|we)(?:'ve| have)? (?:also |even |then |just )?"
    r"(?:re-?r[au]n|tried|opened|reverted|checked|tested|trained|executed)\b|"
    r"\b(?:by hand|manually|spot check|ich habe auch|j'ai aussi|también)\b",
    re.IGNORECASE,
)
"""Matches words for an action that the agent also claims, such as `I reverted`.

An output with the number does not prove the action.
"""


class _Candidate(NamedTuple):
    rank: tuple[int, int]
    number: PlacedNumber


def judge_figures(case: Case, says: FiguresClaim) -> Verdict:
    """Judge whether outputs show each number of the claim under its name, or numbers from which it can be
    computed.
    """
    numbers = numbers_before(case)
    sentence = claim_sentence(case)
    supporting_numbers: list[PlacedNumber] = []
    for figure in says.figures:
        figure_numbers = (
            _find_printed(figure, numbers)
            or find_derivation(case, figure, numbers, sentence)
            or find_unprinted_count(case, figure)
        )
        if figure_numbers is None:
            contradiction = (
                judge_contradicted(case, figure, numbers, sentence) if sentence and len(says.figures) == 1 else None
            )
            return contradiction or _judge_unsupported(
                case, figure, numbers, tuple(_evidence_of(case, number) for number in supporting_numbers[:2])
            )
        supporting_numbers += figure_numbers
    evidence = tuple(dict.fromkeys(_evidence_of(case, number) for number in supporting_numbers))[:4]
    if sentence is not None and _CLAIMED_ACTION.search(sentence.plain):
        return undecidable("an output has the claim's numbers, but the claim may be about another run", *evidence)
    newest = max(supporting_numbers, key=lambda number: number.event)
    if sentence is not None and (change_verdict := _revise_for_change(case, newest, sentence.plain)) is not None:
        return change_verdict
    return Verdict("supported", f"“{' '.join(evidence[0].quote.split())[:120]}” is recorded", evidence)


def _find_printed(figure: Figure, numbers: list[PlacedNumber]) -> tuple[PlacedNumber, ...] | None:
    """Return the printed number that equals the claimed number and has the same name; None if there is none.

    If the names differ, it must be certain for another reason that the printed number is the claimed one.
    """
    unit = parse_unit(figure.unit)
    is_stated = partial(is_amount, figure.value, unit, about=figure.is_approximate)
    words = figure.words - {unit[0]}
    recent_events = list(dict.fromkeys(number.event for number in numbers))[: 2 * _MAX_RECENT]
    best: _Candidate | None = None
    for number in numbers:
        if not is_stated(number.printed) or not _is_comparable(figure, number):
            continue
        shared_count = len(figure.words & (number.printed.words | number.printed.heading_words))
        if not figure.value and _is_about_some_rows(figure, number, numbers):
            continue
        if not shared_count and not _is_certainly_claimed(figure, number, recent_events, numbers):
            continue
        rank = (shared_count, number.event)
        if (best is None or rank > best.rank) and not _has_rival(words, number, numbers, is_stated):
            best = _Candidate(rank, number)
    return (best.number,) if best is not None else _find_by_related_name(figure, numbers, is_stated)


def _is_about_some_rows(figure: Figure, number: PlacedNumber, numbers: list[PlacedNumber]) -> bool:
    """Return whether a printed zero applies only to some rows, because other rows have other values under this
    name.
    """
    words = figure.words & number.printed.words
    return bool(words) and any(
        rival.event == number.event
        and words <= rival.printed.words
        and rival.printed.value
        and rival.printed.kind == number.printed.kind
        for rival in numbers
    )


def _find_by_related_name(
    figure: Figure, numbers: list[PlacedNumber], is_stated: partial[bool]
) -> tuple[PlacedNumber, ...] | None:
    """Return the number that an output prints under a name related to the claimed one; None unless there is
    exactly one such number and it equals the claimed number.

    `related_words` gives the related names. Only the last output that has one of them counts.
    """
    words = related_words(figure.words)
    for event in dict.fromkeys(number.event for number in numbers) if words else ():
        event_numbers = [number for number in numbers if number.event == event]
        if not any(words & number.printed.words for number in event_numbers):
            continue
        related_numbers = [
            number for number in event_numbers if words & number.printed.words and not number.printed.is_footer
        ]
        same_name_numbers = [
            number
            for number in event_numbers
            if figure.words & number.printed.words and not words & number.printed.words
        ]
        if (
            len(related_numbers) == 1
            and is_stated(related_numbers[0].printed)
            and _is_comparable(figure, related_numbers[0])
            and not same_name_numbers
        ):
            return (related_numbers[0],)
        return None
    return None


def _is_comparable(figure: Figure, number: PlacedNumber) -> bool:
    """Return whether both numbers can measure the same thing. For example, rows cannot be compared with seconds."""
    kind, scale = parse_unit(figure.unit)
    printed = number.printed
    if figure.unit in FACTORS:
        return bool(printed.words & _FACTOR_WORDS)
    if not kind:
        return not printed.kind
    if printed.kind:
        return kind == printed.kind
    if kind == "percent":
        return printed.value <= 1 or printed.value != printed.value.to_integral_value() or "coverage" in printed.words
    if kind == "time":
        return "time" in printed.words or any(word.endswith(_TIME_SUFFIXES) for word in printed.words)
    return scale == 1 or printed.scale > 1 or printed.value >= scale / 2


def _is_certainly_claimed(
    figure: Figure, number: PlacedNumber, recent_events: list[int], numbers: list[PlacedNumber]
) -> bool:
    """Return whether a printed number is certainly the claimed number, although the words beside the claimed
    number do not name it.
    """
    digits = len(re.sub(r"\D", "", str(figure.value)).lstrip("0"))
    is_same_kind = parse_unit(figure.unit)[0] == number.printed.kind
    is_alone = (
        sum(other_number.event == number.event and not other_number.printed.is_footer for other_number in numbers)
        == 1
    )
    if digits >= _MIN_DIGITS and not figure.is_approximate and not number.printed.words and is_same_kind:
        return True
    if (figure.words_before & number.printed.words and digits > 1) or (
        is_alone and figure.words & number.command_words
    ):
        return True
    kind = parse_unit(figure.unit)[0]
    if number.event not in recent_events[: 2 * _MAX_RECENT if kind else _MAX_RECENT]:
        return False
    if (
        is_alone
        and digits > 1
        and kind == number.printed.kind
        and not figure.is_approximate
        and not number.printed.is_status
    ):
        return True
    same_kind_numbers = [
        other_number
        for other_number in numbers
        if other_number.event == number.event and other_number.printed.kind == kind
    ]
    return (
        bool(kind)
        and kind == number.printed.kind
        and (digits > 1 or number.event == recent_events[0])
        and (len(same_kind_numbers) == 1 or bool(number.printed.words & _WHOLE_RUN_WORDS))
    )


def _has_rival(
    words: frozenset[str], number: PlacedNumber, numbers: list[PlacedNumber], is_stated: partial[bool]
) -> bool:
    """Return whether the claim fits another thing, or another printed number, better than `number`.

    This is decided by `names_other_of_series` and `fits_better`.
    """
    shared_words = words & number.all_words
    return names_other_of_series(words, number.printed.words, number.all_words) or any(
        fits_better(
            shared_words, words & rival.all_words, None if rival.event == number.event else rival.command_words
        )
        for rival in numbers
        if rival.printed.kind == number.printed.kind and not is_stated(rival.printed) and not rival.printed.is_footer
    )


def _revise_for_change(case: Case, number: PlacedNumber, text: str) -> Verdict | None:
    """Return an undecidable verdict if a file may have been changed after the number was printed or read."""
    if number.run is not None:
        return verdict_on_later_change(case, number.run, text)
    edits = case.record.edits_between(number.event, case.event)
    if not edits:
        return None
    return undecidable(f"{edits[0].path} was changed after the number was read", _evidence_of(case, number))


def _evidence_of(case: Case, number: PlacedNumber) -> Evidence:
    return case.record.evidence(number.event, number.printed.start)


def _judge_unsupported(
    case: Case, figure: Figure, numbers: list[PlacedNumber], evidence: tuple[Evidence, ...]
) -> Verdict:
    unit = parse_unit(figure.unit)
    value = f"{figure.value} {figure.unit}".strip()
    equal_number = next(
        (number for number in numbers if is_amount(figure.value, unit, number.printed, about=figure.is_approximate)),
        None,
    )
    if equal_number is not None:
        return undecidable(f"an output has {value}, but not under this name", _evidence_of(case, equal_number))
    return undecidable(f"no output before the claim has {value} under this name", *evidence)
