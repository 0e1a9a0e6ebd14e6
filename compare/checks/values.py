"""Finds imagined values that differ from the one value that all real runs show, and wrong number formats."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.compare.checks.lines import where_printed
from gedanken.compare.output.durations import untimed
from gedanken.compare.output.joined_numbers import joined_numbers
from gedanken.compare.output.line_names import names_in_line
from gedanken.compare.output.machine_names import machine_columns
from gedanken.compare.output.metrics import epoch_and_total, metrics_in
from gedanken.compare.output.named_numbers import Named
from gedanken.compare.output.number_lists import number_lists
from gedanken.compare.output.transcript import VALUE
from gedanken.compare.output.value_columns import EXPONENT, NO_DECIMALS
from gedanken.compare.output.vocabulary import Role, meaning_of
from gedanken.compare.output.wording import HOLE
from gedanken.compare.parsed.run_set import LINES_SHOWN, ParsedRun, RunSet, short
from gedanken.compare.source.print_sites import PrintSite
from gedanken.experiment.finding import Finding

REAL_RUNS = 5
"""Minimum number of real runs that must agree before a number counts as constant without a proof from the source."""
PLACES = 5
"""Real runs agree by more than chance if they agree on one value in this many lines, or on this many values."""
STAGES = 3
"""Real runs agree by more than chance if they agree on this many different values of a setting, in at least
`2 * PLACES` lines.
"""
DIGITS = 4
"""Real runs agree by more than chance if a whole number has this many digits, not counting trailing zeros."""
VALUES = 20
"""If real runs print at least this many values with the same number of decimals, this number of decimals counts as
the program's format."""
FULL = 8
"""If the number of decimals varies among the real values, but is at least this, the values are unrounded. An imagined
value with half as many decimals or fewer is wrong.
"""

_SET = (Role.SETTING, Role.COUNTER, Role.OTHER)
_SIZE = re.compile(r"torch\.Size\([^()\n]*\)")
_UNIT = re.compile(r"\s?(?:[KMGT]i?B|bytes|it|MHz|GHz|W|°?C|%|m?s|sec|min)\b", re.IGNORECASE)

Indices = NDArray[np.int64]


