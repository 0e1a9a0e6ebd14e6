"""Checks whether the record contradicts a claimed number: the only number with this name has another value."""

import re
from decimal import Decimal
from functools import partial
from itertools import combinations, islice

from gedanken.compare.audit.claims.claim_contents import Figure
from gedanken.compare.audit.language.message_parts import CODE_MARK, QUOTE_MARK, Sentence
from gedanken.compare.audit.numbers.derivations import PlacedNumber, is_derivable
from gedanken.compare.audit.numbers.known_numbers import may_be_computed, may_be_known
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import name_keys, parse_unit
from gedanken.compare.audit.verdicts import Case, Verdict

_MAX_NUMBERS = 150
_EXACT_DIGITS = 3
"""A number with at least this many significant digits counts as exact. One with fewer digits counts as an
approximation.
"""
_OTHER_MEANING = re.compile(
    r"\b(?:before|until|from|was|were|used to|earlier|originally|at first|initially|previous\w*|old|former|first|"
    r"second|third|other|another|each|per|every|average|mean|total|sum|altogether|overall|together|both|more|fewer|less|than|"
    r"improve\w*|reduc\w+|drop\w*|rose|fell|grew|shrank|down|up|by|about|around|roughly|nearly|almost|some|only|"
    r"if|when|with|without|after|on|under|in|once|not|no|never|except|vorher|war|waren|avant|était|antes|era)\b",
    re.IGNORECASE,
)
"""Matches words which suggest that the claimed number is not about the same state, condition, part or sum as the
printed number.
"""
_VERBS = name_keys(
    "has have had takes took needs needed is are reached reads read wrote loaded handled managed measured shows "
    "showed gives gave returns returned answers answered holds contains counts counted reports reported weighs "
    "stands comes came accounts made makes used uses found finds got gets file process lists prints printed says"
)
_NOUN = re.compile(r"\s{1,3}(?P<noun>[^\W\d_][\w-]{2,20})")


def judge_contradicted(case: Case, figure: Figure, numbers: list[PlacedNumber], sentence: Sentence) -> Verdict | None:
    """Return an accusing verdict if the only number that is printed under the figure's name has another value;
    otherwise None.

    `numbers` are the numbers printed before the claim.
    """
    number = _only_named_number(figure, numbers)
    if number is None or number.run is None or not _is_of_last_run(case, number):
        return None
    text = _number_as_written(sentence, figure)
    if text is None or not _is_unambiguous(case, figure, number, sentence, text):
        return None
    if may_be_known(case, text) or may_be_computed(case, text) or _may_be_explained(figure, numbers):
        return None
    evidence = case.record.evidence(number.event, number.printed.start)
    return Verdict(
        "misquoted",
        f"before the claim, the last run that prints this name says “{' '.join(evidence.quote.split())[:120]}”",
        (evidence,),
    )


def _only_named_number(figure: Figure, numbers: list[PlacedNumber]) -> PlacedNumber | None:
    """Return the printed number that best fits the name of `figure`; None if none or several do."""
    words = figure.words - {parse_unit(figure.unit)[0]} - _VERBS
    named_numbers = [number for number in numbers if words & number.printed.words]
    if not words or not named_numbers:
        return None
    best_count = max(len(words & number.all_words) for number in named_numbers)
    best_numbers = [number for number in named_numbers if len(words & number.all_words) == best_count]
    known_words = frozenset(word for number in named_numbers for word in words & number.all_words)
    if len(best_numbers) != 1 or words & best_numbers[0].all_words != known_words:
        return None
    return best_numbers[0]


def _is_of_last_run(case: Case, number: PlacedNumber) -> bool:
    """Return whether a number comes from the last run, whose result is complete, and nothing has changed since."""
    runs = case.runs_before()
    run = number.run
    return (
        bool(runs)
        and run is runs[0]
        and not run.is_incomplete
        and not run.is_background
        and case.record.unseen_run_reason("program", case.event, after=run.result_event) is None
        and not case.record.edits_between(run.result_event, case.event)
        and not case.record.has_unnamed_change(run.result_event, case.event)
    )


def _number_as_written(sentence: Sentence, figure: Figure) -> str | None:
    """Return the number as the sentence writes it, without commas; None if it does not occur exactly once."""
    matches = [
        match[0]
        for match in re.finditer(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?", sentence.plain)
        if match[0].replace(",", "").rstrip(".") == str(figure.value)
    ]
    return matches[0].replace(",", "") if len(matches) == 1 else None


def _is_unambiguous(case: Case, figure: Figure, number: PlacedNumber, sentence: Sentence, text: str) -> bool:
    """Return whether the sentence states one exact number, and all its words occur in the run's command or output."""
    kind = parse_unit(figure.unit)[0]
    digits = re.sub(r"\D", "", text).strip("0")
    printed = re.sub(r"\D", "", str(number.printed.value)).strip("0")
    if (
        figure.is_approximate
        or case.spotted.is_about_earlier
        or sentence.kind == "row"
        or len(digits) < 2
        or digits == printed
    ):
        return False
    if (
        "±" in sentence.plain
        or _OTHER_MEANING.search(sentence.plain)
        or CODE_MARK in sentence.plain
        or QUOTE_MARK in sentence.plain
    ):
        return False
    if kind != number.printed.kind and not (
        parse_unit(figure.unit) == ("size", Decimal(1)) and not number.printed.kind
    ):
        return False
    if len(re.findall(r"(?<![\w.,])\d+", sentence.plain)) != 1:
        return False
    noun = _NOUN.match(sentence.plain, sentence.plain.index(text) + len(text)) if text in sentence.plain else None
    if not kind and noun is not None and not name_keys(noun["noun"]) <= number.all_words:
        return False
    known_words = number.all_words | _VERBS | name_keys(f"{number.run.text[:20_000] if number.run else ''}")
    return name_keys(sentence.raw) - {kind} <= known_words


def _may_be_explained(figure: Figure, numbers: list[PlacedNumber]) -> bool:
    """Return whether the stated number may be printed elsewhere, or be computed from printed numbers.

    Also True if there are too many numbers to check this.
    """
    is_round = len(re.sub(r"\D", "", str(figure.value)).strip("0")) < _EXACT_DIGITS
    is_stated = partial(is_amount, figure.value, parse_unit(figure.unit), about=is_round)
    if len(numbers) > _MAX_NUMBERS or any(is_stated(number.printed) for number in numbers):
        return True
    unnamed_figure = Figure(figure.value, figure.unit, frozenset(), frozenset(), is_approximate=False)
    pairs = islice(combinations([number.printed for number in numbers], 2), _MAX_NUMBERS**2)
    if any(is_derivable(unnamed_figure, first, second) for first, second in pairs):
        return True
    columns: dict[tuple[int, str], list[Decimal]] = {}
    for number in numbers:
        columns.setdefault((number.event, number.printed.kind), []).append(number.printed.value)
    return any(figure.value in (sum(column), len(column)) for column in columns.values())
