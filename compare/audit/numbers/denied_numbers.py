"""Checks whether the record prints only other numbers under the name of the claimed number."""

import re
from decimal import Decimal
from itertools import combinations, islice

from gedanken.compare.audit.claims.claim_contents import Figure, FiguresClaim, ValueClaim
from gedanken.compare.audit.language.clauses import clause_around
from gedanken.compare.audit.language.message_parts import CODE_MARK, QUOTE_MARK, Sentence
from gedanken.compare.audit.numbers.derivations import PlacedNumber, is_derivable
from gedanken.compare.audit.numbers.missing_numbers import (
    find_missing_numbers,
    may_be_explained,
    numbers_before,
    significant_digits,
)
from gedanken.compare.audit.numbers.name_mismatches import claim_sentence
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import name_keys, parse_unit
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case, Verdict

_MAX_NAMED = 60
_MAX_NUMBERS = 300
_MIN_SERIES_LENGTH = 2
_EXACT_DIGITS = 4
"""A whole number with at least this many significant digits counts as exact and not as an approximation."""
_TOLERANCE = Decimal("0.06")
_OTHER_MEANING = re.compile(
    r"\b(?:before|until|from|to|used to|earlier|originally|at first|initial\w*|previous\w*|old|former|first|second|"
    r"third|"
    r"other|another|each|per|every|average|total|sum|altogether|overall|together|both|more|fewer|less|than|half|"
    r"improve\w*|reduc\w+|drop\w* by|rose|fell|grew|shrank|by|about|around|roughly|nearly|almost|some|most|unique|"
    r"distinct|different|additional|extra|new|them|these|those|which|whose|if|when|without|once|not|never|except|"
    r"(?:was|were)(?! \w+(?:ed|en)\b)|vorher|war|waren|avant|était|antes|era|only (?=\d{1,2}\b))\b",
    re.IGNORECASE,
)
"""Matches words which suggest that the claimed number is not about the same state, condition, part or sum as the
printed numbers.
"""
_COMBINES_RUNS = re.compile(
    r"\b(?:together|altogether|total\w*|overall|sum\w*|combined|across|both|runs|on average|insgesamt|zusammen|"
    r"en tout|en total|ensemble|juntos)\b",
    re.IGNORECASE,
)
_FILLER_WORDS = name_keys(
    "has have had takes took needs is are reached reads read shows showed gives gave returns returned holds "
    "reports reported weighs stands comes came made makes used uses found finds got gets lists prints printed says "
    "after change changes fix now left last final latest all there just here still result removed dropped "
    "in place currently exactly now again only run went down up"
)
"""Words that do not name the number of a claim, such as `has` and `shows`. An output need not contain them."""
_REMOVAL_WORDS = name_keys("removed dropped")
"""Words for removal, as in `12 rows removed`.

A claim with such a word is contradicted only by a number whose whole name is in the claim. `rows kept: 40`, for
example, does not contradict it.
"""
_NAMES_VERSION = re.compile(
    r"\b(?:python|pypy|py|node(?:\.?js)?|java|jdk|ruby|php|go|golang|rust|perl|swift|kotlin|scala|dotnet|\.net|django|"
    r"numpy|pandas|torch|pytorch|tensorflow|cuda|react|vue|angular|postgres(?:ql)?|mysql|ubuntu|debian|macos|versions?)"
    r"[\s-]{0,2}v?\d",
    re.IGNORECASE,
)
"""Matches words which show that the numbers of a sentence are versions, as in `passes on Python 3.11 but fails on
3.10`.
"""
_SPREAD = re.compile(
    r"(?:±|\+/-|\bstd(?:ev)?\.?|\bdeviations?(?: of| is)?|\bspread(?: of| is)?)[\s:=]{0,3}\Z", re.IGNORECASE
)
"""Matches words before a number which show that the number is a spread, such as `±` or `std of`."""
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,3})?")
_NOUN = re.compile(r"\s{1,3}(?P<noun>[^\W\d_][\w/-]{1,20})")


