"""Finds imagined values that differ from the real runs' value, where all real runs show the same value."""

import re
from collections.abc import Iterable, Iterator, Sequence

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
from gedanken.compare.output.vocabulary import Role, meaning_of
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, shorten
from gedanken.experiment.finding import Finding

REAL_RUNS = 5
"""Minimum number of real runs that must agree on a number before it counts as constant without a proof from the
source.
"""
MIN_AGREEMENTS = 5
"""Real runs do not agree by chance on a number that takes this many different values.

The same holds for a whole number with one value in this many lines, unless the value is 0, 1 or 100.
"""
MIN_SETTING_VALUES = 3
"""Real runs do not agree by chance on a setting that takes this many different values.

The setting must be in at least twice `MIN_AGREEMENTS` lines.
"""
MIN_DIGITS = 4
"""Real runs do not agree by chance on a whole number with this many digits, not counting trailing zeros."""


_SETTING_ROLES = (Role.SETTING, Role.COUNTER, Role.OTHER)
_TORCH_SIZE = re.compile(r"torch\.Size\([^()\n]*\)")
_UNIT = re.compile(r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|m?s|sec|min)\b", re.IGNORECASE)

Indices = NDArray[np.int64]


def proven_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines that differ, in any character, from lines that the source proves (`RunSet.proven`)."""
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
    """Return whether the line names an epoch, or a total number of epochs, that no real run names.

    Other checks report such a line.
    """
    epochs = {epoch for real in run_set.real for epoch in real.epochs}
    totals = {total for real in run_set.real for total in real.curves.totals}
    epoch_total = epoch_and_total(run.lines[line])
    return epoch_total is not None and (
        epoch_total[0] not in epochs or (epoch_total[1] is not None and epoch_total[1] not in totals)
    )


def constant_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined runs that show another number where all real runs show the same one.

    At least five real runs are needed. Numbers on which real runs may agree by chance are not judged: for example, a
    metric that takes fewer than five different values. Nor are numbers that name the machine or the software. A
    program that fixes its own seed is not judged at all.
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
    """Yield the indices of those numbers of a form on which all real runs agree, if the agreement is no
    coincidence.

    `lines` are the lines of the form in `run`. `steady` contains their numbers (lines × numbers), NaN where real runs
    differ.
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
    """Return whether all numbers have at least `MIN_DIGITS` digits, not counting zeros at either end.

    Each row of `groups` is one number with commas: 12, 345 and 678 for `12,345,678`.
    """
    if np.isnan(groups).any():
        return False
    numbers = ["".join(f"{group:03.0f}" for group in row).strip("0") for row in groups.tolist()]
    return all(len(digits) >= MIN_DIGITS for digits in numbers)


def _is_summary(names: Sequence[NamedNumber], column: int) -> bool:
    """Return whether a number summarizes several values, such as the best accuracy so far."""
    # As long as every epoch improves, the best epoch equals the current one: the agreement of real runs says little.
    return column < len(names) and meaning_of(names[column].name).is_summary
