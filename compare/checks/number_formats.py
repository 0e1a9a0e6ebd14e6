"""Finds imagined numbers whose number of decimals the program does not print."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import machine_columns
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.value_columns import EXPONENT, NO_DECIMALS
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.run_set import ParsedRun, RunSet, shorten
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.finding import Finding

MIN_VALUES = 20
"""If at least this many values in real logs have the same number of decimals, it is taken as the program's format."""

MIN_UNROUNDED_DECIMALS = 8
"""Real values count as unrounded if each has at least this many decimals, but not all have the same number of
them.

An imagined value is then wrong if it has at most half as many decimals as the shortest real value.
"""


def number_formats(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers with more or fewer decimals than the source requests, for example by `:.4f`.

    Nothing is reported if a real run contradicts the source. Without a program, the format is inferred from at least
    `MIN_VALUES` real values. A rounded number is also reported if all real values of this number are unrounded.
    """
    for run in run_set.imagined:
        for form in run_set.compute_once(_Formats).shared_with(run):
            misprint = _first_misprint(run_set, run, form)
            if misprint is None:
                continue
            line, column, decimals, printed_decimals = misprint
            yield Finding(
                "number format differs",
                (run.label,),
                (run.ref(line),),
                expected=f"{run_set.name if run_set.source else 'every real log'} prints this number with "
                f"{_format_decimals(decimals)}",
                observed=f"shows {_quote_number(run, line, column)} ({_format_decimals(printed_decimals)} instead of "
                f"{_format_decimals(decimals).removesuffix(' decimals')}) in “{shorten(run.lines[line])}”",
            )


def _first_misprint(run_set: RunSet, run: ParsedRun, form: str) -> tuple[int, int, int, int] | None:
    """Return (line index, index of the number in the line, right decimals, printed decimals) for the first number
    with a wrong format among the lines of a form.

    None if all numbers are right.
    """
    for column, decimals, is_full in run_set.compute_once(_Formats).formats_of_form(form):
        lines = run.transcript.lines_of(form)
        printed = run.transcript.decimals[run.transcript.starts[lines] + column]
        is_wrong = (
            (2 * printed.astype(int) <= decimals) if is_full else (printed != decimals) & (printed != NO_DECIMALS)
        )
        if is_wrong.any():
            index = int(np.argmax(is_wrong))
            return int(lines[index]), column, decimals, int(printed[index])
    return None


def _quote_number(run: ParsedRun, line: int, column: int) -> str:
    """Return the text of a number in a line, such as `0.25`.

    Return `a number` if it cannot be found there for certain, for example because it contains commas.
    """
    numbers = VALUE.findall(run.transcript.compared(line))
    start, end = run.transcript.starts[line : line + 2]
    try:
        is_same = len(numbers) == end - start and float(numbers[column]) == run.transcript.values[start + column]
    except ValueError:
        is_same = False  # a number with commas, for example
    return shorten(numbers[column]) if is_same else "a number"


def _format_decimals(count: int) -> str:
    return f"{count - EXPONENT} decimals and an exponent" if count >= EXPONENT else f"{count} decimals"


def _printed_decimals(run: ParsedRun, form: str) -> NDArray[np.uint8]:
    transcript = run.transcript
    lines = transcript.lines_of(form)
    width = int(transcript.starts[lines[0] + 1] - transcript.starts[lines[0]]) if len(lines) else 0
    decimals: NDArray[np.uint8] = transcript.decimals[transcript.starts[lines][:, None] + np.arange(width)]
    return decimals


class _Formats:
    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self._cache: dict[str, list[tuple[int, int, bool]]] = {}

    @cached_property
    def _lines_per_form(self) -> Counter[str]:
        """The number of lines of each form, in all finished real runs together."""
        counts: Counter[str] = Counter()
        for run in self._run_set.finished:
            transcript = run.transcript
            run_counts = np.bincount(transcript.form_of, minlength=len(transcript.forms)).tolist()
            counts.update(dict(zip(transcript.forms, run_counts, strict=True)))
        return counts

    def shared_with(self, run: ParsedRun) -> Iterator[str]:
        """Yield the forms of a run that occur in enough lines of the real runs to know the format of their
        numbers.
        """
        least = 1 if self._run_set.source is not None else MIN_VALUES
        return (form for form in run.transcript.forms if "#" in form and self._lines_per_form[form] >= least)

    def formats_of_form(self, form: str) -> list[tuple[int, int, bool]]:
        """Return (index in the form, decimals, whether it is unrounded) for each number of a form whose format is
        known.

        Unrounded numbers, such as `0.30000000000000004`, vary in their decimals; `decimals` is then the fewest in the
        real runs.
        """
        if form not in self._cache:
            self._cache[form] = list(_infer_formats(self._run_set, form))
        return self._cache[form]


def _column_values(run: ParsedRun, form: str, column: int) -> NDArray[np.float64]:
    values: NDArray[np.float64] = run.transcript.values[run.transcript.starts[run.transcript.lines_of(form)] + column]
    return values


def _infer_formats(run_set: RunSet, form: str) -> Iterator[tuple[int, int, bool]]:
    runs = [run for run in run_set.finished if len(run.transcript.lines_of(form))]
    if run_set.source is None and sum(len(run.transcript.lines_of(form)) for run in runs) < MIN_VALUES:
        return
    tables = [_printed_decimals(run, form) for run in runs]
    if not tables:
        return
    real_decimals = np.concatenate(tables)
    source_decimals = _decimals_in_source(run_set, form)
    for column in range(real_decimals.shape[1]):
        printed = real_decimals[:, column][real_decimals[:, column] != NO_DECIMALS]
        if not len(printed):
            continue
        decimals = int(printed.min())
        has_many = len(printed) >= MIN_VALUES and len(tables) > 1
        if (printed != decimals).any():
            if has_many and decimals >= MIN_UNROUNDED_DECIMALS and source_decimals.get(column) is None:
                yield column, decimals, True
        elif source_decimals.get(column) == decimals:
            yield column, decimals, False
        elif run_set.source is None and has_many and decimals > 1:
            values = np.concatenate([_column_values(run, form, column) for run in runs])
            # `numpy 1.26` has two decimals because it is that version.
            is_version = bool((values == values[0]).all()) and column in _machine_indices(runs[0], form)
            # Only a fixed number of decimals produces a final zero; the first values show it nearly always.
            if not is_version and any(
                _ends_with_zero(part, decimals) for part in (values[: 10 * MIN_VALUES], values)
            ):
                yield column, decimals, False


def _machine_indices(run: ParsedRun, form: str) -> frozenset[int]:
    line = int(run.transcript.lines_of(form)[0])
    text = run.transcript.compared(line)
    spans = [match.span() for match in VALUE.finditer(text)]
    return machine_columns(text, spans, names_in_line(run.transcript, line))


def _ends_with_zero(values: NDArray[np.float64], decimals: int) -> bool:
    """Return whether any of these values ends with the digit 0 when it is printed with this number of decimals."""
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    if decimals >= EXPONENT:
        values = values / 10.0 ** np.floor(np.log10(values))
        decimals -= EXPONENT
    return bool((np.rint(values * 10.0**decimals) % 10 == 0).any())


def _decimals_in_source(run_set: RunSet, form: str) -> dict[int, int]:
    """Return how many decimals the source requests for the numbers of a form, keyed by the index of the number."""
    for run in run_set.finished if run_set.source else ():
        lines = run.transcript.lines_of(form)
        if len(lines):
            entry = run.ledger.entry(int(lines[0]))
            return _decimals_of_site(entry.site, entry.text) if entry.kind == "site" and entry.site else {}
    return {}


def _decimals_of_site(site: PrintSite, text: str) -> dict[int, int]:
    if site.form is not None:
        return {column: hole.decimals for column, hole in enumerate(site.holes) if hole.decimals is not None}
    values = site.values(text)
    if values is None or len(values) != len(site.holes):
        return {}
    position = len(text) - len(text.lstrip())
    holes: dict[int, int] = {}
    for literal, value, hole in zip(site.template.split(HOLE), values, site.holes, strict=False):
        position += len(literal)
        if hole.decimals is not None:
            holes[position + len(value) - len(value.lstrip())] = hole.decimals
        position += len(value)
    return {
        column: holes[match.start()] for column, match in enumerate(VALUE.finditer(text)) if match.start() in holes
    }