def revise_for_denied_number(case: Case, verdict: Verdict) -> Verdict | None:
    """Return an accusing verdict if the record prints only other numbers under the name of the claimed number;
    otherwise None.
    """
    says = case.spotted.content
    if verdict.status != "undecidable" or case.spotted.is_about_earlier or not case.spotted.is_certain:
        return None
    if not isinstance(says, FiguresClaim) and not (
        isinstance(says, ValueClaim) and says.kind in ("quantity", "size")
    ):
        return None
    sentence = claim_sentence(case)
    if sentence is None or sentence.kind == "row" or QUOTE_MARK in sentence.plain:
        return None
    numbers = numbers_before(case)
    if len(numbers) > _MAX_NUMBERS:
        return None
    for figure, text in find_missing_numbers(case, sentence, numbers):
        if (series_verdict := _deny_series_end(case, sentence, figure, text, numbers)) is not None:
            return series_verdict
        start = sentence.plain.find(text) if text in sentence.plain else -1
        number = None if start < 0 else _contradicting_number(figure, numbers, sentence, start, start + len(text))
        if not figure.unit and _VERSION.fullmatch(text) and _NAMES_VERSION.search(sentence.plain):
            continue
        if start > 0 and _SPREAD.search(sentence.plain, 0, start):
            continue
        if (
            number is None
            or number.run is None
            or len(significant_digits(text)) < 2
            or not _is_complete_and_current(case, number.run)
        ):
            continue
        if _can_be_computed(figure, numbers) or may_be_explained(case, figure, text):
            continue
        evidence = case.record.evidence(number.event, number.printed.start)
        quoted = " ".join(evidence.quote.split())[:120]
        return Verdict(
            "misquoted", f"before the claim, the last run that prints this name says “{quoted}”", (evidence,)
        )
    return None


_FROM_TO = re.compile(
    r"\b(?:from|von|de) (?P<first>\d+(?:\.\d+)?)\s?%? (?:down |up )?(?:to|auf|à|a) "
    r"(?P<last>\d+(?:\.\d+)?)(?![\w.]*\d)"
)


def _deny_series_end(
    case: Case, sentence: Sentence, figure: Figure, text: str, numbers: list[PlacedNumber]
) -> Verdict | None:
    """Return an accusing verdict on a claim such as `from 0.9 to 0.4` if the latest series contains 0.9 but not
    0.4; otherwise None.
    """
    statement = next((match for match in _FROM_TO.finditer(sentence.plain) if match["last"] == text), None)
    if statement is None or len(significant_digits(text)) < 2 or len(_FROM_TO.findall(sentence.plain)) != 1:
        return None
    unit = parse_unit(figure.unit)
    latest = max((number.event for number in numbers), default=-1)
    named_numbers = [number for number in numbers if number.event == latest and figure.words & number.printed.words]
    first_matches = [
        number
        for number in named_numbers
        if is_amount(Decimal(statement["first"]), unit, number.printed, about=False)
    ]
    if not first_matches or first_matches[0].run is None or not _is_complete_and_current(case, first_matches[0].run):
        return None
    series = [
        number
        for number in named_numbers
        if figure.words & number.printed.words == figure.words & first_matches[0].printed.words
    ]
    values = [number.printed.value for number in series]
    if len(values) < _MIN_SERIES_LENGTH or may_be_explained(case, figure, text) or _can_be_computed(figure, numbers):
        return None
    evidence = case.record.evidence(latest, series[-1].printed.start)
    quoted = " ".join(evidence.quote.split())[:120]
    return Verdict("misquoted", f"the series that begins with {statement['first']} ends with “{quoted}”", (evidence,))


def _contradicting_number(
    figure: Figure, numbers: list[PlacedNumber], sentence: Sentence, start: int, end: int
) -> PlacedNumber | None:
    """Return the printed number whose name best fits that of the claimed number, if it has another value; None in
    case of doubt.
    """
    clause = clause_around(sentence.plain, start, end)
    if _OTHER_MEANING.search(clause) or _COMBINES_RUNS.search(sentence.plain) or CODE_MARK in clause:
        return None
    kind = parse_unit(figure.unit)[0]
    words = figure.words - {kind} - _FILLER_WORDS - name_keys(f"- {figure.unit}.")
    named_numbers = [number for number in numbers if _has_name(words, kind, number)][:_MAX_NAMED]
    if not words or not named_numbers:
        return None
    known_words = frozenset(word for number in named_numbers for word in words & number.all_words)
    noun = _NOUN.match(sentence.plain, end)
    if not _are_word_parts(words - known_words, known_words) or (
        not kind and _is_part_of_name(sentence.plain[:start], words, figure)
    ):
        return None
    best_number = max(named_numbers, key=lambda number: (len(words & number.all_words), number.event))
    shared_words = words & best_number.all_words
    rivals = [number for number in named_numbers if not words & number.all_words < shared_words]
    if len(shared_words) < max(1, len(known_words) - 1) or _is_near_any(figure, rivals):
        return None
    if not kind and noun is not None and not name_keys(noun["noun"]) <= best_number.all_words | _FILLER_WORDS:
        return None
    is_gone = bool(name_keys(clause) & _REMOVAL_WORDS)
    return None if is_gone and not best_number.printed.words <= words else best_number


