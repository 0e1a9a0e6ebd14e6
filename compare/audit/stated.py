"""Finds the numbers of a claim that no output has, and checks whether a calculation or rounding explains them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from gedanken.compare.audit.amounts import is_amount
from gedanken.compare.audit.derived import PlacedNumber
from gedanken.compare.audit.figures_said import names_in
from gedanken.compare.audit.labels import printed_in, unit_of
from gedanken.compare.audit.numerals import plain_number
from gedanken.compare.audit.other_names import command_of
from gedanken.compare.audit.outcomes import says_cut
from gedanken.compare.audit.parts import Sentence
from gedanken.compare.audit.runs import Run
from gedanken.compare.audit.says import Figure, FiguresSay, ValueSays
from gedanken.compare.audit.sources import is_derived, is_known
from gedanken.compare.audit.verdicts import Case

_MOST_OUTPUTS = 12
_KINDS = ("metric", "time", "size", "count", "quantity")


def places_before(case: Case) -> list[PlacedNumber]:
    """Return the numbers in the last results before the claim."""
    runs = {run.result: run for run in case.runs_before()[: 2 * _MOST_OUTPUTS]}
    results = [output for output in case.outputs_before()[: 3 * _MOST_OUTPUTS] if output.is_result]
    found: list[PlacedNumber] = []
    for output in results[:_MOST_OUTPUTS]:
        found += _places(case, output.event, output.text, runs.get(output.event))
    return found


def places_of(case: Case, run: Run) -> list[PlacedNumber]:
    """Return the numbers that a run printed."""
    return [] if run.result is None else _places(case, run.result, run.text, run)


def _places(case: Case, event: int, text: str, run: Run | None) -> list[PlacedNumber]:
    printed = case.record.lately(("printed at", event), partial(printed_in, text))
    return [PlacedNumber(event, one, command_of(run), run, len(printed)) for one in printed]


def unfound(case: Case, sentence: Sentence, places: list[PlacedNumber]) -> Iterator[tuple[Figure, str]]:
    """Yield each number of a claim that no earlier output has, with its text in the sentence."""
    says = case.spotted.says
    figures = list(says.figures) if isinstance(says, FiguresSay) else []
    if isinstance(says, ValueSays) and says.what in _KINDS and (start := sentence.plain.find(says.value)) >= 0:
        value = Decimal(plain_number(says.value.rstrip("kKM")))
        words, around = names_in(sentence, start, start + len(says.value))
        figures = [Figure(value, says.unit, words, around, says.about or says.value[-1] in "kKM")]
    for figure in figures:
        text = _written(sentence, figure)
        is_mine = partial(is_amount, figure.value, unit_of(figure.unit), about=figure.about)
        if text is not None and not figure.about and not any(is_mine(place.one) for place in places):
            yield figure, text


def _written(sentence: Sentence, figure: Figure) -> str | None:
    """Return the number as the sentence writes it, but without commas; None unless it occurs exactly once."""
    found = [
        one[0].replace(",", "").rstrip(".")
        for one in re.finditer(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?", sentence.plain)
        if one[0].replace(",", "").rstrip(".") == str(figure.value)
    ]
    return found[0] if len(found) == 1 else None


def significant(text: str) -> str:
    """Return the digits of a number without leading and trailing zeros."""
    return re.sub(r"\D", "", text).strip("0")


def may_be_explained(case: Case, figure: Figure, text: str) -> bool:
    """Return whether the number may come from a text before the claim, a calculation, or a count of lines. Also True
    if an earlier result is recorded only in part.
    """
    if is_known(case, text) or is_derived(case, text) or _is_cut(case):
        return True
    if figure.value != figure.value.to_integral_value():
        return False
    counts = {output.text[:200_000].strip().count("\n") + 1 for output in case.outputs_before()[:40]}
    return any(abs(count - figure.value) <= 1 for count in counts)


def _is_cut(case: Case) -> bool:
    """Return whether a result before the claim is recorded only in part, so that the agent may have seen more."""
    events = case.record.transcript.events
    return any(
        output.is_result and (events[output.event].cut or says_cut(output.text)) for output in case.outputs_before()
    )
