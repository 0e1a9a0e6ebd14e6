"""Finds the numbers of a claim that are in no output, and checks whether a calculation or rounding explains them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from gedanken.compare.audit.claims.claim_contents import Figure, FiguresClaim, ValueClaim
from gedanken.compare.audit.claims.other_numbers import names_in
from gedanken.compare.audit.language.message_parts import Sentence
from gedanken.compare.audit.language.numerals import normalize_number
from gedanken.compare.audit.numbers.derivations import PlacedNumber
from gedanken.compare.audit.numbers.known_numbers import may_be_computed, may_be_known
from gedanken.compare.audit.numbers.name_mismatches import command_of
from gedanken.compare.audit.outputs.equal_numbers import is_amount
from gedanken.compare.audit.outputs.labels import find_printed_numbers, parse_unit
from gedanken.compare.audit.outputs.outcomes import is_output_cut
from gedanken.compare.audit.record.runs import Run
from gedanken.compare.audit.verdicts import Case

_MAX_OUTPUTS = 12
_VALUE_KINDS = ("metric", "time", "size", "count", "quantity")


def numbers_before(case: Case) -> list[PlacedNumber]:
    """Return the numbers in the last few results before the claim."""
    runs = {run.result: run for run in case.runs_before()[: 2 * _MAX_OUTPUTS]}
    results = [output for output in case.outputs_before()[: 3 * _MAX_OUTPUTS] if output.is_result]
    places: list[PlacedNumber] = []
    for output in results[:_MAX_OUTPUTS]:
        places += _placed_numbers(case, output.event, output.text, runs.get(output.event))
    return places


def numbers_of_run(case: Case, run: Run) -> list[PlacedNumber]:
    """Return the numbers that a run printed."""
    return [] if run.result is None else _placed_numbers(case, run.result, run.text, run)


def _placed_numbers(case: Case, event: int, text: str, run: Run | None) -> list[PlacedNumber]:
    printed_numbers = case.record.cached_recently(("printed at", event), partial(find_printed_numbers, text))
    return [PlacedNumber(event, printed, command_of(run), run, len(printed_numbers)) for printed in printed_numbers]


def find_missing_numbers(case: Case, sentence: Sentence, places: list[PlacedNumber]) -> Iterator[tuple[Figure, str]]:
    """Yield each number of a claim that is in no earlier output, together with its text in the sentence."""
    says = case.spotted.content
    figures = list(says.figures) if isinstance(says, FiguresClaim) else []
    if isinstance(says, ValueClaim) and says.kind in _VALUE_KINDS and (start := sentence.plain.find(says.value)) >= 0:
        value = Decimal(normalize_number(says.value.rstrip("kKM")))
        words, around = names_in(sentence, start, start + len(says.value))
        figures = [Figure(value, says.unit, words, around, says.is_approximate or says.value[-1] in "kKM")]
    for figure in figures:
        text = _number_text(sentence, figure)
        is_mine = partial(is_amount, figure.value, parse_unit(figure.unit), about=figure.is_approximate)
        if text is not None and not figure.is_approximate and not any(is_mine(place.printed) for place in places):
            yield figure, text


def _number_text(sentence: Sentence, figure: Figure) -> str | None:
    """Return the number as the sentence writes it, without commas; None if it does not occur exactly once."""
    texts = [
        match[0].replace(",", "").rstrip(".")
        for match in re.finditer(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?", sentence.plain)
        if match[0].replace(",", "").rstrip(".") == str(figure.value)
    ]
    return texts[0] if len(texts) == 1 else None


def significant_digits(text: str) -> str:
    """Return the digits of a number without leading and trailing zeros."""
    return re.sub(r"\D", "", text).strip("0")


def may_be_explained(case: Case, figure: Figure, text: str) -> bool:
    """Return whether the number may come from a text before the claim, from a calculation, or from counting lines.

    Also True if only a part of an earlier result is recorded.
    """
    if may_be_known(case, text) or may_be_computed(case, text) or _has_cut_result(case):
        return True
    if figure.value != figure.value.to_integral_value():
        return False
    counts = {output.text[:200_000].strip().count("\n") + 1 for output in case.outputs_before()[:40]}
    return any(abs(count - figure.value) <= 1 for count in counts)


def _has_cut_result(case: Case) -> bool:
    """Return whether only a part of a result before the claim is recorded. The agent may have seen more of it."""
    events = case.record.transcript.events
    return any(
        output.is_result and (events[output.event].cut or is_output_cut(output.text))
        for output in case.outputs_before()
    )
