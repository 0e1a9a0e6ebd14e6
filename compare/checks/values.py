"""Finds imagined values that differ from the one value that all real runs show, and wrong number formats."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.lines import references_to_print
from gedanken.compare.output.durations import mask_durations
from gedanken.compare.output.joined_numbers import joined_numbers
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import machine_columns
from gedanken.compare.output.metrics import epoch_and_total, metrics_in
from gedanken.compare.output.named_numbers import NamedNumber
from gedanken.compare.output.number_lists import number_lists
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.value_columns import EXPONENT, NO_DECIMALS
from gedanken.compare.output.vocabulary import Role, meaning_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, shorten
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.finding import Finding

REAL_RUNS = 5
"""Minimum number of real runs that must agree before a number counts as constant without proof from the source."""
MIN_AGREEMENTS = 5
"""Real runs agree by more than chance if they agree on one value in this many lines, or on this many values."""
MIN_SETTING_VALUES = 3
"""Real runs agree by more than chance if they agree on this many different values of a setting.

The setting must stand in at least `2 * `MIN_AGREEMENTS` lines.
"""
MIN_DIGITS = 4
"""Real runs agree by more than chance if a whole number has this many digits, not counting trailing zeros."""
MIN_VALUES = 20
"""Minimum number of real values that show a format.

If all these values have the same number of decimals, this number counts as the program's format.
"""
MIN_UNROUNDED_DECIMALS = 8
"""Values are unrounded if their numbers of decimals vary, but are at least this.

An imagined value with half as many decimals or fewer is then wrong.
"""

_SETTING_ROLES = (Role.SETTING, Role.COUNTER, Role.OTHER)
_TORCH_SIZE = re.compile(r"torch\.Size\([^()\n]*\)")
_UNIT = re.compile(r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|m?s|sec|min)\b", re.IGNORECASE)

Indices = NDArray[np.int64]


def proven_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines that differ, in any character, from what the source proves (`RunSet.proven`)."""
    for site, texts in run_set.proven.items():
        for run in run_set.imagined:
            differing_lines = [
                line
                for line in map(int, run.ledger.lines_of(site))
                if site.can_print(run.lines[line])
                and run.lines[line].strip() not in texts
                and not _is_reported_elsewhere(run_set, run, line)
            ]
            if differing_lines:
                yield Finding(
                    "proven line differs",
                    (run.label,),
                    (*(run.ref(line) for line in differing_lines[:LINES_SHOWN]), *references_to_print(run_set, site)),
                    expected=f"According to its source, {run_set.name} prints “{shorten(min(texts))}” in every run "
                    f"(line {site.line})",
                    observed=f"shows “{shorten(run.lines[differing_lines[0]])}”",
                )


def _is_reported_elsewhere(run_set: RunSet, run: ParsedRun, line: int) -> bool:
    """Return whether the line names an epoch, or a total, that no real run names.

    Other checks report such a line.
    """
    epochs = {epoch for real in run_set.real for epoch in real.epochs}
    totals = {total for real in run_set.real for total in real.curves.totals}
    epoch_total = epoch_and_total(run.lines[line])
    return epoch_total is not None and (
        epoch_total[0] not in epochs or (epoch_total[1] is not None and epoch_total[1] not in totals)
    )


def constant_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined numbers that differ from a number on which all real runs agree, and not by chance.

    At least five real runs are needed. A metric is judged only if it takes five different values. Numbers that name
    the machine or the software are never judged.
    """
    has_fixed_seed = run_set.source is not None and run_set.source.sets_seed()
    if len(run_set.finished) < REAL_RUNS or has_fixed_seed:
        return
    yield from _sizes_differ(run_set)
    first = run_set.finished[0]
    for form in first.transcript.forms:
        steady = run_set.invariants.numbers(form) if "#" in form else None
        if steady is None:
            continue
        lines = first.transcript.lines_of(form)
        if any(lines[0] in first.ledger.lines_of(site) for site in run_set.proven):
            continue
        agreed_columns = list(informative_columns(first, lines, steady))
        epoch_columns = np.flatnonzero((steady == first.curves.epochs.epochs_at(lines)[:, None]).all(axis=0)).tolist()
        if epoch_columns:
            epoch_columns = [
                column
                for column in epoch_columns
                if not _is_summary(names_in_line(first.transcript, int(lines[0])), column)
            ]
        for run in run_set.imagined if agreed_columns or epoch_columns else ():
            imagined_lines = run.transcript.lines_of(form)
            if len(imagined_lines) != len(lines):
                continue
            # If the run shows other epochs, another check reports them.
            judged_columns = agreed_columns + (epoch_columns if run.epochs == first.epochs else [])
            differs = (run.transcript.table(imagined_lines)[:, judged_columns] != steady[:, judged_columns]).any(
                axis=1
            )
            if differs.any():
                imagined_line, real_line = int(imagined_lines[differs][0]), int(lines[differs][0])
                yield Finding(
                    "constant line differs",
                    (run.label,),
                    (*(run.ref(int(line)) for line in imagined_lines[differs][:LINES_SHOWN]), first.ref(real_line)),
                    expected=f"All {len(run_set.finished)} real runs have the same numbers in "
                    f"“{shorten(first.lines[real_line])}”",
                    observed=f"shows “{shorten(run.lines[imagined_line])}”",
                )


def _sizes_differ(run_set: RunSet) -> Iterator[Finding]:
    first = run_set.finished[0]
    for form in first.transcript.forms:
        real_sizes = _torch_sizes(first, form)
        if not any(real_sizes) or any(_torch_sizes(run, form) != real_sizes for run in run_set.finished[1:]):
            continue
        for run in run_set.imagined:
            imagined_sizes = _torch_sizes(run, form)
            if len(imagined_sizes) == len(real_sizes) and imagined_sizes != real_sizes:
                index = next(
                    index
                    for index, (real, imagined) in enumerate(zip(real_sizes, imagined_sizes, strict=True))
                    if real != imagined
                )
                imagined_line, real_line = (
                    int(shown_run.transcript.lines_of(form)[index]) for shown_run in (run, first)
                )
                yield Finding(
                    "constant line differs",
                    (run.label,),
                    (run.ref(imagined_line), first.ref(real_line)),
                    expected=f"All {len(run_set.finished)} real runs have the same sizes in "
                    f"“{shorten(first.lines[real_line])}”",
                    observed=f"shows “{shorten(run.lines[imagined_line])}”",
                )


def _torch_sizes(run: ParsedRun, form: str) -> list[list[str]]:
    lines = run.transcript.lines_of(form)
    if not len(lines) or "torch.Size" not in run.lines[lines[0]]:
        return []
    return [_TORCH_SIZE.findall(run.lines[line]) for line in lines.tolist()]


def informative_columns(run: ParsedRun, lines: Indices, steady: NDArray[np.float64]) -> Iterator[int]:
    """Yield the indices of the numbers of a form on which all real runs agree, and not by chance.

    `lines` are the lines of the form in `run`; `steady` are the numbers in them (lines × numbers), NaN where real
    runs differ.
    """
    text = run.transcript.compared(int(lines[0]))
    decimals = run.transcript.decimals[run.transcript.starts[lines][:, None] + np.arange(steady.shape[1])]
    spans = [match.span() for match in VALUE.finditer(text)]
    has_times = mask_durations(text) != text.strip()
    names = names_in_line(run.transcript, int(lines[0]))
    machine_indices = machine_columns(text, spans, names)
    metrics = {metric.start for metric in metrics_in(text)}
    epochs, totals = run.curves.epochs.epochs_at(lines), set(run.curves.totals)
    list_by_column = {
        column: number_list for number_list in number_lists(text, spans) for column in number_list.columns
    }
    for column, (start, end) in enumerate(spans):
        values = steady[:, column]
        if np.isnan(values).any() or (values == epochs).all() or set(values) <= totals:
            continue
        earlier_columns = [
            earlier
            for earlier in range(column)
            if column not in list_by_column or list_by_column[column] != list_by_column.get(earlier)
        ]
        if any((values == steady[:, earlier]).all() for earlier in earlier_columns):
            continue  # the best iteration so far is the current one, as long as each is better than the previous one
        if _is_summary(names, column) or column in machine_indices:
            continue
        # Real runs may agree by chance: on a count that rarely changes, an accuracy of 100 %, a time that rounds to
        # 0.1 s. They do not on a number that takes many values, as a counter does.
        has_many_values = len(np.unique(values)) >= MIN_AGREEMENTS
        is_metric = any(start <= position < end for position in metrics)
        is_whole = bool((decimals[:, column] == 0).all()) and not _UNIT.match(text, end)
        is_repeated = len(values) >= MIN_AGREEMENTS and values[0] not in (0, 1, 100) and len(np.unique(values)) == 1
        has_many_digits = all(len(f"{abs(value):.0f}".rstrip("0")) >= MIN_DIGITS for value in values)
        # A setting in a parameter search takes few values.
        is_schedule = len(np.unique(values)) >= MIN_SETTING_VALUES and len(values) >= 2 * MIN_AGREEMENTS
        is_setting = column < len(names) and names[column].name and names[column].role in _SETTING_ROLES
        if (
            has_many_values
            or (is_schedule and is_setting)
            or (not is_metric and is_whole and not has_times and (is_repeated or has_many_digits))
        ):
            yield column
    for number in joined_numbers(text, spans) if not has_times else ():
        is_whole = number.has_thousands and not number.has_unit and not _UNIT.match(text, number.end)
        is_whole &= machine_indices.isdisjoint(number.columns)
        if is_whole and number.start not in metrics and not _is_summary(names, number.columns[0]):
            yield from number.columns if _have_many_digits(steady[:, number.columns]) else ()


def _have_many_digits(groups: NDArray[np.float64]) -> bool:
    """Return whether all numbers have at least `MIN_DIGITS` digits, not counting trailing zeros.

    Each row holds the groups of one number with commas: 12, 345, 678 for `12,345,678`.
    """
    if np.isnan(groups).any():
        return False
    numbers = ["".join(f"{group:03.0f}" for group in row).strip("0") for row in groups.tolist()]
    return all(len(digits) >= MIN_DIGITS for digits in numbers)


def _is_summary(names: Sequence[NamedNumber], column: int) -> bool:
    """Return whether a number is a summary, such as the best epoch so far."""
    # As long as every epoch improves, the best epoch equals the current one: the agreement of real runs says little.
    return column < len(names) and meaning_of(names[column].name).is_summary


def number_formats(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers with more or fewer decimals than the source requests, for example by `:.4f`.

    Nothing is reported if a real run contradicts the source. Without a program, twenty or more real values show the
    format. Rounded numbers are found too, where all real ones are unrounded.
    """
    for run in run_set.imagined:
        for form in run_set.compute_once(_Formats).shared_with(run):
            misprint = _first_misprint(run_set, run, form)
            if misprint is None:
                continue
            line, decimals, printed_decimals = misprint
            yield Finding(
                "number format differs",
                (run.label,),
                (run.ref(line),),
                expected=f"{run_set.name if run_set.source else 'every real log'} prints this number with "
                f"{_format_decimals(decimals)}",
                observed=f"“{shorten(run.lines[line])}” has a number with {_format_decimals(printed_decimals)} in "
                f"{run.label}",
            )


def _first_misprint(run_set: RunSet, run: ParsedRun, form: str) -> tuple[int, int, int] | None:
    """Return (line index, right decimals, printed decimals) of the first wrong number of a form.

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
            return int(lines[index]), decimals, int(printed[index])
    return None


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
        """In all finished real runs together."""
        counts: Counter[str] = Counter()
        for run in self._run_set.finished:
            transcript = run.transcript
            run_counts = np.bincount(transcript.form_of, minlength=len(transcript.forms)).tolist()
            counts.update(dict(zip(transcript.forms, run_counts, strict=True)))
        return counts

    def shared_with(self, run: ParsedRun) -> Iterator[str]:
        """Yield the forms of a run with numbers that the real runs show often enough to know their format."""
        least = 1 if self._run_set.source is not None else MIN_VALUES
        return (form for form in run.transcript.forms if "#" in form and self._lines_per_form[form] >= least)

    def formats_of_form(self, form: str) -> list[tuple[int, int, bool]]:
        """Return (index, decimals, is unrounded) for each number of a form whose format is known.

        For an unrounded number, `decimals` is the lowest number of decimals in the real runs.
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
    """Return whether any of these values, printed with this number of decimals, ends with the digit zero."""
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    if decimals >= EXPONENT:
        values = values / 10.0 ** np.floor(np.log10(values))
        decimals -= EXPONENT
    return bool((np.rint(values * 10.0**decimals) % 10 == 0).any())


def _decimals_in_source(run_set: RunSet, form: str) -> dict[int, int]:
    """Return how many decimals the source requests, by the index of the number in the form."""
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