def proven_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined lines that differ, in any character, from what the source proves (`RunSet.proven`)."""
    for site, texts in run_set.proven.items():
        for run in run_set.imagined:
            other = [
                at
                for at in map(int, run.ledger.lines_of(site))
                if site.makes(run.lines[at]) and run.lines[at].strip() not in texts and not _told(run_set, run, at)
            ]
            if other:
                yield Finding(
                    "proven line differs",
                    (run.label,),
                    (*(run.ref(at) for at in other[:LINES_SHOWN]), *where_printed(run_set, site)),
                    expected=f"According to its source, {run_set.name} prints “{short(min(texts))}” in every run "
                    f"(line {site.line})",
                    observed=f"shows “{short(run.lines[other[0]])}”",
                )


def _told(run_set: RunSet, run: ParsedRun, line: int) -> bool:
    """Return whether the line names an epoch, or a total, that no real run names; other checks report this line."""
    epochs = {epoch for real in run_set.real for epoch in real.epochs}
    totals = {total for real in run_set.real for total in real.curves.totals}
    named = epoch_and_total(run.lines[line])
    return named is not None and (named[0] not in epochs or (named[1] is not None and named[1] not in totals))


def constant_lines_differ(run_set: RunSet) -> Iterable[Finding]:
    """Find imagined numbers that differ from the real ones, where all real runs (five or more) agree, and not by
    chance.

    A metric is judged only if it takes five different values. Numbers that name the machine or the software are
    never judged.
    """
    fixed = run_set.source is not None and run_set.source.fixes_its_seed()
    if len(run_set.finished) < REAL_RUNS or fixed:
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
        places = list(telling(first, lines, steady))
        naming = np.flatnonzero((steady == first.curves.epochs.at(lines)[:, None]).all(axis=0)).tolist()
        if naming:
            naming = [at for at in naming if not _is_summary(names_in_line(first.transcript, int(lines[0])), at)]
        for run in run_set.imagined if places or naming else ():
            its = run.transcript.lines_of(form)
            if len(its) != len(lines):
                continue
            # If the run shows other epochs, another check reports them.
            looked_at = places + (naming if run.epochs == first.epochs else [])
            other = (run.transcript.table(its)[:, looked_at] != steady[:, looked_at]).any(axis=1)
            if other.any():
                at, really = int(its[other][0]), int(lines[other][0])
                yield Finding(
                    "constant line differs",
                    (run.label,),
                    (*(run.ref(int(line)) for line in its[other][:LINES_SHOWN]), first.ref(really)),
                    expected=f"All {len(run_set.finished)} real runs have the same numbers in "
                    f"“{short(first.lines[really])}”",
                    observed=f"shows “{short(run.lines[at])}”",
                )


def _sizes_differ(run_set: RunSet) -> Iterator[Finding]:
    """Find imagined `torch.Size` values that differ from those that all real runs show."""
    first = run_set.finished[0]
    for form in first.transcript.forms:
        really = _sizes(first, form)
        if not any(really) or any(_sizes(run, form) != really for run in run_set.finished[1:]):
            continue
        for run in run_set.imagined:
            shown = _sizes(run, form)
            if len(shown) == len(really) and shown != really:
                at = next(at for at, (ours, theirs) in enumerate(zip(really, shown, strict=True)) if ours != theirs)
                line, there = (int(side.transcript.lines_of(form)[at]) for side in (run, first))
                yield Finding(
                    "constant line differs",
                    (run.label,),
                    (run.ref(line), first.ref(there)),
                    expected=f"All {len(run_set.finished)} real runs have the same sizes in "
                    f"“{short(first.lines[there])}”",
                    observed=f"shows “{short(run.lines[line])}”",
                )


def _sizes(run: ParsedRun, form: str) -> list[list[str]]:
    """Return the `torch.Size` values in each line of one form."""
    lines = run.transcript.lines_of(form)
    if not len(lines) or "torch.Size" not in run.lines[lines[0]]:
        return []
    return [_SIZE.findall(run.lines[at]) for at in lines.tolist()]


def telling(run: ParsedRun, lines: Indices, steady: NDArray[np.float64]) -> Iterator[int]:
    """Yield the indices of the numbers of a form on which all real runs agree, and not by chance.

    `lines` are the lines of the form in `run`; `steady` are the numbers in them (lines × numbers), NaN where real
    runs differ.
    """
    text = run.transcript.compared(int(lines[0]))
    decimals = run.transcript.decimals[run.transcript.starts[lines][:, None] + np.arange(steady.shape[1])]
    spans = [found.span() for found in VALUE.finditer(text)]
    has_times = untimed(text) != text.strip()
    named = names_in_line(run.transcript, int(lines[0]))
    of_machine = machine_columns(text, spans, named)
    metrics = {metric.start for metric in metrics_in(text)}
    epochs, totals = run.curves.epochs.at(lines), set(run.curves.totals)
    list_of = {at: listed for listed in number_lists(text, spans) for at in listed.columns}
    for column, (start, end) in enumerate(spans):
        values = steady[:, column]
        if np.isnan(values).any() or (values == epochs).all() or set(values) <= totals:
            continue
        others = [
            before for before in range(column) if column not in list_of or list_of[column] != list_of.get(before)
        ]
        if any((values == steady[:, before]).all() for before in others):
            continue  # the best iteration so far is the current one, as long as each is better than the previous one
        if _is_summary(named, column) or column in of_machine:
            continue
        # Real runs may agree by chance: on a count that rarely changes, an accuracy of 100 %, a time that rounds to
        # 0.1 s. They do not on a number that takes many values, as a counter does.
        differ = len(np.unique(values)) >= PLACES
        is_metric = any(start <= at < end for at in metrics)
        is_whole = bool((decimals[:, column] == 0).all()) and not _UNIT.match(text, end)
        same = len(values) >= PLACES and values[0] not in (0, 1, 100) and len(np.unique(values)) == 1
        large = all(len(f"{abs(value):.0f}".rstrip("0")) >= DIGITS for value in values)
        # A setting in a parameter search takes few values.
        is_schedule = len(np.unique(values)) >= STAGES and len(values) >= 2 * PLACES
        is_setting = column < len(named) and named[column].name and named[column].role in _SET
        if (
            differ
            or (is_schedule and is_setting)
            or (not is_metric and is_whole and not has_times and (same or large))
        ):
            yield column
    for number in joined_numbers(text, spans) if not has_times else ():
        is_whole = number.has_thousands and not number.has_unit and not _UNIT.match(text, number.end)
        is_whole &= of_machine.isdisjoint(number.columns)
        if is_whole and number.start not in metrics and not _is_summary(named, number.columns[0]):
            yield from number.columns if _are_large(steady[:, number.columns]) else ()


def _are_large(groups: NDArray[np.float64]) -> bool:
    """Return whether numbers with commas, as rows of groups, have at least `DIGITS` digits, not counting trailing
    zeros.
    """
    if np.isnan(groups).any():
        return False
    wholes = ["".join(f"{group:03.0f}" for group in line).strip("0") for line in groups.tolist()]
    return all(len(whole) >= DIGITS for whole in wholes)


def _is_summary(named: Sequence[Named], column: int) -> bool:
    """Return whether a number is a summary, such as the best epoch so far."""
    # As long as every epoch improves, the best epoch equals the current one: the agreement of real runs says little.
    return column < len(named) and meaning_of(named[column].name).is_summary


def number_formats(run_set: RunSet) -> Iterable[Finding]:
    """Find numbers with more or fewer decimals than the source's format, such as `:.4f`, if no real run contradicts
    it.

    Without a program, twenty or more real values show the format. Rounded numbers are found too, where all real ones
    are unrounded.
    """
    for run in run_set.imagined:
        for form in run_set.once(_Formats).shared_with(run):
            wrong = _misprinted(run_set, run, form)
            if wrong is None:
                continue
            line, fewest, shown = wrong
            yield Finding(
                "number format differs",
                (run.label,),
                (run.ref(line),),
                expected=f"{run_set.name if run_set.source else 'every real log'} prints this number with "
                f"{_told_decimals(fewest)}",
                observed=f"“{short(run.lines[line])}” has a number with {_told_decimals(shown)} in {run.label}",
            )


def _misprinted(run_set: RunSet, run: ParsedRun, form: str) -> tuple[int, int, int] | None:
    """Return (line index, right decimals, printed decimals) of the first wrong number of a form; None if all are
    right.
    """
    for column, wanted, is_full in run_set.once(_Formats).of(form):
        lines = run.transcript.lines_of(form)
        its = run.transcript.decimals[run.transcript.starts[lines] + column]
        wrong = (2 * its.astype(int) <= wanted) if is_full else (its != wanted) & (its != NO_DECIMALS)
        if wrong.any():
            at = int(np.argmax(wrong))
            return int(lines[at]), wanted, int(its[at])
    return None


def _told_decimals(count: int) -> str:
    return f"{count - EXPONENT} decimals and an exponent" if count >= EXPONENT else f"{count} decimals"


def _decimals(run: ParsedRun, form: str) -> NDArray[np.uint8]:
    script = run.transcript
    lines = script.lines_of(form)
    width = int(script.starts[lines[0] + 1] - script.starts[lines[0]]) if len(lines) else 0
    decimals: NDArray[np.uint8] = script.decimals[script.starts[lines][:, None] + np.arange(width)]
    return decimals


class _Formats:
    """The formats of the numbers in real runs, by the form of their line."""

    def __init__(self, run_set: RunSet) -> None:
        self._run_set = run_set
        self._known: dict[str, list[tuple[int, int, bool]]] = {}

    @cached_property
    def _shown(self) -> Counter[str]:
        """Number of lines of each form, in all finished real runs together."""
        shown: Counter[str] = Counter()
        for run in self._run_set.finished:
            script = run.transcript
            times = np.bincount(script.form_of, minlength=len(script.forms)).tolist()
            shown.update(dict(zip(script.forms, times, strict=True)))
        return shown

    def shared_with(self, run: ParsedRun) -> Iterator[str]:
        """Yield the forms of a run that contain numbers and occur often enough in the real runs to show their
        format."""
        least = 1 if self._run_set.source is not None else VALUES
        return (form for form in run.transcript.forms if "#" in form and self._shown[form] >= least)

    def of(self, form: str) -> list[tuple[int, int, bool]]:
        """Return (index, decimals, is unrounded) for each number of a form whose format is known.

        For an unrounded number, `decimals` is the smallest number in the real runs.
        """
        if form not in self._known:
            self._known[form] = list(_formats(self._run_set, form))
        return self._known[form]


def _values(run: ParsedRun, form: str, column: int) -> NDArray[np.float64]:
    values: NDArray[np.float64] = run.transcript.values[run.transcript.starts[run.transcript.lines_of(form)] + column]
    return values


def _formats(run_set: RunSet, form: str) -> Iterator[tuple[int, int, bool]]:
    """Compute what `_Formats.of` returns for one form."""
    showing = [run for run in run_set.finished if len(run.transcript.lines_of(form))]
    if run_set.source is None and sum(len(run.transcript.lines_of(form)) for run in showing) < VALUES:
        return
    tables = [_decimals(run, form) for run in showing]
    if not tables:
        return
    shown = np.concatenate(tables)
    asked = _asked(run_set, form)
    for column in range(shown.shape[1]):
        its = shown[:, column][shown[:, column] != NO_DECIMALS]
        if not len(its):
            continue
        decimals = int(its.min())
        has_many = len(its) >= VALUES and len(tables) > 1
        if (its != decimals).any():
            if has_many and decimals >= FULL and asked.get(column) is None:
                yield column, decimals, True
        elif asked.get(column) == decimals:
            yield column, decimals, False
        elif run_set.source is None and has_many and decimals > 1:
            values = np.concatenate([_values(run, form, column) for run in showing])
            # `numpy 1.26` has two decimals because it is that version.
            is_version = bool((values == values[0]).all()) and column in _of_machine(showing[0], form)
            # Only a fixed number of decimals produces a final zero; the first values show it nearly always.
            if not is_version and any(_ends_with_zero(some, decimals) for some in (values[: 10 * VALUES], values)):
                yield column, decimals, False


def _of_machine(run: ParsedRun, form: str) -> frozenset[int]:
    """Return the indices of the values of a form that say which machine or software a run used."""
    line = int(run.transcript.lines_of(form)[0])
    text = run.transcript.compared(line)
    spans = [found.span() for found in VALUE.finditer(text)]
    return machine_columns(text, spans, names_in_line(run.transcript, line))


def _ends_with_zero(values: NDArray[np.float64], decimals: int) -> bool:
    """Return whether one of these values, printed with the given number of decimals, ends with the digit zero."""
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    if decimals >= EXPONENT:
        values = values / 10.0 ** np.floor(np.log10(values))
        decimals -= EXPONENT
    return bool((np.rint(values * 10.0**decimals) % 10 == 0).any())


def _asked(run_set: RunSet, form: str) -> dict[int, int]:
    """Return how many decimals the source requests for each number of a form, by the index of the number."""
    for run in run_set.finished if run_set.source else ():
        lines = run.transcript.lines_of(form)
        if len(lines):
            entry = run.ledger.entry(int(lines[0]))
            return _asked_by(entry.site, entry.text) if entry.kind == "site" and entry.site else {}
    return {}


def _asked_by(site: PrintSite, text: str) -> dict[int, int]:
    if site.form is not None:
        return {column: hole.decimals for column, hole in enumerate(site.holes) if hole.decimals is not None}
    values = site.values(text)
    if values is None or len(values) != len(site.holes):
        return {}
    at = len(text) - len(text.lstrip())
    holes: dict[int, int] = {}
    for words, value, hole in zip(site.template.split(HOLE), values, site.holes, strict=False):
        at += len(words)
        if hole.decimals is not None:
            holes[at + len(value) - len(value.lstrip())] = hole.decimals
        at += len(value)
    return {
        column: holes[found.start()] for column, found in enumerate(VALUE.finditer(text)) if found.start() in holes
    }