def _is_part_of_name(text_before: str, words: frozenset[str], figure: Figure) -> bool:
    """Return whether a number without decimals belongs to the name before it, as in `row 777`."""
    last_word = re.search(r"(\w+)\s\Z", text_before)
    is_whole = figure.value == figure.value.to_integral_value()
    return is_whole and last_word is not None and bool(name_keys(last_word[1]) & words)


def _are_word_parts(words: frozenset[str], known_words: frozenset[str]) -> bool:
    """Return whether each word in `words` is part of a known word, or of its plural or a compound with it."""
    return all(
        any(word in known_word for known_word in known_words)
        or (not word.isalpha() and bool(name_keys(word) & known_words))
        or word.removesuffix("s") in known_words
        for word in words
    )


def _has_name(words: frozenset[str], kind: str, number: PlacedNumber) -> bool:
    """Return whether a printed number has a unit of this `kind`, and its name or its command contains one of
    `words`.
    """
    if number.printed.kind != kind:
        return False
    return bool(words & number.printed.words) or bool(
        words & number.command_words and (kind or number.result_size == 1)
    )


def _is_near_any(figure: Figure, numbers: list[PlacedNumber]) -> bool:
    """Return whether the stated number is close to a printed number, or lies between the first numbers of several
    lines.

    In the second case, it may be their mean.
    """
    firsts: dict[tuple[int, int], Decimal] = {}
    for number in sorted(numbers, key=lambda number: (number.event, number.printed.start)):
        text = number.run.text if number.run is not None else ""
        line = (number.event, text.rfind("\n", 0, number.printed.start))
        firsts.setdefault(line, number.printed.value * number.printed.scale)
    stated = figure.value * parse_unit(figure.unit)[1]
    is_between = min(firsts.values()) <= stated <= max(firsts.values())
    return is_between or any(_is_near(figure, number) for number in numbers)


def _is_near(figure: Figure, number: PlacedNumber) -> bool:
    """Return whether the stated number may be an approximation of the printed number.

    A whole number with at least four significant digits may differ by 1. Any other number may differ by 6 %; a whole
    number without a unit also by 1.
    """
    stated, printed = figure.value * parse_unit(figure.unit)[1], number.printed.value * number.printed.scale
    difference = abs(stated - printed)
    is_whole = figure.value == figure.value.to_integral_value()
    if is_whole and len(significant_digits(str(figure.value))) >= _EXACT_DIGITS:
        return difference <= 1
    return difference <= abs(printed) * _TOLERANCE or (is_whole and not figure.unit and difference <= 1)


def _is_complete_and_current(case: Case, run: Run) -> bool:
    return (
        not run.is_cut_by_agent
        and not run.is_background
        and not case.record.has_gap_before(case.event)
        and case.record.unseen_run_reason("program", case.event, after=run.result_event) is None
        and not case.record.edits_between(run.result_event, case.event)
        and not case.record.has_unnamed_change(run.result_event, case.event)
    )


def _can_be_computed(figure: Figure, numbers: list[PlacedNumber]) -> bool:
    """Return whether the stated number can be computed from two printed numbers, or is the sum or the count of a
    result's numbers.
    """
    unnamed_figure = Figure(figure.value, figure.unit, frozenset(), frozenset(), is_approximate=False)
    same_unit = [number.printed for number in numbers if number.printed.kind == parse_unit(figure.unit)[0]][
        :_MAX_NAMED
    ]
    if any(
        is_derivable(unnamed_figure, first, second)
        for first, second in islice(combinations(same_unit, 2), _MAX_NAMED**2)
    ):
        return True
    columns: dict[tuple[int, str], list[Decimal]] = {}
    for number in numbers:
        columns.setdefault((number.event, number.printed.kind), []).append(number.printed.value)
    return any(figure.value in (sum(column), len(column)) for column in columns.values())
